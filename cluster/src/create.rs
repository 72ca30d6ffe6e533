//! Makes indexes of the cluster.

use cloze_index::Result;
use serde_json::Value;

use crate::client::{Client, Content, Patience, sentence};

/// Makes an index, unless it exists.
pub(crate) fn create(client: &Client, index: &str, settings: &Value) -> Result<()> {
    let reply = client.send("PUT", index, Content::Json(settings), Patience::Write)?;
    if reply.status == 400 && exists(client, index)? {
        return Ok(());
    }
    match reply.status {
        200..=299 => Ok(()),
        _ => Err(client.refused(format!("cannot create {index}: {}", sentence(&client.reason(&reply))))),
    }
}

fn exists(client: &Client, index: &str) -> Result<bool> {
    Ok(client.ask::<Value>("GET", &format!("{index}/_settings"), Content::Nothing, Patience::Write)?.is_some())
}
