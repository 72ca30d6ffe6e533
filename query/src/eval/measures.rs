//! Measures a ranking against judgments (BEIR files).
//!
//! nDCG: Järvelin and Kekäläinen, "Cumulated gain-based evaluation of IR techniques" (2002), with
//! linear gains, as trec_eval computes `ndcg_cut`. Intervals: the percentile bootstrap over queries
//! (Efron and Tibshirani, 1993).

use std::{
    collections::{BTreeMap, HashMap},
    fs::File,
    io::{BufRead, BufReader},
    path::Path,
};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{Error, Result};

/// Resamples behind an interval.
const RESAMPLES: usize = 1000;

/// Judgments: query id -> document id -> grade.
pub type Qrels = HashMap<String, HashMap<String, i64>>;

/// A metric over all queries.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Metric {
    /// Its name, such as `nDCG@10`.
    pub name: &'static str,
    /// Mean over the queries.
    pub mean: f64,
    /// 95 % bootstrap interval.
    pub interval: [f64; 2],
}

/// Names of the metrics, in the order they are shown.
pub const METRICS: [&str; 3] = ["nDCG@10", "Recall@100", "MRR@10"];

/// The value of each of [`METRICS`] of a query.
pub const COLUMNS: [fn(&QueryScores) -> f64; 3] = [|s| s.ndcg_at_10, |s| s.recall_at_100, |s| s.mrr_at_10];

/// Values of one query.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct QueryScores {
    /// nDCG@10.
    pub ndcg_at_10: f64,
    /// Recall@100.
    pub recall_at_100: f64,
    /// Reciprocal rank within the first ten.
    pub mrr_at_10: f64,
    /// Score of the first page; absent if there is none.
    #[serde(default)]
    pub top_score: Option<f32>,
    /// Whether the first page is relevant.
    #[serde(default)]
    pub top_is_right: bool,
}

/// How well the score of the first page predicts its relevance, over the queries with results.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct TopScores {
    /// Mean score: the predicted share of right pages.
    pub mean_score: f64,
    /// The actual share of right pages.
    pub precision_at_1: f64,
    /// Probability that a right page has a higher score than a wrong one (Hanley and McNeil, 1982).
    pub auc: f64,
}

impl TopScores {
    /// Computes the figures for the queries of one run.
    #[must_use]
    pub fn of(scores: &BTreeMap<String, QueryScores>) -> Self {
        let top: Vec<_> = scores.values().filter_map(|s| Some((f64::from(s.top_score?), s.top_is_right))).collect();
        let right: Vec<f64> = top.iter().map(|(_, right)| f64::from(u8::from(*right))).collect();
        let all: Vec<f64> = top.iter().map(|t| t.0).collect();
        Self { mean_score: mean(&all), precision_at_1: mean(&right), auc: auc(top) }
    }
}

/// Area under the ROC curve by ranks, equal scores counting half; 0.5 if one side is empty.
fn auc(mut scored: Vec<(f64, bool)>) -> f64 {
    scored.sort_by(|a, b| a.0.total_cmp(&b.0));
    let (mut below, mut sum) = (0.0, 0.0);
    for equal in scored.chunk_by(|a, b| a.0 == b.0) {
        let right = equal.iter().filter(|s| s.1).count() as f64;
        let wrong = equal.len() as f64 - right;
        sum += right * (below + wrong / 2.0);
        below += wrong;
    }
    let pairs = below * (scored.len() as f64 - below);
    if pairs > 0.0 { sum / pairs } else { 0.5 }
}

/// Reads `queries.jsonl`: one `_id` and `text` per line, in order.
///
/// # Errors
/// [`Error::Read`] or [`Error::EvalFile`] with the line.
pub fn read_queries(path: &Path) -> Result<Vec<(String, String)>> {
    let expected = "a JSON object with \"_id\" and \"text\"";
    let mut queries = Vec::new();
    for (number, line) in lines(path)? {
        let line = line?;
        if line.trim().is_empty() {
            continue;
        }
        let bad = |found: String| Error::EvalFile { path: path.to_owned(), line: number, found, expected };
        let value: Value = serde_json::from_str(&line).map_err(|e| bad(e.to_string()))?;
        match (&value["_id"], &value["text"]) {
            (Value::String(id), Value::String(text)) => queries.push((id.clone(), text.clone())),
            _ => return Err(bad("\"_id\" or \"text\" is missing or not a string".into())),
        }
    }
    Ok(queries)
}

/// Reads judgments: `query-id`, `corpus-id` and `score`, separated by tabs; the first line may be a heading.
///
/// # Errors
/// [`Error::Read`] or [`Error::EvalFile`] with the line.
pub fn read_qrels(path: &Path) -> Result<Qrels> {
    let mut qrels = Qrels::new();
    for (number, line) in lines(path)? {
        let line = line?;
        let fields: Vec<&str> = line.trim_end().split('\t').collect();
        if fields == [""] {
            continue;
        }
        let bad = |found: String| Error::EvalFile {
            path: path.to_owned(),
            line: number,
            found,
            expected: "query-id, corpus-id and a whole number, separated by tabs",
        };
        let &[query, document, grade] = &fields[..] else {
            return Err(bad(format!("{} fields", fields.len())));
        };
        match grade.parse() {
            Ok(grade) => drop(qrels.entry(query.to_owned()).or_default().insert(document.to_owned(), grade)),
            Err(_) if number == 1 => {}
            Err(_) => return Err(bad(format!("the score is {grade:?}"))),
        }
    }
    Ok(qrels)
}

fn lines(path: &Path) -> Result<impl Iterator<Item = (usize, Result<String>)>> {
    let read = |cause| Error::Read { path: path.to_owned(), cause };
    let file = File::open(path).map_err(read)?;
    Ok((1..).zip(BufReader::new(file).lines()).map(move |(n, line)| (n, line.map_err(read))))
}

/// Scores one ranking, names with scores, best first. It leaves out a document that is the query itself.
#[must_use]
pub fn score(query: &str, ranking: &[(String, f32)], grades: &HashMap<String, i64>) -> QueryScores {
    let others = || ranking.iter().filter(|(d, _)| d != query);
    let top_score = others().next().map(|(_, score)| *score);
    let ranking: Vec<i64> = others().map(|(d, _)| grades.get(d).copied().unwrap_or(0)).collect();
    let top_is_right = ranking.first().is_some_and(|g| *g > 0);
    let mut ideal: Vec<i64> = grades.iter().filter(|(d, g)| *d != query && **g > 0).map(|(_, g)| *g).collect();
    ideal.sort_unstable_by(|a, b| b.cmp(a));
    let gain = |grades: &[i64]| -> f64 {
        let discounted = grades.iter().take(10).zip(2u32..);
        discounted.map(|(g, place)| (*g).max(0) as f64 / f64::from(place).log2()).fold(0.0, |a, b| a + b)
    };
    let found = ranking.iter().take(100).filter(|g| **g > 0).count();
    let first = ranking.iter().take(10).position(|g| *g > 0);
    if ideal.is_empty() {
        return QueryScores { ndcg_at_10: 0.0, recall_at_100: 0.0, mrr_at_10: 0.0, top_score, top_is_right };
    }
    QueryScores {
        ndcg_at_10: gain(&ranking) / gain(&ideal),
        recall_at_100: found as f64 / ideal.len() as f64,
        mrr_at_10: first.map_or(0.0, |place| 1.0 / (place + 1) as f64),
        top_score,
        top_is_right,
    }
}

/// Means and intervals over the queries.
#[must_use]
pub fn summarize(scores: &BTreeMap<String, QueryScores>) -> Vec<Metric> {
    let column = |(name, value): (&'static str, fn(&QueryScores) -> f64)| {
        let (mean, interval) = mean_and_interval(&scores.values().map(value).collect::<Vec<_>>());
        Metric { name, mean, interval }
    };
    METRICS.into_iter().zip(COLUMNS).map(column).collect()
}

/// The mean of some values and its 95 % bootstrap interval.
#[must_use]
pub fn mean_and_interval(values: &[f64]) -> (f64, [f64; 2]) {
    (mean(values), bootstrap(values))
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len().max(1) as f64
}

/// The middle 95 % of the means of resamples; the same for the same values.
fn bootstrap(values: &[f64]) -> [f64; 2] {
    let n = values.len();
    if n == 0 {
        return [0.0; 2];
    }
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    // SplitMix64 (Steele, Lea and Flood, 2014).
    let mut random = || {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    };
    let mut resample = || (0..n).map(|_| values[(random() % n as u64) as usize]).sum::<f64>() / n as f64;
    let mut means: Vec<f64> = (0..RESAMPLES).map(|_| resample()).collect();
    means.sort_unstable_by(f64::total_cmp);
    [means[RESAMPLES * 25 / 1000], means[RESAMPLES * 975 / 1000 - 1]]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_values() {
        let grades = HashMap::from([("a".to_owned(), 2), ("b".to_owned(), 1), ("c".to_owned(), 0)]);
        let rank = |ids: &[&str]| score("q", &ids.iter().map(|s| ((*s).to_owned(), 0.5)).collect::<Vec<_>>(), &grades);
        assert_eq!(rank(&["a", "b"]).ndcg_at_10, 1.0);
        assert_eq!(rank(&["c", "q", "b"]).mrr_at_10, 0.5, "the query itself is no result");
        assert_eq!((rank(&[]).ndcg_at_10, rank(&[]).mrr_at_10, rank(&[]).top_score), (0.0, 0.0, None));
        assert!(rank(&["q", "b"]).top_is_right && !rank(&["c", "b"]).top_is_right);
        let expected = (1.0 + 2.0 / 3f64.log2()) / (2.0 + 1.0 / 3f64.log2());
        assert!((rank(&["b", "a"]).ndcg_at_10 - expected).abs() < 1e-12);
    }

    #[test]
    fn intervals_hold_the_mean_and_repeat() {
        let values: Vec<f64> = (0..200).map(|i| f64::from(i % 7) / 6.0).collect();
        let [low, high] = bootstrap(&values);
        assert!(low < mean(&values) && mean(&values) < high && high - low < 0.2);
        assert_eq!(bootstrap(&values), [low, high]);
    }

    #[test]
    fn auc_is_the_share_of_pairs_in_order() {
        assert_eq!(auc(vec![(0.9, true), (0.8, false), (0.7, true), (0.1, false)]), 0.75);
        assert_eq!(auc(vec![(0.5, true), (0.5, false)]), 0.5);
        assert_eq!(auc(vec![(0.5, true)]), 0.5);
    }
}
