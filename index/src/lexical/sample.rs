//! How far the scores of a query are spread, estimated from some passages that stand for all.
//!
//! A passage's score is the sum of what the query's words are worth in it, and what a word is worth in these
//! passages is the same for every query that has it. So it is remembered.

use std::sync::Arc;

use quick_cache::sync::Cache;
use tantivy::DocAddress;

use crate::PassageId;

/// Passages that a spread is estimated from; its own error is about 3 %.
const SIZE: usize = 1024;
/// Words whose scores are remembered.
const KEPT: usize = 1024;

/// BM25 of a term: places in the sample of passages that have it, and scores there.
pub(super) type TermScores = Arc<[(u16, f32)]>;

/// Passages that stand for all, and what terms are worth in them.
pub(super) struct Sample {
    /// By address.
    pub(super) passages: Vec<PassageId>,
    pub(super) known: Cache<String, TermScores>,
}

impl Sample {
    /// Of passages that stand for all, the first of which do as well; `addresses` are those of all passages.
    pub(super) fn new(passages: &[PassageId], addresses: &[DocAddress]) -> Self {
        let mut passages = passages[..passages.len().min(SIZE)].to_vec();
        passages.sort_unstable_by_key(|p| addresses[*p as usize]);
        Self { passages, known: Cache::new(KEPT) }
    }
}

/// Of `n` numbers, by their sum and that of their squares.
pub(super) fn deviation(sum: f64, squares: f64, n: usize) -> f32 {
    let n = n.max(1) as f64;
    (squares / n - (sum / n) * (sum / n)).max(0.0).sqrt() as f32
}
