//! Opens what a cluster holds of an index.

use std::sync::Arc;

use cloze_index::{Generation, Head, Result};
use serde::Deserialize;

use crate::{
    Address, ClusterBody,
    client::{Client, Content, Patience},
    pointer::{self, Pointer},
};

/// An index on a cluster. Cheap to clone.
#[derive(Clone)]
pub struct Cluster {
    pub(crate) client: Arc<Client>,
    pub(crate) address: Address,
}

#[derive(Deserialize)]
struct Counted {
    count: u64,
}

impl Cluster {
    /// Connects to nothing yet. Credentials come from the environment.
    ///
    /// # Errors
    /// [`cloze_index::Error::Refused`] if credentials are incomplete, or would travel in the clear.
    pub fn new(address: &Address) -> Result<Self> {
        Ok(Self { client: Arc::new(Client::new(address)?), address: address.clone() })
    }

    /// Its address.
    #[must_use]
    pub fn address(&self) -> &Address {
        &self.address
    }

    fn pointer(&self) -> Result<Pointer> {
        let seen = pointer::read(&self.client, self.address.name())?;
        let nothing = "it holds no such index; make one with `indexer build DOCS --body URL`";
        Ok(seen.ok_or_else(|| self.client.refused(nothing))?.pointer)
    }

    /// Opens the live generation.
    ///
    /// # Errors
    /// [`cloze_index::Error::Unreachable`] or [`cloze_index::Error::Refused`].
    pub fn open(&self) -> Result<Generation> {
        let pointer = self.pointer()?;
        let head = Arc::new(Head::parse(&pointer::read_head(&self.client, &pointer)?)?);
        let body = ClusterBody::new(self.client.clone(), pointer.body.clone(), head.clone(), self.address.is_exact());
        let expected = head.manifest().counts.passages;
        let found = self.count(&pointer.body)?;
        if found != expected {
            let reason = format!("{} holds {found} passages, expected {expected}; send the index again", pointer.body);
            return Err(self.client.refused(reason));
        }
        Ok(Generation::elsewhere(head, Arc::new(body)))
    }

    /// The name of the live generation if it is another one than this. One small request.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn overtakes(&self, generation: &Generation) -> Result<Option<String>> {
        let pointer = self.pointer()?;
        Ok((pointer.manifest != generation.checksum()?).then_some(pointer.generation))
    }

    /// The number of passages in a body.
    pub(crate) fn count(&self, body: &str) -> Result<u64> {
        let path = format!("{body}/_count");
        Ok(self.client.must::<Counted>("GET", &path, Content::Nothing, Patience::Search)?.count)
    }
}
