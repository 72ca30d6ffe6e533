//! The spread of a query's scores, estimated from the sample.

use super::{
    postings::Postings,
    query::{KeywordQuery, Part, QueryWord, compile_term},
    sample::{TermScores, deviation},
};
use crate::Result;

impl Postings {
    /// Standard deviation of a query's scores over all passages, without regard to the order of its words.
    pub(super) fn estimated_spread(&self, query: &KeywordQuery) -> Result<f32> {
        let mut scores = vec![0f32; self.sample.passages.len()];
        for word in &query.words {
            self.add_word(word, &mut scores)?;
        }
        let (sum, squares) =
            scores.iter().map(|&s| f64::from(s)).fold((0.0, 0.0), |(sum, squares), s| (sum + s, squares + s * s));
        Ok(deviation(sum, squares, scores.len()))
    }

    /// Adds the score of a word: that of the best term that stands for it.
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
            let part = Part { query: compile_term(term, self.opened.fields.content), weight: 1.0 };
            self.add_scores(&part, passages, &(0..passages.len()).collect::<Vec<_>>(), &mut scores)?;
            Ok((0..).zip(scores).filter(|(_, score)| *score != 0.0).collect())
        };
        self.sample.known.get_or_insert_with(term, score)
    }
}
