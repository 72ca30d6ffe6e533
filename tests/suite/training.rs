//! `indexer train` and `indexer adapt`.

use std::{
    fs,
    path::Path,
    process::{Command, Output, Stdio},
    thread,
    time::Duration,
};

use cloze_models::{Artifact, Precision, mask::MaskModel};
use serde_json::Value;
use tempfile::TempDir;

use crate::support::fixture;

/// Sentences of the tiny model's words, in which the second word follows from the first.
fn text() -> String {
    let nouns = ["index", "query", "vector", "document", "model", "word", "page", "table"];
    let verbs = ["build", "search", "find", "read", "write", "open", "close", "begin"];
    let sentence = |i: usize| {
        let (a, b) = (i * 7 % 8, i * 5 % 8);
        format!("the {} can {} and the {} can {}", nouns[a], verbs[a], nouns[b], verbs[b])
    };
    (0..600).map(sentence).collect::<Vec<_>>().join("\n")
}

fn train(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_indexer"));
    command.arg("train").args(args).args(["--from", fixture("tiny-mlm").to_str().unwrap(), "--block", "32", "--json"]);
    command
}

/// A short run on the sentences into `out`; `more` comes behind.
fn short(dir: &Path, out: &str, more: &[&str]) -> Command {
    let text_file = dir.join("text.txt");
    if !text_file.is_file() {
        fs::write(&text_file, text()).unwrap();
    }
    let out = dir.join(out);
    let fixed =
        ["--text", text_file.to_str().unwrap(), "--out", out.to_str().unwrap(), "--batch", "8", "--held-out", "0.1"];
    train(&[&fixed, more].concat())
}

fn report(output: &Output) -> Value {
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{stderr}");
    serde_json::from_slice(&output.stdout).unwrap_or_else(|e| panic!("{e}: {stderr}"))
}

fn refusal(mut command: Command) -> String {
    let output = command.output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn training_learns() {
    let dir = TempDir::new().unwrap();
    let options = ["--train", "encoder", "--steps", "400", "--learning-rate", "0.005"];
    let found = report(&short(dir.path(), "out", &options).output().unwrap());
    let figure = |when: &str, what: &str| found[when][what].as_f64().unwrap();
    assert!(figure("after", "perplexity") < 0.8 * figure("unigram", "perplexity"), "{found}");
    assert!(figure("after", "loss") < figure("before", "loss") / 2.0, "{found}");
    let out = dir.path().join("out");
    assert!(fs::read_to_string(out.join("loss.svg")).unwrap().contains("<polyline"));
    assert!(!out.join("checkpoint.safetensors").exists());
}

/// What training wrote, read by the part that predicts: on the same masked tokens the figures are the same.
#[test]
fn a_trained_model_predicts_as_training_measured() {
    let dir = TempDir::new().unwrap();
    report(&short(dir.path(), "out", &["--train", "1", "--steps", "60", "--learning-rate", "0.005"]).output().unwrap());
    let (out, dump) = (dir.path().join("out"), dir.path().join("masked.json"));
    let mut command = Command::new(env!("CARGO_BIN_EXE_indexer"));
    command.args(["train", "--evaluate", "--block", "32", "--json"]);
    command.arg("--text").arg(dir.path().join("text.txt")).arg("--from").arg(&out).arg("--dump").arg(&dump);
    let measured = report(&command.output().unwrap());
    let masked: Value = serde_json::from_slice(&fs::read(&dump).unwrap()).unwrap();
    let numbers = |v: &Value| v.as_array().unwrap().iter().map(|n| n.as_u64().unwrap() as u32).collect::<Vec<_>>();
    let model = MaskModel::open(&Artifact::read(&out, "trained", Precision::Fp32).unwrap(), 1).unwrap();
    let (mut right, mut loss, mut total) = (0, 0f64, 0);
    for (place, target) in masked["places"].as_array().unwrap().iter().zip(numbers(&masked["targets"])).take(500) {
        let place = numbers(place);
        let ids = numbers(&masked["blocks"][place[0] as usize]);
        let row = &model.log_probabilities(&ids, &[place[1]]).unwrap()[0];
        let chosen = row[target as usize];
        right += usize::from(row.iter().all(|p| *p <= chosen));
        loss -= f64::from(chosen);
        total += 1;
    }
    // The dump is longer than this sample, so the figures are near, not equal.
    let (top1, mean) = (right as f64 / f64::from(total), loss / f64::from(total));
    let figure = |what: &str| measured["model"][what].as_f64().unwrap();
    assert!((top1 - figure("top1")).abs() < 0.06 && (mean - figure("loss")).abs() < 0.2, "{top1} {mean}, {measured}");
}

#[test]
fn the_same_seed_trains_the_same_model() {
    let dir = TempDir::new().unwrap();
    let steps = ["--train", "1", "--steps", "20"];
    let one = report(&short(dir.path(), "one", &steps).output().unwrap());
    let two = report(&short(dir.path(), "two", &steps).output().unwrap());
    assert_eq!(one["after"], two["after"]);
    let other = report(&short(dir.path(), "three", &[&steps[..], &["--seed", "2"]].concat()).output().unwrap());
    assert_ne!(one["after"], other["after"]);
}

/// A head may replace more layers than are trained; those belong to the new head too.
#[test]
fn a_head_that_is_trained_further_keeps_the_layers_it_brought() {
    let dir = TempDir::new().unwrap();
    let model = dir.path().join("model");
    fs::create_dir(&model).unwrap();
    for name in ["config.json", "tokenizer.json", "model.safetensors"] {
        fs::copy(fixture("tiny-bert").join(name), model.join(name)).unwrap();
    }
    let text_file = dir.path().join("text.txt");
    fs::write(&text_file, text()).unwrap();
    let run = |layers: &str, out: &str, more: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_indexer"));
        command.args(["train", "--block", "32", "--batch", "8", "--steps", "20", "--json", "--learning-rate", "0.005"]);
        command.args(["--train", layers]).args(more).arg("--text").arg(&text_file).arg("--from").arg(&model);
        let out = dir.path().join(out);
        report(&command.arg("--out").arg(&out).output().unwrap());
        fs::read(out.join("mask_head.safetensors")).unwrap()
    };
    let names = |file: &[u8]| {
        let header = String::from_utf8_lossy(&file[8..file.len().min(20_000)]).into_owned();
        ["layer.0.output.dense", "layer.1.output.dense", "cls.predictions.bias"].map(|name| header.contains(name))
    };
    let both = run("2", "first", &["--fresh-head"]);
    assert_eq!(names(&both), [true; 3]);
    assert_eq!(names(&run("1", "alone", &["--fresh-head"])), [false, true, true], "the lower one is the encoder's");
    fs::write(model.join("mask_head.safetensors"), both).unwrap();
    assert_eq!(names(&run("1", "second", &[])), [true; 3]);
}

/// Kills a run again and again; what comes out is what an undisturbed run gives.
#[test]
fn a_killed_run_goes_on_where_it_was() {
    // Enough steps that no run comes to its end between two kills.
    let (kills, steps) = if std::env::var_os("CLOZE_SOAK").is_some() { (20, "4000") } else { (4, "600") };
    let dir = TempDir::new().unwrap();
    let steps = ["--train", "encoder", "--steps", steps, "--checkpoint-every", "0"];
    let undisturbed = report(&short(dir.path(), "whole", &steps).output().unwrap());
    let checkpoint = dir.path().join("killed/checkpoint.safetensors");
    let mut after_a_checkpoint = 0;
    for killed in 0..kills {
        let mut child =
            short(dir.path(), "killed", &steps).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        // Moments that differ, some before the first checkpoint.
        thread::sleep(Duration::from_millis(200 + (killed * 317) % 600));
        assert!(child.try_wait().unwrap().is_none(), "the run came to its end before kill {killed}");
        child.kill().unwrap();
        child.wait().unwrap();
        after_a_checkpoint += usize::from(checkpoint.is_file());
    }
    let last = report(&short(dir.path(), "killed", &steps).output().unwrap());
    println!("{kills} kills, {after_a_checkpoint} after a checkpoint; resumed at step {}", last["resumed_at"]);
    assert!(last["resumed_at"].as_u64().unwrap() > 0, "the last run goes on from the others");
    for figure in ["loss", "top1"] {
        let (a, b) = (undisturbed["after"][figure].as_f64().unwrap(), last["after"][figure].as_f64().unwrap());
        assert!((a - b).abs() < 1e-6, "{figure}: {a} undisturbed, {b} after {kills} kills");
    }
}

#[test]
fn a_checkpoint_of_another_run_is_refused() {
    let dir = TempDir::new().unwrap();
    let steps = |n: &'static str| ["--train", "head", "--checkpoint-every", "0", "--steps", n];
    let mut child =
        short(dir.path(), "out", &steps("100000")).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let checkpoint = dir.path().join("out/checkpoint.safetensors");
    while !checkpoint.is_file() {
        thread::sleep(Duration::from_millis(20));
        assert!(child.try_wait().unwrap().is_none(), "it ended before its first checkpoint");
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let message = refusal(short(dir.path(), "out", &steps("5")));
    assert!(message.contains("checkpoint.safetensors") && message.contains("100000 steps"), "{message}");
    let bytes = fs::read(&checkpoint).unwrap();
    fs::write(&checkpoint, &bytes[..bytes.len() / 2]).unwrap();
    let message = refusal(short(dir.path(), "out", &steps("100000")));
    assert!(message.contains("damaged") && message.contains("checkpoint.safetensors"), "{message}");
}

#[test]
fn bad_input_is_named() {
    let dir = TempDir::new().unwrap();
    let file = |name: &str, content: &[u8]| {
        let path = dir.path().join(name);
        fs::write(&path, content).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let out = dir.path().join("out");
    let out = out.to_str().unwrap();
    for (path, told) in [
        (file("empty.txt", b" \n"), "it has only white space"),
        (file("binary.txt", &[0xff, 0xfe, 0, 1]), "byte 0 is not valid UTF-8"),
        (file("zero.txt", b"a\0b"), "byte 1 is zero"),
        (file("short.txt", b"the index"), "at least 64"),
        (dir.path().join("none.txt").to_str().unwrap().to_owned(), "none.txt"),
    ] {
        let message = refusal(train(&["--text", &path, "--out", out]));
        assert!(message.contains(told), "{message}");
    }
    let message =
        refusal(short(dir.path(), "wild", &["--train", "encoder", "--steps", "60", "--learning-rate", "1e30"]));
    assert!(message.contains("diverged") && message.contains("--learning-rate"), "{message}");
    for (option, value) in [("--mask-rate", "1.5"), ("--held-out", "0.9"), ("--learning-rate", "-1")] {
        let fixed = format!("{option}={value}");
        let mut command = Command::new(env!("CARGO_BIN_EXE_indexer"));
        let from = fixture("tiny-mlm");
        command.args([
            "train",
            "--block",
            "32",
            "--text",
            &file("good.txt", text().as_bytes()),
            "--out",
            out,
            "--from",
            from.to_str().unwrap(),
            &fixed,
        ]);
        let message = refusal(command);
        assert!(message.contains(option), "{message}");
    }
}

/// Two sites: in one the encoder may learn, in the other it is made to forget.
#[test]
fn adapting_keeps_what_does_not_harm() {
    let dir = TempDir::new().unwrap();
    let docs = dir.path().join("docs");
    fs::create_dir(&docs).unwrap();
    let nouns = [
        "index", "query", "vector", "document", "model", "word", "page", "table", "river", "house", "paper", "water",
        "light", "work", "year", "day", "time", "path", "error", "code", "list", "line", "name", "cargo", "test",
        "text", "file",
    ];
    for (i, noun) in nouns.iter().enumerate() {
        let other = nouns[(i * 5 + 3) % nouns.len()];
        let body = format!("The {noun} is near the {other} and the {noun} can be found by day.\n\n").repeat(6);
        let page = format!("# {noun}\n\n{body}\n\n## small {noun}\n\n{}\n", body.replace("near", "far from"));
        fs::write(docs.join(format!("{noun}.md")), page).unwrap();
    }
    let adapt = |out: &str, more: &[&str]| {
        let out = dir.path().join(out);
        let mut command = Command::new(env!("CARGO_BIN_EXE_indexer"));
        let from = fixture("tiny-mlm");
        command.args([
            "adapt",
            docs.to_str().unwrap(),
            "--from",
            from.to_str().unwrap(),
            "--out",
            out.to_str().unwrap(),
        ]);
        command.args(["--json", "--block", "32"]).args(more);
        report(&command.output().unwrap())
    };
    let kept = adapt("kept", &["--steps", "30", "--share", "0"]);
    assert_eq!(kept["kept_share"], 0.0, "an encoder that is moved by nothing finds as much as before: {kept}");
    let refused = adapt("refused", &["--steps", "120", "--learning-rate", "0.05", "--share", "1"]);
    let (before, after) = (&refused["retrieval_before"], &refused["retrieval_after"][0]["retrieval"]);
    let kinds = |score: &Value| score["kinds"].as_array().unwrap().clone();
    let names: Vec<Value> = kinds(before).iter().map(|k| k["kind"].clone()).collect();
    assert_eq!(names, ["heading", "sentence", "words"], "{refused}");
    let found = |score: &Value| score["ndcg_at_10"].as_f64().unwrap();
    let falls = kinds(before).iter().zip(kinds(after)).any(|(b, a)| found(&a) < found(b) - 0.005);
    let is_worse = found(after) < found(before) || falls;
    assert_eq!(refused["kept_share"].is_null(), is_worse, "{refused}");
    assert!(refused["after"]["perplexity"].as_f64() < refused["before"]["perplexity"].as_f64(), "{refused}");
    for out in ["kept", "refused"] {
        let artifact = Artifact::read(&dir.path().join(out), out, Precision::Fp32).unwrap();
        MaskModel::open(&artifact, 1).unwrap();
        assert!(dir.path().join(out).join("adapt.json").is_file());
    }
    let weights = |dir: &Path| fs::read(dir.join("model.safetensors")).unwrap();
    if is_worse {
        assert_eq!(weights(&dir.path().join("refused")), weights(&fixture("tiny-mlm")), "the encoder stays as it was");
    }
}
