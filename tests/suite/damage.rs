//! Damaged indices: the file is named, and no program ends by a panic or an abort.

use std::{fs, os::unix::fs::MetadataExt, path::PathBuf};

use cloze_index::Generation;

use crate::{
    running::Server,
    site::{Site, stderr},
};

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
    let rows = site.generation().join("vectors/0/rows.f16");
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
        assert!(error.contains("rows.f16 is damaged: 5 bytes") && error.contains("build it again"), "{error}");
    }
    assert!(rows.exists(), "unreadable files are never deleted");
}

#[test]
fn a_newer_format_is_refused_for_being_newer() {
    let site = built();
    let path = site.generation().join("manifest.json");
    let text = fs::read_to_string(&path).unwrap().replace("\"format\": 3", "\"format\": 4");
    fs::write(&path, text).unwrap();
    assert!(
        error(&site).contains("index format 4, but this program reads format 3; use a newer version of Cloze"),
        "{}",
        error(&site)
    );
}

#[test]
fn no_index_and_a_broken_pointer_say_what_to_do() {
    let site = Site::new();
    assert!(error(&site).contains("there is no index in"));
    let site = built();
    fs::write(site.index().join("CURRENT"), "garbage").unwrap();
    assert!(error(&site).contains("CURRENT is damaged"));
}

#[test]
fn a_second_writer_is_told_who_writes() {
    let site = built();
    let options = cloze_index::WriterOptions { dimension: 384, model: serde_json::Value::Null, token_neighbours: 3 };
    let writer = cloze_index::Writer::begin(&site.index(), options).unwrap();
    let output = site.run("indexer", &["build", "docs"]);
    let error = stderr(&output);
    let (_, since) = error.split_once(&format!("process {} since ", std::process::id())).expect("the process");
    let shape = since[..23].replace(|c: char| c.is_ascii_digit(), "0");
    assert_eq!(shape, "0000-00-00 00:00:00 UTC", "{error}");
    assert!(site.run("query", &["text"]).status.success(), "readers are not held up");
    drop(writer);
    site.write("new.md", "# New\n\nA page more.\n");
    assert_eq!(site.build()["generation"], "000002");
}

/// If the generation before does not share the damaged file, it answers, and the programs say so.
#[test]
fn the_generation_before_answers_unless_it_shares_the_damaged_file() {
    let site = built();
    site.write("c.md", "# C\n\nText of c.\n");
    assert_eq!(site.build()["generation"], "000002");
    let (mut alone, mut shared) = (0, 0);
    for path in files(&site) {
        let good = fs::read(&path).unwrap();
        let is_shared = fs::metadata(&path).unwrap().nlink() > 1;
        match good.split_first() {
            // The same file under both names.
            Some((first, rest)) => fs::write(&path, [&[first ^ 1], rest].concat()).unwrap(),
            None => fs::remove_file(&path).unwrap(),
        }
        let output = site.run("query", &["text", "--mode", "keyword"]);
        let (stdout, error) = (String::from_utf8_lossy(&output.stdout).into_owned(), stderr(&output));
        assert!(error.contains(path.to_str().unwrap()), "{path:?}: {error}");
        if is_shared {
            assert_eq!(output.status.code(), Some(1), "{path:?}");
            shared += 1;
        } else {
            assert!(output.status.success() && stdout.contains("generation 000001"), "{path:?}: {stdout} {error}");
            assert!(error.contains("generation 000002 cannot be opened; the previous generation 000001"), "{error}");
            alone += 1;
        }
        assert_eq!(site.run("indexer", &["verify"]).status.code(), Some(1), "verify is about the live one");
        fs::write(&path, good).unwrap();
    }
    assert!(alone > 4 && shared > 4, "{alone} {shared}");
    assert_eq!(error(&site), "opened");
    fs::remove_file(site.index().join("CURRENT")).unwrap();
    assert_eq!(site.engine().generation().manifest().generation, "000001", "also where CURRENT is lost");
}

#[test]
fn a_server_starts_on_the_generation_before_and_takes_up_the_next_one() {
    let site = built();
    site.write("c.md", "# C\n\nText of c.\n");
    site.build();
    let damaged = site.generation().join("pages.jsonl");
    fs::write(&damaged, "short").unwrap();
    let server = Server::start(&site, &[]);
    let ready = server.wait_until("the damage is known", |ready| ready["reload_error"].is_string());
    assert_eq!(ready["generation"], "000001");
    assert!(ready["reload_error"].as_str().unwrap().contains("the server cannot open generation 000002"), "{ready}");
    let hits = server.get("/search?q=text&mode=keyword").unwrap().json();
    assert_eq!((hits["generation"].as_str(), hits["hits"].as_array().unwrap().len()), (Some("000001"), 2));

    let output = site.run("indexer", &["build", "docs"]);
    assert!(output.status.success() && stderr(&output).contains("000002.damaged"), "{}", stderr(&output));
    server.wait_until("the next one is taken up", |ready| ready["generation"] == "000003");
    let aside = site.index().join("generations/000002.damaged/pages.jsonl");
    assert_eq!(fs::read(&aside).unwrap(), b"short", "the unreadable file is kept");
    for text in ["Text of d.", "Text of e.", "Text of f."] {
        site.write("d.md", format!("# D\n\n{text}\n"));
        site.build();
        site.run("indexer", &["prune"]);
    }
    assert!(aside.is_file(), "also by later builds, and by prune");
}

/// An archive of the damaged generation mends it.
#[test]
fn a_damaged_generation_is_restored_from_its_archive() {
    let site = built();
    let archive = site.root().join("archive.tar");
    assert!(site.run("indexer", &["export", archive.to_str().unwrap()]).status.success());
    let rows = site.generation().join("vectors/0/rows.f16");
    fs::write(&rows, "short").unwrap();
    let import = site.run("indexer", &["import", archive.to_str().unwrap()]);
    assert!(import.status.success(), "{}", stderr(&import));
    assert_eq!(error(&site), "opened");
    assert!(site.index().join("generations/000001.damaged/vectors/0/rows.f16").is_file());
}

#[test]
fn a_build_refuses_an_index_of_a_newer_format_and_changes_nothing() {
    let site = built();
    let path = site.generation().join("manifest.json");
    let text = fs::read_to_string(&path).unwrap().replace("\"format\": 3", "\"format\": 4");
    fs::write(&path, &text).unwrap();
    site.write("c.md", "# C\n\nText of c.\n");
    let output = site.run("indexer", &["build", "docs"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        stderr(&output).contains("index format 4, but this program reads format 3; use a newer version of Cloze"),
        "{}",
        stderr(&output)
    );
    let names: Vec<_> =
        fs::read_dir(site.index().join("generations")).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert_eq!(names, ["000001"]);
    assert_eq!(fs::read_to_string(&path).unwrap(), text);
}
