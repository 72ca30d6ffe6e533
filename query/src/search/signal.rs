//! The signals that score the candidates of a search, each in a scale of its own.

use cloze_index::{PassageId, Scored};

use super::spread::mean_and_deviation;

/// How the scores of a signal are scaled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scale {
    /// From the smallest to the largest of the list.
    Range,
    /// From so many standard deviations below the mean of the list, 0, to as many above it, 1; a score above that gets
    /// more than 1. So one passage that stands out does not push the others together. The two ends are never farther
    /// apart than the smallest and the largest of the list.
    Deviations,
    /// From 0 to the largest of the list.
    Largest,
    /// From 0 to 1 whatever the list, and squared: half of a whole gives a quarter.
    Squared,
}

/// A signal: its own proposals, and its scores for all proposals.
pub(crate) struct Signal<'a> {
    /// In any order.
    pub(crate) candidates: &'a [Scored],
    /// Aligned with the union; `None` for a passage that the signal skipped; it counts as the smallest score.
    pub(crate) scores: Vec<Option<f32>>,
    pub(crate) scale: Scale,
    /// Aligned with the union: whether a passage is a candidate for the first pages of a list. Only these set the
    /// scale, so that it does not change while the reader pages through the list.
    pub(crate) is_first: &'a [bool],
    /// Its share in the fused score, relative to the other signals.
    pub(crate) weight: f32,
}

/// Half of [`Scale::Deviations`].
const DEVIATIONS: f32 = 2.1;

impl Signal<'_> {
    fn bounds(&self) -> (f32, f32) {
        let first = || self.scores.iter().zip(self.is_first).filter(|(_, is_first)| **is_first);
        let known = || first().filter_map(|(score, _)| *score);
        let largest = || known().fold(f32::NEG_INFINITY, f32::max);
        let (smallest, largest) = match self.scale {
            Scale::Range => (known().fold(f32::INFINITY, f32::min), largest()),
            Scale::Deviations => around_mean(&known().collect::<Vec<_>>()),
            Scale::Largest => (0.0, largest()),
            Scale::Squared => (0.0, 1.0),
        };
        // A single score, or equal scores, count in full.
        if largest > smallest { (smallest, largest) } else { (largest - 1.0, largest) }
    }

    /// A signal without scores, or with only zeros where zero is the lowest, leaves the whole score to the others.
    pub(crate) fn effective_weight(&self) -> f32 {
        let gives = match self.scale {
            Scale::Range | Scale::Deviations => self.scores.iter().any(Option::is_some),
            Scale::Largest | Scale::Squared => self.scores.iter().flatten().any(|score| *score > 0.0),
        };
        if gives { self.weight } else { 0.0 }
    }

    /// The signal's view of each passage; `part` is its share of the fused score.
    pub(crate) fn views(&self, passages: &[PassageId], part: f32) -> Vec<View> {
        let (smallest, largest) = self.bounds();
        let most = if self.scale == Scale::Deviations { f32::INFINITY } else { 1.0 };
        let scaled = |score: f32| ((score - smallest) / (largest - smallest)).clamp(0.0, most);
        let share =
            |score: f32| part * if self.scale == Scale::Squared { scaled(score).powi(2) } else { scaled(score) };
        let view = |score: &Option<f32>| View {
            rank: None,
            score: score.unwrap_or_default(),
            share: if part > 0.0 { score.map_or(0.0, share) } else { 0.0 },
        };
        let mut views: Vec<View> = self.scores.iter().map(view).collect();
        for (place, rank) in self.order(passages).into_iter().zip(1..) {
            views[place].rank = Some(rank);
        }
        views
    }

    /// Places of its own candidates in the union, best first; ties by the lower number.
    fn order(&self, passages: &[PassageId]) -> Vec<usize> {
        let mut own: Vec<usize> =
            self.candidates.iter().filter_map(|c| passages.binary_search(&c.passage).ok()).collect();
        let score = |at: usize| self.scores[at].unwrap_or(f32::NEG_INFINITY);
        own.sort_unstable_by(|&a, &b| score(b).total_cmp(&score(a)).then(a.cmp(&b)));
        own
    }
}

/// The mean less some standard deviations, and with as many more; at most as far apart as the smallest and the largest.
/// Equal scores are all at the upper end.
fn around_mean(scores: &[f32]) -> (f32, f32) {
    let (mean, deviation) = mean_and_deviation(scores.iter().copied());
    let (smallest, largest) =
        scores.iter().fold((f32::INFINITY, f32::NEG_INFINITY), |(low, high), s| (low.min(*s), high.max(*s)));
    // A few scores lie within fewer deviations; equal scores have none.
    let half = (DEVIATIONS * deviation).min((largest - smallest) / 2.0).max(0.0);
    if half > 0.0 { (mean - half, mean + half) } else { (largest, largest) }
}

/// One signal's view of a passage.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct View {
    pub(crate) rank: Option<u32>,
    pub(crate) score: f32,
    pub(crate) share: f32,
}

/// The signals of a search; absent ones take no part.
#[derive(Default)]
pub(crate) struct Signals<'a> {
    pub(crate) semantic: Option<Signal<'a>>,
    pub(crate) lexical: Option<Signal<'a>>,
    pub(crate) tokens: Option<Signal<'a>>,
    pub(crate) coverage: Option<Signal<'a>>,
}

/// The parts of a passage's fused score.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) struct Parts {
    pub(crate) semantic: Option<View>,
    pub(crate) lexical: Option<View>,
    pub(crate) tokens: Option<View>,
    pub(crate) coverage: Option<View>,
    /// What the passage gains from the passages next to it.
    pub(crate) neighbours: Option<View>,
}

impl Parts {
    /// The sum of the shares.
    pub(crate) fn sum(&self) -> f32 {
        let all = [self.semantic, self.lexical, self.tokens, self.coverage, self.neighbours];
        all.into_iter().flatten().map(|view| view.share).sum()
    }

    /// The sum of the shares without the neighbours': what the passage is worth by itself.
    pub(crate) fn alone(&self) -> f32 {
        self.sum() - self.neighbours.map_or(0.0, |view| view.share)
    }

    /// Multiplies every share.
    pub(crate) fn scale(&mut self, factor: f32) {
        let all = [&mut self.semantic, &mut self.lexical, &mut self.tokens, &mut self.coverage, &mut self.neighbours];
        all.into_iter().flatten().for_each(|view| view.share *= factor);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shares(scores: &[f32], scale: Scale) -> Vec<f32> {
        let (passages, is_first) = ((0..scores.len() as PassageId).collect::<Vec<_>>(), vec![true; scores.len()]);
        let scores = scores.iter().copied().map(Some).collect();
        let signal = Signal { candidates: &[], scores, scale, is_first: &is_first, weight: 1.0 };
        signal.views(&passages, 1.0).iter().map(|view| view.share).collect()
    }

    #[test]
    fn one_that_stands_out_does_not_push_the_others_together() {
        let others: Vec<f32> = (0..40).map(|i| 0.3 + 0.001 * i as f32).collect();
        let scores = [others, vec![0.9]].concat();
        let spread = |scale| shares(&scores, scale)[39] - shares(&scores, scale)[0];
        assert!(spread(Scale::Deviations) > 1.3 * spread(Scale::Range));
        assert!(shares(&scores, Scale::Deviations)[40] > 1.0);
    }

    #[test]
    fn a_short_list_has_its_range_for_a_scale() {
        let shares = shares(&[0.1, 0.2, 0.5], Scale::Deviations);
        assert!((shares[2] - shares[1] - 0.75).abs() < 1e-5, "{shares:?}");
    }

    #[test]
    fn equal_scores_count_in_full() {
        assert_eq!(shares(&[0.3; 7], Scale::Deviations), [1.0; 7]);
        assert_eq!(shares(&[0.3], Scale::Range), [1.0]);
    }
}
