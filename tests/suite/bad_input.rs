//! Bad input: a clear error that names the file, and nothing else is lost.

use std::fs;

use crate::site::{Site, sources, stderr};

const GOOD: &str = "# Good\n\nThis page is fine.\n";

/// Builds a site of one good page and the given bad ones; the good one must be there in any case.
fn reasons(bad: &[(&str, &[u8])]) -> Vec<String> {
    let site = Site::with(&[("good.md", GOOD)]);
    bad.iter().for_each(|(name, content)| site.write(name, content));
    let (code, report) = site.build_with(&[]);
    assert_eq!((code, report["pages"].as_u64()), (3, Some(1)), "{report}");
    let skipped = report["skipped"].as_array().unwrap().iter();
    skipped.map(|s| format!("{}: {}", s["source"].as_str().unwrap(), s["reason"].as_str().unwrap())).collect()
}

#[test]
fn invalid_utf8_is_skipped_with_its_place() {
    // The rest of the file is UTF-8, so it is not text in another encoding.
    assert_eq!(reasons(&[("bad.md", b"l\xc3\xadne\nab\xff")]), ["bad.md: invalid UTF-8 at byte 8, line 2"]);
    assert_eq!(
        reasons(&[("bad.txt", b"PK\x03\x04\0\0")]),
        ["bad.txt: the file is binary (byte 4 is zero); expected text"]
    );
    assert_eq!(
        reasons(&[("bad.jsonl", b"\xef\xbb\xbf{\"text\": \"\xff\"}\n")]),
        ["bad.jsonl:1: invalid UTF-8 at byte 10 of the line"]
    );
}

#[test]
fn a_file_that_is_too_large_is_skipped() {
    let large = vec![b'a'; 50 << 20];
    let reasons = reasons(&[("large.txt", &large)]);
    assert_eq!(reasons, ["large.txt: the size is 52428800 bytes; expected at most 33554432 (--max-file-bytes)"]);
}

#[test]
fn html_nested_too_deep_is_skipped() {
    let deep = "<div>".repeat(100_000);
    let reasons = reasons(&[("deep.html", deep.as_bytes())]);
    assert_eq!(reasons, ["deep.html: the HTML is nested 100000 levels deep; expected at most 2000"]);
}

#[test]
fn a_broken_record_is_skipped_by_its_line() {
    let lines = b"{\"_id\": \"1\", \"text\": \"x\", \"draft\": true}\n\n{\"_id\": \n{\"title\": \"no text\"}\n";
    let reasons = reasons(&[("records.jsonl", lines)]);
    assert_eq!(reasons.len(), 2);
    assert!(reasons[0].starts_with("records.jsonl:3: invalid JSON"), "{}", reasons[0]);
    assert_eq!(reasons[1], "records.jsonl:4: \"text\" is missing; expected a string");
}

#[test]
fn a_file_of_one_word_is_split_not_cut() {
    let site = Site::with(&[("word.txt", &"x".repeat(1 << 20)), ("good.md", GOOD)]);
    let report = site.build();
    assert_eq!((report["pages"].as_u64(), report["split_sections"].as_u64()), (Some(2), Some(1)));
}

#[test]
fn a_missing_folder_is_named() {
    let site = Site::new();
    let output = site.run("indexer", &["build", "no-such-folder"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("cannot read no-such-folder"), "{}", stderr(&output));
    let output = site.run("indexer", &["build"]);
    assert_eq!(output.status.code(), Some(2), "bad usage");
}

#[test]
fn a_folder_without_pages_publishes_nothing() {
    let site = Site::with(&[("image.png", "x")]);
    let output = site.run("indexer", &["build", "docs"]);
    assert!(stderr(&output).contains("no pages in docs"), "{}", stderr(&output));
    assert!(!site.index().join("CURRENT").exists());
}

#[test]
fn a_missing_or_wrong_model_is_named() {
    let site = Site::with(&[("good.md", GOOD)]);
    let build = |model: &str| stderr(&site.run("indexer", &["build", "docs", "--model", model]));
    assert!(build("./nowhere").contains("model \"./nowhere\" is not on this machine"));
    let model = site.root().join("model");
    fs::create_dir(&model).unwrap();
    assert!(build("./model").contains("config.json is missing"));
    for file in ["config.json", "tokenizer.json", "model.safetensors"] {
        fs::copy(crate::support::fixture("tiny-bert").join(file), model.join(file)).unwrap();
    }
    assert!(build("./model").contains("generation 000001"));
    let weights = fs::read(model.join("model.safetensors")).unwrap();
    fs::write(model.join("model.safetensors"), &weights[..weights.len() / 2]).unwrap();
    let error = build("./model");
    assert!(error.contains("model.safetensors: not a valid safetensors file"), "{error}");
    fs::write(model.join("model.safetensors"), &weights).unwrap();
    let config = fs::read_to_string(model.join("config.json")).unwrap();
    fs::write(model.join("config.json"), config.replace("\"hidden_size\": 32", "\"hidden_size\": 64")).unwrap();
    let error = build("./model");
    assert!(error.contains("has shape [") && error.contains("expected shape ["), "{error}");
    fs::write(model.join("config.json"), "{").unwrap();
    assert!(build("./model").contains("config.json: "));
}

#[test]
fn an_index_of_another_model_is_refused_with_both_names() {
    let site = Site::with(&[("good.md", GOOD)]);
    site.build();
    let tiny = crate::support::fixture("tiny-bert");
    let output = site.run("query", &["anything", "--model", tiny.to_str().unwrap()]);
    let error = stderr(&output);
    assert!(!output.status.success());
    assert!(
        error.contains("built with all-MiniLM-L6-v2 (weights 53aa51172d14") && error.contains("tiny-bert"),
        "{error}"
    );
}

#[test]
fn a_wrong_onnx_runtime_is_named() {
    let site = Site::with(&[("good.md", GOOD)]);
    let wrong = site.root().join("libonnxruntime.so");
    let build = || {
        let mut command = site.command("indexer", &["build", "docs"]);
        stderr(&command.env("CLOZE_ONNXRUNTIME", &wrong).output().unwrap())
    };
    assert!(build().contains("which is not a file"));
    fs::write(&wrong, "not a library").unwrap();
    let error = build();
    assert!(error.contains("ONNX Runtime 1.32.0 is required") && error.contains("cannot be loaded"), "{error}");
}

#[test]
fn settings_with_unknown_keys_are_refused() {
    let site = Site::with(&[("good.md", GOOD)]);
    fs::write(site.root().join("cloze.toml"), "[build]\nbase-url = \"x\"\n").unwrap();
    let error = stderr(&site.run("indexer", &["build", "docs"]));
    assert!(error.contains("cloze.toml") && error.contains("base-url"), "{error}");
}

#[test]
fn a_second_record_of_the_same_id_is_skipped() {
    let record = b"{\"_id\": \"1\", \"text\": \"x\"}\n{\"_id\": \"1\", \"text\": \"y\"}\n";
    let site = Site::with(&[("good.md", GOOD)]);
    site.write("r.jsonl", record);
    let (code, report) = site.build_with(&[]);
    assert_eq!((code, report["pages"].as_u64()), (3, Some(2)));
    assert_eq!(sources(&report, "skipped"), ["r.jsonl:2"]);
}

#[test]
fn a_query_that_asks_for_nothing_is_bad_usage() {
    let site = Site::with(&[("good.md", GOOD)]);
    site.build();
    for (args, message) in [
        (&[""][..], "the query is empty"),
        (&[" \t"], "the query is empty"),
        (&[], "there is no query"),
        (&["fine", "--mode", "other"], "mode is \"other\""),
    ] {
        let output = site.run("query", args);
        assert_eq!(output.status.code(), Some(2), "{args:?}");
        assert!(stderr(&output).contains(message), "{args:?}: {}", stderr(&output));
    }
}
