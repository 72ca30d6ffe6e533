//! Opens what a cluster holds of an index.

use std::sync::Arc;

use cloze_index::{Generation, Head, Result};

use crate::{
    Address, ClusterBody,
    client::Client,
    pointer::{self, Pointer},
    version::{self, Members},
};

/// An index on a cluster. Cheap to clone.
#[derive(Clone)]
pub struct Cluster {
    pub(crate) client: Arc<Client>,
    pub(crate) address: Address,
}

impl Cluster {
    /// Connects to nothing yet. Credentials come from the environment.
    ///
    /// # Errors
    /// [`cloze_index::Error::Refused`] if credentials are incomplete, or would travel in the clear.
    pub fn new(address: &Address) -> Result<Self> {
        Ok(Self { client: Arc::new(Client::new(address)?), address: address.clone() })
    }

    /// The same for a program that nobody waits for, such as a build: it gives a busy cluster time to answer.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub fn patient(address: &Address) -> Result<Self> {
        Ok(Self { client: Arc::new(Client::new(address)?.patient()), address: address.clone() })
    }

    /// Its address.
    #[must_use]
    pub fn address(&self) -> &Address {
        &self.address
    }

    fn pointer(&self) -> Result<Pointer> {
        let seen = pointer::read(&self.client, self.address.name())?;
        let nothing = "it holds no such index; make one with `indexer build DOCS --body URL`";
        let other = "another version of Cloze wrote it; send the index again with `indexer import --body URL`";
        let seen = seen.ok_or_else(|| self.client.refused(nothing))?;
        seen.pointer.ok_or_else(|| self.client.refused(other))
    }

    /// Opens the live generation.
    ///
    /// # Errors
    /// [`cloze_index::Error::Unreachable`] or [`cloze_index::Error::Refused`].
    pub fn open(&self) -> Result<Generation> {
        let version = self.pointer()?.version;
        let head = Arc::new(Head::parse(&version.read_head(&self.client)?)?);
        let members = version.read_members(&self.client)?;
        let (body, expected) = (version.body, head.manifest().counts.passages);
        let found = version::count(&self.client, &body, &members)?;
        if found != expected {
            let reason = format!("{body} holds {found} passages, expected {expected}; send the index again");
            return Err(self.client.refused(reason));
        }
        let body = ClusterBody::new(self.client.clone(), body, head.clone(), members, self.address.is_exact());
        Ok(Generation::elsewhere(head, Arc::new(body)))
    }

    /// The name of the live generation if it is another one than this. Two small requests.
    ///
    /// # Errors
    /// As [`Self::open`], also if the body of the live generation does not answer as a whole: one node that is left
    /// can still name it.
    pub fn overtakes(&self, generation: &Generation) -> Result<Option<String>> {
        let pointer = self.pointer()?;
        version::count(&self.client, &pointer.version.body, &Members::default())?;
        Ok((pointer.manifest != generation.checksum()?).then_some(pointer.generation))
    }
}
