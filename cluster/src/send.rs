//! Sends a whole generation to a cluster, and makes it live there.
//!
//! A new index takes the passages. It is live only once it is whole, searchable and on enough nodes, and its head is
//! there. So a build that is killed leaves the live version as it was; the next one removes what is left of it.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use cloze_index::{Generation, HeadWriter, Result};
use serde::Deserialize;
use serde_json::Value;

use crate::{
    Cluster,
    bulk::Bulk,
    client::{Content, Patience},
    mapping,
    pointer::{self, Pointer, Seen},
};

/// A shard takes as many passages; more make searches slow.
const PASSAGES_A_SHARD: u64 = 1_000_000;
/// How long a build waits for copies on other nodes.
const GREEN: Duration = Duration::from_secs(120);

/// What was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sent {
    /// The generation.
    pub generation: String,
    /// The name of its body in the cluster.
    pub body: String,
    /// Its passages.
    pub passages: u64,
    /// Whether the cluster had it already.
    pub was_there: bool,
}

#[derive(Deserialize)]
struct Health {
    #[serde(default)]
    number_of_data_nodes: u64,
    #[serde(default)]
    status: String,
    #[serde(default)]
    timed_out: bool,
}

impl Cluster {
    /// Sends a generation, and makes it live. Nothing is encoded again. `told` hears how many passages are sent.
    ///
    /// # Errors
    /// [`cloze_index::Error::Unreachable`] or [`cloze_index::Error::Refused`]; the live version then stays live.
    pub fn send(&self, generation: &Generation, mut told: impl FnMut(u64)) -> Result<Sent> {
        let (name, manifest) = (self.address.name(), generation.manifest());
        pointer::prepare(&self.client, name)?;
        let seen = pointer::read(&self.client, name)?;
        let checksum = generation.checksum()?;
        let sent = |body: String, was_there| Sent {
            generation: manifest.generation.clone(),
            body,
            passages: manifest.counts.passages,
            was_there,
        };
        if let Some(seen) = seen.as_ref().filter(|seen| seen.pointer.manifest == checksum)
            && self.count(&seen.pointer.body)? == manifest.counts.passages
        {
            return Ok(sent(seen.pointer.body.clone(), true));
        }
        let number = self.remove_others(seen.as_ref().map(|seen| &seen.pointer))?;
        let body = format!("{name}-{:06}", number + 1);
        let head = self.fill(&body, generation, &mut told)?;
        self.settle(&body, manifest.counts.passages)?;
        let pointer = Pointer {
            generation: manifest.generation.clone(),
            manifest: checksum,
            pieces: pointer::write_head(&self.client, &body, &head)?,
            head: pointer::checksum(&head),
            previous: seen.as_ref().map_or(Vec::new(), |Seen { pointer, .. }| pointer.replaced(now())),
            body: body.clone(),
        };
        pointer::publish(&self.client, name, &pointer, seen.as_ref())?;
        self.remove_others(Some(&pointer))?;
        Ok(sent(body, false))
    }

    /// Fills a new index; gives the head that belongs to it.
    fn fill(&self, body: &str, generation: &Generation, told: &mut impl FnMut(u64)) -> Result<Vec<u8>> {
        let health: Health = self.client.must("GET", "_cluster/health", Content::Nothing, Patience::Write)?;
        let manifest = generation.manifest();
        let shards = health.number_of_data_nodes.clamp(1, 3).max(manifest.counts.passages / PASSAGES_A_SHARD + 1);
        pointer::create(&self.client, body, &mapping::body(manifest.dimension, shards as usize))?;
        let mut head = HeadWriter::default();
        let mut bulk = Bulk::new(&self.client, body);
        for (count, entry) in (1..).zip(generation.entries()?) {
            let entry = entry?;
            head.add(&entry);
            bulk.add(&entry)?;
            told(count);
        }
        bulk.flush()?;
        head.finish(manifest)
    }

    /// Waits until a body is searchable and on enough nodes, and counts it.
    fn settle(&self, body: &str, passages: u64) -> Result<()> {
        let (client, settings) = (&self.client, mapping::settled());
        client.must::<Value>("PUT", &format!("{body}/_settings"), Content::Json(&settings), Patience::Write)?;
        client.must::<Value>("POST", &format!("{body}/_refresh"), Content::Nothing, Patience::Write)?;
        let path = format!("_cluster/health/{body}?wait_for_status=green&timeout={}s", GREEN.as_secs());
        // A wait that ends too early has status 408.
        let health: Option<Health> = client.ask("GET", &path, Content::Nothing, Patience::Write).unwrap_or_default();
        if health.is_none_or(|health| health.timed_out || health.status != "green") {
            return Err(client.unreachable(format!("{body} did not become green in {} s", GREEN.as_secs())));
        }
        let found = self.count(body)?;
        if found != passages {
            return Err(
                client.refused(format!("{body} holds {found} passages after all were sent, expected {passages}"))
            );
        }
        Ok(())
    }

    /// Removes bodies that the pointer does not name; gives the highest number so far.
    fn remove_others(&self, pointer: Option<&Pointer>) -> Result<u64> {
        let name = self.address.name();
        let path = format!("{name}-*/_settings?filter_path=*.settings.index.uuid&expand_wildcards=open,closed");
        let found: Value = self.client.ask("GET", &path, Content::Nothing, Patience::Write)?.unwrap_or_default();
        let mut last = 0;
        for index in found.as_object().into_iter().flat_map(serde_json::Map::keys) {
            let body = index.strip_suffix("-head").unwrap_or(index);
            let Some(number) = number(name, body) else { continue };
            last = last.max(number);
            if !pointer.is_some_and(|pointer| pointer.names(body)) {
                self.client.ask::<Value>("DELETE", index, Content::Nothing, Patience::Write)?;
            }
        }
        Ok(last)
    }
}

/// Seconds since 1970.
fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

/// The number of a body of the index `name`.
fn number(name: &str, body: &str) -> Option<u64> {
    let digits = body.strip_prefix(name)?.strip_prefix('-')?;
    (digits.len() >= 6 && digits.bytes().all(|b| b.is_ascii_digit())).then(|| digits.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_bodies_of_the_index_have_a_number() {
        assert_eq!(number("docs", "docs-000124"), Some(124));
        for other in ["docs-head", "docs-more-000124", "docs-12", "docs", "other-000124"] {
            assert_eq!(number("docs", other), None, "{other}");
        }
    }
}
