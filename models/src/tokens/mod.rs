//! Text to token ids. `pieces` is a vocabulary for the largest of them.

mod pieces;

use std::{fs, path::Path};

use tokenizers::{
    DecoderWrapper, Encoding, ModelWrapper, NormalizerWrapper, PostProcessorWrapper, PreTokenizerWrapper,
    TokenizerImpl, TruncationDirection,
};

use self::pieces::Pieces;
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

/// The library's parts around a vocabulary.
type Around<M> = TokenizerImpl<M, NormalizerWrapper, PreTokenizerWrapper, PostProcessorWrapper, DecoderWrapper>;

/// A vocabulary, and what is done to a text before and after.
enum Inner {
    Any(Box<Around<ModelWrapper>>),
    /// Scored pieces, of which there may be very many.
    Pieces(Box<Around<Pieces>>),
}

/// Calls the same method of either.
macro_rules! inner {
    ($inner:expr, $tokenizer:ident => $call:expr) => {
        match &$inner {
            Inner::Any($tokenizer) => $call,
            Inner::Pieces($tokenizer) => $call,
        }
    };
}

impl Inner {
    /// Reads `tokenizer.json`. The file may carry the settings of its training, such as 128 tokens, padded: neither is
    /// ours.
    fn read(path: &Path) -> Result<Self> {
        let bytes = fs::read(path).map_err(Error::read(path))?;
        let text = String::from_utf8_lossy(&bytes);
        if (text.contains("\"type\":\"Unigram\"") || text.contains("\"type\": \"Unigram\""))
            && let Ok(mut pieces) = serde_json::from_str::<Around<Pieces>>(&text)
            && pieces.with_padding(None).with_truncation(None).is_ok()
        {
            return Ok(Self::Pieces(Box::new(pieces)));
        }
        let bad = |e: &dyn std::fmt::Display| Error::bad_file(path, e, "a tokenizer of the tokenizers library");
        let mut any: Around<ModelWrapper> = serde_json::from_str(&text).map_err(|e| bad(&e))?;
        any.with_padding(None).with_truncation(None).map_err(|e| bad(&e))?;
        Ok(Self::Any(Box::new(any)))
    }

    fn encode(&self, text: &str, with_specials: bool) -> tokenizers::Result<Encoding> {
        inner!(*self, t => t.encode(text, with_specials))
    }

    /// Without the bytes that each token stands for.
    fn encode_fast(&self, text: &str) -> tokenizers::Result<Encoding> {
        inner!(*self, t => t.encode_fast(text, false))
    }

    fn with_specials(&self, encoding: Encoding) -> tokenizers::Result<Encoding> {
        inner!(*self, t => t.post_process(encoding, None, true))
    }
}

/// A model's tokenizer, with the model's limit instead of the file's own truncation and padding.
pub struct Tokenizer {
    inner: Inner,
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
        let inner = Inner::read(path)?;
        let empty = inner.encode("", true);
        let specials = empty.map_err(|e| Error::bad_file(path, e, "a tokenizer of the tokenizers library"))?.len();
        Ok(Self { inner, model: model.to_owned(), specials, max_tokens })
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
        let mut encoding = self.inner.encode(text, false).map_err(|e| self.error(&e))?;
        let most = self.max_tokens.saturating_sub(self.specials);
        let cut = encoding.len().saturating_sub(most);
        if cut > 0 {
            encoding.truncate(most, 0, TruncationDirection::Right);
            encoding.take_overflowing();
        }
        let encoding = self.inner.with_specials(encoding).map_err(|e| self.error(&e))?;
        Ok(TokenizedText { ids: encoding.get_ids().to_vec(), offsets: encoding.get_offsets().to_vec(), cut })
    }

    /// Number of tokens of a text, special ones not included, without a limit.
    ///
    /// # Errors
    /// [`Error::Tokenize`] if the tokenizer fails on it.
    pub fn count(&self, text: &str) -> Result<usize> {
        Ok(self.inner.encode_fast(text).map_err(|e| self.error(&e))?.len())
    }

    /// Token ids of a text without special tokens, without a limit.
    ///
    /// # Errors
    /// [`Error::Tokenize`] if the tokenizer fails on it.
    pub fn plain_ids(&self, text: &str) -> Result<Vec<u32>> {
        Ok(self.inner.encode_fast(text).map_err(|e| self.error(&e))?.get_ids().to_vec())
    }

    /// Token ids of a text with special tokens, without a limit, and the bytes each stands for.
    ///
    /// # Errors
    /// [`Error::Tokenize`] if the tokenizer fails on it.
    pub fn whole(&self, text: &str) -> Result<TokenizedText> {
        let encoding = self.inner.encode(text, true).map_err(|e| self.error(&e))?;
        Ok(TokenizedText { ids: encoding.get_ids().to_vec(), offsets: encoding.get_offsets().to_vec(), cut: 0 })
    }

    /// The id of a token as it is spelt, special ones included.
    #[must_use]
    pub fn token_id(&self, token: &str) -> Option<u32> {
        inner!(self.inner, t => t.token_to_id(token))
    }

    /// How a token is spelt.
    #[must_use]
    pub fn token(&self, id: u32) -> Option<String> {
        inner!(self.inner, t => t.id_to_token(id))
    }

    /// The text that some tokens stand for.
    ///
    /// # Errors
    /// [`Error::Tokenize`] if the tokenizer fails on them.
    pub fn decode(&self, ids: &[u32]) -> Result<String> {
        inner!(self.inner, t => t.decode(ids, true)).map_err(|e| self.error(&e))
    }

    /// Number of tokens there are, special ones included.
    #[must_use]
    pub fn vocabulary_size(&self) -> usize {
        inner!(self.inner, t => t.get_vocab_size(true))
    }

    fn error(&self, e: &dyn std::fmt::Display) -> Error {
        Error::Tokenize { model: self.model.clone(), reason: e.to_string() }
    }
}
