//! Models of a hub: a local server plays it.

use std::{
    collections::HashMap,
    fs,
    io::{BufRead, BufReader, Write},
    net::{TcpListener, TcpStream},
    process::{Command, Output, Stdio},
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use sha2::{Digest, Sha256};

use crate::{
    site::{Site, stderr},
    support::fixture,
};

/// A hub with one repository, `acme/tiny`.
struct Hub {
    endpoint: String,
    requests: Arc<Mutex<Vec<String>>>,
}

struct Repository {
    files: HashMap<&'static str, Vec<u8>>,
    /// Answers for the weights that break off half-way, before one is whole.
    drops: AtomicUsize,
    /// Whether the promised hashes are wrong.
    lies: bool,
    /// Answers for the weights that stop half-way and leave the connection open, before one is whole.
    stalls: AtomicUsize,
}

/// The files of a model that the encoder builds itself.
fn tiny() -> HashMap<&'static str, Vec<u8>> {
    let mut files = of_fixture("tiny-bert", &["config.json", "tokenizer.json", "model.safetensors"]);
    files.insert("1_Pooling/config.json", b"{\"pooling_mode_cls_token\": true}".to_vec());
    files
}

fn of_fixture(name: &str, files: &[&'static str]) -> HashMap<&'static str, Vec<u8>> {
    files.iter().map(|file| (*file, fs::read(fixture(name).join(file)).unwrap())).collect()
}

impl Hub {
    fn start(drops: usize, lies: bool) -> Self {
        Self::of(Repository { files: tiny(), drops: AtomicUsize::new(drops), lies, stalls: AtomicUsize::new(0) })
    }

    fn with_files(files: HashMap<&'static str, Vec<u8>>) -> Self {
        Self::of(Repository { files, drops: AtomicUsize::new(0), lies: false, stalls: AtomicUsize::new(0) })
    }

    fn of(repository: Repository) -> Self {
        let repository = Arc::new(repository);
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let requests: Arc<Mutex<Vec<String>>> = Arc::default();
        let log = requests.clone();
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (repository, log) = (repository.clone(), log.clone());
                thread::spawn(move || serve(stream, &repository, &log));
            }
        });
        Self { endpoint, requests }
    }

    fn run(&self, site: &Site, program: &str, args: &[&str], environment: &[(&str, &str)]) -> Output {
        self.command(site, program, args, environment).output().unwrap()
    }

    fn command(&self, site: &Site, program: &str, args: &[&str], environment: &[(&str, &str)]) -> Command {
        let mut command = site.command(program, args);
        if args.first() == Some(&"model") {
            command = Command::new(env!("CARGO_BIN_EXE_indexer"));
            command.args(args).current_dir(site.root());
        }
        command.env("HF_ENDPOINT", &self.endpoint).env("HF_HOME", site.root().join("hf"));
        command.env_remove("HF_TOKEN").env_remove("HF_HUB_OFFLINE");
        command.envs(environment.iter().copied());
        command
    }

    /// Whether the weights were asked for from somewhere in the middle.
    fn has_resumed(&self) -> bool {
        let is_later =
            |r: &String| r.contains("model.safetensors") && r.contains("range: bytes=") && !r.contains("bytes=0-");
        self.requests.lock().unwrap().iter().any(is_later)
    }

    fn count(&self, what: &str) -> usize {
        self.requests.lock().unwrap().iter().filter(|r| r.contains(what)).count()
    }
}

fn serve(stream: TcpStream, repository: &Repository, log: &Mutex<Vec<String>>) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    loop {
        let (mut head, mut line) = (String::new(), String::new());
        while reader.read_line(&mut line).is_ok_and(|n| n > 2) {
            head.push_str(&line);
            line.clear();
        }
        if head.is_empty() {
            return;
        }
        log.lock().unwrap().push(head.to_lowercase());
        if !answer(&stream, &head, repository) {
            stream.shutdown(std::net::Shutdown::Both).ok();
            return;
        }
    }
}

/// Answers one request; false if the connection is to be dropped.
fn answer(mut stream: &TcpStream, head: &str, repository: &Repository) -> bool {
    let path = head.split_whitespace().nth(1).unwrap();
    if path.starts_with("/api/models/acme/tiny") {
        let siblings: Vec<_> = repository.files.keys().map(|f| format!("{{\"rfilename\": \"{f}\"}}")).collect();
        let body = format!("{{\"sha\": \"c0ffee\", \"siblings\": [{}]}}", siblings.join(","));
        let head =
            format!("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n", body.len());
        return stream.write_all((head + &body).as_bytes()).is_ok();
    }
    let name = path.strip_prefix("/acme/tiny/resolve/main/").unwrap_or_default();
    let Some(content) = repository.files.get(name) else {
        return stream.write_all(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n").is_ok();
    };
    let range = head.to_lowercase().split("range: bytes=").nth(1).map(|r| r.lines().next().unwrap().to_owned());
    let (from, to) = match range.as_deref().and_then(|r| r.split_once('-')) {
        Some((from, to)) => (from.parse().unwrap(), to.parse().unwrap_or(content.len() - 1).min(content.len() - 1)),
        None => (0, content.len() - 1),
    };
    let mut tag = fingerprint(content);
    if repository.lies {
        tag.replace_range(..4, "0000");
    }
    let part = &content[from..=to];
    let head = format!(
        "HTTP/1.1 206 Partial Content\r\nX-Repo-Commit: c0ffee\r\nETag: \"{tag}\"\r\nContent-Range: bytes {from}-{to}/{}\r\nContent-Length: {}\r\n\r\n",
        content.len(),
        part.len()
    );
    stream.write_all(head.as_bytes()).unwrap();
    let take = |n: usize| n.checked_sub(1);
    let is_weights = part.len() > 1 && name == "model.safetensors";
    if is_weights && repository.stalls.fetch_update(Ordering::SeqCst, Ordering::SeqCst, take).is_ok() {
        stream.write_all(&part[..part.len() / 2]).ok();
        thread::sleep(std::time::Duration::from_secs(60));
        return false;
    }
    if is_weights && repository.drops.fetch_update(Ordering::SeqCst, Ordering::SeqCst, take).is_ok() {
        stream.write_all(&part[..part.len() / 2]).ok();
        return false;
    }
    stream.write_all(part).is_ok()
}

fn fingerprint(content: &[u8]) -> String {
    Sha256::digest(content).iter().map(|b| format!("{b:02x}")).collect()
}

#[test]
fn a_model_is_pulled_resumed_and_then_used_without_a_network() {
    let (site, hub) = (Site::with(&[("a.md", "# A\n\nText.\n")]), Hub::start(2, false));
    let pull = hub.run(&site, "indexer", &["model", "pull", "acme/tiny"], &[("HF_TOKEN", "secret")]);
    assert!(pull.status.success(), "{}", stderr(&pull));
    assert!(hub.count("bearer secret") > 0, "HF_TOKEN is sent");
    let resumed = hub.has_resumed();
    assert!(resumed, "a dropped connection goes on where it broke off");

    let before = hub.requests.lock().unwrap().len();
    let offline = [("HF_HUB_OFFLINE", "1")];
    let build = hub.run(&site, "indexer", &["build", "docs", "--model", "acme/tiny"], &offline);
    assert!(build.status.success(), "{}", stderr(&build));
    let query = hub.run(&site, "query", &["text"], &[]);
    assert!(query.status.success(), "{}", stderr(&query));
    let list = hub.run(&site, "indexer", &["model", "list"], &[]);
    assert!(String::from_utf8_lossy(&list.stdout).contains("acme/tiny\t"));
    let info = hub.run(&site, "indexer", &["model", "info", "acme/tiny"], &[]);
    assert!(String::from_utf8_lossy(&info.stdout).contains("pooling        Cls"), "{}", stderr(&info));
    assert_eq!(hub.requests.lock().unwrap().len(), before, "no request once the model is in place");
}

#[test]
fn a_wrong_hash_is_refused_and_nothing_is_kept() {
    let (site, hub) = (Site::new(), Hub::start(0, true));
    for _ in 0..2 {
        let pull = hub.run(&site, "indexer", &["model", "pull", "acme/tiny"], &[]);
        assert_eq!(pull.status.code(), Some(1));
        assert!(stderr(&pull).contains("the SHA-256 is"), "{}", stderr(&pull));
    }
    let list = hub.run(&site, "indexer", &["model", "list"], &[]);
    assert!(!String::from_utf8_lossy(&list.stdout).contains("acme/tiny"));
}

#[test]
fn offline_without_the_model_says_so() {
    let (site, hub) = (Site::with(&[("a.md", "# A\n")]), Hub::start(0, false));
    let build = hub.run(&site, "indexer", &["build", "docs", "--model", "acme/tiny"], &[("HF_HUB_OFFLINE", "1")]);
    assert!(stderr(&build).contains("HF_HUB_OFFLINE is set"), "{}", stderr(&build));
    assert!(hub.requests.lock().unwrap().is_empty());
    let gone = hub.run(&site, "indexer", &["model", "pull", "acme/none"], &[]);
    assert!(stderr(&gone).contains("cannot download the file list of model \"acme/none\""), "{}", stderr(&gone));
}

/// A pull that is killed half-way keeps its bytes, and the next pull resumes from there.
#[test]
fn a_pull_that_was_killed_is_resumed_by_the_next_one() {
    let repository = Repository { files: tiny(), drops: AtomicUsize::new(0), lies: false, stalls: AtomicUsize::new(1) };
    let (site, hub) = (Site::new(), Hub::of(repository));
    let mut pull = hub.command(&site, "indexer", &["model", "pull", "acme/tiny"], &[]);
    let mut pull = pull.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let blobs = site.root().join("hf/hub/models--acme--tiny/blobs");
    let half = fs::metadata(fixture("tiny-bert/model.safetensors")).unwrap().len() / 2;
    let has_half = || {
        let parts = fs::read_dir(&blobs).into_iter().flatten().flatten();
        parts.filter(|e| e.file_name().to_string_lossy().ends_with("part")).any(|e| e.metadata().unwrap().len() >= half)
    };
    while !has_half() {
        assert!(pull.try_wait().unwrap().is_none(), "it waits for the rest");
        thread::sleep(std::time::Duration::from_millis(10));
    }
    pull.kill().unwrap();
    pull.wait().unwrap();
    assert!(!hub.has_resumed());
    let list = hub.run(&site, "indexer", &["model", "list"], &[]);
    assert!(!String::from_utf8_lossy(&list.stdout).contains("acme/tiny"), "half a model is none");
    let again = hub.run(&site, "indexer", &["model", "pull", "acme/tiny"], &[]);
    assert!(again.status.success(), "{}", stderr(&again));
    assert!(hub.has_resumed());
}

/// The architecture says which weights are fetched: for one that is not built here, the ONNX file.
#[test]
fn another_architecture_is_pulled_as_onnx_with_its_data() {
    let mut files = of_fixture("tiny-onnx", &["config.json", "tokenizer.json", "onnx/model.onnx"]);
    files.insert("model.safetensors", b"not for this program".to_vec());
    files.insert("onnx/model.onnx_data", b"weights beside the graph".to_vec());
    files.insert("onnx/model_quantized.onnx", b"another one".to_vec());
    let (site, hub) = (Site::with(&[("a.md", "# A\n\nText.\n")]), Hub::with_files(files));
    let pull = hub.run(&site, "indexer", &["model", "pull", "acme/tiny"], &[]);
    assert!(pull.status.success(), "{}", stderr(&pull));
    assert!(hub.count("/onnx/model.onnx ") > 0 && hub.count("/onnx/model.onnx_data ") > 0);
    assert_eq!(
        hub.count("model.safetensors") + hub.count("model_quantized"),
        0,
        "it downloads only the files it needs"
    );
    let info = hub.run(&site, "indexer", &["model", "info", "acme/tiny"], &[]);
    let info = String::from_utf8_lossy(&info.stdout).into_owned();
    assert!(info.contains("another (onnx/model.onnx, unchanged)"), "{info}");
    let build = hub.run(&site, "indexer", &["build", "docs", "--model", "acme/tiny"], &[("HF_HUB_OFFLINE", "1")]);
    assert!(build.status.success(), "{}", stderr(&build));
    let generation = cloze_index::Generation::open(&site.index()).unwrap();
    let graph = fingerprint(&fs::read(fixture("tiny-onnx/onnx/model.onnx")).unwrap());
    assert_ne!(generation.manifest().model["weights_sha256"], graph, "the data counts too");
}

#[test]
fn another_architecture_without_onnx_is_refused_before_its_weights_are_fetched() {
    let mut files = of_fixture("tiny-onnx", &["config.json", "tokenizer.json"]);
    files.insert("model.safetensors", b"large".to_vec());
    let (site, hub) = (Site::new(), Hub::with_files(files));
    let pull = hub.run(&site, "indexer", &["model", "pull", "acme/tiny"], &[]);
    let error = stderr(&pull);
    assert!(error.contains("onnx/model.onnx") && error.contains("the architecture \"another\" needs"), "{error}");
    assert_eq!(hub.count("model.safetensors"), 0);
}
