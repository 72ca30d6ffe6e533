//! The program `server`, running.

use std::{
    fs,
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use serde_json::Value;
use tempfile::NamedTempFile;

use crate::site::Site;

/// A server on a port of its own; ended on drop. A panic in it fails the test.
pub struct Server {
    pub child: Child,
    pub address: String,
    log: Option<NamedTempFile>,
}

/// Its answer.
#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    pub head: String,
    pub body: String,
    /// The body as it came.
    pub bytes: Vec<u8>,
}

impl Reply {
    /// Takes an answer apart.
    pub fn read(bytes: &[u8]) -> Self {
        let end = bytes.windows(4).position(|four| four == b"\r\n\r\n").unwrap_or(bytes.len());
        let body = bytes.get(end + 4..).unwrap_or_default().to_vec();
        let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
        let status = head.get(9..12).and_then(|s| s.parse().ok()).unwrap_or(0);
        Self { status, head, body: String::from_utf8_lossy(&body).into_owned(), bytes: body }
    }

    /// The value of a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines.find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or(Value::Null)
    }

    /// The code of an error.
    pub fn code(&self) -> String {
        self.json()["error"]["code"].as_str().unwrap_or_default().to_owned()
    }
}

impl Server {
    pub fn start(site: &Site, args: &[&str]) -> Self {
        Self::of(site.command("server", args))
    }

    /// Starts a prepared command, and keeps its log.
    pub fn of(mut command: Command) -> Self {
        let log = NamedTempFile::new().unwrap();
        command.stderr(Stdio::from(log.reopen().unwrap()));
        let mut server = Self::with_log(command);
        server.log = Some(log);
        server
    }

    /// Its log so far.
    pub fn log(&self) -> String {
        self.log.as_ref().map(|log| fs::read_to_string(log.path()).unwrap()).unwrap_or_default()
    }

    /// Starts a prepared command that says where its log goes.
    pub fn with_log(mut command: Command) -> Self {
        command.args(["--listen", "127.0.0.1:0"]);
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        let address = line.split("://").nth(1).unwrap_or_else(|| panic!("{line:?}")).split('/').next().unwrap();
        Self { address: address.to_owned(), child, log: None }
    }

    pub fn get(&self, path: &str) -> std::io::Result<Reply> {
        self.send("GET", path, &[], "")
    }

    /// One request on a connection of its own.
    pub fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> std::io::Result<Reply> {
        let mut stream = TcpStream::connect(&self.address)?;
        let headers: String = headers.iter().map(|(key, value)| format!("{key}: {value}\r\n")).collect();
        let length = body.len();
        // HTTP/1.0, so that the body comes in one piece.
        write!(stream, "{method} {path} HTTP/1.0\r\nHost: x\r\nContent-Length: {length}\r\n{headers}\r\n{body}")?;
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes)?;
        Ok(Reply::read(&bytes))
    }

    /// Waits for `/ready` to say something.
    pub fn wait_until(&self, what: &str, is_so: impl Fn(&Value) -> bool) -> Value {
        let started = Instant::now();
        loop {
            let ready = self.get("/ready").unwrap().json();
            if is_so(&ready) {
                return ready;
            }
            assert!(started.elapsed() < Duration::from_secs(30), "{what}: {ready}");
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// Resident memory in kB.
    pub fn memory(&self) -> u64 {
        self.status("VmRSS:")
    }

    /// Memory in kB that is this process's alone. Resident memory also counts pages of files, once for every
    /// session that has mapped the weights, though they are in memory once, and could be dropped.
    pub fn own_memory(&self) -> u64 {
        self.status("RssAnon:")
    }

    fn status(&self, name: &str) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find(|l| l.starts_with(name)).unwrap();
        line.split_whitespace().nth(1).unwrap().parse().unwrap()
    }

    /// Asks it to end, and waits for that; gives whether it ended well.
    pub fn end(&mut self) -> bool {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
        self.child.wait().unwrap().success()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
        let log = self.log();
        assert!(thread::panicking() || !log.contains("panicked"), "{log}");
    }
}
