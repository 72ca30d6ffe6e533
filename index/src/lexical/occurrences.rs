//! Which words of a text the index has, and how rare each is there.

use std::{collections::HashMap, ops::Range};

use super::{
    analysis::{AnalysedWord, Analyzer, Form},
    names::inside_term,
    rarity::rarity,
    words::WordList,
};
use crate::Result;

/// A word, an identifier or a symbol of a text that the index has.
#[derive(Debug, Clone, PartialEq)]
pub struct Occurrence {
    /// Bytes of the text that it stands for (half-open).
    pub bytes: Range<usize>,
    /// What it is; no part of a word.
    pub form: Form,
    /// BM25's inverse document frequency of it, in nats.
    pub rarity: f32,
}

impl WordList {
    /// The words of a text that the index has, in the order of the text; of those that begin at one place, the longest
    /// first.
    pub(crate) fn occurrences(&self, text: &str) -> Result<Vec<Occurrence>> {
        let mut known: HashMap<String, u64> = HashMap::new();
        let mut found: HashMap<(usize, usize), (Form, u64)> = HashMap::new();
        for language in self.vocabulary.languages() {
            let words = Analyzer::for_language(Some(language)).query_terms(text);
            for word in words.iter().filter(|w| !matches!(w.form, Form::Part | Form::Joined)) {
                let passages = self.passages_with_any(word, &mut known)?;
                let place = found.entry((word.bytes.start, word.bytes.end)).or_insert((word.form, 0));
                place.1 = place.1.max(passages);
            }
        }
        let all = self.passages()?;
        let mut out: Vec<Occurrence> = found
            .into_iter()
            .filter(|(_, (_, passages))| *passages > 0)
            .map(|((from, to), (form, passages))| Occurrence { bytes: from..to, form, rarity: rarity(all, passages) })
            .collect();
        out.sort_by_key(|o| (o.bytes.start, std::cmp::Reverse(o.bytes.end)));
        Ok(out)
    }

    /// Passages that have the most frequent of a word's terms, by itself or inside of names.
    fn passages_with_any(&self, word: &AnalysedWord, known: &mut HashMap<String, u64>) -> Result<u64> {
        let mut most = 0;
        for term in word.terms() {
            let passages = match known.get(term) {
                Some(passages) => *passages,
                None => {
                    let alone = self.documents_with(term)?;
                    let passages = alone.max(self.documents_with(&inside_term(term))?);
                    known.insert(term.clone(), passages);
                    passages
                }
            };
            most = most.max(passages);
        }
        Ok(most)
    }
}
