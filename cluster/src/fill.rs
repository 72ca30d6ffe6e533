//! A new body for a whole generation, or the body that a killed build of the same generation began.

use cloze_index::{Generation, PassageId, Result};
use serde::Deserialize;
use serde_json::Value;

use crate::{
    client::{Client, Content, Patience},
    create::create,
    listed, mapping,
    target::Target,
    version::Members,
};

/// A shard takes as many passages; more make searches slow.
const PASSAGES_A_SHARD: u64 = 1_000_000;
/// The most shards of a small body: as many nodes answer side by side.
const SPREAD: u64 = 3;

/// See the module.
pub(crate) struct Fill {
    body: String,
    shards: u64,
    /// The checksum of the manifest, which a later build knows the body by.
    manifest: String,
    dimension: usize,
    numbers: PassageId,
    /// Passages with lower numbers are there.
    from: PassageId,
}

#[derive(Deserialize)]
struct Health {
    #[serde(default)]
    number_of_data_nodes: u64,
}

/// The shards that so many passages need.
pub(crate) fn shards(passages: u64) -> u64 {
    passages / PASSAGES_A_SHARD + 1
}

impl Fill {
    /// The body `unfinished` of a killed build, if its passages are the first of the generation; else a new one.
    pub(crate) fn of(client: &Client, generation: &Generation, unfinished: Option<&str>, new: &str) -> Result<Self> {
        let manifest = generation.manifest();
        let health: Health = client.must("GET", "_cluster/health", Content::Nothing, Patience::Write)?;
        let shards = health.number_of_data_nodes.clamp(1, SPREAD).max(shards(manifest.counts.passages));
        let from = unfinished.map_or(Ok(None), |body| first_missing(client, generation, body))?;
        let body = match (from, unfinished) {
            (Some(_), Some(body)) => body,
            _ => new,
        };
        Ok(Self {
            body: body.to_owned(),
            shards,
            manifest: generation.checksum()?,
            dimension: manifest.dimension,
            numbers: manifest.counts.numbers as PassageId,
            from: from.unwrap_or_default(),
        })
    }

    /// Makes the body, unless it is there.
    pub(crate) fn begin(self, client: &Client) -> Result<Target> {
        create(client, &self.body, &mapping::body(self.dimension, self.shards, &self.manifest))?;
        let members = Members::new(self.numbers, Vec::new());
        Ok(Target { body: self.body, shards: self.shards, from: self.from, members })
    }
}

/// The first passage of a generation that a body lacks; `None` if others are missing too.
fn first_missing(client: &Client, generation: &Generation, body: &str) -> Result<Option<PassageId>> {
    let refreshed: Option<Value> =
        client.ask("POST", &format!("{body}/_refresh"), Content::Nothing, Patience::Write)?;
    if refreshed.is_none() {
        return Ok(None);
    }
    let Some((last, count)) = listed::last(client, body)? else { return Ok(Some(0)) };
    let expected = generation.ids().take_while(|id| *id <= last).count() as u64;
    tracing::info!(body, passages = count, "goes on with the body that a killed build began");
    Ok((count == expected).then_some(last + 1))
}
