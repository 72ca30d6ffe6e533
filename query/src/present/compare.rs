//! Compares the tokens of a query with those of a passage.
//!
//! An index stores codes of its passages' tokens. They belong to the tokens in order, so the tokenizer alone tells
//! which stretch of the text each code stands for. If an index stores no codes, the encoder reads the passage again.

use std::{
    ops::Range,
    sync::{Arc, OnceLock},
};

use cloze_index::{AnalysedWord, KeywordQuery, Passage, PassageId, QueryTokens, analyse, body::Shown};
use cloze_models::{Encoder, TextKind};

use super::highlight::{Compared, overlap};
use crate::Result;

/// Lowest cosine similarity at which a token of the passage is a match for a token of the query.
const NEAR: f32 = 0.45;

/// The same for the similarity to a code. It is lower, because a code has only the signs of a vector, and often of the
/// mean of several. A code of one token marks the same words at any limit from 0.2 to 0.4.
const NEAR_CODE: f32 = 0.3;

/// Compares the passages of one answer with its query.
pub(crate) struct Comparer<'a> {
    pub(crate) encoder: &'a Encoder,
    pub(crate) passages: &'a dyn Shown,
    /// Number of neighbouring tokens that share a code; 0, if the index has no codes.
    pub(crate) neighbours: usize,
    /// The tokens of the query that codes are compared with.
    pub(crate) query: Option<Arc<QueryTokens>>,
}

impl Comparer<'_> {
    /// Compares the codes of a passage; `text` is its tidy text. `None` if the index has no codes of this text.
    pub(crate) fn by_codes(&self, id: PassageId, passage: &Passage, text: &str) -> Option<Compared> {
        let query = self.query.as_ref().filter(|_| self.neighbours > 0)?;
        let rows = query.similarities(self.passages.token_codes(id));
        let bytes = self.places(passage, text).ok()?;
        if rows.first().is_none_or(|row| bytes.len().div_ceil(self.neighbours) != row.len()) {
            return None;
        }
        let of_token = |row: &Vec<f32>| (0..bytes.len()).map(|token| row[token / self.neighbours]).collect();
        Some(Compared { similarities: rows.iter().map(of_token).collect(), bytes, near: NEAR_CODE })
    }

    /// The bytes of `text` that belong to each token of the passage without the special ones, as the encoder got it.
    fn places(&self, passage: &Passage, text: &str) -> Result<Vec<Range<usize>>> {
        let before = format!("{}{}\n", self.encoder.prefix(TextKind::Passage), passage.context());
        let offsets = self.encoder.tokenizer().tokenize(&format!("{before}{text}"))?.offsets;
        let inner = offsets.get(1..offsets.len().saturating_sub(1)).unwrap_or_default();
        let in_text = |at: usize| at.saturating_sub(before.len());
        Ok(inner.iter().map(|&(from, to)| in_text(from)..in_text(to)).collect())
    }
}

/// Tokens with unit vectors.
struct Tokens {
    bytes: Vec<Range<usize>>,
    vectors: Vec<Vec<f32>>,
}

impl Tokens {
    /// The tokens of a text without the special ones and the model's prompt.
    fn encode(encoder: &Encoder, kind: TextKind, text: &str) -> Result<Self> {
        let prefix = encoder.prefix(kind);
        let tokenized = encoder.tokenizer().tokenize(&format!("{prefix}{text}"))?;
        let rows = encoder.token_vectors(&tokenized.ids)?;
        let mut tokens = Self { bytes: Vec::new(), vectors: Vec::new() };
        for (&(from, to), row) in tokenized.offsets.iter().zip(rows.chunks_exact(encoder.record().dimension)) {
            if from < to && from >= prefix.len() {
                let length = row.iter().map(|v| v * v).sum::<f32>().sqrt().max(f32::MIN_POSITIVE);
                tokens.bytes.push(from - prefix.len()..to - prefix.len());
                tokens.vectors.push(row.iter().map(|v| v / length).collect());
            }
        }
        Ok(tokens)
    }
}

/// Encodes the query and passages, for an index without codes. The query is encoded when the first passage needs it.
pub(crate) struct Encoding<'a> {
    encoder: &'a Encoder,
    text: &'a str,
    words: &'a KeywordQuery,
    query: OnceLock<Vec<Vec<f32>>>,
}

impl<'a> Encoding<'a> {
    pub(crate) fn new(encoder: &'a Encoder, text: &'a str, words: &'a KeywordQuery) -> Self {
        Self { encoder, text, words, query: OnceLock::new() }
    }

    /// The query's tokens; if any of its words carry its subject, only those.
    fn query(&self) -> Result<&Vec<Vec<f32>>> {
        if let Some(query) = self.query.get() {
            return Ok(query);
        }
        let Tokens { bytes, vectors } = Tokens::encode(self.encoder, TextKind::Query, self.text)?;
        let subject: Vec<AnalysedWord> = analyse(self.text, None).into_iter().filter(|w| self.words.marks(w)).collect();
        let carries = |token: &Range<usize>| subject.iter().any(|w| overlap(&w.bytes, token));
        let any = bytes.iter().any(carries);
        let kept = bytes.iter().zip(vectors).filter(|(b, _)| !any || carries(b)).map(|(_, v)| v).collect();
        Ok(self.query.get_or_init(|| kept))
    }

    /// Encodes a text and compares its tokens.
    pub(crate) fn compared(&self, text: &str) -> Result<Compared> {
        let query = self.query()?;
        let Tokens { bytes, vectors } = Tokens::encode(self.encoder, TextKind::Passage, text)?;
        let similarity = |a: &[f32], b: &Vec<f32>| a.iter().zip(b).map(|(x, y)| x * y).sum::<f32>();
        let similarities = query.iter().map(|q| vectors.iter().map(|v| similarity(q, v)).collect()).collect();
        Ok(Compared { bytes, similarities, near: NEAR })
    }
}
