//! A phrase as a condition.

use cloze_index::PhraseForm;
use serde_json::{Value, json};

use crate::text;

/// The condition that a passage has one of the forms of a phrase.
pub(crate) fn phrase(forms: &[PhraseForm]) -> Value {
    let form = |form: &PhraseForm| match form.as_slice() {
        [(_, only)] => json!({"term": {"content": only}}),
        terms => {
            let text = text::of(terms.iter().map(|(position, term)| (term.as_str(), *position)));
            json!({"match_phrase": {"content": {"query": text, "analyzer": "terms"}}})
        }
    };
    json!({"bool": {"should": forms.iter().map(form).collect::<Vec<_>>(), "minimum_should_match": 1}})
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_phrase_keeps_its_gaps() {
        let form = vec![(0, "a".to_owned()), (2, "b".to_owned())];
        let text = &phrase(&[form])["bool"]["should"][0]["match_phrase"]["content"]["query"];
        assert_eq!(text, "a \u{3} b");
    }
}
