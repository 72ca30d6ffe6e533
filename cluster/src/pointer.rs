//! Which body is live, and the head that belongs to it.

use base64::{Engine, engine::general_purpose::STANDARD};
use cloze_index::Result;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{
    client::{Client, Content, Patience},
    mapping,
};

/// Seconds that a replaced body stays, beside the last one; servers ask for the pointer every second.
const KEPT_SECONDS: u64 = 60;
/// Bytes of a head in one piece.
const PIECE: usize = 1 << 20;

/// The one document that says which body is live.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Pointer {
    /// The name of the generation.
    pub(crate) generation: String,
    /// The checksum of its manifest.
    pub(crate) manifest: String,
    /// The name of its body in the cluster.
    pub(crate) body: String,
    /// Bodies that were live before, the last one first: servers that have not heard of this one still ask them.
    pub(crate) previous: Vec<Replaced>,
    /// Pieces of the head, and the checksum of the whole.
    pub(crate) pieces: usize,
    pub(crate) head: String,
}

/// A body that was live.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Replaced {
    pub(crate) body: String,
    /// Seconds since 1970 at which another one took its place.
    at: u64,
}

impl Pointer {
    /// The bodies that the next pointer keeps: this one, and those that were live a moment ago.
    pub(crate) fn replaced(&self, now: u64) -> Vec<Replaced> {
        let this = Replaced { body: self.body.clone(), at: now };
        let kept = self.previous.iter().filter(|other| other.at + KEPT_SECONDS > now).cloned();
        std::iter::once(this).chain(kept).collect()
    }

    /// Whether a body is still needed.
    pub(crate) fn names(&self, body: &str) -> bool {
        self.body == body || self.previous.iter().any(|other| other.body == body)
    }
}

/// A pointer as it was read, so that it is replaced only if nobody else replaced it.
pub(crate) struct Seen {
    pub(crate) pointer: Pointer,
    sequence: u64,
    term: u64,
}

#[derive(Deserialize)]
struct Document {
    #[serde(rename = "_seq_no", default)]
    sequence: u64,
    #[serde(rename = "_primary_term", default)]
    term: u64,
    #[serde(rename = "_source")]
    source: Value,
}

fn index(name: &str) -> String {
    format!("{name}-head")
}

/// The index of the head of a body.
pub(crate) fn head_of(body: &str) -> String {
    format!("{body}-head")
}

/// The pointer of an index; `None` if nothing was published.
pub(crate) fn read(client: &Client, name: &str) -> Result<Option<Seen>> {
    let path = format!("{}/_doc/pointer", index(name));
    let Some(found) = client.ask::<Document>("GET", &path, Content::Nothing, Patience::Search)? else {
        return Ok(None);
    };
    let pointer = serde_json::from_value(found.source["pointer"].clone())
        .map_err(|e| client.refused(format!("{path} was written by another version of Cloze ({e})")))?;
    Ok(Some(Seen { pointer, sequence: found.sequence, term: found.term }))
}

/// Makes a body live, unless another build has published since `seen` was read.
pub(crate) fn publish(client: &Client, name: &str, pointer: &Pointer, seen: Option<&Seen>) -> Result<()> {
    let condition = match seen {
        Some(seen) => format!("if_seq_no={}&if_primary_term={}", seen.sequence, seen.term),
        None => "op_type=create".into(),
    };
    let path = format!("{}/_doc/pointer?refresh=true&{condition}", index(name));
    let document = json!({"pointer": pointer});
    let put = client.send("PUT", &path, Content::Json(&document), Patience::Write)?;
    match put.status {
        200..=299 => Ok(()),
        // A repeated request finds what the first one wrote.
        409 if read(client, name)?.is_some_and(|now| now.pointer == *pointer) => Ok(()),
        409 => Err(client.refused("another build was published meanwhile; build again")),
        status => Err(client.refused(format!("the new head was not taken (status {status})"))),
    }
}

/// Makes the index of the pointer, if there is none.
pub(crate) fn prepare(client: &Client, name: &str) -> Result<()> {
    create(client, &index(name), &mapping::pointer())
}

/// Makes an index, unless it exists.
pub(crate) fn create(client: &Client, index: &str, settings: &Value) -> Result<()> {
    let reply = client.send("PUT", index, Content::Json(settings), Patience::Write)?;
    if reply.status == 400 && exists(client, index)? {
        return Ok(());
    }
    match reply.status {
        200..=299 => Ok(()),
        status => {
            Err(client.refused(format!("{index} could not be made (status {status}); may this user make indexes?")))
        }
    }
}

fn exists(client: &Client, index: &str) -> Result<bool> {
    Ok(client.ask::<Value>("GET", &format!("{index}/_settings"), Content::Nothing, Patience::Write)?.is_some())
}

/// The checksum of a head.
pub(crate) fn checksum(head: &[u8]) -> String {
    blake3::hash(head).to_hex().to_string()
}

/// Writes a head beside its body; gives the number of pieces.
pub(crate) fn write_head(client: &Client, body: &str, head: &[u8]) -> Result<usize> {
    let index = head_of(body);
    create(client, &index, &mapping::head())?;
    let pieces = head.chunks(PIECE);
    let count = pieces.len();
    for (number, piece) in pieces.enumerate() {
        let document = json!({"data": STANDARD.encode(piece)});
        let path = format!("{index}/_doc/{number}");
        client.must::<Value>("PUT", &path, Content::Json(&document), Patience::Write)?;
    }
    Ok(count)
}

/// Reads a head.
pub(crate) fn read_head(client: &Client, pointer: &Pointer) -> Result<Vec<u8>> {
    let mut head = Vec::new();
    for number in 0..pointer.pieces {
        let path = format!("{}/_doc/{number}", head_of(&pointer.body));
        let found: Document = client.must("GET", &path, Content::Nothing, Patience::Search)?;
        let piece = found.source["data"].as_str().and_then(|data| STANDARD.decode(data).ok());
        head.extend(piece.ok_or_else(|| client.refused(format!("{path} holds no piece of a head")))?);
    }
    if checksum(&head) == pointer.head {
        return Ok(head);
    }
    Err(client.refused(format!("the head of {} is damaged; send the index again", pointer.body)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_stays_while_servers_may_ask_it() {
        let pointer = |body: &str, previous| Pointer {
            generation: "000001".into(),
            manifest: String::new(),
            body: body.into(),
            previous,
            pieces: 1,
            head: String::new(),
        };
        let second = pointer("b", pointer("a", Vec::new()).replaced(1000));
        let third = pointer("c", second.replaced(1030));
        assert!(third.names("a") && third.names("b") && third.names("c"));
        let fourth = pointer("d", third.replaced(1080));
        assert!(!fourth.names("a") && fourth.names("b") && fourth.names("c"));
        let late = pointer("e", fourth.replaced(9000));
        assert!(late.names("d") && !late.names("c"), "the last one always stays");
    }
}
