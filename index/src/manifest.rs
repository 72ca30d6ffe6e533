//! The description of a generation.

use std::path::Path;

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::{Calibration, Error, Result, files, layout};

/// `manifest.json`: written last, so a generation with a manifest is complete.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// [`layout::FORMAT_VERSION`] of the program that wrote it.
    pub format: u32,
    /// Version of what becomes of a text in the keyword index; 0 where a program wrote it that did not count yet.
    /// Readers read any; a build on one of another version writes the keyword index anew.
    #[serde(default)]
    pub analysis: u32,
    /// Name of the generation, equal to its directory's.
    pub generation: String,
    /// Seconds since 1970 (UTC) at which it was published.
    pub created_unix: u64,
    /// Everything that determines the vector space, as the encoder's crate describes it.
    pub model: serde_json::Value,
    /// Number of dimensions of a vector.
    pub dimension: usize,
    /// Neighbouring tokens that share a code; 0 if the passages have no codes of tokens.
    #[serde(default)]
    pub token_neighbours: u8,
    /// Numbers of pages, passages and vectors.
    pub counts: Counts,
    /// The work of the build that made it.
    pub build: BuildCounts,
    /// The similarities that answers and unrelated texts reach here.
    pub calibration: Calibration,
    /// The same for queries whose vectors come from the model's lookup table; absent if it has none, and in
    /// generations of earlier programs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lookup_calibration: Option<Calibration>,
    /// Languages of the pages, as BCP 47 primary subtags, sorted.
    pub languages: Vec<String>,
    /// Names of the vector segments, in the order of their passages.
    pub vector_segments: Vec<String>,
    /// Checksums of the manifests that it builds on, the newest first: the number of a passage means the same in all
    /// of them. None for a generation that was written as a whole.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub builds_on: Vec<String>,
    /// Every file but this one, sorted by path.
    pub files: Vec<FileRecord>,
}

/// How much a generation holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Counts {
    /// Pages.
    pub pages: u64,
    /// Passages.
    pub passages: u64,
    /// Vectors; fewer than passages where texts are identical.
    pub vectors: u64,
    /// Count of numbers given to passages so far; the numbers of deleted passages are tombstones.
    pub numbers: u64,
}

/// The work of a build, in passages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct BuildCounts {
    /// Passages that went through the encoder.
    pub encoded: u64,
    /// Passages that existed before, or had a vector in the ledger.
    pub reused: u64,
    /// Passages of the previous generation that the build deleted.
    pub removed: u64,
}

/// A file of a generation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileRecord {
    /// Path below the generation's directory, with `/`.
    pub path: String,
    /// Size in bytes.
    pub bytes: u64,
    /// BLAKE3 of the content, in hexadecimal.
    pub blake3: String,
}

/// Only the version, so that a reader can refuse a newer manifest because of its version.
#[derive(Deserialize)]
struct Versioned {
    format: u32,
}

impl Manifest {
    /// Reads and checks the manifest of a generation's directory; `expected_hash` is the one in `CURRENT`.
    ///
    /// # Errors
    /// [`Error::Format`] for another version, [`Error::Damaged`] for any other difference.
    pub fn read(dir: &Path, expected_hash: &str) -> Result<Self> {
        let path = dir.join(layout::MANIFEST);
        Self::parse(&path, &files::read(&path)?, expected_hash)
    }

    /// Reads the manifest of a generation without a known checksum.
    pub(crate) fn read_any(dir: &Path) -> Result<Self> {
        let path = dir.join(layout::MANIFEST);
        let bytes = files::read(&path)?;
        Self::parse(&path, &bytes, &files::hash(&bytes))
    }

    /// Checks and reads the bytes of a manifest; `path` is their source.
    pub(crate) fn parse(path: &Path, bytes: &[u8], expected_hash: &str) -> Result<Self> {
        if let Ok(Versioned { format }) = serde_json::from_slice(bytes)
            && format != layout::FORMAT_VERSION
        {
            return Err(Error::Format { path: path.to_owned(), found: format, expected: layout::FORMAT_VERSION });
        }
        let found = files::hash(bytes);
        if found != expected_hash {
            return Err(Error::damaged(path, format!("checksum {found}"), format!("checksum {expected_hash}")));
        }
        serde_json::from_slice(bytes).map_err(|e| Error::damaged(path, e, "a manifest as JSON"))
    }

    /// The bytes of the stored manifest.
    ///
    /// # Errors
    /// [`Error::Mismatch`] if the model's record cannot be written as JSON.
    pub(crate) fn to_bytes(&self) -> Result<Vec<u8>> {
        serde_json::to_vec_pretty(self).map_err(|e| Error::Mismatch {
            what: "manifest",
            found: e.to_string(),
            expected: "a manifest that can be written as JSON".into(),
        })
    }

    /// Checks the size and checksum of every file, several files at a time.
    ///
    /// # Errors
    /// [`Error::Damaged`] or [`Error::Io`] for the first file that differs from the manifest.
    pub fn verify_files(&self, dir: &Path) -> Result<()> {
        let damage = |record: &FileRecord| record.verify(dir).err();
        // The first damaged file in their order, regardless of how many there are.
        self.files.par_iter().find_map_first(damage).map_or(Ok(()), Err)
    }
}

impl FileRecord {
    /// Describes the current state of a file below `dir`.
    pub(crate) fn describe(dir: &Path, path: String) -> Result<Self> {
        let full = dir.join(&path);
        let (bytes, blake3) = files::hash_file(&full)?;
        Ok(Self { path, bytes, blake3 })
    }

    pub(crate) fn verify(&self, dir: &Path) -> Result<()> {
        let full = dir.join(&self.path);
        if !full.is_file() {
            return Err(Error::damaged(full, "missing", format!("{} bytes", self.bytes)));
        }
        let (bytes, blake3) = files::hash_file(&full)?;
        if bytes != self.bytes {
            return Err(Error::damaged(full, format!("{bytes} bytes"), format!("{} bytes", self.bytes)));
        }
        if blake3 != self.blake3 {
            return Err(Error::damaged(full, format!("checksum {blake3}"), format!("checksum {}", self.blake3)));
        }
        Ok(())
    }
}
