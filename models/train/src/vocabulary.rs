//! What training has to know of a tokenizer.

use cloze_models::Tokenizer;

use crate::{Error, Result};

/// Spellings of the first token of a text, the last one and the blank: those of BERT and those of RoBERTa.
const SPELLINGS: [[&str; 3]; 2] = [["[CLS]", "[SEP]", "[MASK]"], ["<s>", "</s>", "<mask>"]];
/// Marks of pieces that begin a word, in vocabularies that do not mark pieces that continue one.
const BEGINNINGS: [char; 2] = ['▁', 'Ġ'];

/// Special tokens and word pieces.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Vocabulary {
    pub(crate) cls: u32,
    pub(crate) sep: u32,
    pub(crate) mask: u32,
    /// Every token that may stand in a text.
    pub(crate) words: Vec<u32>,
    /// By id: whether a token goes on with a word.
    pub(crate) continues: Vec<bool>,
}

impl Vocabulary {
    /// Reads it from a model's tokenizer.
    pub(crate) fn of(tokenizer: &Tokenizer, model: &str) -> Result<Self> {
        let id = |name: &'static str| {
            tokenizer.token_id(name).ok_or_else(|| Error::NoToken { model: model.to_owned(), token: name })
        };
        let spelled = SPELLINGS.iter().find(|names| names.iter().all(|name| tokenizer.token_id(name).is_some()));
        let [cls, sep, mask] = *spelled.unwrap_or(&SPELLINGS[0]);
        let (cls, sep, mask) = (id(cls)?, id(sep)?, id(mask)?);
        let tokens: Vec<Option<String>> = (0..tokenizer.vocabulary_size() as u32).map(|i| tokenizer.token(i)).collect();
        let words = tokens.iter().zip(0u32..).filter(|(t, _)| t.as_ref().is_some_and(|t| !is_special(t)));
        let words = words.map(|(_, i)| i).collect();
        let marks_beginnings = tokens.iter().flatten().any(|t| t.starts_with(BEGINNINGS));
        let goes_on = |t: &String| match marks_beginnings {
            true => !t.starts_with(BEGINNINGS) && t.starts_with(char::is_alphanumeric),
            false => t.starts_with("##"),
        };
        let continues = tokens.iter().map(|t| t.as_ref().is_some_and(goes_on)).collect();
        Ok(Self { cls, sep, mask, words, continues })
    }

    pub(crate) fn is_special(&self, id: u32) -> bool {
        [self.cls, self.sep, self.mask].contains(&id)
    }

    pub(crate) fn continues(&self, id: u32) -> bool {
        self.continues.get(id as usize).copied().unwrap_or(false)
    }
}

/// Whether a token is written as one that no text contains.
fn is_special(token: &str) -> bool {
    let within = |open: char, close: char| token.starts_with(open) && token.ends_with(close) && token.len() > 2;
    within('[', ']') || within('<', '>')
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn of(fixture: &str) -> Vocabulary {
        let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures").join(fixture);
        let tokenizer = Tokenizer::open(&dir.join("tokenizer.json"), fixture, 64).expect("the fixture");
        Vocabulary::of(&tokenizer, fixture).expect("a vocabulary with a mask")
    }

    #[test]
    fn special_tokens_are_no_words() {
        for fixture in ["tiny-mlm", "families/roberta"] {
            let v = of(fixture);
            assert!([v.cls, v.sep, v.mask].iter().all(|id| !v.words.contains(id)), "{fixture}");
            assert!(v.words.iter().any(|&id| !v.continues(id)), "{fixture}");
        }
    }

    #[test]
    fn a_model_without_a_blank_is_refused() {
        let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/families/xlm-roberta");
        let tokenizer = Tokenizer::open(&dir.join("tokenizer.json"), "none", 64).expect("the fixture");
        assert!(Vocabulary::of(&tokenizer, "none").is_err(), "this tokenizer has no <mask>");
    }
}
