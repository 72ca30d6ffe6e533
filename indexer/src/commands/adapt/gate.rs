//! Measures whether an encoder still finds sections. Three kinds of queries ask for them: headings, sentences with gaps,
//! and a few rare words.

use std::path::Path;

use anyhow::Result;
use cloze_models::{Encoder, EncoderOptions, TextKind};
use rayon::prelude::*;
use serde::Serialize;

use super::questions::{self, Kind, Query};
use crate::commands::sections::Section;

/// Maximum number of sections to search, and of queries of each kind.
const MOST_SECTIONS: usize = 1500;
const MOST_QUERIES: usize = 500;
/// Fewest queries of a kind that show anything.
const FEWEST_QUERIES: usize = 20;
/// Number of ranks that count.
const DEPTH: usize = 10;
/// Shortest text, in characters, that shows the subject of a section.
const SHORTEST: usize = 80;
/// The largest fall of one kind that the gains of the others may make up for: about the chance error of a mean over
/// a few hundred queries whose answers mostly stay the same.
const TOLERANCE: f64 = 0.005;

/// A small retrieval task made of the documents themselves.
#[derive(Debug, Clone)]
pub(super) struct Task {
    texts: Vec<String>,
    queries: Vec<Query>,
}

/// The retrieval quality of an encoder.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Score {
    /// Number of queries.
    pub(super) queries: usize,
    /// Number of sections searched.
    pub(super) sections: usize,
    /// nDCG@10, binary: the mean of the kinds.
    pub(super) ndcg_at_10: f64,
    /// The same for each kind.
    pub(super) kinds: Vec<OfKind>,
}

/// The retrieval quality for one kind of queries.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(super) struct OfKind {
    pub(super) kind: Kind,
    pub(super) queries: usize,
    pub(super) ndcg_at_10: f64,
}

impl Score {
    fn of(sections: usize, gains: &[(Kind, f64)]) -> Self {
        let kinds: Vec<OfKind> = Kind::ALL
            .into_iter()
            .filter_map(|kind| {
                let own: Vec<f64> = gains.iter().filter(|(k, _)| *k == kind).map(|(_, gain)| *gain).collect();
                (!own.is_empty()).then(|| OfKind { kind, queries: own.len(), ndcg_at_10: mean(&own) })
            })
            .collect();
        let ndcg_at_10 = mean(&kinds.iter().map(|k| k.ndcg_at_10).collect::<Vec<_>>());
        Self { queries: gains.len(), sections, ndcg_at_10, kinds }
    }

    /// Whether this encoder finds at least as much as the one `before`: on average, and for every kind of queries.
    pub(super) fn is_no_worse_than(&self, before: &Self) -> bool {
        let of = |score: &Self, kind| score.kinds.iter().find(|k| k.kind == kind).map_or(0.0, |k| k.ndcg_at_10);
        let holds = |kind: Kind| of(self, kind) >= of(before, kind) - TOLERANCE;
        self.ndcg_at_10 >= before.ndcg_at_10 && Kind::ALL.into_iter().all(holds)
    }

    /// One line for people: the mean, and each kind.
    pub(super) fn line(&self) -> String {
        let kinds: Vec<String> = self.kinds.iter().map(|k| format!("{} {:.4}", k.kind.name(), k.ndcg_at_10)).collect();
        format!("{:.4} ({})", self.ndcg_at_10, kinds.join(", "))
    }
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len().max(1) as f64
}

impl Task {
    /// Takes sections and queries evenly.
    pub(super) fn of(sections: &[Section]) -> Self {
        let told: Vec<&Section> = sections.iter().filter(|s| s.text.chars().count() >= SHORTEST).collect();
        let step = told.len().div_ceil(MOST_SECTIONS).max(1);
        let chosen: Vec<&Section> = told.into_iter().step_by(step).collect();
        let all = [questions::headings(&chosen), questions::sentences(&chosen), questions::rare_words(&chosen)];
        let enough = all.into_iter().filter(|of_kind| of_kind.len() >= FEWEST_QUERIES);
        let queries = enough.flat_map(|of_kind| {
            let step = of_kind.len().div_ceil(MOST_QUERIES).max(1);
            of_kind.into_iter().step_by(step)
        });
        Self { queries: queries.collect(), texts: chosen.into_iter().map(|s| s.text.clone()).collect() }
    }

    /// Whether there are enough queries to judge by.
    pub(super) fn is_fair(&self) -> bool {
        !self.queries.is_empty()
    }

    /// Runs all queries with the encoder in `dir`.
    pub(super) fn score(&self, dir: &Path) -> Result<Score> {
        let encoder = Encoder::open(dir, "adapted", EncoderOptions::default())?;
        let encode = |kind: TextKind, text: &str| encoder.encode(kind, text).map(|e| e.vector);
        let texts: Vec<Vec<f32>> =
            self.texts.par_iter().map(|t| encode(TextKind::Passage, t)).collect::<Result<_, _>>()?;
        let gains = self.queries.par_iter().map(|query| {
            let vector = encode(TextKind::Query, &query.text)?;
            Ok((query.kind, ndcg(&vector, &texts, &query.right)))
        });
        Ok(Score::of(texts.len(), &gains.collect::<Result<Vec<_>>>()?))
    }
}

/// Järvelin and Kekäläinen, "Cumulated Gain-Based Evaluation of IR Techniques" (2002), with gains of 0 and 1.
fn ndcg(query: &[f32], texts: &[Vec<f32>], right: &[usize]) -> f64 {
    let mut order: Vec<(f32, usize)> =
        texts.iter().enumerate().map(|(i, text)| (query.iter().zip(text).map(|(q, t)| q * t).sum(), i)).collect();
    order.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    let discount = |place: usize| 1.0 / ((place + 2) as f64).log2();
    let found = order.iter().take(DEPTH).enumerate().filter(|(_, (_, i))| right.contains(i));
    let ideal: f64 = (0..right.len().min(DEPTH)).map(discount).sum();
    found.map(|(place, _)| discount(place)).sum::<f64>() / ideal
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gains_fall_with_the_place() {
        let texts = vec![vec![1.0, 0.0], vec![0.9, 0.1], vec![0.0, 1.0]];
        assert_eq!(ndcg(&[1.0, 0.0], &texts, &[0]), 1.0);
        assert!((ndcg(&[1.0, 0.0], &texts, &[1]) - 1.0 / 3f64.log2()).abs() < 1e-12);
        assert_eq!(ndcg(&[1.0, 0.0], &texts, &[0, 1]), 1.0);
    }

    #[test]
    fn one_kind_may_not_pay_for_the_others() {
        let score = |headings, sentences| {
            Score::of(3, &[(Kind::Heading, headings), (Kind::Sentence, sentences), (Kind::Sentence, sentences)])
        };
        let before = score(0.5, 0.5);
        assert_eq!((before.ndcg_at_10, before.queries, before.kinds.len()), (0.5, 3, 2));
        assert!(score(0.7, 0.498).is_no_worse_than(&before));
        assert!(!score(0.7, 0.48).is_no_worse_than(&before), "sentences find less");
        assert!(!score(0.498, 0.5).is_no_worse_than(&before), "the mean falls");
    }

    #[test]
    fn a_few_sections_are_too_few() {
        let section = Section { title: "Page".into(), heading: Some("One".into()), text: "first ".repeat(20) };
        assert!(!Task::of(&[section.clone(), section]).is_fair());
    }
}
