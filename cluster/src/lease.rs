//! Lets one build at a time write to an index.
//!
//! A build holds a document and changes it again and again. If the document stays the same for a while, its build is
//! dead, and the next one takes it. No clocks are compared.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        mpsc::{Receiver, RecvTimeoutError, Sender, channel},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use cloze_index::Result;
use serde_json::{Value, json};

use crate::{
    client::{Client, Content, Patience},
    document::{self, State},
    pointer,
};

/// The name of the document.
const LEASE: &str = "lease";
/// Pause between two changes.
const BEAT: Duration = Duration::from_secs(1);
/// A build that changes nothing for so long is dead.
const DEAD: Duration = Duration::from_secs(6);
/// How long a build waits for another one that lives.
const PATIENCE: Duration = Duration::from_secs(60);
/// Pause between two looks at the lease of another build.
const LOOK: Duration = Duration::from_millis(200);

/// The right to write, until it is dropped.
pub(crate) struct Lease {
    client: Arc<Client>,
    index: String,
    state: Arc<Mutex<Option<State>>>,
    /// Ends the thread that holds it.
    end: Option<Sender<()>>,
    beating: Option<JoinHandle<()>>,
}

/// What one change writes.
fn content(holder: &str, beat: u64) -> Value {
    json!({"pointer": {"holder": holder, "beat": beat}})
}

impl Lease {
    /// Takes the lease of the index `name`; waits for a build that holds it.
    ///
    /// # Errors
    /// [`cloze_index::Error::Refused`] if another build goes on for longer.
    pub(crate) fn take(client: &Arc<Client>, name: &str) -> Result<Self> {
        let index = pointer::index(name);
        let since = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_nanos());
        let holder = format!("{}-{since}", std::process::id());
        let state = Arc::new(Mutex::new(Some(wait(client, &index, &holder)?)));
        let (end, ended) = channel();
        let beating = Beating { client: client.clone(), index: index.clone(), holder, state: state.clone() };
        let beating = thread::Builder::new().name("lease".into()).spawn(move || beating.run(&ended));
        let beating = beating.map_err(|e| client.unreachable(format!("no thread holds the lease: {e}")))?;
        Ok(Self { client: client.clone(), index, state, end: Some(end), beating: Some(beating) })
    }

    /// Fails if another build has taken the lease, because this one seemed dead.
    pub(crate) fn check(&self) -> Result<()> {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        match *state {
            Some(_) => Ok(()),
            None => Err(self.client.refused("another build writes to it, because this one was silent; build again")),
        }
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        drop(self.end.take());
        if let Some(beating) = self.beating.take() {
            let _ = beating.join();
        }
        if self.check().is_ok() {
            let path = format!("{}/_doc/{LEASE}", self.index);
            if let Err(error) = self.client.ask::<Value>("DELETE", &path, Content::Nothing, Patience::Lease) {
                tracing::warn!(%error, "the lease was not given back; the next build waits some seconds for it");
            }
        }
    }
}

/// Waits until nobody holds the lease, and takes it.
fn wait(client: &Client, index: &str, holder: &str) -> Result<State> {
    let content = content(holder, 0);
    let started = Instant::now();
    let mut seen: Option<(State, Instant)> = None;
    loop {
        let now = document::read(client, index, LEASE)?.map(|found| found.state);
        let since = match (now, seen) {
            (Some(now), Some((last, since))) if now == last => since,
            _ => Instant::now(),
        };
        let is_free = now.is_none() || since.elapsed() >= DEAD;
        if is_free && let Some(state) = document::replace(client, index, LEASE, &content, now, Patience::Write)? {
            return Ok(state);
        }
        if started.elapsed() > PATIENCE {
            return Err(client.refused("another build writes to it; build again when that one is done"));
        }
        seen = now.map(|now| (now, since));
        thread::sleep(LOOK);
    }
}

/// Holds a lease.
struct Beating {
    client: Arc<Client>,
    index: String,
    holder: String,
    state: Arc<Mutex<Option<State>>>,
}

impl Beating {
    fn run(&self, ended: &Receiver<()>) {
        for beat in 1.. {
            if !matches!(ended.recv_timeout(BEAT), Err(RecvTimeoutError::Timeout)) {
                return;
            }
            let state = *self.state.lock().unwrap_or_else(PoisonError::into_inner);
            let content = content(&self.holder, beat);
            // A cluster that does not answer does not answer other builds either.
            let Ok(next) = document::replace(&self.client, &self.index, LEASE, &content, state, Patience::Lease) else {
                continue;
            };
            let next = next.or_else(|| self.ours());
            *self.state.lock().unwrap_or_else(PoisonError::into_inner) = next;
            if next.is_none() {
                return;
            }
        }
    }

    /// The state of the document if a request of ours that seemed to fail wrote it.
    fn ours(&self) -> Option<State> {
        let found = document::read(&self.client, &self.index, LEASE).ok()??;
        (found.source["pointer"]["holder"] == self.holder.as_str()).then_some(found.state)
    }
}
