//! Removes indexes and passages that no version needs any more.

use std::collections::BTreeMap;

use cloze_index::Result;
use serde_json::Value;

use crate::{
    bulk::Bulk,
    client::{Client, Content, Patience},
    pointer::Pointer,
    version::Members,
};

/// The bodies and heads of an index that a cluster has.
pub(crate) struct Found {
    /// The number of each, and the checksum of the manifest that a body was made for.
    indexes: BTreeMap<String, (u64, String)>,
}

impl Found {
    /// Asks the cluster.
    pub(crate) fn list(client: &Client, name: &str) -> Result<Self> {
        let parts = "*.mappings._meta,*.mappings.dynamic";
        let path = format!("{name}-*/_mapping?filter_path={parts}&expand_wildcards=open,closed");
        let found: Value = client.ask("GET", &path, Content::Nothing, Patience::Write)?.unwrap_or_default();
        let one = |(index, value): (&String, &Value)| {
            let manifest = value["mappings"]["_meta"]["manifest"].as_str().unwrap_or_default();
            Some((index.clone(), (number(name, index)?, manifest.to_owned())))
        };
        Ok(Self { indexes: found.as_object().into_iter().flatten().filter_map(one).collect() })
    }

    /// The highest number so far.
    pub(crate) fn last(&self) -> u64 {
        self.indexes.values().map(|(number, _)| *number).max().unwrap_or_default()
    }

    /// A body that a build of the same generation began and did not publish.
    pub(crate) fn unfinished(&self, manifest: &str, is_needed: impl Fn(&str) -> bool) -> Option<&str> {
        let is_it = |(index, (_, of)): &(&String, &(u64, String))| of == manifest && !is_needed(index);
        self.indexes.iter().find(is_it).map(|(index, _)| index.as_str())
    }

    /// Removes the others.
    pub(crate) fn remove_all_but(&self, client: &Client, is_needed: impl Fn(&str) -> bool) -> Result<()> {
        for index in self.indexes.keys().filter(|index| !is_needed(index)) {
            client.ask::<Value>("DELETE", index, Content::Nothing, Patience::Write)?;
        }
        Ok(())
    }
}

/// Removes deleted passages that no version sees any more from the live body.
pub(crate) fn remove_dead(client: &Client, live: &Pointer, members: &Members) -> Result<()> {
    let body = &live.version.body;
    let others = live.previous().filter(|other| other.body == *body);
    let others: Vec<Members> = others.map(|other| other.read_members(client)).collect::<Result<_>>()?;
    let mut bulk = Bulk::new(client, body);
    for passage in members.dead().iter().filter(|id| !others.iter().any(|other| other.has(**id))) {
        bulk.remove(*passage)?;
    }
    bulk.flush()
}

/// The number of a body of the index `name`, or of a head.
fn number(name: &str, index: &str) -> Option<u64> {
    let index = index.strip_suffix("-head").unwrap_or(index);
    let digits = index.strip_prefix(name)?.strip_prefix('-')?;
    (digits.len() >= 6 && digits.bytes().all(|b| b.is_ascii_digit())).then(|| digits.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_bodies_and_heads_of_the_index_have_a_number() {
        assert_eq!((number("docs", "docs-000124"), number("docs", "docs-000125-head")), (Some(124), Some(125)));
        for other in ["docs-head", "docs-more-000124", "docs-12", "docs", "other-000124"] {
            assert_eq!(number("docs", other), None, "{other}");
        }
    }

    #[test]
    fn a_body_that_is_live_is_not_unfinished() {
        let indexes = [("docs-000001", 1, "a"), ("docs-000002", 2, "b"), ("docs-000002-head", 2, "")];
        let indexes = indexes.map(|(name, number, of)| (name.to_owned(), (number, of.to_owned()))).into();
        let found = Found { indexes };
        assert_eq!((found.last(), found.unfinished("b", |_| false)), (2, Some("docs-000002")));
        assert_eq!(found.unfinished("b", |index| index == "docs-000002"), None);
    }
}
