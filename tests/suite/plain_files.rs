//! The index as plain files: the browser's module answers as the server does. Needs Node.js; without it, the tests say so.

use std::{
    fs,
    io::Write,
    path::Path,
    process::{Command, Stdio},
    sync::OnceLock,
};

use cloze_query::{Answer, EncoderChoice, Engine, Mode, Request};
use serde_json::{Value, json};

use crate::site::{Site, stderr};

/// The manual, indexed and exported once.
struct Exported {
    site: Site,
    engine: Engine,
}

fn manual() -> &'static Exported {
    static EXPORTED: OnceLock<Exported> = OnceLock::new();
    EXPORTED.get_or_init(|| {
        let site = Site::new();
        for entry in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs")).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|e| e == "md") {
                site.write(path.file_name().unwrap().to_str().unwrap(), fs::read(&path).unwrap());
            }
        }
        site.build();
        export(&site);
        Exported { engine: site.engine(), site }
    })
}

fn export(site: &Site) {
    let output = site.run("indexer", &["export", "--static", "public"]);
    assert!(output.status.success(), "{}", stderr(&output));
}

/// Runs the module that an export has; `None` without Node.js.
fn ask(folder: &Path, requests: &Value, words: &[&str]) -> Option<Value> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let started = Command::new("node")
        .arg(root.join("tests/static/answers.mjs"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn();
    let Ok(mut node) = started else {
        eprintln!("SKIPPED: Node.js is missing");
        return None;
    };
    let module = folder.join("module.mjs");
    fs::copy(folder.join("search.js"), &module).unwrap();
    let input = json!({ "module": module, "stem": root.join("static/js/stem.js"), "folder": folder, "requests": requests, "words": words });
    node.stdin.take().unwrap().write_all(input.to_string().as_bytes()).unwrap();
    let output = node.wait_with_output().unwrap();
    assert!(output.status.success());
    Some(serde_json::from_slice(&output.stdout).unwrap())
}

/// The answer of the engine, with vectors from the lookup table.
fn answer(engine: &Engine, query: &str, mode: Mode) -> Answer {
    let mut request = Request::new(query).unwrap();
    (request.mode, request.encoder) = (mode, EncoderChoice::Table);
    engine.search(&request).unwrap()
}

fn ids(answer: &Value) -> Vec<String> {
    answer["hits"].as_array().unwrap().iter().map(|hit| hit["id"].as_str().unwrap().to_owned()).collect()
}

const QUERIES: [&str; 12] = [
    "how do I keep the index fresh",
    "reverse proxy",
    "--token-codes",
    "\"front matter\"",
    "compaction of segments",
    "put a search field on any page",
    "what happens when the model is missing",
    "languages -German",
    "GET /search parameters",
    "memory of a large index",
    "does it work offline",
    "typo tolerance",
];

#[test]
fn words_find_what_the_server_finds() {
    let Exported { site, engine } = manual();
    let requests: Vec<Value> = QUERIES.iter().map(|q| json!({ "q": q, "mode": "keyword" })).collect();
    let Some(found) = ask(&site.root().join("public"), &json!(requests), &[]) else { return };
    for (query, found) in QUERIES.iter().zip(found["answers"].as_array().unwrap()) {
        let expected = serde_json::to_value(answer(engine, query, Mode::Keyword)).unwrap();
        assert_eq!(found["degraded"], Value::Null, "{query}");
        assert_eq!(ids(found).first(), ids(&expected).first(), "{query}");
        let common = ids(found).iter().filter(|id| ids(&expected).contains(id)).count();
        assert!(common * 5 >= ids(&expected).len() * 4, "{query}: {:?} and {:?}", ids(found), ids(&expected));
        // The server measures a snippet in bytes, and a browser in UTF-16 units.
        let text = |answer: &Value| answer["hits"][0]["snippet"]["text"].as_str().unwrap().trim_matches('…').to_owned();
        if text(&expected).is_ascii() && text(found).is_ascii() {
            assert_eq!(found["hits"][0]["snippet"], expected["hits"][0]["snippet"], "{query}");
        }
    }
}

#[test]
fn meaning_finds_about_what_the_server_finds() {
    let Exported { site, engine } = manual();
    let requests: Vec<Value> = QUERIES.iter().map(|q| json!({ "q": q })).collect();
    let Some(found) = ask(&site.root().join("public"), &json!(requests), &[]) else { return };
    let (mut same, mut all) = (0, 0);
    for (query, found) in QUERIES.iter().zip(found["answers"].as_array().unwrap()) {
        let expected = serde_json::to_value(answer(engine, query, Mode::Hybrid)).unwrap();
        assert_eq!((&found["degraded"], &found["mode"]), (&Value::Null, &json!("hybrid")), "{query}");
        let [found, expected] = [ids(found), ids(&expected)].map(|ids| ids.into_iter().take(5).collect::<Vec<_>>());
        same += found.iter().filter(|id| expected.contains(id)).count();
        all += expected.len();
    }
    assert!(same * 10 >= all * 8, "{same} of the first {all}");
}

/// Sentences of words that the manual has, none of them a title.
const SENTENCES: [&str; 10] = [
    "how do I keep the index fresh when a page changes",
    "the server answers with words while the model is loaded",
    "which files does the indexer leave out and why",
    "passages of a page that are too long for the model",
    "the widget opens with a key and closes again",
    "a build that was stopped continues where it ended",
    "memory that the server needs for many passages",
    "search in several languages with accents",
    "compare two models on the questions of my readers",
    "the vectors of a generation and the graph over them",
];

#[test]
fn a_reader_in_rust_finds_the_same_list() {
    let public = manual().site.root().join("public");
    let requests: Vec<Value> = SENTENCES.iter().map(|q| json!({ "q": q, "explain": true, "correct": false })).collect();
    let Some(found) = ask(&public, &json!(requests), &[]) else { return };
    let reader = cloze_static::Reader::open(&public).unwrap();
    let mut compared = 0;
    for (query, found) in SENTENCES.iter().zip(found["answers"].as_array().unwrap()) {
        // Without a near passage, the browser answers by words alone; the reader does not decide that.
        if found["hits"][0]["explain"]["semantic"].is_null() {
            continue;
        }
        compared += 1;
        // The browser ends its list where pages are much less probable than the first.
        let all = reader.search(query, 100).unwrap();
        let expected: Vec<_> = all.into_iter().filter(|page| ids(found).contains(&page.source)).collect();
        assert_eq!(ids(found), expected.iter().map(|page| page.source.clone()).collect::<Vec<_>>(), "{query}");
        for (hit, page) in found["hits"].as_array().unwrap().iter().zip(&expected) {
            let score = hit["explain"]["fused"].as_f64().unwrap();
            assert!((score - page.score).abs() < 1e-9, "{query}: {score} and {}", page.score);
        }
    }
    assert!(compared >= 8, "{compared}");
}

#[test]
fn stems_are_those_of_the_index() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let text: String = ["relevance.md", "operations.md", "searching.md", "training.md"]
        .iter()
        .map(|name| fs::read_to_string(root.join("docs").join(name)).unwrap().to_lowercase())
        .collect();
    let more = "skies dying news gently past uncanny herring exceed sky yes boyish say flies caresses hopping relational \
        controlling generically communism organization universal later laterally arsenal pasted biologist sayings ied";
    let mut words: Vec<&str> = text.split(|c: char| !c.is_ascii_lowercase()).chain(more.split_whitespace()).collect();
    words.sort_unstable();
    words.dedup();
    words.retain(|word| !word.is_empty());
    assert!(words.len() > 1000);
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("search.js"), "export const open = null;").unwrap();
    let Some(found) = ask(dir.path(), &json!([]), &words) else { return };
    for (word, stem) in words.iter().zip(found["stems"].as_array().unwrap()) {
        let expected = cloze_index::analyse(word, Some("en"));
        assert_eq!(stem.as_str(), expected.first().map(|w| w.term.as_str()), "{word}");
    }
}

#[test]
fn a_missing_file_takes_its_words_and_no_others() {
    let site = Site::with(&[
        ("a.md", "# Apples\n\nApples ripen in autumn.\n"),
        ("b.md", "# Zinc\n\nZinc protects iron from rust.\n"),
    ]);
    site.build();
    export(&site);
    let public = site.root().join("public");
    let entry: Value = serde_json::from_slice(&fs::read(public.join("cloze.json")).unwrap()).unwrap();
    let folder = public.join(entry["folder"].as_str().unwrap());
    let requests = json!([{ "q": "apples" }, { "q": "apples", "facets": "nothing" }, { "q": "" }]);
    for broken in [None, Some("n0.bin"), Some("k0.bin")] {
        for wrong in [None, Some("<!doctype html><title>Not found</title>")] {
            let kept = broken.map(|name| fs::read(folder.join(name)).unwrap());
            match (broken, wrong) {
                (Some(name), None) => fs::remove_file(folder.join(name)).unwrap(),
                (Some(name), Some(page)) => fs::write(folder.join(name), page).unwrap(),
                _ => {}
            }
            let Some(found) = ask(&public, &requests, &[]) else { return };
            let first = &found["answers"][0];
            assert_eq!(ids(first).first().map(String::as_str), Some("a.md"), "{broken:?}: {first}");
            assert_eq!(first["degraded"].is_null(), broken.is_none(), "{broken:?}: {first}");
            assert_eq!(found["answers"][2]["code"], "query_empty");
            if let (Some(name), Some(kept)) = (broken, kept) {
                fs::write(folder.join(name), kept).unwrap();
            }
        }
    }
}

#[test]
fn an_export_keeps_the_files_of_the_one_before() {
    let site = Site::with(&[("a.md", "# Apples\n\nApples ripen in autumn.\n")]);
    let folders = || {
        let names = fs::read_dir(site.root().join("public")).unwrap().map(|e| e.unwrap().file_name());
        let mut names: Vec<String> = names.map(|n| n.to_string_lossy().into_owned()).collect();
        names.retain(|name| name.starts_with("g-"));
        names.len()
    };
    for (n, expected) in [(0, 1), (0, 1), (1, 2), (2, 2)] {
        site.write("a.md", format!("# Apples\n\nApples ripen in autumn. Number {n}.\n"));
        let (code, report) = site.build_with(&["--static", "public"]);
        assert_eq!(code, 0, "{report}");
        assert_eq!(folders(), expected, "{n}");
    }
}
