//! The similarities that answers and unrelated passages reach in a generation.
//!
//! A build runs two kinds of queries against its own passages. Unrelated questions show how near a passage comes to a
//! query that it does not answer. Known items show how near an answer comes. A known item is some words of one
//! sentence of a passage, so the build knows the passage with the answer (Azzopardi, de Rijke and Balog, "Building
//! Simulated Queries for Known-Item Topics", 2007). Neither needs labels, and both are in the units of the model.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::Script;

/// A known item is found if its passage is among this many nearest.
const FOUND_WITHIN: usize = 10;
/// A known item is near if it is found, or if its passage is among the nearest `1 / NEAR_IN` of all rows.
const NEAR_IN: usize = 100;
/// The model knows a language if at least this share of its known items is near. Collections in a language of the
/// model's training data lie above .6; collections in other languages lie below .45.
const KNOWN_SHARE: f32 = 0.5;
/// Minimum number of found known items for quantiles, and of items for a judgment on a language.
const ENOUGH: usize = 24;
/// Number of stored quantiles: one for every percent.
const STEPS: usize = 100;

/// Similarities of a generation.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Calibration {
    /// A quarter of the unrelated queries stay below.
    pub lower: f32,
    /// Half of them stay below.
    pub median: f32,
    /// Three quarters of them stay below.
    pub upper: f32,
    /// Known items; empty in a generation that a build made without them.
    #[serde(default)]
    pub known: KnownItems,
    /// How well the model finds translations, by the script of the translation, for scripts that no page uses. A
    /// query in such a script shares no words with the pages, and the similarities above say nothing about it.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub foreign: BTreeMap<Script, Translated>,
}

/// Counts of translated questions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Translated {
    /// Questions.
    pub asked: u32,
    /// Questions that are nearer to their original than to any other.
    pub found: u32,
}

impl Translated {
    /// Whether the model knows a language of the script: at least half of the questions are found. Multilingual models
    /// find more than nine tenths, others less than a third.
    #[must_use]
    pub fn is_known(&self) -> bool {
        2 * self.found >= self.asked
    }
}

/// How well searches by meaning find known items.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct KnownItems {
    /// Counts of known items, by the language of their passage; the empty name stands for passages without a
    /// language.
    pub languages: BTreeMap<String, Asked>,
    /// Percentiles 0 to 100 of the highest similarity of the found ones; empty if too few were found.
    pub similarities: Vec<f32>,
}

/// Counts of known items.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Asked {
    /// Items.
    pub asked: u32,
    /// Items whose passage was among the ten nearest.
    pub found: u32,
    /// Items whose passage was among the nearest hundredth of all rows, or found.
    #[serde(default)]
    pub near: u32,
}

impl Asked {
    /// Whether the model knows the language; true if there are too few items to tell.
    #[must_use]
    pub fn is_known(&self) -> bool {
        (self.asked as usize) < ENOUGH || self.near as f32 >= KNOWN_SHARE * self.asked as f32
    }
}

/// Rank of a known item among all rows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Standing {
    /// Similarity of the nearest row.
    pub(crate) highest: f32,
    /// Number of rows that are nearer than its own.
    pub(crate) above: usize,
    /// Number of all rows.
    pub(crate) rows: usize,
}

impl Standing {
    /// The standing before the first row.
    pub(crate) const NONE: Self = Self { highest: f32::NEG_INFINITY, above: 0, rows: 0 };

    /// The standing among the rows of both.
    pub(crate) fn and(self, other: Self) -> Self {
        let (above, rows) = (self.above + other.above, self.rows + other.rows);
        Self { highest: self.highest.max(other.highest), above, rows }
    }
}

impl Calibration {
    /// Computes the calibration from the highest similarities of unrelated queries, and from the standings of known
    /// items with the language of their passage. All numbers are 0 if there are no queries.
    pub(crate) fn of(mut unrelated: Vec<f32>, known: &[(String, Standing)]) -> Self {
        unrelated.sort_by(f32::total_cmp);
        let at = |share| quantile(&unrelated, share);
        let known = KnownItems::of(known);
        Self { lower: at(0.25), median: at(0.5), upper: at(0.75), known, foreign: BTreeMap::new() }
    }

    /// Similarity beyond the upper quartile of unrelated queries by `fence` times the distance between the quartiles
    /// (Tukey, "Exploratory Data Analysis", 1977).
    #[must_use]
    pub fn beyond_unrelated(&self, fence: f32) -> f32 {
        self.upper + fence * (self.upper - self.lower)
    }

    /// How well the model finds translations from the script of a query; `None` if pages use the script, or if it was
    /// not measured.
    #[must_use]
    pub fn foreign(&self, query: &str) -> Option<&Translated> {
        self.foreign.get(&Script::of(query)?)
    }

    /// Similarity that all but this share of the answerable queries reach; `None` if it is unknown.
    #[must_use]
    pub fn reached_by_all_but(&self, share: f32) -> Option<f32> {
        let all = &self.known.similarities;
        (!all.is_empty()).then(|| quantile(all, share))
    }
}

impl KnownItems {
    /// Languages that the model does not know, among those that the pages state. Their vectors are noise, so a search
    /// in them does not use vectors.
    pub fn unknown_languages(&self) -> impl Iterator<Item = &str> {
        self.languages.iter().filter(|(_, asked)| !asked.is_known()).map(|(name, _)| name.as_str())
    }

    /// Whether most of the known items are in languages that the model knows.
    #[must_use]
    pub fn are_in_known_languages(&self) -> bool {
        let count = |known: bool| -> u32 {
            self.languages.values().filter(|asked| asked.is_known() == known).map(|asked| asked.asked).sum()
        };
        count(true) >= count(false)
    }

    fn of(known: &[(String, Standing)]) -> Self {
        let (mut languages, mut similarities) = (BTreeMap::<String, Asked>::new(), Vec::new());
        for (language, standing) in known {
            let counts = languages.entry(language.clone()).or_default();
            counts.asked += 1;
            counts.near += u32::from(standing.above < FOUND_WITHIN.max(standing.rows / NEAR_IN));
            if standing.above < FOUND_WITHIN {
                counts.found += 1;
                similarities.push(standing.highest);
            }
        }
        similarities.sort_by(f32::total_cmp);
        let enough = similarities.len() >= ENOUGH;
        let steps = if enough { 0..=STEPS } else { 0..=0 };
        let all = steps.map(|step| quantile(&similarities, step as f32 / STEPS as f32)).collect();
        Self { languages, similarities: if enough { all } else { Vec::new() } }
    }
}

/// The interpolated quantile of sorted values; 0 if there are none.
fn quantile(sorted: &[f32], share: f32) -> f32 {
    let at = sorted.len().saturating_sub(1) as f32 * share.clamp(0.0, 1.0);
    let value = |i: usize| sorted.get(i).or(sorted.last()).copied().unwrap_or_default();
    let (low, high) = (value(at.floor() as usize), value(at.ceil() as usize));
    low + (high - low) * at.fract()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn items(n: usize, above: impl Fn(usize) -> usize) -> Vec<(String, Standing)> {
        (0..n)
            .map(|i| ("en".to_owned(), Standing { highest: i as f32 / n as f32, above: above(i), rows: 100 }))
            .collect()
    }

    #[test]
    fn quantiles_are_of_the_found_items() {
        let calibration = Calibration::of(vec![0.4, 0.0, 0.2, 0.1, 0.3], &items(200, |i| if i < 100 { 10 } else { 9 }));
        assert_eq!((calibration.lower, calibration.median, calibration.upper), (0.1, 0.2, 0.3));
        assert!((calibration.beyond_unrelated(1.0) - 0.5).abs() < 1e-6);
        assert_eq!(calibration.known.languages["en"], Asked { asked: 200, found: 100, near: 100 });
        let at = |share| calibration.reached_by_all_but(share).expect("enough are found");
        assert_eq!(at(0.0), 0.5, "items that were not found do not count");
        assert!(at(0.02) > 0.5 && at(0.02) < at(0.5) && at(1.0) < 1.0);
    }

    #[test]
    fn few_items_say_nothing() {
        let calibration = Calibration::of(Vec::new(), &items(ENOUGH - 1, |_| 0));
        assert_eq!(calibration.reached_by_all_but(0.02), None);
        assert_eq!(calibration.known.languages["en"].found as usize, ENOUGH - 1);
    }

    #[test]
    fn standings_add_up() {
        let standing = |highest, above| Standing { highest, above, rows: 10 };
        let both = standing(0.5, 2).and(standing(0.7, 3)).and(Standing::NONE);
        assert_eq!(both, Standing { highest: 0.7, above: 5, rows: 20 });
    }

    #[test]
    fn a_language_is_unknown_if_its_items_are_far() {
        let of = |language: &str, n: usize, above| {
            let item = move |_| (language.to_owned(), Standing { highest: 0.5, above, rows: 2000 });
            (0..n).map(item).collect::<Vec<_>>()
        };
        let known = |items: &[Vec<(String, Standing)>]| Calibration::of(Vec::new(), &items.concat()).known;
        let mixed = known(&[of("en", 40, 19), of("ar", 30, 20), of("fi", ENOUGH - 1, 900)]);
        assert_eq!(mixed.unknown_languages().collect::<Vec<_>>(), ["ar"], "too few items tell nothing");
        assert!(mixed.are_in_known_languages());
        assert!(!known(&[of("en", 24, 0), of("ar", 30, 500)]).are_in_known_languages());
        assert!(known(&[]).are_in_known_languages());
    }
}
