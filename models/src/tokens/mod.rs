//! Turns text into token ids. `pieces` implements very large vocabularies, and `counts` counts tokens quickly.

mod counts;
mod pieces;

use std::{fs, path::Path};

use tokenizers::{
    DecoderWrapper, Encoding, ModelWrapper, NormalizerWrapper, PostProcessorWrapper, PreTokenizerWrapper,
    TokenizerImpl, TruncationDirection,
};

use self::{counts::Counts, pieces::Pieces};
use crate::{Error, Result};

/// A tokenised text, the input of the encoder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenizedText {
    /// Token ids, including special tokens; at most the model's limit.
    pub ids: Vec<u32>,
    /// For each id, its bytes in the text (half-open; empty for special tokens).
    pub offsets: Vec<(usize, usize)>,
    /// The number of tokens cut off at the limit; 0 for a complete text.
    pub cut: usize,
}

/// The library's tokenizer components around a vocabulary.
type Around<M> = TokenizerImpl<M, NormalizerWrapper, PreTokenizerWrapper, PostProcessorWrapper, DecoderWrapper>;

/// A vocabulary, with the processing steps before and after it.
enum Inner {
    Any(Box<Around<ModelWrapper>>),
    /// Scored pieces; the vocabulary may be very large.
    Pieces(Box<Around<Pieces>>),
}

/// Calls the same method on either variant.
macro_rules! inner {
    ($inner:expr, $tokenizer:ident => $call:expr) => {
        match &$inner {
            Inner::Any($tokenizer) => $call,
            Inner::Pieces($tokenizer) => $call,
        }
    };
}

impl Inner {
    /// Reads `tokenizer.json`. The file may contain training settings, such as a limit of 128 tokens and padding.
    /// Both are ignored.
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

    /// Encodes without the bytes of each token.
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
    /// Absent if the tokens of a text are not those of its words.
    counts: Option<Counts>,
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
        let counts = Counts::of(&inner);
        Ok(Self { inner, counts, model: model.to_owned(), specials, max_tokens })
    }

    /// The most tokens in a text, including special tokens.
    #[must_use]
    pub fn max_tokens(&self) -> usize {
        self.max_tokens
    }

    /// Special tokens that every text gets (`[CLS]` and `[SEP]`: 2).
    #[must_use]
    pub fn special_tokens(&self) -> usize {
        self.specials
    }

    /// Token ids of a text, cut at the model's limit; the result reports the cut.
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

    /// Number of tokens of a text, without special tokens and without a limit.
    ///
    /// # Errors
    /// [`Error::Tokenize`] if the tokenizer fails on it.
    pub fn count(&self, text: &str) -> Result<usize> {
        let count = |text: &str| Ok(self.inner.encode_fast(text).map_err(|e| self.error(&e))?.len());
        match &self.counts {
            Some(counts) => counts.sum(text, count),
            None => count(text),
        }
    }

    /// Token ids of a text without special tokens, without a limit.
    ///
    /// # Errors
    /// [`Error::Tokenize`] if the tokenizer fails on it.
    pub fn plain_ids(&self, text: &str) -> Result<Vec<u32>> {
        Ok(self.inner.encode_fast(text).map_err(|e| self.error(&e))?.get_ids().to_vec())
    }

    /// Token ids of a text with special tokens, without a limit, and the bytes of each.
    ///
    /// # Errors
    /// [`Error::Tokenize`] if the tokenizer fails on it.
    pub fn whole(&self, text: &str) -> Result<TokenizedText> {
        let encoding = self.inner.encode(text, true).map_err(|e| self.error(&e))?;
        Ok(TokenizedText { ids: encoding.get_ids().to_vec(), offsets: encoding.get_offsets().to_vec(), cut: 0 })
    }

    /// The id of the token with this spelling; special tokens count too.
    #[must_use]
    pub fn token_id(&self, token: &str) -> Option<u32> {
        inner!(self.inner, t => t.token_to_id(token))
    }

    /// The spelling of a token.
    #[must_use]
    pub fn token(&self, id: u32) -> Option<String> {
        inner!(self.inner, t => t.id_to_token(id))
    }

    /// Decodes tokens into their text.
    ///
    /// # Errors
    /// [`Error::Tokenize`] if the tokenizer fails on them.
    pub fn decode(&self, ids: &[u32]) -> Result<String> {
        inner!(self.inner, t => t.decode(ids, true)).map_err(|e| self.error(&e))
    }

    /// Size of the vocabulary, including special tokens.
    #[must_use]
    pub fn vocabulary_size(&self) -> usize {
        inner!(self.inner, t => t.get_vocab_size(true))
    }

    fn error(&self, e: &dyn std::fmt::Display) -> Error {
        Error::Tokenize { model: self.model.clone(), reason: e.to_string() }
    }
}
