//! A server for tests: it gives the answers that a test wants, and remembers the requests.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    sync::{Arc, Mutex, PoisonError},
    thread,
};

use crate::{Address, client::Client};

/// Answers as scripted: a status and a body for each request; the last one again and again.
pub(crate) struct Fake {
    address: String,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Fake {
    pub(crate) fn answering(script: &[(u16, &str)]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address").to_string();
        let script: Vec<(u16, String)> = script.iter().map(|(status, body)| (*status, (*body).to_owned())).collect();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let remembered = asked.clone();
        thread::spawn(move || {
            let mut number = 0;
            for stream in listener.incoming().flatten() {
                serve(&stream, &script, &mut number, &remembered);
            }
        });
        Self { address, asked }
    }

    /// A client of these servers, in turn.
    pub(crate) fn client(fakes: &[&Self]) -> Client {
        let hosts: Vec<&str> = fakes.iter().map(|fake| fake.address.as_str()).collect();
        let address = Address::parse(&format!("http://{}/docs", hosts.join(","))).expect("an address");
        Client::new(&address).expect("a client")
    }

    /// The bodies of the requests so far.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Answers one request, and closes the connection.
fn serve(mut stream: &TcpStream, script: &[(u16, String)], number: &mut usize, asked: &Mutex<Vec<String>>) {
    let mut reader = BufReader::new(stream);
    let (mut length, mut line) = (0, String::new());
    while reader.read_line(&mut line).is_ok_and(|read| read > 2) {
        let lower = line.to_ascii_lowercase();
        length = lower.strip_prefix("content-length:").and_then(|rest| rest.trim().parse().ok()).unwrap_or(length);
        line.clear();
    }
    let mut body = vec![0; length];
    if reader.read_exact(&mut body).is_err() {
        return;
    }
    asked.lock().unwrap_or_else(PoisonError::into_inner).push(String::from_utf8_lossy(&body).into_owned());
    let (status, answer) = &script[(*number).min(script.len() - 1)];
    *number += 1;
    let head = format!("HTTP/1.1 {status} x\r\nconnection: close\r\ncontent-length: {}\r\n\r\n", answer.len());
    let _ = stream.write_all(format!("{head}{answer}").as_bytes());
}
