//! The candidates of a search, and all data for their scores.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use crate::{KeywordHits, KeywordQuery, Passage, PassageId, QueryTokens, Result, Scored, Selection};

/// A body's candidates for a search.
pub struct Proposal<'b> {
    /// Passages that the search may find; all, if `None`. A body may leave out passages that neither it proposes nor
    /// the search named as exact matches.
    pub among: Option<Selection>,
    /// Passages that hold every quoted phrase; none, if the query has no quoted phrase.
    pub phrases: Vec<PassageId>,
    /// The semantic leg.
    pub near: Option<Near>,
    /// Why the semantic leg failed; the words then answer alone.
    pub failed: Option<crate::Error>,
    /// The keyword leg.
    pub words: Option<KeywordHits>,
    /// The share of the query's subject that the best hit of `words` has, if it is known.
    pub covered: Option<f32>,
    /// Scores of the first hits of `words` by [`crate::body::Words::scored`], as many as are known.
    pub scores: Vec<f32>,
    /// Whether no passage is near enough to be an answer.
    pub abstained: bool,
    /// Time of the keyword leg.
    pub words_took: Option<Duration>,
    /// The source of the candidates' scores.
    pub candidates: Box<dyn Candidates + 'b>,
}

impl<'b> Proposal<'b> {
    /// No candidates.
    #[must_use]
    pub fn none(candidates: Box<dyn Candidates + 'b>) -> Self {
        Self {
            among: None,
            phrases: Vec::new(),
            near: None,
            failed: None,
            words: None,
            covered: None,
            scores: Vec::new(),
            abstained: false,
            words_took: None,
            candidates,
        }
    }
}

/// The proposal of the semantic leg.
#[derive(Debug, Clone)]
pub struct Near {
    /// The query's vector.
    pub vector: Arc<[f32]>,
    /// The passages nearest to it, best first.
    pub nearest: Vec<Scored>,
    /// Those that count as found.
    pub counted: Vec<Scored>,
    /// Time of the search, without the encoder's.
    pub took: Duration,
}

/// Scores of candidates, from the data that the body sent with them: no other method than
/// [`Candidates::token_similarities`] asks the body again.
pub trait Candidates: Sync {
    /// Cosine similarity of passages to a unit vector, in their order.
    ///
    /// # Errors
    /// [`crate::Error::Mismatch`] if the vector has another dimension than the generation.
    fn similarities(&self, vector: &[f32], passages: &[PassageId]) -> Result<Vec<f32>>;

    /// For each passage, the similarity of each of the query's tokens to the passage's nearest token; `None` for a
    /// passage without codes. Codes are large, so a body may be asked for them here.
    ///
    /// # Errors
    /// [`crate::Error::Unreachable`] if a body far away does not answer.
    fn token_similarities(&self, query: &QueryTokens, passages: &[PassageId]) -> Result<Vec<Option<Vec<f32>>>>;

    /// The vector of a passage, in the precision of its stored half floats.
    fn vector(&self, passage: PassageId) -> Vec<f32>;

    /// BM25 of passages, in their order; 0 for a passage that has none of the words.
    ///
    /// # Errors
    /// [`crate::Error::Lexical`] if the keyword engine fails.
    fn keyword_scores(&self, query: &KeywordQuery, passages: &[PassageId]) -> Result<Vec<f32>>;

    /// Whether a passage is a list of links, which leads to content and has none of its own.
    fn is_links(&self, passage: PassageId) -> bool;

    /// For each passage, the share of the query's words that it has, each weighted by its rarity: 0 to 1.
    ///
    /// # Errors
    /// [`crate::Error::Lexical`] if the keyword engine fails.
    fn coverage(&self, query: &KeywordQuery, passages: &[PassageId]) -> Result<Vec<f32>>;
}

/// Stored passages, and counts of metadata values.
pub trait Shown: Sync {
    /// A passage.
    ///
    /// # Errors
    /// [`crate::Error::Lexical`] or [`crate::Error::Damaged`] if it cannot be read.
    fn passage(&self, id: PassageId) -> Result<Passage>;

    /// Codes of the tokens of a passage's context and text, one after the other; empty if the index has none.
    fn token_codes(&self, id: PassageId) -> &[u8];

    /// Pages by metadata key and value.
    fn facets(&self) -> &BTreeMap<String, BTreeMap<String, u64>>;
}
