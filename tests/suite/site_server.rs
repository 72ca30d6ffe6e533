//! A local server that plays a site, with its faults.

use std::{
    collections::HashMap,
    io::{BufRead, BufReader, Write},
    net::{TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread,
    time::Duration,
};

use serde_json::Value;

use crate::{
    site::{Site, stderr},
    support::fixture,
};

/// What the server does for an address.
#[derive(Clone)]
pub enum Reply {
    /// HTML; with a tag, so that it is not sent twice.
    Page(String),
    /// Any status, headers and body.
    Raw(u16, Vec<(&'static str, String)>, Vec<u8>),
    /// A body that does not end.
    Endless,
    /// Half a body, and then nothing.
    Stall,
    /// A connection that closes.
    Drop,
}

/// A server with one site.
pub struct Server {
    pub port: u16,
    pub replies: Arc<Mutex<HashMap<String, Reply>>>,
    /// Heads of requests, in small letters.
    pub log: Arc<Mutex<Vec<String>>>,
}

impl Server {
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let (replies, log) = (Arc::<Mutex<HashMap<String, Reply>>>::default(), Arc::<Mutex<Vec<String>>>::default());
        let (answers, requests) = (replies.clone(), log.clone());
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (answers, requests) = (answers.clone(), requests.clone());
                thread::spawn(move || serve(&stream, &answers, &requests));
            }
        });
        Self { port, replies, log }
    }

    /// A site with these pages of HTML.
    pub fn with(pages: &[(&str, &str)]) -> Self {
        let server = Self::start();
        pages.iter().for_each(|(path, html)| server.page(path, html));
        server
    }

    pub fn set(&self, path: &str, reply: Reply) {
        self.replies.lock().unwrap().insert(path.to_owned(), reply);
    }

    pub fn page(&self, path: &str, html: &str) {
        self.set(path, Reply::Page(html.to_owned()));
    }

    pub fn raw(&self, path: &str, status: u16, headers: &[(&'static str, &str)], body: &[u8]) {
        let headers = headers.iter().map(|(k, v)| (*k, (*v).to_owned())).collect();
        self.set(path, Reply::Raw(status, headers, body.to_owned()));
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    /// Paths that were asked for since the last look, but for robots.txt.
    pub fn asked(&self) -> Vec<String> {
        let log = std::mem::take(&mut *self.log.lock().unwrap());
        let paths = log.iter().map(|head| head.split_whitespace().nth(1).unwrap().to_owned());
        paths.filter(|path| path != "/robots.txt").collect()
    }

    /// Builds the site's index from an address; gives the exit code and the report.
    pub fn build(&self, site: &Site, path: &str, args: &[&str]) -> (i32, Value) {
        let output = self.run(site, path, args);
        let error = stderr(&output);
        let report = serde_json::from_slice(&output.stdout).unwrap_or_else(|e| panic!("{e}: {error}"));
        (output.status.code().unwrap(), report)
    }

    pub fn run(&self, site: &Site, path: &str, args: &[&str]) -> std::process::Output {
        let (url, model) = (self.url(path), fixture("tiny-bert"));
        let fixed = ["build", &url, "--json", "--delay", "0", "--model", model.to_str().unwrap()];
        site.run("indexer", &[&fixed[..], args].concat())
    }
}

fn serve(stream: &TcpStream, replies: &Mutex<HashMap<String, Reply>>, log: &Mutex<Vec<String>>) {
    let mut reader = BufReader::new(stream);
    loop {
        let (mut head, mut line) = (String::new(), String::new());
        while reader.read_line(&mut line).is_ok_and(|n| n > 2) {
            head.push_str(&line);
            line.clear();
        }
        let Some(path) = head.split_whitespace().nth(1).map(str::to_owned) else { return };
        log.lock().unwrap().push(head.to_lowercase());
        let reply = replies.lock().unwrap().get(&path).cloned();
        if !answer(stream, &head.to_lowercase(), reply) {
            stream.shutdown(std::net::Shutdown::Both).ok();
            return;
        }
    }
}

/// Answers one request; false if the connection is to be closed.
fn answer(mut stream: &TcpStream, head: &str, reply: Option<Reply>) -> bool {
    let html = |length: &str| format!("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n{length}\r\n");
    match reply {
        None => stream.write_all(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n").is_ok(),
        Some(Reply::Page(body)) => {
            let tag = format!("\"{:x}\"", body.bytes().fold(7u64, |h, b| h.wrapping_mul(31) ^ u64::from(b)));
            if head.contains(&format!("if-none-match: {tag}")) {
                return stream.write_all(b"HTTP/1.1 304 Not Modified\r\n\r\n").is_ok();
            }
            let length = format!("ETag: {tag}\r\nContent-Length: {}\r\n", body.len());
            stream.write_all((html(&length) + &body).as_bytes()).is_ok()
        }
        Some(Reply::Raw(status, headers, body)) => {
            let headers: String = headers.iter().map(|(k, v)| format!("{k}: {v}\r\n")).collect();
            let head = format!("HTTP/1.1 {status} X\r\n{headers}Content-Length: {}\r\n\r\n", body.len());
            stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(&body)).is_ok()
        }
        Some(Reply::Endless) => {
            stream.write_all(html("").as_bytes()).ok();
            while stream.write_all(&[b'x'; 4096]).is_ok() {}
            false
        }
        Some(Reply::Stall) => {
            stream.write_all((html("Content-Length: 1000\r\n") + "<p>Half").as_bytes()).ok();
            thread::sleep(Duration::from_secs(60));
            false
        }
        Some(Reply::Drop) => false,
    }
}

/// A page with a title, a sentence and links.
pub fn page(title: &str, links: &[&str]) -> String {
    let links: String = links.iter().map(|l| format!("<li><a href='{l}'>{l}</a>")).collect();
    format!("<title>{title}</title><main><h1>{title}</h1><p>All about {title}.</p><ul>{links}</ul></main>")
}
