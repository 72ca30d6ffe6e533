//! Requests to a cluster: its hosts in turn, with patience.

use std::{
    sync::atomic::{AtomicUsize, Ordering},
    thread,
    time::{Duration, Instant},
};

use cloze_index::{Error, Result};
use serde::de::DeserializeOwned;
use serde_json::Value;
use ureq::{Agent, http::Request};

use crate::{Address, credentials};

/// Time limit for a connection.
const CONNECT: Duration = Duration::from_millis(1500);
/// The longest pause between two tries of a write.
const LONGEST_PAUSE: Duration = Duration::from_secs(10);
/// The largest answer, in bytes.
const LARGEST: u64 = 512 << 20;
/// The longest part of an answer that an error repeats.
const REPEATED: usize = 300;

/// How long a request may take, with all its tries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Patience {
    /// Somebody waits for an answer. A client for programs that nobody waits for makes it [`Self::Read`].
    Search,
    /// Whoever holds a lease must hear in time that it is lost.
    Lease,
    /// A program can wait for a cluster that is busy, but should say soon that there is none.
    Read,
    /// A build can wait for a cluster that is busy.
    Write,
}

impl Patience {
    fn limit(self) -> Duration {
        match self {
            Self::Search | Self::Lease => Duration::from_millis(4500),
            Self::Read => Duration::from_secs(60),
            Self::Write => Duration::from_secs(180),
        }
    }

    /// How long one try may take, if there are other hosts: a machine without power does not even refuse.
    fn limit_of_one(self) -> Duration {
        match self {
            Self::Search | Self::Lease => Duration::from_millis(2500),
            Self::Read | Self::Write => self.limit(),
        }
    }

    /// How long it goes on asking hosts that refuse: another node takes over the work of a dead one.
    fn refused_for(self) -> Duration {
        match self {
            Self::Search | Self::Lease => Duration::from_secs(1),
            Self::Read => Duration::from_secs(10),
            Self::Write => self.limit(),
        }
    }

    fn pause(self, tried: usize) -> Duration {
        match self {
            Self::Search | Self::Lease => Duration::from_millis(50),
            Self::Read | Self::Write => LONGEST_PAUSE.min(Duration::from_millis(100 << tried.min(10))),
        }
    }
}

/// What a request sends.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Content<'a> {
    Nothing,
    Json(&'a Value),
    /// Lines of JSON, each with its end.
    Lines(&'a [u8]),
}

/// An answer.
pub(crate) struct Reply {
    pub(crate) status: u16,
    body: Vec<u8>,
}

/// Asks the hosts of one cluster.
pub(crate) struct Client {
    agent: Agent,
    hosts: Vec<String>,
    place: String,
    authorization: Option<String>,
    /// Whether searches wait as reads do.
    is_patient: bool,
    /// The host that answered last.
    good: AtomicUsize,
}

impl Client {
    pub(crate) fn new(address: &Address) -> Result<Self> {
        let settings = Agent::config_builder()
            .user_agent(concat!("Cloze/", env!("CARGO_PKG_VERSION")))
            .http_status_as_error(false)
            .max_redirects(0)
            .timeout_connect(Some(CONNECT))
            .max_idle_connections_per_host(32)
            .tls_config(credentials::tls(address)?)
            .build();
        Ok(Self {
            agent: settings.new_agent(),
            hosts: address.hosts().to_vec(),
            place: address.to_string(),
            authorization: credentials::authorization(address)?,
            is_patient: false,
            good: AtomicUsize::new(0),
        })
    }

    /// The same client for a program that can wait for answers.
    pub(crate) fn patient(self) -> Self {
        Self { is_patient: true, ..self }
    }

    /// The error of a place that does not answer.
    pub(crate) fn unreachable(&self, reason: impl Into<String>) -> Error {
        Error::Unreachable { place: self.place.clone(), reason: reason.into() }
    }

    /// The error of a place that answers something else.
    pub(crate) fn refused(&self, reason: impl Into<String>) -> Error {
        Error::Refused { place: self.place.clone(), reason: reason.into() }
    }

    /// Sends a request to the hosts in turn, until one accepts it. Every request may be repeated.
    ///
    /// # Errors
    /// [`Error::Unreachable`] if none does in time.
    pub(crate) fn send(&self, method: &str, path: &str, content: Content<'_>, patience: Patience) -> Result<Reply> {
        let patience = if self.is_patient && patience == Patience::Search { Patience::Read } else { patience };
        let started = Instant::now();
        let until = started + patience.limit();
        let limit = if self.hosts.len() > 1 { patience.limit_of_one() } else { patience.limit() };
        let mut reason = String::new();
        for tried in 0.. {
            let at = self.first();
            let left = until.saturating_duration_since(Instant::now());
            let were_all_tried = tried >= 2 * self.hosts.len() && started.elapsed() > patience.refused_for();
            if left.is_zero() || were_all_tried {
                break;
            }
            match self.once(&self.hosts[at % self.hosts.len()], method, path, content, left.min(limit)) {
                Ok(reply) if !matches!(reply.status, 429 | 502..=504) => return Ok(reply),
                Ok(reply) => reason = self.reason(&reply),
                Err(error) => reason = error.to_string(),
            }
            tracing::warn!(host = self.hosts[at % self.hosts.len()], reason, "a request to the cluster is repeated");
            self.pass_by(at);
            if is_disk_full(&reason) && tried > 2 {
                break;
            }
            if (tried + 1) % self.hosts.len() == 0 {
                thread::sleep(patience.pause(tried / self.hosts.len()).min(left));
            }
        }
        Err(self.unreachable(sentence(&reason)))
    }

    /// The host that is asked first.
    pub(crate) fn first(&self) -> usize {
        self.good.load(Ordering::Relaxed)
    }

    /// Asks another host first, unless somebody did so already.
    pub(crate) fn pass_by(&self, host: usize) {
        let _ = self.good.compare_exchange(host, host + 1, Ordering::Relaxed, Ordering::Relaxed);
    }

    fn once(
        &self,
        host: &str,
        method: &str,
        path: &str,
        content: Content<'_>,
        left: Duration,
    ) -> std::result::Result<Reply, ureq::Error> {
        let mut request = Request::builder().method(method).uri(format!("{host}/{path}"));
        if let Some(authorization) = &self.authorization {
            request = request.header("authorization", authorization);
        }
        let (kind, body) = match content {
            Content::Nothing => (None, Vec::new()),
            Content::Json(value) => (Some("application/json"), serde_json::to_vec(value).unwrap_or_default()),
            Content::Lines(lines) => (Some("application/x-ndjson"), lines.to_vec()),
        };
        let mut response = match kind {
            None => {
                let request = request.body(())?;
                self.agent.run(self.agent.configure_request(request).timeout_global(Some(left)).build())?
            }
            Some(kind) => {
                let request = request.header("content-type", kind).body(body)?;
                self.agent.run(self.agent.configure_request(request).timeout_global(Some(left)).build())?
            }
        };
        let body = response.body_mut().with_config().limit(LARGEST).read_to_vec()?;
        Ok(Reply { status: response.status().as_u16(), body })
    }

    /// Sends a request and reads its answer; `None` for a thing that does not exist.
    ///
    /// # Errors
    /// [`Error::Unreachable`] or [`Error::Refused`].
    pub(crate) fn ask<T: DeserializeOwned>(
        &self,
        method: &str,
        path: &str,
        content: Content<'_>,
        patience: Patience,
    ) -> Result<Option<T>> {
        let reply = self.send(method, path, content, patience)?;
        match reply.status {
            200..=299 => self.parse(&reply).map(Some),
            404 => Ok(None),
            401 | 403 => Err(self.refused(format!("it does not let us in: {}", self.reason(&reply)))),
            _ => Err(self.refused(self.reason(&reply))),
        }
    }

    /// Reads an answer.
    ///
    /// # Errors
    /// [`Error::Refused`] if it is something else.
    pub(crate) fn parse<T: DeserializeOwned>(&self, reply: &Reply) -> Result<T> {
        serde_json::from_slice(&reply.body)
            .map_err(|e| self.refused(format!("its answer cannot be read ({e}); is this an OpenSearch cluster?")))
    }

    /// As [`Self::ask`], for a thing that must exist.
    ///
    /// # Errors
    /// [`Error::Unreachable`] or [`Error::Refused`].
    pub(crate) fn must<T: DeserializeOwned>(
        &self,
        method: &str,
        path: &str,
        content: Content<'_>,
        patience: Patience,
    ) -> Result<T> {
        self.ask(method, path, content, patience)?.ok_or_else(|| self.refused(format!("{path} does not exist")))
    }

    /// The reason that an answer gives for an error.
    pub(crate) fn reason(&self, reply: &Reply) -> String {
        let value: Value = serde_json::from_slice(&reply.body).unwrap_or_default();
        format!("status {}: {}", reply.status, reason_of(&value["error"]))
    }
}

/// The reason inside an error of OpenSearch, cut short.
pub(crate) fn reason_of(error: &Value) -> String {
    let cause = &error["root_cause"][0]["reason"];
    let text = cause.as_str().or(error["reason"].as_str()).or(error.as_str()).unwrap_or("no reason given");
    let more = error["failed_shards"][0]["reason"]["reason"].as_str().unwrap_or_default();
    [text, more].join(" ").trim().chars().take(REPEATED).collect()
}

/// Whether the cluster refuses to write because its disks are nearly full.
pub(crate) fn is_disk_full(reason: &str) -> bool {
    let signs = ["flood-stage", "read-only-allow-delete", "create-index blocked", "No space left"];
    signs.iter().any(|sign| reason.contains(sign))
}

/// A reason, with the remedy if there is one.
pub(crate) fn sentence(reason: &str) -> String {
    if is_disk_full(reason) {
        return format!("its disks are full, so it takes no writes; make room, then build again ({reason})");
    }
    if reason.is_empty() { "no answer in time".into() } else { reason.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_is_named() {
        let error = serde_json::json!({"root_cause": [{"reason": "index [docs-000001] blocked by: [TOO_MANY_REQUESTS/12/\
            disk usage exceeded flood-stage watermark, index has read-only-allow-delete block];"}]});
        let reason = reason_of(&error);
        assert!(is_disk_full(&reason) && sentence(&reason).contains("disks are full"));
        assert!(!is_disk_full("rejected execution of coordinating operation"));
    }

    #[test]
    fn an_error_without_a_reason_is_still_a_sentence() {
        assert_eq!(reason_of(&Value::Null), "no reason given");
        assert_eq!(reason_of(&Value::from("no such thing")), "no such thing");
        assert_eq!(sentence(""), "no answer in time");
    }
}
