//! The traffic of a public server: rubbish, slow clients, and more than it can do.

use std::{
    io::{Read, Write},
    net::{Shutdown, TcpStream},
    sync::{
        Mutex,
        atomic::{AtomicU64, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use crate::{
    kills::Random,
    running::{Reply, Server},
    site::Site,
};

fn is_soak() -> bool {
    std::env::var_os("CLOZE_SOAK").is_some()
}

fn site() -> Site {
    let site = Site::new();
    for i in 0..40 {
        let words = ["apple", "pear", "cherry", "plum", "quince", "fig", "grape"][i % 7];
        site.write(
            &format!("{i}.md"),
            format!("# About {words} {i}\n\nThe {words} of row {i} ripens in its own time.\n"),
        );
    }
    site.build();
    site
}

/// A request that is nearly one: bytes changed, left out, repeated, cut.
fn malformed(random: &mut Random) -> Vec<u8> {
    const SEEDS: [&str; 6] = [
        "GET /search?q=apple&limit=3 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        "GET /suggest?q=%61p HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer x\r\nConnection: close\r\n\r\n",
        "POST /v1/embeddings HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 14\r\nConnection: close\r\n\r\n{\"input\": \"a\"}",
        "POST /click HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n5\r\n{\"que\r\n0\r\n\r\n",
        "POST /admin/reload HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n",
    ];
    let mut bytes = SEEDS[random.below(SEEDS.len())].as_bytes().to_vec();
    for _ in 0..=random.below(6) {
        if bytes.len() < 2 {
            break;
        }
        let at = random.below(bytes.len());
        match random.below(6) {
            0 => bytes[at] = random.below(256) as u8,
            1 => drop(bytes.remove(at)),
            2 => bytes.insert(at, random.below(256) as u8),
            3 => bytes.truncate(at.max(1)),
            4 => bytes.splice(at..at, b"%ED%A0%80\x00\xff\"\\".iter().copied()).for_each(drop),
            _ => {
                let again = bytes[at..].to_vec();
                bytes.extend(again);
            }
        }
    }
    bytes
}

/// Whether this is all that an answer needs: a complete head of a request without a body.
fn is_whole(bytes: &[u8]) -> bool {
    let text = String::from_utf8_lossy(bytes).to_lowercase();
    let ends = text.contains("\r\n\r\n");
    ends && !text.contains("content-length") && !text.contains("transfer-encoding")
}

#[test]
fn malformed_requests_neither_stop_nor_surprise_the_server() {
    let requests = if is_soak() { 100_000 } else { 2000 };
    let site = site();
    let mut server = Server::start(&site, &[]);
    let statuses = Mutex::new(std::collections::BTreeMap::<u16, u64>::new());
    thread::scope(|scope| {
        for client in 0..8 {
            let (server, statuses) = (&server, &statuses);
            scope.spawn(move || {
                let mut random = Random(client);
                for _ in 0..requests / 8 {
                    let bytes = malformed(&mut random);
                    let mut stream = TcpStream::connect(&server.address).unwrap();
                    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
                    // The server may have hung up before all was sent.
                    stream.write_all(&bytes).ok();
                    stream.shutdown(Shutdown::Write).ok();
                    let mut answer = Vec::new();
                    stream.read_to_end(&mut answer).ok();
                    let answer = answer.strip_prefix(b"HTTP/1.1 100 Continue\r\n\r\n").unwrap_or(&answer);
                    let (status, text) = (Reply::read(answer).status, String::from_utf8_lossy(&bytes));
                    assert!(status < 500 || status == 503, "{status} for {text:?}");
                    // The server may drop a request that breaks off. It answers every complete request.
                    assert!(status > 0 || !is_whole(&bytes), "no answer to {text:?}");
                    *statuses.lock().unwrap().entry(status).or_default() += 1;
                }
            });
        }
    });
    println!("{requests} malformed requests; answers by status: {:?}", statuses.lock().unwrap());
    assert_eq!(server.get("/search?q=apple").unwrap().status, 200);
    assert!(server.end(), "it ran to its end");
    let log = server.log();
    assert!(!log.contains("panicked") && log.contains("cloze_server::access"), "{log}");
}

/// A client that sends a byte now and then, and its answer.
struct Slow {
    stream: TcpStream,
    answer: Vec<u8>,
}

impl Slow {
    fn new(server: &Server, head: &str) -> Self {
        let mut stream = TcpStream::connect(&server.address).unwrap();
        stream.write_all(head.as_bytes()).unwrap();
        stream.set_nonblocking(true).unwrap();
        Self { stream, answer: Vec::new() }
    }

    /// One more byte, unless there is an answer: to a closed connection it would be lost.
    fn step(&mut self) {
        let mut some = [0; 2048];
        while let Ok(length @ 1..) = self.stream.read(&mut some) {
            self.answer.extend(&some[..length]);
        }
        if self.answer.is_empty() {
            self.stream.write_all(b"x").ok();
        }
    }
}

#[test]
fn slow_clients_are_let_go_and_do_not_stop_the_others() {
    let clients = if is_soak() { 1000 } else { 300 };
    let site = site();
    let server = Server::start(&site, &[]);
    let random = Mutex::new(Random(1));
    let timed = || {
        let path = query(&mut random.lock().unwrap());
        let started = Instant::now();
        assert_eq!(server.get(&path).unwrap().status, 200);
        started.elapsed().as_secs_f64() * 1e3
    };
    let alone: Vec<f64> = (0..100).map(|_| timed()).collect();
    let heads = [
        "GET /search?q=apple HTTP/1.1\r\nHost: x\r\nX-Slow: ",
        "POST /v1/embeddings HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 5000\r\n\r\n{",
    ];
    let mut slow: Vec<Slow> = (0..clients).map(|i| Slow::new(&server, heads[i % 2])).collect();
    let started = Instant::now();
    let mut meanwhile = Vec::new();
    // A head has 5 seconds, a body 20.
    while started.elapsed() < Duration::from_secs(24) {
        slow.iter_mut().for_each(Slow::step);
        meanwhile.extend((0..10).map(|_| timed()));
        thread::sleep(Duration::from_millis(200));
    }
    println!(
        "{clients} slow clients for 24 s; searches of others meanwhile: {}, p99 {:.1} ms, alone {:.1} ms",
        meanwhile.len(),
        p99(meanwhile.clone()),
        p99(alone.clone())
    );
    for (i, client) in slow.iter_mut().enumerate() {
        client.step();
        let reply = Reply::read(&client.answer);
        assert_eq!(reply.status, 408, "client {i}: {:?}", String::from_utf8_lossy(&client.answer));
        if i % 2 == 1 {
            assert_eq!(reply.code(), "request_timeout");
            assert!(reply.header("x-request-id").is_some() && reply.header("x-content-type-options").is_some());
        }
    }
    if is_soak() {
        assert!(p99(meanwhile) <= 5.0 * p99(alone) + 50.0, "service for others");
    }
}

/// Milliseconds that 99 of 100 stay below.
fn p99(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times[(times.len() * 99 / 100).min(times.len() - 1)]
}

fn query(random: &mut Random) -> String {
    const WORDS: [&str; 10] = ["apple", "ripe", "row", "when", "does", "the", "plum", "time", "own", "pear"];
    let words: Vec<&str> = (0..5).map(|_| WORDS[random.below(WORDS.len())]).collect();
    format!("/search?q={}+{}", words.join("+"), random.below(1_000_000))
}

#[test]
fn more_than_can_be_done_is_refused_and_the_rest_is_served() {
    let seconds = if is_soak() { 60 } else { 2 };
    let site = site();
    std::fs::write(site.root().join("cloze.toml"), "[server]\nmax_in_flight = 8\n").unwrap();
    let server = Server::start(&site, &[]);
    let timed = |path: &str| {
        let started = Instant::now();
        let reply = server.get(path).unwrap();
        assert!([200, 503].contains(&reply.status), "{}: {}", reply.status, reply.body);
        (reply, started.elapsed().as_secs_f64() * 1e3)
    };
    let mut random = Random(1);
    let alone: Vec<f64> = (0..300).map(|_| timed(&query(&mut random)).1).collect();
    let (before, served, refused) = (server.own_memory(), Mutex::new(Vec::new()), AtomicU64::new(0));
    let end = Instant::now() + Duration::from_secs(seconds);
    thread::scope(|scope| {
        for client in 0..64 {
            let (timed, served, refused) = (&timed, &served, &refused);
            scope.spawn(move || {
                let mut random = Random(100 + client);
                while Instant::now() < end {
                    let (reply, took) = timed(&query(&mut random));
                    if reply.status == 200 {
                        served.lock().unwrap().push(took);
                    } else {
                        assert_eq!((reply.code().as_str(), reply.header("retry-after")), ("busy", Some("1")));
                        refused.fetch_add(1, Ordering::Relaxed);
                    }
                    // Without a pause refused clients would do nothing but ask again.
                    thread::sleep(Duration::from_millis(random.below(40) as u64));
                }
            });
        }
    });
    let (served, refused) = (served.into_inner().unwrap(), refused.into_inner());
    assert!(!served.is_empty() && refused > 0, "{} served, {refused} refused", served.len());
    assert_eq!(server.get("/search?q=apple").unwrap().status, 200, "it recovers at once");
    let (unloaded, mean) = (p99(alone.clone()), alone.iter().sum::<f64>() / alone.len() as f64);
    let after = server.own_memory();
    println!(
        "64 clients for {seconds} s: {} served, {refused} refused; p99 {:.1} ms, alone {unloaded:.1} ms (mean {mean:.1} ms); \
         own memory {before} kB, then {after} kB, resident {} kB",
        served.len(),
        p99(served.clone()),
        server.memory(),
    );
    if is_soak() {
        assert!(p99(served) <= 5.0 * unloaded + 8.0 * mean, "the queue holds eight");
        assert!(after < before + 40_000, "memory stays");
    }
}
