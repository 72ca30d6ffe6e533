//! Passages in large requests.

use std::{collections::BTreeMap, thread, time::Duration};

use base64::{Engine, engine::general_purpose::STANDARD};
use cloze_index::{Entry, Error, PassageId, Result};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{
    client::{Client, Content, Patience, is_disk_full, reason_of, sentence},
    text,
};

/// A request is sent once it has as many bytes, or passages.
const MOST_BYTES: usize = 4 << 20;
const MOST_PASSAGES: usize = 500;
/// Times that refused passages are sent again.
const TRIES: usize = 12;

/// A passage in the cluster.
#[derive(Serialize)]
struct Document<'a> {
    id: u32,
    page: u32,
    content: String,
    words: &'a [String],
    metadata: &'a [String],
    vector: &'a [f32],
    carried: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    codes: Option<String>,
    passage: String,
}

/// The result of a request: one item a passage, in their order.
#[derive(Deserialize)]
struct Outcome {
    errors: bool,
    #[serde(default)]
    items: Vec<Item>,
}

/// The outcome of an action, by its name.
#[derive(Deserialize)]
struct Item(BTreeMap<String, Done>);

#[derive(Deserialize)]
struct Done {
    status: u16,
    #[serde(default)]
    error: Value,
}

/// Sends passages to one index.
pub(crate) struct Bulk<'a> {
    client: &'a Client,
    index: &'a str,
    /// The lines for each passage that waits.
    waiting: Vec<Vec<u8>>,
    bytes: usize,
}

impl<'a> Bulk<'a> {
    pub(crate) fn new(client: &'a Client, index: &'a str) -> Self {
        Self { client, index, waiting: Vec::new(), bytes: 0 }
    }

    /// Adds a passage. Its number is its name in the cluster, so sending it twice changes nothing.
    pub(crate) fn add(&mut self, entry: &Entry) -> Result<()> {
        let lines = lines(entry).map_err(|e| self.client.refused(format!("passage {}: {e}", entry.id)))?;
        self.wait(lines)
    }

    /// Removes a passage, if it is there.
    pub(crate) fn remove(&mut self, passage: PassageId) -> Result<()> {
        self.wait(format!("{{\"delete\": {{\"_id\": \"{passage}\"}}}}\n").into_bytes())
    }

    fn wait(&mut self, lines: Vec<u8>) -> Result<()> {
        self.bytes += lines.len();
        self.waiting.push(lines);
        if self.bytes >= MOST_BYTES || self.waiting.len() >= MOST_PASSAGES {
            self.flush()?;
        }
        Ok(())
    }

    /// Sends what waits. Passages that a busy cluster refuses are sent again.
    ///
    /// # Errors
    /// [`Error::Unreachable`] if it stays busy or its disks are full, [`Error::Refused`] if it refuses a passage.
    pub(crate) fn flush(&mut self) -> Result<()> {
        let mut waiting = std::mem::take(&mut self.waiting);
        self.bytes = 0;
        for tried in 0..TRIES {
            if waiting.is_empty() {
                return Ok(());
            }
            let path = format!("{}/_bulk?filter_path=errors,items.*.status,items.*.error", self.index);
            let sent = waiting.concat();
            let outcome: Outcome = self.client.must("POST", &path, Content::Lines(&sent), Patience::Write)?;
            let (refused, reason) = self.refused(waiting, &outcome)?;
            waiting = refused;
            if !waiting.is_empty() {
                if is_disk_full(&reason) && tried > 1 {
                    return Err(self.client.unreachable(sentence(&reason)));
                }
                tracing::warn!(passages = waiting.len(), reason, "the cluster is busy; they are sent again");
                thread::sleep(Duration::from_millis(100 << tried.min(6)));
            }
        }
        Err(self.client.unreachable(format!("it was too busy to take {} passages", waiting.len())))
    }

    /// The passages to send again, and why.
    fn refused(&self, sent: Vec<Vec<u8>>, outcome: &Outcome) -> Result<(Vec<Vec<u8>>, String), Error> {
        if outcome.items.len() != sent.len() {
            let found = format!("{} results for {} passages", outcome.items.len(), sent.len());
            return Err(self.client.refused(found));
        }
        let (mut again, mut reason) = (Vec::new(), String::new());
        let done = outcome.items.iter().filter_map(|item| item.0.first_key_value());
        for (lines, (action, done)) in sent.into_iter().zip(done).filter(|_| outcome.errors) {
            match done.status {
                200..=299 => {}
                404 if action == "delete" => {}
                429 | 503 => {
                    reason = reason_of(&done.error);
                    again.push(lines);
                }
                _ if is_disk_full(&reason_of(&done.error)) => {
                    return Err(self.client.unreachable(sentence(&reason_of(&done.error))));
                }
                status => {
                    return Err(self.client.refused(format!("a passage: status {status}: {}", reason_of(&done.error))));
                }
            }
        }
        Ok((again, reason))
    }
}

/// The two lines of a passage.
fn lines(entry: &Entry) -> serde_json::Result<Vec<u8>> {
    let document = Document {
        id: entry.id,
        page: entry.passage.page,
        content: text::of(entry.terms.content.iter().map(|(term, position)| (term.as_str(), *position))),
        words: &entry.terms.words,
        metadata: &entry.terms.metadata,
        vector: &entry.encoded.vector,
        carried: STANDARD.encode(entry.carried()),
        codes: (!entry.encoded.tokens.is_empty()).then(|| STANDARD.encode(&entry.encoded.tokens)),
        passage: STANDARD.encode(serde_json::to_vec(&entry.passage)?),
    };
    let mut lines = serde_json::to_vec(&json!({"index": {"_id": entry.id.to_string()}}))?;
    lines.push(b'\n');
    serde_json::to_writer(&mut lines, &document)?;
    lines.push(b'\n');
    Ok(lines)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Address, fake::Fake};

    fn outcome(statuses: &[(u16, &str)]) -> Outcome {
        let item = |(status, reason): &(u16, &str)| {
            let done = Done { status: *status, error: json!({"type": "some", "reason": reason}) };
            Item(BTreeMap::from([("index".to_owned(), done)]))
        };
        Outcome { errors: statuses.iter().any(|s| s.0 > 299), items: statuses.iter().map(item).collect() }
    }

    #[test]
    fn what_a_busy_cluster_refuses_is_sent_again_and_nothing_else() {
        let fake = Fake::answering(&[
            (429, r#"{"error": {"reason": "rejected execution"}, "status": 429}"#),
            (
                200,
                r#"{"errors": true, "items": [{"delete": {"status": 200}}, {"delete": {"status": 404}},
                {"delete": {"status": 429, "error": {"reason": "queue is full"}}}]}"#,
            ),
            (200, r#"{"errors": false, "items": [{"delete": {"status": 200}}]}"#),
        ]);
        let client = Fake::client(&[&fake]);
        let mut bulk = Bulk::new(&client, "docs-000001");
        [1, 2, 3].into_iter().try_for_each(|id| bulk.remove(id)).expect("they wait");
        bulk.flush().expect("all are taken in the end");
        let asked = fake.asked();
        let named = |at: usize| asked[at].matches("_id").count();
        assert_eq!((asked.len(), named(0), named(1), named(2)), (3, 3, 3, 1), "{asked:?}");
        assert!(asked[2].contains("\"3\""), "{asked:?}");
    }

    #[test]
    fn a_full_disk_ends_the_sending_with_a_sentence() {
        let reason = "blocked by: [TOO_MANY_REQUESTS/12/disk usage exceeded flood-stage watermark, \
                      index has read-only-allow-delete block];";
        let item = format!(r#"{{"index": {{"status": 429, "error": {{"reason": "{reason}"}}}}}}"#);
        let fake = Fake::answering(&[(200, &format!(r#"{{"errors": true, "items": [{item}]}}"#))]);
        let client = Fake::client(&[&fake]);
        let mut bulk = Bulk::new(&client, "docs-000001");
        bulk.remove(1).expect("it waits");
        let error = bulk.flush().expect_err("there is no room");
        assert!(error.is_unreachable() && error.to_string().contains("disks are full"), "{error}");
    }

    #[test]
    fn every_item_is_read() {
        let client = Client::new(&Address::parse("http://127.0.0.1:1/docs").expect("good")).expect("a client");
        let bulk = Bulk::new(&client, "docs-000001");
        let sent = || vec![b"a".to_vec(), b"b".to_vec(), b"c".to_vec()];
        let read = |statuses: &[(u16, &str)]| bulk.refused(sent(), &outcome(statuses));
        assert_eq!(read(&[(201, ""), (200, ""), (201, "")]).expect("taken").0, Vec::<Vec<u8>>::new());
        let (again, reason) = read(&[(201, ""), (429, "queue full"), (503, "queue full")]).expect("busy");
        assert_eq!((again, reason.as_str()), (vec![b"b".to_vec(), b"c".to_vec()], "queue full"));
        let error = read(&[(201, ""), (400, "failed to parse"), (201, "")]).expect_err("a bad passage");
        assert!(error.to_string().contains("failed to parse") && !error.is_unreachable());
        let error = read(&[(403, "index has read-only-allow-delete block"), (201, ""), (201, "")]).expect_err("full");
        assert!(error.to_string().contains("disks are full"), "{error}");
        assert!(bulk.refused(sent(), &outcome(&[(201, "")])).is_err(), "too few results");
    }
}
