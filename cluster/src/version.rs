//! The version of an index: a head, and those passages of a body that belong to it.
//!
//! Versions that build on each other share a body. A newer one adds passages with higher numbers, which the older does
//! not see, and names passages that it does not see any more.

use cloze_index::{PassageId, Result};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{
    client::{Client, Content, Patience},
    create::create,
    document, mapping,
};

/// Bytes of a head in one piece.
const PIECE: usize = 1 << 20;
/// The name of the list of dead passages.
const DEAD: &str = "dead";

/// See the module.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Version {
    /// The index of its passages.
    pub(crate) body: String,
    /// The index of its head, and the head's pieces and checksum.
    pub(crate) head: String,
    pieces: usize,
    checksum: String,
    /// The numbers of its passages are lower.
    pub(crate) numbers: PassageId,
    /// Its passages.
    pub(crate) passages: u64,
    /// The parts of its body.
    pub(crate) shards: u64,
}

/// Which passages of a body belong to a version.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Members {
    numbers: PassageId,
    /// Passages of the body that do not belong to it, ascending.
    dead: Vec<PassageId>,
    /// The same as conditions of a search.
    pub(crate) must: Vec<Value>,
    pub(crate) not: Vec<Value>,
}

impl Members {
    pub(crate) fn new(numbers: PassageId, dead: Vec<PassageId>) -> Self {
        let must = vec![json!({"range": {"id": {"lt": numbers}}})];
        let not = if dead.is_empty() { Vec::new() } else { vec![json!({"terms": {"id": dead}})] };
        Self { numbers, dead, must, not }
    }

    /// Whether a passage of the body belongs to the version.
    pub(crate) fn has(&self, passage: PassageId) -> bool {
        passage < self.numbers && self.dead.binary_search(&passage).is_err()
    }

    /// The passages that do not belong to it although their numbers are low enough.
    pub(crate) fn dead(&self) -> &[PassageId] {
        &self.dead
    }

    /// As a query.
    pub(crate) fn query(&self) -> Value {
        json!({"bool": {"filter": self.must, "must_not": self.not}})
    }
}

impl Version {
    /// Writes a head, with the dead passages of its body, into an index of its own.
    pub(crate) fn write(
        client: &Client,
        (body, shards): (&str, u64),
        head: (&str, &[u8]),
        members: &Members,
        passages: u64,
    ) -> Result<Self> {
        let (index, bytes) = head;
        create(client, index, &mapping::head())?;
        let pieces = bytes.chunks(PIECE);
        let count = pieces.len();
        for (number, piece) in pieces.enumerate() {
            document::write_bytes(client, index, &number.to_string(), piece)?;
        }
        let dead: Vec<u8> = members.dead.iter().flat_map(|id| id.to_le_bytes()).collect();
        document::write_bytes(client, index, DEAD, &dead)?;
        Ok(Self {
            body: body.to_owned(),
            head: index.to_owned(),
            pieces: count,
            checksum: checksum(bytes),
            numbers: members.numbers,
            passages,
            shards,
        })
    }

    /// Reads its head.
    pub(crate) fn read_head(&self, client: &Client) -> Result<Vec<u8>> {
        let mut head = Vec::new();
        for number in 0..self.pieces {
            head.extend(document::read_bytes(client, &self.head, &number.to_string())?);
        }
        if checksum(&head) == self.checksum {
            return Ok(head);
        }
        Err(client.refused(format!("{} is damaged; send the index again", self.head)))
    }

    /// Reads which passages of its body belong to it.
    pub(crate) fn read_members(&self, client: &Client) -> Result<Members> {
        let bytes = document::read_bytes(client, &self.head, DEAD)?;
        let dead = bytes.chunks_exact(4).map(|b| PassageId::from_le_bytes([b[0], b[1], b[2], b[3]])).collect();
        Ok(Members::new(self.numbers, dead))
    }

    /// Whether it needs an index of the cluster.
    pub(crate) fn names(&self, index: &str) -> bool {
        self.body == index || self.head == index
    }
}

/// Counts the passages of a version that a body has.
///
/// # Errors
/// [`cloze_index::Error::Unreachable`] if a part of the body does not answer: a count without it would be too low.
pub(crate) fn count(client: &Client, body: &str, members: &Members) -> Result<u64> {
    #[derive(Deserialize)]
    struct Counted {
        count: u64,
        #[serde(rename = "_shards")]
        shards: Shards,
    }
    #[derive(Deserialize)]
    struct Shards {
        total: u64,
        successful: u64,
    }
    let query = json!({"query": members.query()});
    let path = format!("{body}/_count");
    let counted = client.must::<Counted>("POST", &path, Content::Json(&query), Patience::Search)?;
    let Shards { total, successful } = counted.shards;
    if successful < total {
        return Err(client.unreachable(format!("{} of {total} parts of {body} do not answer", total - successful)));
    }
    Ok(counted.count)
}

/// The checksum of a head.
fn checksum(head: &[u8]) -> String {
    blake3::hash(head).to_hex().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_sees_neither_later_nor_dead_passages() {
        let members = Members::new(5, vec![1, 3]);
        assert_eq!((0..7).filter(|id| members.has(*id)).collect::<Vec<_>>(), [0, 2, 4]);
        assert_eq!(members.query()["bool"]["must_not"][0]["terms"]["id"], json!([1, 3]));
        assert_eq!(Members::new(5, Vec::new()).query()["bool"]["must_not"], json!([]));
    }
}
