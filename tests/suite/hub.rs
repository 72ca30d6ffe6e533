//! Models of a hub: a local server plays it.

use std::{
    collections::HashMap,
    fs,
    io::{BufRead, BufReader, Write},
    net::{TcpListener, TcpStream},
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
}

impl Hub {
    fn start(drops: usize, lies: bool) -> Self {
        let mut files: HashMap<_, _> = ["config.json", "tokenizer.json", "model.safetensors"]
            .map(|name| (name, fs::read(fixture("tiny-bert").join(name)).unwrap()))
            .into();
        files.insert("1_Pooling/config.json", b"{\"pooling_mode_cls_token\": true}".to_vec());
        let repository = Arc::new(Repository { files, drops: AtomicUsize::new(drops), lies });
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

    fn run(&self, site: &Site, program: &str, args: &[&str], environment: &[(&str, &str)]) -> std::process::Output {
        let mut command = site.command(program, args);
        if args.first() == Some(&"model") {
            command = std::process::Command::new(env!("CARGO_BIN_EXE_indexer"));
            command.args(args).current_dir(site.root());
        }
        command.env("HF_ENDPOINT", &self.endpoint).env("HF_HOME", site.root().join("hf"));
        command.env_remove("HF_TOKEN").env_remove("HF_HUB_OFFLINE");
        command.envs(environment.iter().copied());
        command.output().unwrap()
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
    let is_whole = part.len() > 1 && name == "model.safetensors";
    if is_whole && repository.drops.fetch_update(Ordering::SeqCst, Ordering::SeqCst, take).is_ok() {
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
    let resumed = hub
        .requests
        .lock()
        .unwrap()
        .iter()
        .any(|r| r.contains("model.safetensors") && r.contains("range: bytes=") && !r.contains("bytes=0-"));
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
        assert!(stderr(&pull).contains("its SHA-256 is"), "{}", stderr(&pull));
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
    assert!(stderr(&gone).contains("cannot fetch the file list of model \"acme/none\""), "{}", stderr(&gone));
}
