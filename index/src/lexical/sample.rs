//! The spread of a query's scores, estimated from a representative sample of passages.
//!
//! A passage's score is the sum of the scores of the query's words in it. A word's scores in these passages are the
//! same for every query with the word, so they are cached.

use std::sync::Arc;

use quick_cache::sync::Cache;
use tantivy::DocAddress;

use crate::PassageId;

/// Number of passages in the sample; the error of an estimated spread is about 3 %.
const SIZE: usize = 1024;
/// Number of words whose scores are cached.
const KEPT: usize = 1024;

/// BM25 of a term: places in the sample of passages that have it, and scores there.
pub(super) type TermScores = Arc<[(u16, f32)]>;

/// A representative sample of passages, and the scores of terms in them.
pub(super) struct Sample {
    /// The passages, by address.
    pub(super) passages: Vec<PassageId>,
    pub(super) known: Cache<String, TermScores>,
}

impl Sample {
    /// A sample of the first of `passages`, which are representative too; `addresses` are those of all passages.
    pub(super) fn new(passages: &[PassageId], addresses: &[DocAddress]) -> Self {
        let mut passages = passages[..passages.len().min(SIZE)].to_vec();
        passages.sort_unstable_by_key(|p| addresses[*p as usize]);
        Self { passages, known: Cache::new(KEPT) }
    }
}

/// Standard deviation of `n` numbers, from their sum and the sum of their squares.
pub(super) fn deviation(sum: f64, squares: f64, n: usize) -> f32 {
    let n = n.max(1) as f64;
    (squares / n - (sum / n) * (sum / n)).max(0.0).sqrt() as f32
}
