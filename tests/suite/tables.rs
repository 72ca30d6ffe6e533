//! `indexer model table`.

use std::{
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use cloze_models::table;
use cloze_query::{EncoderChoice, Engine, Mode, Request, json::EncodedBy};
use serde_json::Value;
use tempfile::TempDir;

use crate::{site::stderr, support::fixture};

/// A folder with pages of `sections` sections together, and a copy of the tiny model.
fn with_pages(sections: usize) -> (TempDir, PathBuf, PathBuf) {
    let dir = TempDir::new().unwrap();
    let (docs, model) = (dir.path().join("docs"), dir.path().join("model"));
    fs::create_dir(&docs).unwrap();
    fs::create_dir(&model).unwrap();
    for name in ["config.json", "model.safetensors", "tokenizer.json"] {
        fs::copy(fixture("tiny-bert").join(name), model.join(name)).unwrap();
    }
    let words = ["index", "query", "vector", "document", "model", "word", "page", "table", "river", "house", "paper"];
    let word = |i: usize| words[i % words.len()];
    let mut page = String::from("# Things\n\n");
    for i in 0..sections {
        let (a, b, c) = (word(i), word(i / 11 + i * 3), word(i / 7 + 2));
        let text = format!("The {a} stands near the {b} number {i} while a new {c} comes from the old {a} of the day");
        writeln!(page, "## The {a} and {b} {i}\n\n{text}. It was the {b} of a {c}.\n").unwrap();
    }
    fs::write(docs.join("things.md"), page).unwrap();
    (dir, docs, model)
}

fn train(docs: &Path, model: &Path, more: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_indexer"));
    command.args(["model", "table"]).arg(docs).arg("--model").arg(model).args(more);
    command.output().unwrap()
}

#[test]
fn a_model_gets_a_table_of_its_own() {
    let (dir, docs, model) = with_pages(450);
    let output = train(&docs, &model, &["--texts", "1500", "--passes", "4", "--force", "--json"]);
    assert!(output.status.success(), "{}", stderr(&output));
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let number = |value: &Value| value.as_f64().unwrap_or_else(|| panic!("{report}"));
    assert!(number(&report["best"]["cosine"]) > number(&report["before"]["cosine"]), "{report}");
    assert!(number(&report["known_items"]["queries"]) >= 20.0 && number(&report["share"]) > 0.0, "{report}");
    assert!(stderr(&output).contains("pass 1 of at most 4"), "{}", stderr(&output));

    let index = dir.path().join("index");
    let mut build = Command::new(env!("CARGO_BIN_EXE_indexer"));
    let built = build.arg("build").arg(&docs).arg("--model").arg(&model).arg("--index").arg(&index).output().unwrap();
    assert!(built.status.success(), "{}", stderr(&built));
    let engine = Engine::open(&index, None).unwrap();
    assert!(engine.generation().manifest().lookup_calibration.is_some());
    let mut request = Request::new("the river and the house").unwrap();
    (request.mode, request.encoder) = (Mode::Semantic, EncoderChoice::Table);
    assert_eq!(engine.search(&request).unwrap().encoder, Some(EncodedBy::Table));

    // The same table without --force: the gate decides.
    let file = dir.path().join("other.safetensors");
    let output = train(&docs, &model, &["--texts", "1500", "--passes", "4", "--out", file.to_str().unwrap(), "-q"]);
    let is_good = number(&report["share"]) >= 0.8;
    assert_eq!((output.status.success(), file.is_file()), (is_good, is_good), "{}", stderr(&output));
    if is_good {
        assert_eq!(fs::read(&file).unwrap(), fs::read(model.join(table::FILE)).unwrap(), "the seed decides");
    } else {
        assert!(stderr(&output).contains("expected at least 80 %"), "{}", stderr(&output));
    }
}

#[test]
fn a_table_that_nothing_can_judge_is_refused() {
    let (_dir, docs, model) = with_pages(60);
    let more = ["--texts", "300", "--passes", "1", "-q"];
    let refused = train(&docs, &model, &more);
    assert!(!refused.status.success() && stderr(&refused).contains("too few sections"), "{}", stderr(&refused));
    assert!(!model.join(table::FILE).exists());
    let forced = train(&docs, &model, &[&more[..], &["--force"]].concat());
    assert!(forced.status.success() && model.join(table::FILE).is_file(), "{}", stderr(&forced));
}

#[test]
fn too_little_text_is_named() {
    let (_dir, docs, model) = with_pages(2);
    let refused = train(&docs, &model, &["-q"]);
    assert!(!refused.status.success() && stderr(&refused).contains("expected at least"), "{}", stderr(&refused));
    let missing = train(&docs.join("missing"), &model, &[]);
    assert!(!missing.status.success() && stderr(&missing).contains("missing"), "{}", stderr(&missing));
}
