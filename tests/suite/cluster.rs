//! The contract of a body: an index on a cluster answers as one in files does.
//!
//! `tests/cluster/check.py` runs these tests against real nodes, whose address is in the environment. Without it, the
//! contract is kept by the files alone.

use std::sync::atomic::{AtomicUsize, Ordering};

use cloze_cluster::{Address, Cluster};
use cloze_query::{Answer, Engine, Highlight, Mode, Place, Request};

use crate::{
    relay::Relay,
    site::{Site, stderr},
};

/// The address of an index of its own; `None` if there are no nodes.
fn address() -> Option<Address> {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    let Ok(hosts) = std::env::var("CLOZE_TEST_CLUSTER") else {
        println!("skipped: there are no nodes; `python3 tests/cluster/check.py` starts some");
        return None;
    };
    let number = COUNT.fetch_add(1, Ordering::Relaxed);
    Some(Address::parse(&format!("{hosts}/contract-{}-{number}", std::process::id())).unwrap())
}

fn garden() -> Site {
    let site = Site::with(&[
        (
            "soil.md",
            "---\ntopic: ground\nlevel: [easy, long]\n---\n# Preparing soil\n\nDig compost into the bed.\n\n## In spring\n\nThe bed is dug a month before you sow. Run `dig --deep` first.\n",
        ),
        (
            "water.md",
            "---\ntopic: care\n---\n# Watering\n\nGive plants a drink early in the day.\n\n## In summer\n\nWater the roots, not the leaves.\n",
        ),
        (
            "pests.md",
            "---\ntopic: care\n---\n# Slugs and snails\n\nCopper tape keeps snails away from seedlings.\n\n## In spring\n\nCollect snails at night.\n",
        ),
        ("links.md", "# All guides\n\n- [Soil](soil.md)\n- [Water](water.md)\n- [Snails](pests.md)\n"),
        (
            "garten.md",
            "---\nlang: de\ntopic: ground\n---\n# Der Garten im Frühling\n\nKompost gehört früh in die Erde, damit die Häuser der Schnecken leer bleiben.\n",
        ),
        ("same.md", "# The same again\n\nCopper tape keeps snails away from seedlings.\n"),
        ("names.md", "# Names\n\nuseEffect, std::io::Read and C++ are names. Version 7.4.1 has --dry-run.\n"),
        (
            "long.md",
            &format!("# A long page\n\n{}", "The compost heap is turned in autumn by whoever owns a fork. ".repeat(60)),
        ),
    ]);
    site.build();
    site
}

/// The same index on a cluster.
fn on_cluster(site: &Site, address: &Address) -> Engine {
    let output = site.run("indexer", &["import", "--body", &address.to_string()]);
    assert!(output.status.success(), "{}", stderr(&output));
    let engine = Engine::on(Cluster::new(address).unwrap().open().unwrap(), None).unwrap();
    engine.load().unwrap();
    engine
}

fn request(query: &str) -> Request {
    Request::new(query).unwrap()
}

/// Requests of every kind.
fn requests() -> Vec<Request> {
    let mut all: Vec<Request> = [
        "copper against snails",
        "coper tape against snials",
        "\"copper tape\" -soil",
        "\"tape copper\"",
        "snails -copper",
        "topic:care",
        "topic:care water",
        "topic:nothing water",
        "lang:de kompost",
        "Preparing soil",
        "In spring",
        "Schnecken im Fruhling",
        "--dry-run",
        "useEffect",
        "the",
        "qwzx vbnk",
        "derivatives of the yield curve",
        "keeps snails [MASK] from seedlings",
    ]
    .map(request)
    .into();
    let mut counted = request("snails and compost");
    counted.facets = vec!["topic".into(), "level".into(), "none".into()];
    let mut filtered = counted.clone();
    filtered.filters.insert("topic".into(), vec!["care".into(), "GROUND".into()]);
    let mut typing = request("comp");
    typing.prefix = true;
    let mut focused = request("what keeps snails away");
    focused.highlight = Highlight::Semantic;
    all.extend([counted, filtered, typing, focused, request("snails").page(2, 2).unwrap()]);
    all.extend([request("snails").page(150, 50).unwrap()]);
    all
}

/// Everything of an answer but its time.
fn timeless(mut answer: Answer) -> serde_json::Value {
    answer.took_ms = 0.0;
    serde_json::to_value(answer).unwrap()
}

fn compare(files: &Engine, cluster: &Engine) {
    for request in requests() {
        for mode in Mode::ALL {
            let mut request = request.clone();
            (request.mode, request.explain) = (mode, true);
            let [expected, found] = [files, cluster].map(|engine| timeless(engine.search(&request).unwrap()));
            assert_eq!(found, expected, "{:?}, {}", request.query(), mode.name());
        }
    }
}

fn compare_suggestions(files: &Engine, cluster: &Engine) {
    for typed in ["com", "in spr", "snials", "wat", "zzz"] {
        let [expected, found] = [files, cluster].map(|engine| engine.suggest(typed, 10).unwrap().suggestions);
        assert_eq!(found, expected, "{typed}");
    }
}

/// What every body must do, wherever it lies.
fn keeps_the_contract(engine: &Engine) {
    let pages = |query: &str, mode: Mode| -> Vec<String> {
        let mut request = request(query);
        request.mode = mode;
        engine.search(&request).unwrap().hits.into_iter().map(|hit| hit.id).collect()
    };
    assert_eq!(pages("\"copper tape\" -slugs", Mode::Keyword), ["same.md"], "phrases and excluded pages");
    assert!(pages("\"tape copper\"", Mode::Keyword).is_empty(), "a phrase keeps its order");
    assert_eq!(pages("--dry-run", Mode::Keyword)[0], "names.md");
    assert_eq!(pages("Watering", Mode::Hybrid)[0], "water.md", "a title is found first");
    assert!(pages("qwzx vbnk", Mode::Keyword).is_empty());
    let corrected = engine.search(&request("coper tape against snials")).unwrap().corrected_query;
    assert_eq!(corrected.as_deref(), Some("copper tape against snails"));
    let mut counted = request("topic:care");
    counted.facets = vec!["topic".into()];
    let answer = engine.search(&counted).unwrap();
    assert_eq!((answer.total.value, answer.facets["topic"]["care"]), (2, 2));
    let vector = engine.generation().vector(0);
    let near = engine.generation().body().nearest(&engine.generation().vector(0), 3, None);
    assert!(vector.is_empty() || near.unwrap()[0].score > 0.99, "a passage is nearest to itself");
}

#[test]
fn an_index_in_files_keeps_the_contract_of_a_body() {
    let engine = garden().engine();
    engine.load().unwrap();
    keeps_the_contract(&engine);
}

#[test]
fn an_index_on_a_cluster_keeps_the_contract_of_a_body() {
    let Some(address) = address() else { return };
    keeps_the_contract(&on_cluster(&garden(), &address));
}

#[test]
fn an_index_on_a_cluster_answers_as_one_in_files() {
    let Some(address) = address() else { return };
    let site = garden();
    let cluster = on_cluster(&site, &address.exact());
    let files = site.engine();
    files.load().unwrap();
    compare(&files, &cluster);
    compare_suggestions(&files, &cluster);
}

#[test]
fn the_head_of_a_cluster_scores_as_the_postings_do() {
    let site = garden();
    let files = site.engine();
    let generation = files.generation();
    let mut writer = cloze_index::HeadWriter::default();
    let entries: Vec<cloze_index::Entry> = generation.entries().unwrap().map(Result::unwrap).collect();
    entries.iter().for_each(|entry| writer.add(entry));
    let bytes = writer.finish(generation.manifest()).unwrap();
    let head = cloze_index::Head::parse(&bytes).unwrap();
    assert!(cloze_index::Head::parse(&bytes[..bytes.len() / 2]).is_err(), "half a head is none");
    let read = |entry: &cloze_index::Entry| {
        cloze_index::body::Carried::parse(&entry.carried(), generation.manifest().dimension).unwrap()
    };
    let carried: Vec<_> = entries.iter().map(read).collect();
    let carried: Vec<&_> = carried.iter().collect();
    let ids: Vec<u32> = generation.ids().collect();
    for words in ["the copper tape", "snail kompost in spring", "Häuser", "coper spring", "--dry-run C++"] {
        let text = cloze_index::KeywordText { words: words.into(), ..Default::default() };
        let query = head.keyword_query(&text).unwrap();
        assert_eq!(query, generation.head().keyword_query(&text).unwrap(), "{words}");
        let candidates = generation.body().candidates();
        assert_eq!(head.keyword_scores(&query, &carried).unwrap(), candidates.keyword_scores(&query, &ids).unwrap());
        for (id, carried) in ids.iter().zip(&carried) {
            assert_eq!(
                head.coverage(&query, &[carried]).unwrap(),
                candidates.coverage(&query, &[*id]).unwrap(),
                "{words}"
            );
        }
    }
}

#[test]
fn a_new_build_is_taken_up_and_a_deleted_page_is_gone() {
    let Some(address) = address() else { return };
    let (site, body) = (garden(), address.to_string());
    site.build_with(&["--body", &body]);
    let place = Place::of(site.index(), Some(&address)).unwrap();
    let old = Engine::on(place.open().unwrap(), None).unwrap();
    assert_eq!(place.overtakes(old.generation()).unwrap(), None);
    std::fs::remove_file(site.docs().join("pests.md")).unwrap();
    let (code, report) = site.build_with(&["--body", &body]);
    assert!(code == 0 && report["body"].as_str().is_some_and(|name| name.ends_with("-000002")), "{report}");
    assert_eq!(place.overtakes(old.generation()).unwrap().as_deref(), Some("000002"));
    let new = old.reopen_on(place.open().unwrap(), None).unwrap();
    let find = |engine: &Engine, query: &str| engine.search(&request(query)).unwrap();
    let ids = |answer: &Answer| answer.hits.iter().map(|hit| hit.id.clone()).collect::<Vec<_>>();
    assert!(
        ids(&find(&old, "slugs")).contains(&"pests.md".to_owned()),
        "a search that began on the old version ends there"
    );
    assert!(!ids(&find(&new, "slugs")).contains(&"pests.md".to_owned()));
    assert_eq!(find(&new, "topic:care").total.value, 1);
    let (_, again) = site.build_with(&["--body", &body]);
    assert_eq!(again["body"], report["body"], "nothing is sent twice");
}

/// The same address behind a relay to its first host.
fn behind(relay: &Relay, address: &Address) -> Address {
    Address::parse(&format!("http://{}/{}", relay.host, address.name())).unwrap()
}

/// A relay to the first of the nodes.
fn relay() -> Relay {
    let hosts = std::env::var("CLOZE_TEST_CLUSTER").unwrap();
    Relay::to(hosts.trim_start_matches("http://").split(',').next().unwrap())
}

#[test]
fn a_build_with_one_changed_page_sends_only_that() {
    let Some(address) = address() else { return };
    let (site, relay) = (Site::new(), relay());
    let page = |number: usize| format!("# Page {number}\n\nThe tree with number {number} grows beside the wall.\n");
    (0..1000).for_each(|number| site.write(&format!("p{number}.md"), page(number)));
    let body = behind(&relay, &address).to_string();
    let (_, whole) = site.build_with(&["--body", &body]);
    let (all, _) = relay.take();
    site.write("p7.md", "# Page 7\n\nA cedar was planted in its place.\n");
    let (_, edited) = site.build_with(&["--body", &body]);
    let (few, requests) = relay.take();
    assert_eq!((whole["sent"].as_u64(), edited["sent"].as_u64()), (Some(1000), Some(1)), "{edited}");
    assert_eq!(edited["body"], whole["body"], "both versions share a body");
    let bulks = requests.iter().filter(|line| line.contains("/_bulk")).count();
    println!("1,000 pages: {all} bytes; one changed page: {few} bytes, {} requests", requests.len());
    assert!(few * 20 < all && bulks == 1, "{few} of {all} bytes, {requests:?}");
    let found = Engine::on(Cluster::new(&address).unwrap().open().unwrap(), None).unwrap();
    let first = |query: &str| found.search(&request(query)).unwrap().hits[0].id.clone();
    assert_eq!((first("cedar"), first("tree with number 8")), ("p7.md".to_owned(), "p8.md".to_owned()));
}

#[test]
fn versions_that_share_a_body_answer_as_their_files_do() {
    let Some(address) = address() else { return };
    let (site, exact) = (garden(), address.clone().exact());
    let body = address.to_string();
    let open = || {
        let cluster = Engine::on(Cluster::new(&exact).unwrap().open().unwrap(), None).unwrap();
        let files = site.engine();
        [&cluster, &files].into_iter().for_each(|engine| engine.load().unwrap());
        (files, cluster)
    };
    // An index of few pages is written anew as soon as some are deleted.
    let bench = |number: usize| format!("# Bench {number}\n\nA bench for {number} people stands in the shade.\n");
    (2..60).for_each(|number| site.write(&format!("bench{number}.md"), bench(number)));
    let (_, first) = site.build_with(&["--body", &body]);
    let before = open();
    site.write("pests.md", "# Slugs, snails and mice\n\nCopper tape keeps snails away. A cat keeps mice away.\n");
    site.write("mint.md", "---\ntopic: care\n---\n# Mint\n\nMint spreads, so keep it in a pot.\n");
    let (_, second) = site.build_with(&["--body", &body]);
    let after = open();
    std::fs::remove_file(site.docs().join("mint.md")).unwrap();
    let (_, third) = site.build_with(&["--body", &body]);
    let last = open();
    assert_eq!([&second["body"], &third["body"]], [&first["body"]; 2], "nothing is sent again");
    assert_eq!([&second["sent"], &third["sent"]], [2, 0]);
    for (files, cluster) in [&before, &after, &last] {
        compare(files, cluster);
    }
    // In files, a word of a deleted page is completed until the index is written anew.
    [&before, &after].into_iter().for_each(|(files, cluster)| compare_suggestions(files, cluster));
    let typed = last.1.suggest("in spr", 10).unwrap().suggestions;
    assert!(typed.iter().all(|one| !one.text.contains("spreads")), "{typed:?}");
    let of = |(_, cluster): &(Engine, Engine), query: &str| cluster.search(&request(query)).unwrap();
    assert_eq!(of(&after, "mint in a pot").hits[0].id, "mint.md");
    assert!(of(&last, "mint in a pot").hits.iter().all(|hit| hit.id != "mint.md"), "a deleted page is gone");
    assert_eq!(of(&last, "mimt").corrected_query, None, "its words are gone too");
    assert_eq!(of(&after, "mimt").corrected_query.as_deref(), Some("mint"));
}

#[test]
fn a_search_asks_the_cluster_at_most_three_times() {
    let Some(address) = address() else { return };
    let (site, relay) = (garden(), relay());
    drop(on_cluster(&site, &address));
    let engine = Engine::on(Cluster::new(&behind(&relay, &address)).unwrap().open().unwrap(), None).unwrap();
    engine.load().unwrap();
    for request in requests() {
        for mode in Mode::ALL {
            let mut request = request.clone();
            request.mode = mode;
            relay.take();
            let answer = engine.search(&request).unwrap();
            let asked = relay.take().1;
            let is_search = |line: &String| line.contains("_msearch");
            assert!(asked.iter().all(is_search), "{asked:?}");
            // Each filling of a blank is looked up first.
            let is_few = answer.fills.is_some() || (1..=3).contains(&asked.len());
            assert!(is_few, "{:?}, {}: {}", request.query(), mode.name(), asked.len());
        }
    }
}

#[test]
fn programs_need_only_the_address() {
    let Some(address) = address() else { return };
    let (site, body) = (garden(), address.to_string());
    site.build_with(&["--body", &body]);
    let elsewhere = Site::new();
    let run = |program: &str, args: &[&str]| {
        let output = elsewhere.run(program, &[args, &["--body", &body]].concat());
        assert!(output.status.success(), "{program} {args:?}: {}", stderr(&output));
        String::from_utf8(output.stdout).unwrap()
    };
    assert!(run("query", &["watering"]).contains("Watering"));
    assert!(run("indexer", &["status"]).starts_with("generation 000001"));
    assert!(run("indexer", &["verify"]).contains("compared with the head"));
}

#[test]
fn an_address_without_an_index_is_a_sentence() {
    let Some(address) = address() else { return };
    let error = Cluster::new(&address).unwrap().open().err().unwrap().to_string();
    assert!(error.contains("holds no such index") && error.contains("indexer build"), "{error}");
    let nobody = Address::parse("http://127.0.0.1:1/docs").unwrap();
    let error = Cluster::new(&nobody).unwrap().open().err().unwrap();
    assert!(error.is_unreachable(), "{error}");
}
