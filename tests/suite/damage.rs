//! Damaged indices: the file is named, and no program ends by a panic or an abort.

use std::{fs, path::PathBuf};

use cloze_index::Generation;

use crate::site::{Site, stderr};

fn built() -> Site {
    let site = Site::with(&[("a.md", "# A\n\nText of a.\n"), ("b.md", "# B\n\nText of b.\n")]);
    site.build();
    site
}

fn files(site: &Site) -> Vec<PathBuf> {
    let mut open = vec![site.generation()];
    let mut files = Vec::new();
    while let Some(dir) = open.pop() {
        for entry in fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { open.push(path) } else { files.push(path) }
        }
    }
    files
}

fn error(site: &Site) -> String {
    match Generation::open(&site.index()) {
        Ok(_) => "opened".into(),
        Err(e) => e.to_string(),
    }
}

#[test]
fn every_damaged_file_is_named() {
    let site = built();
    let files = files(&site);
    assert!(files.len() > 6, "{files:?}");
    for path in files {
        let good = fs::read(&path).unwrap();
        let mut flipped = good.clone();
        if let Some(byte) = flipped.get_mut(good.len() / 2) {
            *byte ^= 4;
            fs::write(&path, &flipped).unwrap();
            assert!(error(&site).contains(path.to_str().unwrap()), "flipped {path:?}: {}", error(&site));
            fs::write(&path, &good[..good.len() / 2]).unwrap();
            assert!(error(&site).contains(path.to_str().unwrap()), "cut {path:?}: {}", error(&site));
        }
        fs::remove_file(&path).unwrap();
        assert!(error(&site).contains(path.to_str().unwrap()), "removed {path:?}: {}", error(&site));
        fs::write(&path, &good).unwrap();
        assert_eq!(error(&site), "opened");
    }
}

#[test]
fn programs_say_what_is_damaged_and_end() {
    let site = built();
    let rows = site.generation().join("vectors/0/rows.f32");
    fs::write(&rows, b"short").unwrap();
    let runs = [
        site.run("indexer", &["verify"]),
        site.run("indexer", &["status"]),
        site.run("query", &["text"]),
        site.run("server", &["--listen", "127.0.0.1:0"]),
    ];
    for output in runs {
        assert_eq!(output.status.code(), Some(1));
        let error = stderr(&output);
        assert!(error.contains("rows.f32 is damaged: 5 bytes") && error.contains("build it again"), "{error}");
    }
    assert!(rows.exists(), "what cannot be read is never deleted");
}

#[test]
fn a_newer_format_is_refused_for_being_newer() {
    let site = built();
    let path = site.generation().join("manifest.json");
    let text = fs::read_to_string(&path).unwrap().replace("\"format\": 2", "\"format\": 3");
    fs::write(&path, text).unwrap();
    assert!(error(&site).contains("index format 3, this program reads 2; use a newer Cloze"), "{}", error(&site));
}

#[test]
fn no_index_and_a_broken_pointer_say_what_to_do() {
    let site = Site::new();
    assert!(error(&site).contains("holds no index"));
    let site = built();
    fs::write(site.index().join("CURRENT"), "garbage").unwrap();
    assert!(error(&site).contains("CURRENT is damaged"));
}

#[test]
fn a_second_writer_is_told_who_writes() {
    let site = built();
    let options = cloze_index::WriterOptions { dimension: 384, model: serde_json::Value::Null };
    let writer = cloze_index::Writer::begin(&site.index(), options).unwrap();
    let output = site.run("indexer", &["build", "docs"]);
    let error = stderr(&output);
    assert!(error.contains(&format!("process {}", std::process::id())), "{error}");
    assert!(site.run("query", &["text"]).status.success(), "readers are not held up");
    drop(writer);
    site.write("new.md", "# New\n\nA page more.\n");
    assert_eq!(site.build()["generation"], "000002");
}
