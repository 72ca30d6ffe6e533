//! `cloze.json`: the one file of an export that changes in place. All others have names that stay true for ever.

use std::{fs, path::Path};

use cloze_index::Calibration;
use serde::{Deserialize, Serialize};

use crate::{Error, Result};

/// Name of the entry file.
pub const ENTRY: &str = "cloze.json";
/// Version of the format of all files. A browser's module refuses another one.
pub const FORMAT: u32 = 2;

/// The entry file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// [`FORMAT`] of the program that wrote it.
    pub format: u32,
    /// The folder of the data files.
    pub folder: String,
    /// The mark of these files.
    pub tag: u32,
    /// The folder of the export before, which open pages may still read.
    pub previous: Option<String>,
    /// Name of the generation.
    pub generation: String,
    /// Seconds since 1970 (UTC) at which it was published.
    pub created_unix: u64,
    /// Number of pages.
    pub pages: usize,
    /// Number of passages.
    pub passages: usize,
    /// Mean number of terms in a passage.
    pub average_length: f64,
    /// Languages of the pages, as BCP 47 primary subtags.
    pub languages: Vec<String>,
    /// Keys of the metadata, in the order of their files.
    pub keys: Vec<String>,
    /// Number of files of titles.
    pub titles: usize,
    /// The vectors; absent if words alone are exported.
    pub semantic: Option<Semantic>,
    /// Why there are no vectors.
    pub reason: Option<String>,
}

/// What a search by meaning needs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Semantic {
    /// The folder of the lookup table.
    pub table: String,
    /// The mark of its files.
    pub tag: u32,
    /// Number of dimensions.
    pub dimension: usize,
    /// The mean of all vectors, rotated: 8 bits for each value, in base64.
    pub mean: String,
    /// The value of one step of `mean`.
    pub mean_step: f64,
    /// Whether the fence may use the quartiles of the lookup table.
    pub is_of_table: bool,
    /// Similarities that answers and unrelated texts reach.
    pub calibration: Calibration,
    /// Whether most pages are in languages that the model knows.
    pub knows_languages: bool,
}

impl Entry {
    /// Reads the entry file of an export.
    ///
    /// # Errors
    /// [`Error::Io`] or [`Error::Damaged`], naming the file.
    pub fn read(dir: &Path) -> Result<Self> {
        let path = dir.join(ENTRY);
        let bytes = fs::read(&path).map_err(Error::io("read", &path))?;
        let damaged = |found| Error::Damaged { path: path.clone(), found, expected: "the entry file of an export" };
        let entry: Self = serde_json::from_slice(&bytes).map_err(|e| damaged(e.to_string()))?;
        if entry.format == FORMAT { Ok(entry) } else { Err(damaged(format!("format {}", entry.format))) }
    }

    /// Writes the entry file in one step: a reader sees the old one or the new one.
    pub(crate) fn write(&self, dir: &Path) -> Result<()> {
        let (path, beside) = (dir.join(ENTRY), dir.join(format!("{ENTRY}.{}.part", std::process::id())));
        let text = serde_json::to_string(self).map_err(|e| Error::Mismatch {
            what: "entry file",
            found: e.to_string(),
            expected: "an entry that can be stored".into(),
        })?;
        fs::write(&beside, text).map_err(Error::io("write", &beside))?;
        fs::rename(&beside, &path).map_err(Error::io("rename to", &path))
    }
}
