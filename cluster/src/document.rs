//! Single documents, replaced only if nobody else replaced them.

use base64::{Engine, engine::general_purpose::STANDARD};
use cloze_index::Result;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::client::{Client, Content, Patience, sentence};

/// A document as it was read.
#[derive(Deserialize)]
pub(crate) struct Document {
    #[serde(flatten)]
    pub(crate) state: State,
    #[serde(rename = "_source", default)]
    pub(crate) source: Value,
}

/// The state of a document: another one after every write.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub(crate) struct State {
    #[serde(rename = "_seq_no", default)]
    sequence: u64,
    #[serde(rename = "_primary_term", default)]
    term: u64,
}

/// Reads a document; `None` if there is none.
pub(crate) fn read(client: &Client, index: &str, id: &str) -> Result<Option<Document>> {
    client.ask("GET", &format!("{index}/_doc/{id}"), Content::Nothing, Patience::Search)
}

/// Writes a document if it still has the state in which it was read, or still is not there; gives its new state.
/// `None` if somebody else was faster.
pub(crate) fn replace(
    client: &Client,
    index: &str,
    id: &str,
    content: &Value,
    seen: Option<State>,
    patience: Patience,
) -> Result<Option<State>> {
    let condition = match seen {
        Some(State { sequence, term }) => format!("if_seq_no={sequence}&if_primary_term={term}"),
        None => "op_type=create".into(),
    };
    let path = format!("{index}/_doc/{id}?refresh=true&{condition}");
    let reply = client.send("PUT", &path, Content::Json(content), patience)?;
    match reply.status {
        200..=299 => client.parse(&reply).map(Some),
        // A repeated request finds what the first one wrote.
        409 => Ok(read(client, index, id)?.filter(|now| now.source == *content).map(|now| now.state)),
        _ => Err(client.refused(format!("cannot write {index}/{id}: {}", sentence(&client.reason(&reply))))),
    }
}

/// Writes bytes as a document.
pub(crate) fn write_bytes(client: &Client, index: &str, id: &str, bytes: &[u8]) -> Result<()> {
    let document = json!({"data": STANDARD.encode(bytes)});
    client.must::<Value>("PUT", &format!("{index}/_doc/{id}"), Content::Json(&document), Patience::Write).map(drop)
}

/// Reads the bytes of a document.
pub(crate) fn read_bytes(client: &Client, index: &str, id: &str) -> Result<Vec<u8>> {
    let missing = || client.refused(format!("{index}/{id} is missing; send the index again"));
    let found = read(client, index, id)?.ok_or_else(missing)?;
    found.source["data"].as_str().and_then(|data| STANDARD.decode(data).ok()).ok_or_else(missing)
}
