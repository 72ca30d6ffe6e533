//! How far the scores of a query are spread, estimated from some passages that stand for all.
//!
//! A passage's score is the sum of what the query's words are worth in it, and what a word is worth in these
//! passages is the same for every query that has it. So it is remembered.

use std::sync::Arc;

use quick_cache::sync::Cache;
use tantivy::DocAddress;

use super::{
    query::{KeywordQuery, Part, QueryWord, compile_term},
    search::Lexical,
};
use crate::{PassageId, Result};

/// Passages that a spread is estimated from; its own error is about 3 %.
const SIZE: usize = 1024;
/// Words whose scores are remembered.
const KEPT: usize = 1024;

/// BM25 of a term: places in the sample of passages that have it, and scores there.
type TermScores = Arc<[(u16, f32)]>;

/// Passages that stand for all, and what terms are worth in them.
pub(super) struct Sample {
    /// By address.
    passages: Vec<PassageId>,
    known: Cache<String, TermScores>,
}

impl Sample {
    /// Of passages that stand for all, the first of which do as well; `addresses` are those of all passages.
    pub(super) fn new(passages: &[PassageId], addresses: &[DocAddress]) -> Self {
        let mut passages = passages[..passages.len().min(SIZE)].to_vec();
        passages.sort_unstable_by_key(|p| addresses[*p as usize]);
        Self { passages, known: Cache::new(KEPT) }
    }
}

impl Lexical {
    /// Standard deviation of a query's scores over all passages, the order of its words left out.
    pub(super) fn estimated_spread(&self, query: &KeywordQuery) -> Result<f32> {
        let mut scores = vec![0f32; self.sample.passages.len()];
        for word in &query.words {
            self.add_word(word, &mut scores)?;
        }
        let (sum, squares) =
            scores.iter().map(|&s| f64::from(s)).fold((0.0, 0.0), |(sum, squares), s| (sum + s, squares + s * s));
        Ok(deviation(sum, squares, scores.len()))
    }

    /// Adds what a word is worth: the best of the terms that stand for it.
    fn add_word(&self, word: &QueryWord, scores: &mut [f32]) -> Result<()> {
        let mut best = vec![0f32; scores.len()];
        for (term, weight) in &word.terms {
            for &(at, score) in &*self.term_scores(term)? {
                let best = &mut best[usize::from(at)];
                *best = best.max(score * weight);
            }
        }
        scores.iter_mut().zip(best).for_each(|(score, best)| *score += word.weight() * best);
        Ok(())
    }

    fn term_scores(&self, term: &str) -> Result<TermScores> {
        let score = || {
            let passages = &self.sample.passages;
            let mut scores = vec![0.0; passages.len()];
            let part = Part { query: compile_term(term, self.fields.content), weight: 1.0 };
            self.add_scores(&part, passages, &(0..passages.len()).collect::<Vec<_>>(), &mut scores)?;
            Ok((0..).zip(scores).filter(|(_, score)| *score != 0.0).collect())
        };
        self.sample.known.get_or_insert_with(term, score)
    }
}

/// Of `n` numbers, by their sum and that of their squares.
pub(super) fn deviation(sum: f64, squares: f64, n: usize) -> f32 {
    let n = n.max(1) as f64;
    (squares / n - (sum / n) * (sum / n)).max(0.0).sqrt() as f32
}
