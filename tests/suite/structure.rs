//! Rules of ARCHITECTURE.md that a test can hold.

use std::{
    fs,
    path::{Path, PathBuf},
};

fn sources(folder: &str) -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut open: Vec<PathBuf> = vec![root.join(folder)];
    let mut found = Vec::new();
    while let Some(dir) = open.pop() {
        for entry in fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|e| e == "rs") {
                let name = path.strip_prefix(root).unwrap().display().to_string();
                found.push((name, fs::read_to_string(path).unwrap()));
            }
        }
    }
    found
}

/// The source folders of all crates.
pub const CRATES: [&str; 8] = [
    "models/src",
    "models/train/src",
    "index/src",
    "static/src",
    "cluster/src",
    "indexer/src",
    "query/src",
    "server/src",
];

fn all() -> Vec<(String, String)> {
    CRATES.into_iter().flat_map(sources).collect()
}

#[test]
fn an_engine_is_known_in_one_place() {
    for (engine, place) in [
        ("ort::", "models/src/onnx/"),
        ("hnsw_rs::", "index/src/vectors/build.rs"),
        ("tantivy::", "index/src/lexical/"),
        ("tokenizers::", "models/src/tokens/"),
        ("hf_hub::", "models/src/hub.rs"),
        ("candle_core::", "models/train/src/"),
        ("sled::", "index/src/ledger.rs"),
        ("tar::", "index/src/archive.rs"),
        ("notify::", "indexer/src/source/watch.rs"),
        ("arc_swap::", "server/src/state.rs"),
    ] {
        let uses = |text: &str| {
            let mut lines = text.lines().filter(|l| !l.trim_start().starts_with("//"));
            lines.any(|l| {
                l.match_indices(engine)
                    .any(|(at, _)| !l[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == ':'))
            })
        };
        let users: Vec<_> = all().into_iter().filter(|(_, text)| uses(text)).map(|(name, _)| name).collect();
        assert!(!users.is_empty() && users.iter().all(|u| u.starts_with(place)), "{engine} in {users:?}");
    }
}

#[test]
fn dependencies_point_one_way() {
    let depends = |who: &str, on: &str| {
        let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join(who).join("Cargo.toml");
        fs::read_to_string(manifest).unwrap().contains(&format!("cloze-{on}.workspace"))
    };
    for (who, on) in [
        ("models", "index"),
        ("index", "models"),
        ("index", "cluster"),
        ("cluster", "models"),
        ("indexer", "query"),
        ("query", "indexer"),
        ("server", "indexer"),
        ("server", "train"),
        ("query", "train"),
        ("index", "static"),
        ("static", "query"),
        ("query", "static"),
    ] {
        assert!(!depends(who, on), "{who} must not depend on {on}");
    }
    assert!(depends("query", "models") && depends("server", "query"), "the check sees real dependencies");
}

#[test]
fn libraries_do_not_end_the_process() {
    for (name, text) in all() {
        assert!(!text.contains("process::exit") && !text.contains("todo!("), "{name}");
    }
}

/// Whether a text has a word that stands alone: a set named `cisi` is not in "precision".
fn has_word(text: &str, word: &str) -> bool {
    let is_inside = |c: char| c.is_alphanumeric() || c == '_';
    text.match_indices(word)
        .any(|(at, _)| !text[..at].ends_with(is_inside) && !text[at + word.len()..].starts_with(is_inside))
}

#[test]
fn words_are_compared_whole() {
    assert!(has_word("the cisi set", "cisi") && has_word("cisi", "cisi") && has_word("a/cisi/b", "cisi"));
    assert!(!has_word("precision", "cisi") && !has_word("my_cisi", "cisi") && !has_word("cisis", "cisi"));
}

#[test]
fn no_code_knows_the_name_of_a_judged_set() {
    let Some(data) = crate::reference::data() else { return };
    let sets = crate::reference::folders(&data.join("retrieval"));
    // This file names one, to show how words are compared.
    let others =
        ["tests/suite", "benches"].into_iter().flat_map(sources).filter(|(name, _)| !name.ends_with("structure.rs"));
    for (name, text) in all().into_iter().chain(others) {
        let known: Vec<_> = sets.iter().filter(|set| has_word(&text, crate::reference::name(set))).collect();
        assert!(known.is_empty(), "{name} knows {known:?}");
    }
}

#[test]
fn an_engine_is_implemented_in_one_file() {
    let implements = |text: &str| text.lines().any(|l| l.starts_with("impl Engine") || l.ends_with(" for Engine {"));
    let places: Vec<_> =
        sources("query/src").into_iter().filter(|(_, t)| implements(t)).map(|(name, _)| name).collect();
    assert_eq!(places, ["query/src/engine/mod.rs"]);
}
