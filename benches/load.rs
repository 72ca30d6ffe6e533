//! Asks a running server, and says how long it took.
//!
//! ```text
//! load ADDRESS QUERIES.jsonl CLIENTS PASSES PATH     PATH such as /search?q=
//! ```
//!
//! Every client has one connection and asks for the next query as soon as it has its answer. One pass asks
//! for every query once; with more, the later ones repeat earlier queries.
#![allow(missing_docs)]

mod common;

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    sync::atomic::{AtomicUsize, Ordering},
    thread,
    time::Instant,
};

use anyhow::{Context, Result, bail, ensure};
use serde_json::{Value, json};

fn main() -> Result<()> {
    let args: Vec<String> = std::env::args().skip(1).filter(|a| a != "--bench").collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    match args[..] {
        [address, queries, clients, passes, path] => {
            println!("{}", load(address, queries, clients.parse()?, passes.parse()?, path)?);
        }
        [] => {} // `cargo bench` and `cargo test --benches` run it so
        _ => bail!("expected ADDRESS QUERIES CLIENTS PASSES PATH"),
    }
    Ok(())
}

/// Everything but letters and digits, as a query string has it.
fn encoded(text: &str) -> String {
    let byte = |b: u8| if b.is_ascii_alphanumeric() { char::from(b).to_string() } else { format!("%{b:02X}") };
    text.bytes().map(byte).collect()
}

struct Client {
    reader: BufReader<TcpStream>,
    body: Vec<u8>,
}

impl Client {
    fn connect(address: &str) -> Result<Self> {
        let stream = TcpStream::connect(address).with_context(|| address.to_owned())?;
        stream.set_nodelay(true)?;
        Ok(Self { reader: BufReader::new(stream), body: Vec::new() })
    }

    /// Milliseconds until the whole answer has arrived.
    fn ask(&mut self, path: &str) -> Result<f64> {
        let started = Instant::now();
        let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n");
        self.reader.get_mut().write_all(request.as_bytes())?;
        let mut line = String::new();
        self.reader.read_line(&mut line)?;
        ensure!(line.starts_with("HTTP/1.1 200"), "{path}: {line}");
        let mut length = 0;
        while line != "\r\n" {
            line.clear();
            self.reader.read_line(&mut line)?;
            if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                length = value.trim().parse()?;
            }
        }
        self.body.resize(length, 0);
        self.reader.read_exact(&mut self.body)?;
        Ok(started.elapsed().as_secs_f64() * 1e3)
    }
}

fn load(address: &str, queries: &str, clients: usize, passes: usize, path: &str) -> Result<Value> {
    let paths: Vec<String> = common::texts_of(queries)?.iter().map(|q| format!("{path}{}", encoded(q))).collect();
    let (next, all) = (AtomicUsize::new(0), passes * paths.len());
    let started = Instant::now();
    let mut took = thread::scope(|scope| {
        let run = || -> Result<Vec<f64>> {
            let mut client = Client::connect(address)?;
            let mut took = Vec::new();
            loop {
                let at = next.fetch_add(1, Ordering::Relaxed);
                if at >= all {
                    return Ok(took);
                }
                took.push(client.ask(&paths[at % paths.len()])?);
            }
        };
        let threads: Vec<_> = (0..clients).map(|_| scope.spawn(run)).collect();
        let joined = threads.into_iter().map(|t| t.join().map_err(|_| anyhow::anyhow!("a client panicked"))?);
        joined.collect::<Result<Vec<_>>>()
    })?
    .concat();
    let seconds = started.elapsed().as_secs_f64();
    took.sort_unstable_by(f64::total_cmp);
    let at = |share: f64| took[((took.len() - 1) as f64 * share) as usize];
    Ok(json!({
        "clients": clients, "queries": took.len(), "queries_per_s": took.len() as f64 / seconds,
        "p50_ms": at(0.5), "p99_ms": at(0.99),
    }))
}
