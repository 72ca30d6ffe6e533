//! Measures how much of what an encoder finds its lookup table finds, too.
//!
//! Known items are the queries: some words of a sentence of a section, which is the right answer. They come from
//! sections that the table has not learnt from.

use anyhow::Result;
use cloze_models::{Encoder, LookupTable, TextKind};
use rayon::prelude::*;
use serde::Serialize;

use super::texts::is_held_out;
use crate::{commands::sections::Section, pipeline::known_items};

/// The most sections to search, and the most queries.
const MOST_SECTIONS: usize = 1000;
const MOST_QUERIES: usize = 300;
/// Queries that a fair judgment needs.
const FEWEST_QUERIES: usize = 20;
/// Number of ranks that count.
const DEPTH: usize = 10;
/// Shortest text, in characters, that shows the subject of a section.
const SHORTEST: usize = 80;

/// Queries whose answers are known.
#[derive(Debug)]
pub(super) struct Task {
    texts: Vec<String>,
    /// A query, and the place of its text.
    queries: Vec<(String, usize)>,
}

/// How much each finds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(super) struct Found {
    /// Number of queries.
    pub(super) queries: usize,
    /// Number of sections searched.
    pub(super) sections: usize,
    /// nDCG@10 of the encoder.
    pub(super) encoder: f64,
    /// nDCG@10 of the table.
    pub(super) table: f64,
}

impl Found {
    /// The table's share of what the encoder finds.
    pub(super) fn share(&self) -> f64 {
        if self.encoder > 0.0 { self.table / self.encoder } else { 0.0 }
    }
}

impl Task {
    /// Takes sections evenly: those that are held out for the queries, others to search among.
    pub(super) fn of(sections: &[Section]) -> Self {
        let told = |held_out: bool, most: usize| {
            let is_fit = |i: usize, s: &Section| is_held_out(i) == held_out && s.text.chars().count() >= SHORTEST;
            let fit: Vec<&Section> =
                sections.iter().enumerate().filter(|(i, s)| is_fit(*i, s)).map(|(_, s)| s).collect();
            let step = fit.len().div_ceil(most).max(1);
            fit.into_iter().step_by(step).map(|s| s.text.clone()).collect::<Vec<_>>()
        };
        let mut texts = told(true, MOST_QUERIES);
        let queries = texts.iter().enumerate().filter_map(|(i, text)| Some((known_items::query(text)?, i))).collect();
        texts.extend(told(false, MOST_SECTIONS - texts.len()));
        Self { texts, queries }
    }

    /// Whether there are enough queries to judge by.
    pub(super) fn is_fair(&self) -> bool {
        self.queries.len() >= FEWEST_QUERIES
    }

    /// Runs all queries, encoded by the encoder and by the table.
    pub(super) fn judge(&self, encoder: &Encoder, table: &LookupTable) -> Result<Found> {
        let encode = |kind: TextKind, text: &str| encoder.encode(kind, text).map(|e| e.vector);
        let texts: Vec<Vec<f32>> =
            self.texts.par_iter().map(|t| encode(TextKind::Passage, t)).collect::<Result<_, _>>()?;
        let gains = self.queries.par_iter().map(|(query, right)| {
            let by_encoder = gain(&encode(TextKind::Query, query)?, &texts, *right);
            Ok((by_encoder, gain(&table.encode(query)?, &texts, *right)))
        });
        let gains = gains.collect::<Result<Vec<(f64, f64)>>>()?;
        let mean = |sum: f64| sum / gains.len().max(1) as f64;
        let (encoder, table) = (mean(gains.iter().map(|g| g.0).sum()), mean(gains.iter().map(|g| g.1).sum()));
        Ok(Found { queries: gains.len(), sections: texts.len(), encoder, table })
    }
}

/// nDCG@10 of a query with one right answer.
fn gain(query: &[f32], texts: &[Vec<f32>], right: usize) -> f64 {
    let similarity = |text: &[f32]| query.iter().zip(text).map(|(q, t)| q * t).sum::<f32>();
    let own = similarity(&texts[right]);
    let before = |(i, text): (usize, &Vec<f32>)| i != right && similarity(text) >= own;
    let place = texts.iter().enumerate().filter(|other| before(*other)).count();
    if place < DEPTH { 1.0 / ((place + 2) as f64).log2() } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gains_fall_with_the_place() {
        let texts = vec![vec![1.0, 0.0], vec![0.9, 0.1], vec![0.0, 1.0]];
        assert_eq!(gain(&[1.0, 0.0], &texts, 0), 1.0);
        assert!((gain(&[1.0, 0.0], &texts, 1) - 1.0 / 3f64.log2()).abs() < 1e-12);
        assert_eq!(gain(&[0.0, 0.0], &texts, 0), 1.0 / 4f64.log2(), "ties do not count as found first");
        let same = vec![vec![1.0, 0.0]; DEPTH + 1];
        assert_eq!(gain(&[1.0, 0.0], &same, 0), 0.0);
    }

    #[test]
    fn queries_come_from_sections_that_are_held_out() {
        let text = |i: usize| {
            format!("Gardener number {i} waters tomato plants every morning before breakfast in their garden {i}.")
        };
        let sections: Vec<Section> =
            (0..100).map(|i| Section { title: String::new(), heading: None, text: text(i) }).collect();
        let task = Task::of(&sections);
        assert_eq!((task.texts.len(), task.queries.len()), (100, 5));
        assert!(task.queries.iter().enumerate().all(|(i, (_, right))| i == *right) && !task.is_fair());
        assert_eq!(task.texts[..2], [text(19), text(39)]);
    }
}
