//! Which version of an index is live.

use cloze_index::{ANALYSIS, Result};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::{
    client::{Client, Patience},
    create::create,
    document::{self, State},
    mapping,
    version::Version,
};

/// The version of what lies in a cluster; a body of another version is not extended.
const FORMAT: u32 = 2;
/// Seconds that a replaced version stays, beside the last one; servers ask for the pointer every second.
const KEPT_SECONDS: u64 = 60;
/// The name of the document.
const POINTER: &str = "pointer";

/// The one document that says which version is live.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Pointer {
    format: u32,
    /// What became of the passages' texts: [`ANALYSIS`] of the program that sent them.
    analysis: u32,
    /// The name of the generation.
    pub(crate) generation: String,
    /// The checksum of its manifest.
    pub(crate) manifest: String,
    pub(crate) version: Version,
    /// Versions that were live before, the last one first: servers that have not heard of this one still ask them.
    previous: Vec<Replaced>,
}

/// A version that was live.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Replaced {
    version: Version,
    /// Seconds since 1970 at which another one took its place.
    at: u64,
}

impl Pointer {
    /// The pointer to a version that takes the place of another one.
    pub(crate) fn new(
        generation: String,
        manifest: String,
        version: Version,
        replaced: Option<&Self>,
        now: u64,
    ) -> Self {
        let previous = replaced.map_or(Vec::new(), |pointer| pointer.replaced(now));
        Self { format: FORMAT, analysis: ANALYSIS, generation, manifest, version, previous }
    }

    /// This version, and those that were live a moment ago.
    fn replaced(&self, now: u64) -> Vec<Replaced> {
        let this = Replaced { version: self.version.clone(), at: now };
        let kept = self.previous.iter().filter(|other| other.at + KEPT_SECONDS > now).cloned();
        std::iter::once(this).chain(kept).collect()
    }

    /// Whether passages that this program sends fit beside those that are there.
    pub(crate) fn can_be_extended(&self) -> bool {
        self.analysis == ANALYSIS
    }

    /// Whether an index of the cluster is still needed.
    pub(crate) fn names(&self, index: &str) -> bool {
        self.version.names(index) || self.previous().any(|other| other.names(index))
    }

    /// The versions before this one that servers may still ask.
    pub(crate) fn previous(&self) -> impl Iterator<Item = &Version> {
        self.previous.iter().map(|other| &other.version)
    }
}

/// A pointer as it was read, so that it is replaced only if nobody else replaced it.
pub(crate) struct Seen {
    /// `None` if another version of Cloze wrote it.
    pub(crate) pointer: Option<Pointer>,
    state: State,
}

/// The index of the pointer.
pub(crate) fn index(name: &str) -> String {
    format!("{name}-head")
}

/// The pointer of an index; `None` if nothing was published.
pub(crate) fn read(client: &Client, name: &str) -> Result<Option<Seen>> {
    let found = document::read(client, &index(name), POINTER)?;
    Ok(found.map(|mut found| {
        let pointer: Option<Pointer> = serde_json::from_value(found.source["pointer"].take()).ok();
        Seen { pointer: pointer.filter(|pointer| pointer.format == FORMAT), state: found.state }
    }))
}

/// Makes a version live, unless another build has published since `seen` was read.
pub(crate) fn publish(client: &Client, name: &str, pointer: &Pointer, seen: Option<&Seen>) -> Result<()> {
    let (content, state) = (json!({"pointer": pointer}), seen.map(|seen| seen.state));
    let written = document::replace(client, &index(name), POINTER, &content, state, Patience::Write)?;
    written.map(drop).ok_or_else(|| client.refused("another build was published meanwhile; build again"))
}

/// Makes the index of the pointer, if there is none.
pub(crate) fn prepare(client: &Client, name: &str) -> Result<()> {
    create(client, &index(name), &mapping::pointer())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pointer(body: &str, replaced: Option<&Pointer>, now: u64) -> Pointer {
        let version = json!({"body": body, "head": format!("{body}-head"), "pieces": 1, "checksum": "",
            "numbers": 1, "passages": 1, "shards": 1});
        let version = serde_json::from_value(version).expect("a version");
        Pointer::new("000001".into(), String::new(), version, replaced, now)
    }

    #[test]
    fn a_version_stays_while_servers_may_ask_it() {
        let second = pointer("b", Some(&pointer("a", None, 0)), 1000);
        let third = pointer("c", Some(&second), 1030);
        assert!(third.names("a-head") && third.names("b") && third.names("c"));
        let fourth = pointer("d", Some(&third), 1080);
        assert!(!fourth.names("a") && fourth.names("b") && fourth.names("c"));
        let late = pointer("e", Some(&fourth), 9000);
        assert!(late.names("d") && !late.names("c"), "the last one always stays");
    }
}
