//! What a generation says of itself.

use std::path::Path;

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::{Error, Result, files, layout};

/// `manifest.json`: written last, so a generation with a manifest is whole.
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
    /// What decides the vector space, as the encoder's crate describes it.
    pub model: serde_json::Value,
    /// Number of dimensions of a vector.
    pub dimension: usize,
    /// How much it holds.
    pub counts: Counts,
    /// What the build that made it had to do.
    pub build: BuildCounts,
    /// What similarities mean here.
    pub calibration: Calibration,
    /// Languages of the pages, as BCP 47 primary subtags, sorted.
    pub languages: Vec<String>,
    /// Names of the vector segments, in the order of their passages.
    pub vector_segments: Vec<String>,
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
    /// Numbers given to passages so far; those of passages that are gone are tombstones.
    pub numbers: u64,
}

/// What a build had to do, in passages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct BuildCounts {
    /// Went through the encoder.
    pub encoded: u64,
    /// Were there before, or had a vector in the ledger.
    pub reused: u64,
    /// Of the generation before, are gone.
    pub removed: u64,
}

/// Quartiles of the highest similarity that queries without an answer reach in this generation.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Calibration {
    /// A quarter of them stay below.
    pub lower: f32,
    /// Half of them stay below.
    pub median: f32,
    /// Three quarters of them stay below.
    pub upper: f32,
}

impl Calibration {
    /// The quartiles of some similarities; all 0 if there are none.
    #[must_use]
    pub fn of(mut similarities: Vec<f32>) -> Self {
        similarities.sort_by(f32::total_cmp);
        let at = |share: f32| {
            let place = (similarities.len().saturating_sub(1) as f32 * share).round() as usize;
            similarities.get(place).copied().unwrap_or_default()
        };
        Self { lower: at(0.25), median: at(0.5), upper: at(0.75) }
    }

    /// Similarity below which a query counts as one without an answer: beyond the upper quartile by
    /// `fence` times the distance between the quartiles (Tukey's fences, 1977).
    #[must_use]
    pub fn threshold(&self, fence: f32) -> f32 {
        self.upper + fence * (self.upper - self.lower)
    }
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

/// Reads only the version, so that a newer manifest is refused for being newer.
#[derive(Deserialize)]
struct Versioned {
    format: u32,
}

impl Manifest {
    /// Reads and checks the manifest of a generation's directory; `expected_hash` is what `CURRENT` says.
    ///
    /// # Errors
    /// [`Error::Format`] for another version, [`Error::Damaged`] for anything else that is not as promised.
    pub fn read(dir: &Path, expected_hash: &str) -> Result<Self> {
        let path = dir.join(layout::MANIFEST);
        Self::parse(&path, &files::read(&path)?, expected_hash)
    }

    /// Reads the manifest of a generation of which no checksum is known.
    pub(crate) fn read_any(dir: &Path) -> Result<Self> {
        let path = dir.join(layout::MANIFEST);
        let bytes = files::read(&path)?;
        Self::parse(&path, &bytes, &files::hash(&bytes))
    }

    /// Checks and reads the bytes of a manifest; `path` is where they are from.
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
        serde_json::from_slice(bytes).map_err(|e| Error::damaged(path, e, "a manifest"))
    }

    /// As it is stored.
    ///
    /// # Errors
    /// [`Error::Mismatch`] if the model's record cannot be written as JSON.
    pub(crate) fn to_bytes(&self) -> Result<Vec<u8>> {
        serde_json::to_vec_pretty(self).map_err(|e| Error::Mismatch {
            what: "manifest",
            found: e.to_string(),
            expected: "a manifest that can be stored".into(),
        })
    }

    /// Checks size and checksum of every file, several at a time.
    ///
    /// # Errors
    /// [`Error::Damaged`] or [`Error::Io`] for the first file that is not as the manifest says.
    pub fn verify_files(&self, dir: &Path) -> Result<()> {
        let damage = |record: &FileRecord| record.verify(dir).err();
        // The first in their order, however many there are.
        self.files.par_iter().find_map_first(damage).map_or(Ok(()), Err)
    }
}

impl FileRecord {
    /// Describes a file below `dir` as it is now.
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
