//! Measures whether an encoder still finds sections: headings are the queries, the sections below them the answers.

use std::{collections::HashMap, path::Path};

use anyhow::Result;
use cloze_models::{Encoder, EncoderOptions, TextKind};
use rayon::prelude::*;
use serde::Serialize;

use crate::commands::sections::Section;

/// Maximum number of sections to search, and of headings to ask for.
const MOST_SECTIONS: usize = 1500;
const MOST_QUERIES: usize = 500;
/// Number of ranks that count.
const DEPTH: usize = 10;
/// Shortest text, in characters, that shows the subject of a section.
const SHORTEST: usize = 80;

/// A small retrieval task made of the documents themselves.
#[derive(Debug, Clone)]
pub(super) struct Task {
    texts: Vec<String>,
    /// A heading, and the sections below it.
    queries: Vec<(String, Vec<usize>)>,
}

/// The retrieval quality of an encoder.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(super) struct Score {
    /// Number of queries.
    pub(super) queries: usize,
    /// Number of sections searched.
    pub(super) sections: usize,
    /// nDCG@10, binary.
    pub(super) ndcg_at_10: f64,
}

impl Task {
    /// Takes sections evenly. A heading that its section repeats, or that occurs everywhere, is as good a query as a
    /// reader's.
    pub(super) fn of(sections: &[Section]) -> Self {
        let told: Vec<&Section> = sections.iter().filter(|s| s.text.chars().count() >= SHORTEST).collect();
        let step = told.len().div_ceil(MOST_SECTIONS).max(1);
        let chosen: Vec<&Section> = told.into_iter().step_by(step).collect();
        let mut above: HashMap<String, Vec<usize>> = HashMap::new();
        for (i, section) in chosen.iter().enumerate() {
            if let Some(heading) = &section.heading {
                let query =
                    if section.title == *heading { heading.clone() } else { format!("{} {heading}", section.title) };
                above.entry(query).or_default().push(i);
            }
        }
        let mut queries: Vec<(String, Vec<usize>)> = above.into_iter().collect();
        queries.sort();
        let step = queries.len().div_ceil(MOST_QUERIES).max(1);
        let queries = queries.into_iter().step_by(step).collect();
        Self { texts: chosen.into_iter().map(|s| s.text.clone()).collect(), queries }
    }

    /// Whether there are enough queries to judge by.
    pub(super) fn is_fair(&self) -> bool {
        self.queries.len() >= 20
    }

    /// Runs all queries with the encoder in `dir`.
    pub(super) fn score(&self, dir: &Path) -> Result<Score> {
        let encoder = Encoder::open(dir, "adapted", EncoderOptions::default())?;
        let encode = |kind: TextKind, text: &str| encoder.encode(kind, text).map(|e| e.vector);
        let texts: Vec<Vec<f32>> =
            self.texts.par_iter().map(|t| encode(TextKind::Passage, t)).collect::<Result<_, _>>()?;
        let gains = self.queries.par_iter().map(|(query, right)| {
            let vector = encode(TextKind::Query, query)?;
            Ok(ndcg(&vector, &texts, right))
        });
        let gains = gains.collect::<Result<Vec<f64>>>()?;
        let ndcg_at_10 = gains.iter().sum::<f64>() / gains.len().max(1) as f64;
        Ok(Score { queries: self.queries.len(), sections: texts.len(), ndcg_at_10 })
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
    fn headings_ask_for_their_sections() {
        let section = |heading: Option<&str>, text: &str| Section {
            title: "Page".into(),
            heading: heading.map(str::to_owned),
            text: text.repeat(20),
        };
        let task =
            Task::of(&[section(Some("One"), "first "), section(None, "second "), section(Some("Page"), "third ")]);
        assert_eq!(task.texts.len(), 3);
        assert_eq!(task.queries, [("Page".to_owned(), vec![2]), ("Page One".to_owned(), vec![0])]);
        assert!(!task.is_fair());
    }
}
