//! What training has to know of a tokenizer.

use cloze_models::Tokenizer;

use crate::{Error, Result};

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
        let (cls, sep, mask) = (id("[CLS]")?, id("[SEP]")?, id("[MASK]")?);
        let tokens: Vec<Option<String>> = (0..tokenizer.vocabulary_size() as u32).map(|i| tokenizer.token(i)).collect();
        let is_word =
            |t: &&Option<String>| t.as_ref().is_some_and(|t| !(t.starts_with('[') && t.ends_with(']') && t.len() > 2));
        let words = tokens.iter().zip(0u32..).filter(|(t, _)| is_word(t)).map(|(_, i)| i).collect();
        let continues = tokens.iter().map(|t| t.as_ref().is_some_and(|t| t.starts_with("##"))).collect();
        Ok(Self { cls, sep, mask, words, continues })
    }

    pub(crate) fn is_special(&self, id: u32) -> bool {
        [self.cls, self.sep, self.mask].contains(&id)
    }

    pub(crate) fn continues(&self, id: u32) -> bool {
        self.continues.get(id as usize).copied().unwrap_or(false)
    }
}
