//! The signals that score the candidates of a search, each in a scale of its own.

use cloze_index::{PassageId, Scored};

/// How the scores of a signal are scaled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scale {
    /// From the smallest to the largest of the list.
    Range,
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

impl Signal<'_> {
    fn bounds(&self) -> (f32, f32) {
        let first = || self.scores.iter().zip(self.is_first).filter(|(_, is_first)| **is_first);
        let known = || first().filter_map(|(score, _)| *score);
        let largest = || known().fold(f32::NEG_INFINITY, f32::max);
        let (smallest, largest) = match self.scale {
            Scale::Range => (known().fold(f32::INFINITY, f32::min), largest()),
            Scale::Largest => (0.0, largest()),
            Scale::Squared => (0.0, 1.0),
        };
        // A single score, or equal scores, count in full.
        if largest > smallest { (smallest, largest) } else { (largest - 1.0, largest) }
    }

    /// A signal without scores, or with only zeros where zero is the lowest, leaves the whole score to the others.
    pub(crate) fn effective_weight(&self) -> f32 {
        let gives = match self.scale {
            Scale::Range => self.scores.iter().any(Option::is_some),
            Scale::Largest | Scale::Squared => self.scores.iter().flatten().any(|score| *score > 0.0),
        };
        if gives { self.weight } else { 0.0 }
    }

    /// The signal's view of each passage; `part` is its share of the fused score.
    pub(crate) fn views(&self, passages: &[PassageId], part: f32) -> Vec<View> {
        let (smallest, largest) = self.bounds();
        let scaled = |score: f32| ((score - smallest) / (largest - smallest)).clamp(0.0, 1.0);
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
