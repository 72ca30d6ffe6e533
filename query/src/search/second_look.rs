//! A second look at the best candidates: their tokens and words, one by one.

use cloze_index::{KeywordQuery, PassageId, QueryTokens, body::Candidates};

use super::{
    fuse::Fused,
    signal::{Scale, Signal},
    spread::mean_and_deviation,
};
use crate::Result;

/// The number of candidates whose tokens are compared with the query's.
const TOKENS: usize = 30;
/// The number of candidates whose words are compared with the query's.
const WORDS: usize = super::neighbours::AMONG;

/// The candidates of a second look.
pub(crate) struct SecondLook<'a> {
    /// The union, ascending.
    pub(crate) passages: &'a [PassageId],
    /// Aligned with the union: whether a passage is a candidate for the first pages of a list.
    pub(crate) is_first: &'a [bool],
    pub(crate) candidates: &'a dyn Candidates,
}

impl<'a> SecondLook<'a> {
    /// Compares the tokens of the best of `fused` with the query's; `None` if one of them has no codes.
    pub(crate) fn tokens(&self, query: &QueryTokens, fused: &[Fused], weight: f32) -> Result<Option<Signal<'a>>> {
        let best = first(fused, TOKENS);
        let similar: Option<Vec<Vec<f32>>> = self.candidates.token_similarities(query, &best)?.into_iter().collect();
        let Some(similar) = similar else { return Ok(None) };
        Ok(Some(self.signal(&best, &weighted(&similar), Scale::Range, weight)))
    }

    /// The share of the query's subject that each of the best of `fused` has.
    pub(crate) fn coverage(&self, subject: &KeywordQuery, fused: &[Fused], weight: f32) -> Result<Signal<'a>> {
        let best = first(fused, WORDS);
        let shares = self.candidates.coverage(subject, &best)?;
        Ok(self.signal(&best, &shares, Scale::Squared, weight))
    }

    fn signal(&self, of: &[PassageId], found: &[f32], scale: Scale, weight: f32) -> Signal<'a> {
        let mut scores = vec![None; self.passages.len()];
        for (passage, score) in of.iter().zip(found) {
            if let Ok(at) = self.passages.binary_search(passage) {
                scores[at] = Some(*score);
            }
        }
        Signal { candidates: &[], scores, scale, is_first: self.is_first, weight }
    }
}

fn first(fused: &[Fused], count: usize) -> Vec<PassageId> {
    fused.iter().take(count).map(|f| f.passage).collect()
}

/// The mean similarity of the query's tokens to each passage. A token that tells the passages apart counts more than
/// one that all of them have: its weight is the standard deviation of its similarities.
fn weighted(similar: &[Vec<f32>]) -> Vec<f32> {
    let tokens = similar.first().map_or(0, Vec::len);
    let mut weights: Vec<f32> =
        (0..tokens).map(|token| mean_and_deviation(similar.iter().map(|of| of[token])).1).collect();
    if weights.iter().sum::<f32>() <= f32::EPSILON {
        weights.fill(1.0);
    }
    let sum: f32 = weights.iter().sum::<f32>().max(f32::MIN_POSITIVE);
    similar.iter().map(|of| of.iter().zip(&weights).map(|(s, w)| s * w).sum::<f32>() / sum).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_that_all_passages_have_does_not_count() {
        let scores = weighted(&[vec![0.9, 0.2], vec![0.9, 0.6], vec![0.9, 0.4]]);
        assert!(scores.iter().zip([0.2, 0.6, 0.4]).all(|(a, b)| (a - b).abs() < 1e-6), "{scores:?}");
    }

    #[test]
    fn passages_that_are_alike_get_the_plain_mean() {
        assert_eq!(weighted(&[vec![0.5, 0.25], vec![0.5, 0.25]]), [0.375, 0.375]);
        assert_eq!(weighted(&[vec![0.5, 0.25]]), [0.375]);
        assert!(weighted(&[]).is_empty());
    }
}
