//! A relay in front of a cluster, which counts what goes through.

use std::{
    io::{Read, Write},
    net::{Shutdown, TcpListener, TcpStream},
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

/// See the module.
pub struct Relay {
    pub host: String,
    counts: Arc<Counts>,
}

#[derive(Default)]
struct Counts {
    sent: AtomicUsize,
    /// First lines of requests.
    requests: Mutex<Vec<String>>,
}

impl Relay {
    /// A relay to a host.
    pub fn to(host: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let counts = Arc::new(Counts::default());
        let (host, seen) = (host.to_owned(), counts.clone());
        thread::spawn(move || {
            for near in listener.incoming().flatten() {
                let Ok(far) = TcpStream::connect(&host) else { continue };
                let (near_too, far_too) = (near.try_clone().unwrap(), far.try_clone().unwrap());
                let seen = seen.clone();
                thread::spawn(move || pass(near, far, |bytes| seen.count(bytes)));
                thread::spawn(move || pass(far_too, near_too, |_| ()));
            }
        });
        Self { host: address, counts }
    }

    /// Bytes and requests since the last call.
    pub fn take(&self) -> (usize, Vec<String>) {
        (self.counts.sent.swap(0, Ordering::Relaxed), std::mem::take(&mut *self.counts.requests.lock().unwrap()))
    }
}

impl Counts {
    fn count(&self, bytes: &[u8]) {
        self.sent.fetch_add(bytes.len(), Ordering::Relaxed);
        // A request begins with its own packet, because a client waits for the answer before.
        let line = bytes.split(|b| *b == b'\r').next().unwrap_or_default();
        let line = String::from_utf8_lossy(line);
        if line.ends_with(" HTTP/1.1") {
            self.requests.lock().unwrap().push(line.into_owned());
        }
    }
}

fn pass(mut from: TcpStream, mut to: TcpStream, seen: impl Fn(&[u8])) {
    let mut bytes = vec![0; 1 << 16];
    while let Ok(read @ 1..) = from.read(&mut bytes) {
        seen(&bytes[..read]);
        if to.write_all(&bytes[..read]).is_err() {
            break;
        }
    }
    let _ = to.shutdown(Shutdown::Both);
}
