//! `query eval` against pytrec_eval (see `fixtures/eval`).

use std::collections::{BTreeMap, HashMap};

use cloze_query::eval;
use serde_json::Value;

use crate::{
    site::{Site, stderr},
    support::fixture,
};

#[test]
fn metrics_equal_pytrec_eval() {
    let queries = eval::read_queries(&fixture("eval/queries.jsonl")).unwrap();
    let qrels = eval::read_qrels(&fixture("eval/qrels.tsv")).unwrap();
    let mut run: HashMap<String, Vec<(String, f32)>> = HashMap::new();
    for line in std::fs::read_to_string(fixture("eval/run.tsv")).unwrap().lines() {
        let fields: Vec<&str> = line.split('\t').collect();
        if fields[2].parse::<f64>().is_ok() {
            run.entry(fields[0].to_owned()).or_default().push((fields[1].to_owned(), 0.0));
        }
    }
    let scores: BTreeMap<_, _> = queries
        .iter()
        .filter_map(|(id, _)| {
            Some((id.clone(), eval::score(id, run.get(id).map_or(&[][..], Vec::as_slice), qrels.get(id)?)))
        })
        .collect();
    let expected: Value = serde_json::from_slice(&std::fs::read(fixture("eval/expected.json")).unwrap()).unwrap();
    let metrics = eval::summarize(&scores);
    for (metric, key) in metrics.iter().zip(["ndcg_at_10", "recall_at_100", "mrr_at_10"]) {
        let mean = expected["mean"][key].as_f64().unwrap();
        assert!((metric.mean - mean).abs() < 1e-5, "{}: {} for {mean}", metric.name, metric.mean);
        assert!(metric.interval[0] <= metric.mean && metric.mean <= metric.interval[1]);
    }
    for (id, got) in &scores {
        let want = &expected["per_query"][id];
        for (value, key) in
            [(got.ndcg_at_10, "ndcg_at_10"), (got.recall_at_100, "recall_at_100"), (got.mrr_at_10, "mrr_at_10")]
        {
            let want = want[key].as_f64().unwrap();
            assert!((value - want).abs() < 1e-5, "{key} of {id}: {value} for {want}");
        }
    }
}

#[test]
fn the_command_prints_one_line_a_metric() {
    let site = Site::new();
    site.write(
        "c.jsonl",
        "{\"_id\": \"a\", \"text\": \"green apples\"}\n{\"_id\": \"b\", \"text\": \"yellow bananas\"}\n",
    );
    site.build();
    let write = |name: &str, text: &str| {
        std::fs::write(site.root().join(name), text).unwrap();
    };
    write("q.jsonl", "{\"_id\": \"1\", \"text\": \"apples\"}\n{\"_id\": \"2\", \"text\": \"unjudged\"}\n");
    write("r.tsv", "query-id\tcorpus-id\tscore\n1\ta\t1\n9\tb\t1\n");
    let output = site.run("query", &["eval", "--queries", "q.jsonl", "--qrels", "r.tsv"]);
    let text = String::from_utf8_lossy(&output.stdout);
    assert_eq!(text.lines().next(), Some("nDCG@10  1.0000  [1.0000, 1.0000]"), "{}", stderr(&output));
    assert_eq!(text.lines().count(), 3);
    let json = site.run("query", &["eval", "--queries", "q.jsonl", "--qrels", "r.tsv", "--json"]);
    let json: Value = serde_json::from_slice(&json.stdout).unwrap();
    assert_eq!((json["queries"].as_u64(), json["metrics"]["MRR@10"]["mean"].as_f64()), (Some(1), Some(1.0)));
    write("r.tsv", "query-id\tcorpus-id\tscore\n1\ta\n");
    let output = site.run("query", &["eval", "--queries", "q.jsonl", "--qrels", "r.tsv"]);
    assert!(stderr(&output).contains("r.tsv, line 2: 2 fields"), "{}", stderr(&output));
}

#[test]
fn a_run_is_compared_with_an_earlier_one_and_its_worst_queries_are_shown() {
    let site = Site::new();
    site.write(
        "c.jsonl",
        "{\"_id\": \"a\", \"text\": \"green apples grow on trees\"}\n{\"_id\": \"b\", \"text\": \"the cat sat down\"}\n",
    );
    site.build();
    let write = |name: &str, text: &[u8]| std::fs::write(site.root().join(name), text).unwrap();
    write(
        "q.jsonl",
        b"{\"_id\": \"1\", \"text\": \"apples\"}\n{\"_id\": \"2\", \"text\": \"a small feline resting\"}\n",
    );
    write("r.tsv", b"query-id\tcorpus-id\tscore\n1\ta\t1\n2\tb\t1\n");
    let eval = |args: &[&str]| {
        let output = site.run("query", &[&["eval", "--queries", "q.jsonl", "--qrels", "r.tsv"], args].concat());
        (String::from_utf8_lossy(&output.stdout).into_owned(), stderr(&output))
    };
    write("keyword.json", eval(&["--mode", "keyword", "--json"]).0.as_bytes());
    let (text, error) = eval(&["--mode", "semantic", "--against", "keyword.json", "--scores"]);
    assert!(text.contains("1 better, 0 worse, 1 equal"), "{text}{error}");
    assert!(text.contains("+1.0000  2  a small feline resting") && text.contains("AUC"), "{text}");
    let (now, error) = eval(&["--mode", "semantic", "--against-mode", "keyword"]);
    let figures =
        |text: &str| -> Vec<String> { text.lines().filter(|l| l.contains("better,")).map(str::to_owned).collect() };
    assert_eq!(figures(&now), figures(&text), "{now}{error}");
    assert_eq!(figures(&now).len(), 3, "one line for each metric");
    let (same, error) = eval(&["--against-index", &site.index().to_string_lossy(), "--against-weight", "auto"]);
    assert!(same.contains("0 better, 0 worse, 2 equal") && same.contains("the interval contains 0"), "{same}{error}");
    let (json, _) = eval(&["--mode", "semantic", "--against-mode", "keyword", "--json"]);
    let json: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["comparison"]["metrics"]["nDCG@10"]["better"], 1, "{json}");
    assert!(eval(&["--against-weight", "much"]).1.contains("expected a number from 0 to 1, or auto"));
    assert!(eval(&["--against", "keyword.json", "--against-mode", "keyword"]).1.contains("cannot be used with"));
    let (text, _) = eval(&["--mode", "keyword", "--worst", "1"]);
    assert!(text.contains("0.0000  2  a small feline resting"), "{text}");
    assert!(text.contains("relevant: b, not in the first 100"), "{text}");
    let (table, _) = eval(&["--mode", "all"]);
    assert!(table.lines().next().unwrap().split_whitespace().eq(["keyword", "semantic", "hybrid"]), "{table}");
    assert!(
        eval(&["--mode", "all", "--worst", "1"])
            .1
            .contains("expected hybrid, semantic or keyword with --against, --worst")
    );
    assert!(eval(&["--against", "q.jsonl"]).1.contains("q.jsonl is not a run"));
    let before = site.run("query", &["--mode", "keyword", "eval", "--queries", "q.jsonl", "--qrels", "r.tsv"]);
    assert!(stderr(&before).contains("write them after it"), "{}", stderr(&before));
}
