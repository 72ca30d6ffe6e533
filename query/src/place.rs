//! Where an index lies: in a folder, or on a cluster.

use std::{fmt, path::PathBuf, time::Duration};

use cloze_cluster::{Address, Cluster};
use cloze_index::Generation;

use crate::Result;

/// How often it is worth asking for a new generation: a folder costs one small file, a cluster one small request.
const FOLDER_EVERY: Duration = Duration::from_millis(200);
const BODY_EVERY: Duration = Duration::from_secs(1);

/// See the module.
#[derive(Clone)]
pub enum Place {
    /// An index directory.
    Folder(PathBuf),
    /// An index whose body and head lie on a cluster.
    Body(Cluster),
}

impl Place {
    /// The place of an index directory, or of a body if there is one.
    ///
    /// # Errors
    /// [`crate::Error::Index`] if the credentials for the body are incomplete.
    pub fn of(index: PathBuf, body: Option<&Address>) -> Result<Self> {
        Ok(match body {
            Some(address) => Self::Body(Cluster::new(address)?),
            None => Self::Folder(index),
        })
    }

    /// The same for a program that nobody waits for: it gives a busy cluster time to answer.
    ///
    /// # Errors
    /// As [`Self::of`].
    pub fn patient(self) -> Result<Self> {
        Ok(match self {
            Self::Folder(_) => self,
            Self::Body(cluster) => Self::Body(Cluster::patient(cluster.address())?),
        })
    }

    /// Opens the live generation.
    ///
    /// # Errors
    /// [`crate::Error::Index`].
    pub fn open(&self) -> Result<Generation> {
        Ok(match self {
            Self::Folder(index) => Generation::open(index)?,
            Self::Body(cluster) => cluster.open()?,
        })
    }

    /// Opens the live generation of a folder, or the one before if it is damaged. A cluster has no damaged one.
    ///
    /// # Errors
    /// [`crate::Error::Index`].
    pub fn open_or_previous(&self) -> Result<Generation> {
        match self {
            Self::Folder(index) => Ok(Generation::open_or_previous(index)?),
            Self::Body(_) => self.open(),
        }
    }

    /// The name of the live generation if it is another one than this.
    ///
    /// # Errors
    /// [`crate::Error::Index`].
    pub fn overtakes(&self, generation: &Generation) -> Result<Option<String>> {
        Ok(match self {
            Self::Folder(index) => generation.overtaken_by(index)?,
            Self::Body(cluster) => cluster.overtakes(generation)?,
        })
    }

    /// How often it is worth asking for a new generation.
    #[must_use]
    pub fn every(&self) -> Duration {
        match self {
            Self::Folder(_) => FOLDER_EVERY,
            Self::Body(_) => BODY_EVERY,
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Folder(index) => index.display().fmt(f),
            Self::Body(cluster) => cluster.address().fmt(f),
        }
    }
}
