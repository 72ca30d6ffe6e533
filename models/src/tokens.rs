//! Text to token ids.

use std::path::Path;

use tokenizers::{TruncationDirection, TruncationParams, TruncationStrategy};

use crate::{Error, Result};

/// A text as the encoder sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenizedText {
    /// Token ids, the special ones included; at most the model's limit.
    pub ids: Vec<u32>,
    /// For each id the bytes of the text it stands for (half-open; empty for special tokens).
    pub offsets: Vec<(usize, usize)>,
    /// Tokens that did not fit and were left out; 0 for a text that is whole.
    pub cut: usize,
}

/// A model's tokenizer, with the model's limit instead of the file's own truncation and padding.
pub struct Tokenizer {
    inner: tokenizers::Tokenizer,
    /// The same without a limit: for counting.
    unlimited: tokenizers::Tokenizer,
    model: String,
    specials: usize,
    max_tokens: usize,
}

impl Tokenizer {
    /// Reads `tokenizer.json`.
    ///
    /// # Errors
    /// [`Error::BadFile`] if the file is not a tokenizer.
    pub fn open(path: &Path, model: &str, max_tokens: usize) -> Result<Self> {
        let bad = |e: tokenizers::Error| Error::bad_file(path, e, "a tokenizer of the tokenizers library");
        let mut unlimited = tokenizers::Tokenizer::from_file(path).map_err(bad)?;
        // The file may carry the settings of its training (128 tokens, padded): neither is ours.
        unlimited.with_padding(None).with_truncation(None).map_err(bad)?;
        let mut inner = unlimited.clone();
        inner
            .with_truncation(Some(TruncationParams {
                direction: TruncationDirection::Right,
                max_length: max_tokens,
                strategy: TruncationStrategy::LongestFirst,
                stride: 0,
            }))
            .map_err(bad)?;
        let specials = unlimited.encode("", true).map_err(bad)?.len();
        Ok(Self { inner, unlimited, model: model.to_owned(), specials, max_tokens })
    }

    /// Most tokens a text may have, the special ones included.
    #[must_use]
    pub fn max_tokens(&self) -> usize {
        self.max_tokens
    }

    /// Special tokens that every text gets (`[CLS]` and `[SEP]`: 2).
    #[must_use]
    pub fn special_tokens(&self) -> usize {
        self.specials
    }

    /// Token ids of a text, cut at the model's limit; the cut is reported.
    ///
    /// # Errors
    /// [`Error::Tokenize`] if the tokenizer fails on it.
    pub fn tokenize(&self, text: &str) -> Result<TokenizedText> {
        let encoding = self.inner.encode(text, true).map_err(|e| self.error(&e))?;
        // Only a text that fills the limit can have been cut; counting it again is cheap beside encoding it.
        let cut = if encoding.len() < self.max_tokens {
            0
        } else {
            (self.count(text)? + self.specials).saturating_sub(self.max_tokens)
        };
        Ok(TokenizedText { ids: encoding.get_ids().to_vec(), offsets: encoding.get_offsets().to_vec(), cut })
    }

    /// Number of tokens of a text, special ones not included, without a limit.
    ///
    /// # Errors
    /// [`Error::Tokenize`] if the tokenizer fails on it.
    pub fn count(&self, text: &str) -> Result<usize> {
        Ok(self.unlimited.encode_fast(text, false).map_err(|e| self.error(&e))?.len())
    }

    /// Token ids of a text without special tokens, without a limit.
    ///
    /// # Errors
    /// [`Error::Tokenize`] if the tokenizer fails on it.
    pub fn plain_ids(&self, text: &str) -> Result<Vec<u32>> {
        Ok(self.unlimited.encode_fast(text, false).map_err(|e| self.error(&e))?.get_ids().to_vec())
    }

    /// Token ids of a text with special tokens, without a limit, and the bytes each stands for.
    ///
    /// # Errors
    /// [`Error::Tokenize`] if the tokenizer fails on it.
    pub fn whole(&self, text: &str) -> Result<TokenizedText> {
        let encoding = self.unlimited.encode(text, true).map_err(|e| self.error(&e))?;
        Ok(TokenizedText { ids: encoding.get_ids().to_vec(), offsets: encoding.get_offsets().to_vec(), cut: 0 })
    }

    /// The id of a token as it is spelt, special ones included.
    #[must_use]
    pub fn token_id(&self, token: &str) -> Option<u32> {
        self.unlimited.token_to_id(token)
    }

    /// How a token is spelt.
    #[must_use]
    pub fn token(&self, id: u32) -> Option<String> {
        self.unlimited.id_to_token(id)
    }

    /// The text that some tokens stand for.
    ///
    /// # Errors
    /// [`Error::Tokenize`] if the tokenizer fails on them.
    pub fn decode(&self, ids: &[u32]) -> Result<String> {
        self.unlimited.decode(ids, true).map_err(|e| self.error(&e))
    }

    /// Number of tokens there are, special ones included.
    #[must_use]
    pub fn vocabulary_size(&self) -> usize {
        self.unlimited.get_vocab_size(true)
    }

    fn error(&self, e: &tokenizers::Error) -> Error {
        Error::Tokenize { model: self.model.clone(), reason: e.to_string() }
    }
}
