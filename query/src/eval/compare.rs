//! Two settings, or two indexes, over the same queries: is the difference more than chance, and which queries make it.
//!
//! The interval is a paired bootstrap: queries are drawn, and each brings its difference (Sakai, "Evaluating
//! Evaluation Metrics based on the Bootstrap", 2006). Two intervals side by side say less: hard queries are hard for
//! both.

use std::collections::{BTreeMap, HashMap};

use anyhow::{Result, bail};
use serde::Serialize;

use super::{COLUMNS, METRICS, QueryScores, mean_and_interval};

/// Cases shown on each side of a comparison.
const CASES: usize = 5;
/// Characters of a query that are shown.
const SHOWN_CHARS: usize = 100;
/// Metric that says which queries changed.
const DECIDES: &str = METRICS[0];

/// One side of a comparison.
pub(super) struct Side<'a> {
    /// What it is called.
    pub(super) name: String,
    pub(super) per_query: &'a BTreeMap<String, QueryScores>,
}

/// How two sides differ over the queries that both have.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Comparison {
    /// What the run is called.
    run: String,
    /// What it is compared with.
    against: String,
    /// Queries that both have.
    queries: usize,
    metrics: BTreeMap<&'static str, Difference>,
    /// The queries that changed most by nDCG@10: those that gained, the largest gain first, then those that lost, the
    /// largest loss last.
    changed_most: Vec<Change>,
}

/// How much better the run is in one metric.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
struct Difference {
    mean: f64,
    against_mean: f64,
    difference: f64,
    /// 95 % paired bootstrap interval of the difference.
    interval: [f64; 2],
    better: usize,
    worse: usize,
    equal: usize,
}

/// One query that changed.
#[derive(Debug, Clone, PartialEq, Serialize)]
struct Change {
    id: String,
    text: String,
    difference: f64,
}

impl Comparison {
    /// Compares a run with another one; `texts` are the queries.
    pub(super) fn of(run: &Side<'_>, against: &Side<'_>, texts: &HashMap<&str, &str>) -> Result<Self> {
        let both: Vec<(&String, &QueryScores, &QueryScores)> =
            run.per_query.iter().filter_map(|(id, now)| Some((id, now, against.per_query.get(id)?))).collect();
        if both.is_empty() {
            bail!("this run and the other run have no query in common; expected runs with the same queries");
        }
        let difference = |value: fn(&QueryScores) -> f64| {
            Difference::of(&both.iter().map(|(_, now, then)| (value(now), value(then))).collect::<Vec<_>>())
        };
        let metrics = METRICS.into_iter().zip(COLUMNS).map(|(name, value)| (name, difference(value))).collect();
        let mut changes: Vec<Change> = both
            .iter()
            .filter(|(_, now, then)| now.ndcg_at_10 != then.ndcg_at_10)
            .map(|(id, now, then)| Change {
                id: (*id).clone(),
                text: shortened(texts.get(id.as_str()).unwrap_or(&"")),
                difference: now.ndcg_at_10 - then.ndcg_at_10,
            })
            .collect();
        changes.sort_by(|a, b| b.difference.total_cmp(&a.difference).then_with(|| a.id.cmp(&b.id)));
        let gains = changes.iter().filter(|c| c.difference > 0.0).count();
        let (gained, lost) = changes.split_at(gains);
        let changed_most = [&gained[..gains.min(CASES)], &lost[lost.len().saturating_sub(CASES)..]].concat();
        let (run, against) = (run.name.clone(), against.name.clone());
        Ok(Self { run, against, queries: both.len(), metrics, changed_most })
    }

    /// As it is printed.
    pub(super) fn lines(&self) -> Vec<String> {
        let mut out = vec![String::new(), format!("{} against {}, {} queries", self.run, self.against, self.queries)];
        out.push(format!("{:<12}{:<8}{:<9}{}", "", "this", "against", "difference with interval"));
        for name in METRICS {
            let d = &self.metrics[name];
            let difference = format!("{:+.4}  [{:+.4}, {:+.4}]", d.difference, d.interval[0], d.interval[1]);
            let counts = format!("{} better, {} worse, {} equal", d.better, d.worse, d.equal);
            out.push(format!("{name:<12}{:<8.4}{:<9.4}{difference:<30}{counts}", d.mean, d.against_mean));
        }
        out.push(self.metrics[DECIDES].verdict());
        let case = |c: &Change| format!("  {:+.4}  {}  {}", c.difference, c.id, c.text);
        out.extend(self.changed_most.iter().map(case));
        out
    }
}

impl Difference {
    /// Of pairs of values: the run's, and the other one's.
    fn of(pairs: &[(f64, f64)]) -> Self {
        let differences: Vec<f64> = pairs.iter().map(|(now, then)| now - then).collect();
        let (difference, interval) = mean_and_interval(&differences);
        let mean = |side: fn(&(f64, f64)) -> f64| pairs.iter().map(side).sum::<f64>() / pairs.len().max(1) as f64;
        let count = |is: fn(f64) -> bool| differences.iter().filter(|d| is(**d)).count();
        Self {
            mean: mean(|p| p.0),
            against_mean: mean(|p| p.1),
            difference,
            interval,
            better: count(|d| d > 0.0),
            worse: count(|d| d < 0.0),
            equal: count(|d| d == 0.0),
        }
    }

    fn verdict(&self) -> String {
        let [low, high] = self.interval;
        let says = match (low > 0.0, high < 0.0) {
            (true, _) => "this run is better: the interval is above 0",
            (_, true) => "this run is worse: the interval is below 0",
            _ => "the interval contains 0: these queries do not show which run is better",
        };
        format!("{DECIDES}: {says}")
    }
}

/// The beginning of a query; some are whole paragraphs.
fn shortened(text: &str) -> String {
    match text.char_indices().nth(SHOWN_CHARS) {
        Some((end, _)) => format!("{}…", text[..end].trim_end()),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scores(values: &[f64]) -> BTreeMap<String, QueryScores> {
        let one = |(i, v): (usize, &f64)| {
            let (ndcg_at_10, recall_at_100, mrr_at_10) = (*v, v / 2.0, 0.5);
            (
                format!("q{i:02}"),
                QueryScores { ndcg_at_10, recall_at_100, mrr_at_10, top_score: None, top_is_right: false },
            )
        };
        values.iter().enumerate().map(one).collect()
    }

    fn compare(now: &[f64], then: &[f64]) -> Comparison {
        let (now, then) = (scores(now), scores(then));
        let texts = HashMap::from([("q00", "a question")]);
        let (run, against) = (Side { name: "a".into(), per_query: &now }, Side { name: "b".into(), per_query: &then });
        Comparison::of(&run, &against, &texts).expect("the same queries")
    }

    #[test]
    fn every_metric_has_the_interval_of_its_differences() {
        // Each query gains a little, though the queries differ much: only pairs show that.
        let then: Vec<f64> = (0..30).map(|i| f64::from(i % 10) / 12.0).collect();
        let now: Vec<f64> = then.iter().map(|v| v + 0.05).collect();
        let all = compare(&now, &then);
        let ndcg = &all.metrics["nDCG@10"];
        assert!((ndcg.difference - 0.05).abs() < 1e-9 && ndcg.interval[0] > 0.04, "{ndcg:?}");
        assert_eq!((ndcg.better, ndcg.worse, ndcg.equal), (30, 0, 0));
        assert!((all.metrics["Recall@100"].difference - 0.025).abs() < 1e-9);
        assert_eq!(all.metrics["MRR@10"].equal, 30);
        assert!(ndcg.verdict().contains("better") && all.metrics["MRR@10"].verdict().contains("contains 0"));
    }

    #[test]
    fn the_queries_that_changed_most_are_named() {
        let all = compare(&[1.0, 0.0, 0.5, 0.5], &[0.0, 1.0, 0.5, 0.6]);
        let ids: Vec<&str> = all.changed_most.iter().map(|c| c.id.as_str()).collect();
        assert_eq!(ids, ["q00", "q03", "q01"]);
        assert_eq!(all.changed_most[0].text, "a question");
        assert!(all.lines().iter().any(|line| line.contains("-1.0000  q01")));
    }

    #[test]
    fn runs_without_a_query_in_common_are_not_compared() {
        let (one, none) = (scores(&[1.0]), BTreeMap::new());
        let side = |per_query| Side { name: String::new(), per_query };
        assert!(Comparison::of(&side(&one), &side(&none), &HashMap::new()).is_err());
    }
}
