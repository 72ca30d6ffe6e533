//! Real sites and judged sets beside the checkout. `make test` takes the small ones; `make soak` all.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use cloze_query::{Engine, Request};
use serde_json::Value;

use crate::{
    answers,
    site::Site,
    trust::{self, Count},
};

/// The reference data, or nothing where it is absent.
fn shared() -> Option<PathBuf> {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data");
    if dir.is_dir() {
        return dir.canonicalize().ok();
    }
    println!("skipped: there is no reference data beside the checkout (../shared/data)");
    None
}

fn soak() -> bool {
    std::env::var_os("CLOZE_SOAK").is_some()
}

/// A site's index, made from all its pages.
fn build(data: &Path, name: &str) -> Site {
    let pages = data.join("sites").join(name).join("pages");
    let site = Site::new();
    let output = site.run("indexer", &["build", pages.to_str().unwrap(), "--json"]);
    let code = output.status.code();
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let skipped = report["skipped"].as_array().unwrap();
    assert_eq!(code, Some(if skipped.is_empty() { 0 } else { 3 }));
    assert!(skipped.iter().all(|s| !s["reason"].as_str().unwrap().is_empty()));
    site
}

/// Questions of one site that have a right page among the first three.
fn hits_at_3(engine: &Engine, name: &str) -> Count {
    let questions =
        include_str!("../data/site-questions.jsonl").lines().map(|l| serde_json::from_str::<Value>(l).unwrap());
    let (mut right, mut all) = (0, 0);
    for question in questions.filter(|q| q["site"] == name) {
        let request = Request::new(question["query"].as_str().unwrap()).unwrap().page(0, 3).unwrap();
        let answer = engine.search(&request).unwrap();
        let wanted = question["pages"].as_array().unwrap();
        let found = answer.hits.iter().any(|h| wanted.iter().any(|w| w == h.id.as_str()));
        if !found {
            println!("{name}: {} is not among the first three", question["query"]);
        }
        right += usize::from(found);
        all += 1;
    }
    (right, all)
}

/// Questions of other sets, which a site about programming has nothing on.
fn off_topic(data: &Path, count: usize) -> Vec<String> {
    let questions = |set: &str| {
        let text = std::fs::read_to_string(data.join("retrieval").join(set).join("queries.jsonl")).unwrap();
        let all: Vec<String> = text
            .lines()
            .map(|l| serde_json::from_str::<Value>(l).unwrap()["text"].as_str().unwrap().chars().take(512).collect())
            .collect();
        let step = all.len() / (count / 2);
        all.into_iter().step_by(step).take(count / 2).collect::<Vec<_>>()
    };
    [questions("squad-dev-v1.1"), questions("scifact")].concat()
}

#[test]
fn real_sites_get_what_was_promised() {
    let Some(data) = shared() else { return };
    let names: &[&str] = if soak() { &["tokio", "rust-book", "react", "vespa", "powershell"] } else { &["tokio"] };
    let (gibberish, off_topic) = (trust::gibberish(200), off_topic(&data, 200));
    let mut sums: BTreeMap<&str, Count> = BTreeMap::new();
    for name in names {
        let site = build(&data, name);
        let engine = site.engine();
        for (what, count) in [
            ("questions", hits_at_3(&engine, name)),
            ("titles", trust::titles(&engine)),
            ("phrases", trust::phrases(&engine, 100)),
            ("gibberish", trust::silence(&engine, &gibberish)),
            ("off topic", trust::silence(&engine, &off_topic)),
        ] {
            println!("{name}: {what} {} of {}", count.0, count.1);
            let sum = sums.entry(what).or_default();
            *sum = (sum.0 + count.0, sum.1 + count.1);
        }
    }
    println!("all sites: {sums:?}");
    for (what, percent) in [("questions", 90), ("titles", 100), ("phrases", 99), ("gibberish", 95), ("off topic", 95)] {
        let (right, all) = sums[what];
        assert!(all > 0 && right * 100 >= all * percent, "{what}: {right} of {all}");
    }
}

/// nDCG@10 of one mode, through the programs.
fn ndcg(site: &Site, set: &Path, mode: &str, first: &str) -> f64 {
    let (queries, qrels) = (set.join("queries.jsonl"), set.join("qrels/test.tsv"));
    let args = ["eval", "--queries", queries.to_str().unwrap(), "--qrels", qrels.to_str().unwrap()];
    let output = site.run("query", &[&args[..], &["--mode", mode, "--first", first, "--json"]].concat());
    let report: Value = serde_json::from_slice(&output.stdout).expect("a report");
    let value = report["metrics"]["nDCG@10"]["mean"].as_f64().unwrap();
    println!("{}: {mode} nDCG@10 {value:.4} over {} queries", set.display(), report["queries"]);
    value
}

#[test]
fn judged_sets_reach_their_marks() {
    let Some(data) = shared() else { return };
    if !soak() {
        println!("skipped: indexing the judged sets takes minutes; `make soak` does it");
        return;
    }
    let build = |name: &str| {
        let (site, set) = (Site::new(), data.join("retrieval").join(name));
        let corpus = set.join("corpus.jsonl");
        assert!(site.run("indexer", &["build", corpus.to_str().unwrap()]).status.success());
        (site, set)
    };
    let (site, set) = build("scifact");
    assert!(ndcg(&site, &set, "keyword", "9999") >= 0.675);
    assert!(ndcg(&site, &set, "semantic", "9999") >= 0.640);
    assert!(ndcg(&site, &set, "hybrid", "9999") >= 0.725);
    let (site, set) = build("squad-dev-v1.1");
    assert!(ndcg(&site, &set, "keyword", "2000") >= 0.88);
    let covered = answers::covered(&site.engine(), &set, 500);
    println!("the most marked sentence has the answer: {covered:?}");
    assert!(covered.semantic >= 0.70 && covered.semantic > covered.chance, "{covered:?}");
}
