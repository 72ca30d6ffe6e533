//! Sends a generation to a cluster, and makes it live there.
//!
//! A generation that builds on the live one adds its passages to the live body (`edit`); any other fills a new
//! index (`fill`). It is live only once its passages are searchable and on enough nodes, and its head is there. So a
//! build that is killed leaves the live version as it was. The next build goes on where it ended, or removes its
//! remains.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use cloze_index::{Generation, HeadWriter, Result};
use serde::Deserialize;
use serde_json::Value;

use crate::{
    Cluster,
    bulk::Bulk,
    client::{Content, Patience},
    edit::Edit,
    fill::Fill,
    lease::Lease,
    pointer::{self, Pointer},
    sweep::{Found, remove_dead},
    target::Target,
    version::{self, Members, Version},
};

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
    /// Those of them that were sent.
    pub sent: u64,
    /// Whether the cluster had it already.
    pub was_there: bool,
}

#[derive(Deserialize)]
struct Health {
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
        let (client, name, manifest) = (&self.client, self.address.name(), generation.manifest());
        pointer::prepare(client, name)?;
        let lease = Lease::take(client, name)?;
        let seen = pointer::read(client, name)?;
        let live = seen.as_ref().and_then(|seen| seen.pointer.as_ref());
        let checksum = generation.checksum()?;
        let (passages, name_of) = (manifest.counts.passages, manifest.generation.clone());
        if let Some(live) = live.filter(|live| live.manifest == checksum)
            && self.holds(&live.version)?
        {
            // A build that was killed after it published may have left others.
            Found::list(client, name)?.remove_all_but(client, |index| live.names(index))?;
            let body = live.version.body.clone();
            return Ok(Sent { generation: name_of, body, passages, sent: 0, was_there: true });
        }
        let found = Found::list(client, name)?;
        let unfinished = found.unfinished(&checksum, |index| live.is_some_and(|live| live.names(index)));
        if live.is_some() || seen.is_none() {
            let is_needed = |index: &str| live.is_some_and(|live| live.names(index)) || unfinished == Some(index);
            found.remove_all_but(client, is_needed)?;
        }
        let number = found.last() + 1;
        let target = match Edit::of(client, generation, live)? {
            Some(edit) => edit.begin(client, generation)?,
            None => Fill::of(client, generation, unfinished, &format!("{name}-{number:06}"))?.begin(client)?,
        };
        let (head, sent) = self.fill(&target, generation, &mut told)?;
        self.settle(&target.body, &target.members, passages)?;
        let head = (&*format!("{name}-{number:06}-head"), &*head);
        let version = Version::write(client, (&target.body, target.shards), head, &target.members, passages)?;
        let pointer = Pointer::new(name_of.clone(), checksum, version, live, now());
        lease.check()?;
        pointer::publish(client, name, &pointer, seen.as_ref())?;
        Found::list(client, name)?.remove_all_but(client, |index| pointer.names(index))?;
        remove_dead(client, &pointer, &target.members)?;
        Ok(Sent { generation: name_of, body: target.body, passages, sent, was_there: false })
    }

    /// Whether the body of a version has all its passages.
    fn holds(&self, version: &Version) -> Result<bool> {
        let members = version.read_members(&self.client)?;
        Ok(version::count(&self.client, &version.body, &members)? == version.passages)
    }

    /// Sends the passages that the body does not have; gives the head, and how many were sent.
    fn fill(&self, target: &Target, generation: &Generation, told: &mut impl FnMut(u64)) -> Result<(Vec<u8>, u64)> {
        let mut head = HeadWriter::default();
        let mut bulk = Bulk::new(&self.client, &target.body);
        let mut sent = 0;
        for entry in generation.entries()? {
            let entry = entry?;
            head.add(&entry);
            if entry.id >= target.from {
                bulk.add(&entry)?;
                sent += 1;
                told(sent);
            }
        }
        bulk.flush()?;
        Ok((head.finish(generation.manifest())?, sent))
    }

    /// Waits until a body is searchable and on enough nodes, and counts the passages of the new version.
    fn settle(&self, body: &str, members: &Members, passages: u64) -> Result<()> {
        let (client, settings) = (&self.client, crate::mapping::settled());
        client.must::<Value>("PUT", &format!("{body}/_settings"), Content::Json(&settings), Patience::Write)?;
        client.must::<Value>("POST", &format!("{body}/_refresh"), Content::Nothing, Patience::Write)?;
        let path = format!("_cluster/health/{body}?wait_for_status=green&timeout={}s", GREEN.as_secs());
        // A wait that ends too early has status 408.
        let health: Option<Health> = client.ask("GET", &path, Content::Nothing, Patience::Write).unwrap_or_default();
        if health.is_none_or(|health| health.timed_out || health.status != "green") {
            return Err(client.unreachable(format!("{body} did not become green in {} s", GREEN.as_secs())));
        }
        let found = version::count(client, body, members)?;
        if found != passages {
            return Err(
                client.refused(format!("{body} holds {found} passages after all were sent, expected {passages}"))
            );
        }
        Ok(())
    }
}

/// Seconds since 1970.
fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}
