//! A running server and the generations that come while it runs.

use std::{
    collections::HashMap,
    fs,
    io::Write,
    path::Path,
    process::Stdio,
    sync::{
        Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread,
};

use cloze_query::Engine;
use serde_json::Value;

use crate::{running::Server, site::Site};

/// Five pages that all say which edition they are.
fn write_edition(site: &Site, edition: u64) {
    for page in 0..5 {
        let text = format!("# Handbook part {page}\n\nThis handbook is edition{edition} of many, part {page}.\n");
        site.write(&format!("{page}.md"), text);
    }
}

/// The editions that an answer's snippets are from.
fn editions(answer: &Value) -> Vec<u64> {
    let text = |hit: &Value| hit["snippet"]["text"].as_str().unwrap().to_owned();
    let edition = |text: String| text.split("edition").nth(1)?.split(' ').next()?.parse().ok();
    let mut all: Vec<u64> = answer["hits"].as_array().unwrap().iter().filter_map(|h| edition(text(h))).collect();
    all.sort_unstable();
    all.dedup();
    all
}

#[test]
fn generations_change_under_load_without_a_failed_or_mixed_answer() {
    let swaps = if std::env::var_os("CLOZE_SOAK").is_some() { 100 } else { 6 };
    let site = Site::new();
    write_edition(&site, 0);
    let name = |report: Value| report["generation"].as_str().unwrap().to_owned();
    let edition_of = Mutex::new(HashMap::from([(name(site.build()), 0)]));
    let server = Server::start(&site, &[]);
    let (done, answered) = (AtomicBool::new(false), AtomicU64::new(0));
    let seen = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for client in 0..8 {
            let (server, done, answered, seen) = (&server, &done, &answered, &seen);
            scope.spawn(move || {
                let mut asked = 0;
                while !done.load(Ordering::Relaxed) {
                    // Some were asked before and may be remembered, some were not.
                    asked += 1;
                    let reply = server.get(&format!("/search?q=handbook+part&limit={}", 5 + asked % 90)).unwrap();
                    let (status, answer) = (reply.status, reply.json());
                    assert_eq!(status, 200, "client {client}: {answer}");
                    let editions = editions(&answer);
                    assert_eq!(editions.len(), 1, "client {client}: {answer}");
                    seen.lock().unwrap().push((answer["generation"].as_str().unwrap().to_owned(), editions[0]));
                    answered.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        let mut after_first = 0;
        for edition in 1..=swaps {
            write_edition(&site, edition);
            let generation = name(site.build());
            edition_of.lock().unwrap().insert(generation.clone(), edition);
            server.wait_until("the new generation", |ready| ready["generation"] == generation.as_str());
            if edition == swaps.min(10) {
                after_first = server.memory();
            }
        }
        done.store(true, Ordering::Relaxed);
        let memory = server.memory();
        println!(
            "{swaps} swaps, {} answers, memory {after_first} kB, then {memory} kB",
            answered.load(Ordering::Relaxed)
        );
        assert!(memory < after_first + 30_000, "{after_first} kB, then {memory} kB");
    });
    let edition_of = edition_of.into_inner().unwrap();
    let seen = seen.into_inner().unwrap();
    assert!(seen.iter().all(|(generation, edition)| edition_of[generation] == *edition));
    let generations: std::collections::HashSet<_> = seen.iter().map(|(g, _)| g).collect();
    assert!(generations.len() > 2, "{generations:?}");
}

/// All files of the live generation, relative to it.
fn files(dir: &Path) -> Vec<String> {
    let mut found = Vec::new();
    let mut open = vec![dir.to_owned()];
    while let Some(here) = open.pop() {
        for entry in fs::read_dir(here).unwrap().flatten() {
            match entry.path() {
                path if path.is_dir() => open.push(path),
                path => found.push(path.strip_prefix(dir).unwrap().to_str().unwrap().to_owned()),
            }
        }
    }
    found
}

/// Every file flipped, cut and removed in turn: the engine that answers does not take it up, and the file is named.
#[test]
fn a_damaged_generation_is_not_taken_up() {
    let site = Site::new();
    write_edition(&site, 1);
    site.build();
    let engine: Engine = site.engine();
    write_edition(&site, 2);
    site.build();
    let dir = site.generation();
    for file in files(&dir) {
        let path = dir.join(&file);
        let whole = fs::read(&path).unwrap();
        let mut flipped = whole.clone();
        if let Some(byte) = flipped.get_mut(whole.len() / 2) {
            *byte ^= 1;
        }
        for damaged in [Some(flipped), Some(whole[..whole.len() / 2].to_vec()), None] {
            if damaged.as_ref() == Some(&whole) {
                continue;
            }
            // Files are shared with the generation before by links: give this one its own.
            fs::remove_file(&path).ok();
            if let Some(bytes) = damaged {
                fs::write(&path, bytes).unwrap();
            }
            let error = engine.reopen(&site.index(), None).map(|_| ()).expect_err(&file).to_string();
            assert!(error.contains(&file), "{file}: {error}");
            let verify = site.run("indexer", &["verify"]);
            let message = String::from_utf8_lossy(&verify.stderr).into_owned();
            assert!(verify.status.code() == Some(1) && message.contains(&file), "{file}: {message}");
            fs::remove_file(&path).ok();
        }
        fs::write(&path, &whole).unwrap();
    }
    assert_eq!(engine.reopen(&site.index(), None).unwrap().generation().manifest().generation, "000002");
}

#[test]
fn a_server_says_what_it_did_not_take_up_and_goes_on() {
    let site = Site::new();
    write_edition(&site, 1);
    site.build();
    let server = Server::start(&site, &[]);
    let current = fs::read(site.index().join("CURRENT")).unwrap();
    fs::write(site.index().join("CURRENT"), "000009 nothing\n").unwrap();
    let ready = server.wait_until("the error", |ready| ready["reload_error"].is_string());
    assert_eq!(ready["reload_error"], "the server cannot open generation 000009; the log shows the reason");
    let log = server.log();
    assert!(log.contains(site.index().to_str().unwrap()) && log.contains("000009"), "{log}");
    assert_eq!(editions(&server.get("/search?q=handbook").unwrap().json()), [1]);
    fs::write(site.index().join("CURRENT"), current).unwrap();
    server.wait_until("no error", |ready| ready["reload_error"].is_null());
    write_edition(&site, 2);
    site.build();
    server.wait_until("the next generation", |ready| ready["generation"] == "000002");
    assert_eq!(editions(&server.get("/search?q=handbook").unwrap().json()), [2]);
}

#[test]
fn an_archive_goes_through_a_pipe() {
    let site = Site::new();
    write_edition(&site, 3);
    site.build();
    let other = Site::new();
    let archive = site.run("indexer", &["export", "-"]);
    assert!(archive.status.success());
    let mut import = other.command("indexer", &["import", "-"]);
    let mut import = import.stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
    import.stdin.take().unwrap().write_all(&archive.stdout).unwrap();
    assert!(import.wait().unwrap().success());
    assert!(other.run("indexer", &["verify"]).status.success());
    let hits = |site: &Site| site.search("handbook part 4", cloze_query::Mode::Hybrid).hits;
    assert_eq!(
        hits(&site).iter().map(|h| &h.id).collect::<Vec<_>>(),
        hits(&other).iter().map(|h| &h.id).collect::<Vec<_>>()
    );
    assert!(site.run("indexer", &["export", "a.tar"]).status.success());
    assert_eq!(fs::read(site.root().join("a.tar")).unwrap(), archive.stdout);
    let cut = site.root().join("cut.tar");
    fs::write(&cut, &archive.stdout[..archive.stdout.len() / 2]).unwrap();
    let output = Site::new().run("indexer", &["import", cut.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(1));
    assert!(crate::site::stderr(&output).contains("cut.tar"), "{}", crate::site::stderr(&output));
}
