//! Real sites beside the checkout. `make test` takes the smallest one; `make soak` all.

use std::{collections::BTreeMap, path::Path};

use cloze_query::{Engine, Request};
use serde_json::Value;

use crate::{
    reference,
    trust::{self, Count},
};

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

/// Questions of sets that a site about programming has nothing on.
fn off_topic(data: &Path, count: usize) -> Vec<String> {
    let marks = reference::marks();
    let sets = marks["off_topic_for_sites"]
        .as_array()
        .unwrap()
        .iter()
        .map(|s| data.join("retrieval").join(s.as_str().unwrap()));
    let sets: Vec<_> = sets.filter(|set| set.is_dir()).collect();
    assert!(!sets.is_empty(), "the reference data has sets of other subjects");
    let each = count.div_ceil(sets.len());
    let questions = sets.iter().flat_map(|set| {
        let all = reference::objects(&set.join("queries.jsonl"));
        let step = (all.len() / each).max(1);
        all.into_iter().step_by(step).take(each)
    });
    questions.map(|q| q["text"].as_str().unwrap().chars().take(512).collect()).take(count).collect()
}

#[test]
fn real_sites_get_what_was_promised() {
    let Some(data) = reference::data() else { return };
    let sites = reference::sites(&data);
    let sites = if reference::soak() { &sites[..] } else { &sites[..1] };
    let (gibberish, off_topic) = (trust::gibberish(200), off_topic(&data, 200));
    let mut sums: BTreeMap<&str, Count> = BTreeMap::new();
    for folder in sites {
        let (site, name) = (reference::build(folder), reference::name(folder));
        let engine = site.engine();
        for (what, count) in [
            ("questions", hits_at_3(&engine, name)),
            ("titles", trust::titles(&engine)),
            ("phrases", trust::phrases(&engine, 500 / sites.len())),
            ("gibberish", trust::silence(&engine, &gibberish)),
            ("off topic", trust::silence(&engine, &off_topic)),
        ] {
            println!("{name}: {what} {} of {}", count.0, count.1);
            let sum = sums.entry(what).or_default();
            *sum = (sum.0 + count.0, sum.1 + count.1);
            let is_about_silence = matches!(what, "gibberish" | "off topic");
            assert!(!is_about_silence || reaches(count, 95), "{name}: {what} {count:?}");
        }
    }
    println!("all sites: {sums:?}");
    for (what, percent) in [("questions", 90), ("titles", 100), ("phrases", 99)] {
        assert!(reaches(sums[what], percent), "{what}: {:?}", sums[what]);
    }
}

fn reaches((right, all): Count, percent: usize) -> bool {
    all > 0 && right * 100 >= all * percent
}
