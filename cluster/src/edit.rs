//! A generation that builds on the live one: only what differs is sent.
//!
//! New passages have higher numbers than those of the live version, which does not see them. Deleted passages stay in
//! the body until no version needs them, and the new version names them.

use cloze_index::{Generation, PassageId, Result};
use serde_json::{Value, json};

use crate::{
    bulk::Bulk,
    client::{Client, Content, Patience},
    fill::shards,
    listed,
    pointer::Pointer,
    target::Target,
    version::{self, Members, Version},
};

/// The most deleted passages that a version names, because every search repeats them. More are worth a new body.
const MOST_DEAD: usize = 5_000;

/// See the module.
pub(crate) struct Edit<'a> {
    live: &'a Version,
    members: Members,
}

impl<'a> Edit<'a> {
    /// `None` if the generation needs a body of its own.
    pub(crate) fn of(client: &Client, generation: &Generation, live: Option<&'a Pointer>) -> Result<Option<Self>> {
        let manifest = generation.manifest();
        let is_next = |live: &&Pointer| manifest.builds_on.contains(&live.manifest) && live.can_be_extended();
        let Some(live) = live.filter(is_next).map(|live| &live.version) else { return Ok(None) };
        let has_grown = shards(manifest.counts.passages) > 2 * live.shards;
        let before = live.read_members(client)?;
        if has_grown || version::count(client, &live.body, &before)? != live.passages {
            return Ok(None);
        }
        let mut dead = Vec::new();
        let deleted: Vec<PassageId> = (0..live.numbers).filter(|id| !generation.is_live(*id)).collect();
        for some in deleted.chunks(listed::MOST) {
            dead.extend(listed::among(client, &live.body, &json!({"terms": {"id": some}}))?);
        }
        dead.sort_unstable();
        let members = Members::new(manifest.counts.numbers as PassageId, dead);
        Ok((members.dead().len() <= MOST_DEAD).then_some(Self { live, members }))
    }

    /// Removes what a killed build left in the body and this one does not send again.
    pub(crate) fn begin(self, client: &Client, generation: &Generation) -> Result<Target> {
        let body = &self.live.body;
        client.must::<Value>("POST", &format!("{body}/_refresh"), Content::Nothing, Patience::Write)?;
        let mut bulk = Bulk::new(client, body);
        let mut from = self.live.numbers;
        loop {
            let some = listed::among(client, body, &json!({"range": {"id": {"gte": from}}}))?;
            some.iter().filter(|id| !generation.is_live(**id)).try_for_each(|id| bulk.remove(*id))?;
            match some.last() {
                Some(last) if some.len() == listed::MOST => from = last + 1,
                _ => break,
            }
        }
        bulk.flush()?;
        let (body, shards) = (body.clone(), self.live.shards);
        Ok(Target { body, shards, from: self.live.numbers, members: self.members })
    }
}
