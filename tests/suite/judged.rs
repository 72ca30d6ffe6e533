//! Judged sets beside the checkout, all of them: what `make soak` asks of relevance.

use std::{collections::HashSet, path::Path};

use cloze_query::{Engine, Mode, Request, eval};
use serde_json::Value;

use crate::{answers, reference, site::Site, trust::Count};

/// Queries taken of each set.
const FIRST: usize = 2000;

/// `query eval` in all three modes.
fn evaluate(site: &Site, set: &Path, qrels: &str, more: &[&str]) -> Value {
    let (queries, qrels) = (set.join("queries.jsonl"), set.join("qrels").join(qrels));
    let args = ["eval", "--queries", queries.to_str().unwrap(), "--qrels", qrels.to_str().unwrap(), "--mode", "all"];
    let output = site.run("query", &[&args[..], &["--first", &FIRST.to_string(), "--json"], more].concat());
    serde_json::from_slice(&output.stdout).expect("a report")
}

fn ndcg(report: &Value, mode: Mode) -> f64 {
    report[mode.name()]["metrics"]["nDCG@10"]["mean"].as_f64().unwrap()
}

fn print(what: &str, report: &Value) {
    for mode in Mode::ALL {
        let run = &report[mode.name()];
        let metric = |name: &str| run["metrics"][name]["mean"].as_f64().unwrap();
        let top = |name: &str| run["top_scores"][name].as_f64().unwrap();
        println!(
            "{what}, {} queries, {}: nDCG@10 {:.4}, Recall@100 {:.4}, MRR@10 {:.4}; first hits: mean score {:.3}, right {:.3}, AUC {:.3}",
            run["queries"],
            mode.name(),
            metric("nDCG@10"),
            metric("Recall@100"),
            metric("MRR@10"),
            top("mean_score"),
            top("precision_at_1"),
            top("auc"),
        );
    }
}

/// Queries where the semantic leg stayed out and no relevant page is among the first hundred.
fn lost(engine: &Engine, set: &Path) -> Count {
    let qrels = eval::read_qrels(&set.join("qrels/test.tsv")).unwrap();
    let queries = eval::read_queries(&set.join("queries.jsonl")).unwrap();
    let (mut lost, mut all) = (0, 0);
    for (id, text) in queries.iter().take(FIRST) {
        let relevant = |page: &str| qrels[id].get(page).is_some_and(|grade| *grade > 0);
        if !qrels.get(id).is_some_and(|grades| grades.values().any(|g| *g > 0)) {
            continue;
        }
        let mut request = Request::new(&text.chars().take(512).collect::<String>()).unwrap().page(0, 100).unwrap();
        request.explain = true;
        let hits = engine.search(&request).unwrap().hits;
        let proposed = |leg: Option<cloze_query::json::LegScore>| leg.is_some_and(|leg| leg.rank.is_some());
        let is_silent = hits.iter().all(|h| !proposed(h.explain.unwrap().semantic));
        all += 1;
        lost += usize::from(is_silent && !hits.iter().any(|h| relevant(&h.id)));
    }
    (lost, all)
}

#[test]
fn judged_sets_reach_their_marks() {
    let Some(data) = reference::data() else { return };
    if !reference::soak() {
        println!("skipped: indexing the judged sets takes minutes; `make soak` does it");
        return;
    }
    let marks = reference::marks();
    let mut hybrid = Vec::new();
    for set in reference::folders(&data.join("retrieval")) {
        let (site, name) = (reference::build(&set), reference::name(&set));
        let report = evaluate(&site, &set, "test.tsv", &[]);
        print(name, &report);
        let of = |mode| ndcg(&report, mode);
        assert!(of(Mode::Hybrid) >= of(Mode::Keyword).max(of(Mode::Semantic)), "{name}: a leg alone is better");
        hybrid.push((name.to_owned(), of(Mode::Hybrid)));
        let mark = &marks["sets"][name];
        for mode in Mode::ALL {
            let at_least = mark[mode.name()].as_f64().unwrap_or_default();
            assert!(of(mode) >= at_least, "{name}, {}: {} for {at_least}", mode.name(), of(mode));
        }
        if let Some(gap) = mark["score_gap"].as_f64() {
            let top = &report[Mode::Hybrid.name()]["top_scores"];
            let found = top["mean_score"].as_f64().unwrap() - top["precision_at_1"].as_f64().unwrap();
            assert!(found.abs() <= gap, "{name}: scores are {found:+.3} off");
        }
        let engine = site.engine();
        let (lost, all) = lost(&engine, &set);
        println!("{name}: lost to abstention {lost} of {all}");
        assert!(lost * 50 <= all, "{name}: {lost} of {all}");
        if reference::objects(&set.join("queries.jsonl"))[0]["metadata"]["answers"].is_array() {
            let covered = answers::covered(&engine, &set, 500);
            println!("{name}: the most marked sentence has the answer: {covered:?}");
            assert!(covered.semantic >= 0.70, "{covered:?}");
            assert!(covered.semantic >= covered.keyword && covered.keyword > covered.chance, "{covered:?}");
        }
    }
    let mean = |list: &[f64]| list.iter().sum::<f64>() / list.len() as f64;
    println!("hybrid, mean of all sets: {:.4}", mean(&hybrid.iter().map(|s| s.1).collect::<Vec<_>>()));
    let known: HashSet<&str> = marks["mean"]["of"].as_array().unwrap().iter().map(|v| v.as_str().unwrap()).collect();
    let of_known: Vec<f64> = hybrid.iter().filter(|s| known.contains(s.0.as_str())).map(|s| s.1).collect();
    if of_known.len() == known.len() {
        println!("hybrid, mean of the known sets: {:.4}", mean(&of_known));
        assert!(mean(&of_known) >= marks["mean"]["hybrid"].as_f64().unwrap());
    }
}

/// The site whose pages a set's judgments name.
fn site_of(data: &Path, pages: &HashSet<String>) -> Option<std::path::PathBuf> {
    let names = |site: &&std::path::PathBuf| {
        let file = |page: &String| site.join("pages").join(page.trim_start_matches('/'));
        pages.iter().filter(|p| file(p).is_file() || file(p).with_extension("md").is_file()).count()
    };
    let sites = reference::sites(data);
    sites.iter().max_by_key(names).filter(|site| names(site) * 2 > pages.len()).cloned()
}

#[test]
fn whole_pages_gain_from_both_legs() {
    let Some(data) = reference::data() else { return };
    if !reference::soak() {
        println!("skipped: indexing a large site takes minutes; `make soak` does it");
        return;
    }
    for set in reference::folders(&data.join("retrieval")) {
        let judgments = set.join("qrels/pages.tsv");
        if !judgments.is_file() {
            continue;
        }
        let pages = eval::read_qrels(&judgments).unwrap().into_values().flat_map(|grades| grades.into_keys()).collect();
        // The judgments name pages by the addresses that the site's generator gives them.
        let site = site_of(&data, &pages).expect("the site that was judged");
        let site = reference::build_with(&site, &["--urls", "jekyll"]);
        let report = evaluate(&site, &set, "pages.tsv", &["--by-url"]);
        print(&format!("{}, whole pages", reference::name(&set)), &report);
        let gain = ndcg(&report, Mode::Hybrid) - ndcg(&report, Mode::Keyword);
        println!("{}, whole pages: {gain:+.4} over the keyword leg", reference::name(&set));
        assert!(gain >= 0.05);
    }
}
