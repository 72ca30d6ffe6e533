//! `pages.jsonl`: which passages each page has. A build compares pages with these records to find changes.

use std::{collections::HashMap, fmt, io::Write, path::Path};

use serde::{Deserialize, Serialize, de::Error as _};

use crate::{Error, Passage, PassageId, Result, files};

/// 128 bits of BLAKE3: two items of an index will not collide by chance.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key([u8; 16]);

impl Key {
    /// The key of some bytes.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        let mut key = [0; 16];
        key.copy_from_slice(&blake3::hash(bytes).as_bytes()[..16]);
        Self(key)
    }

    /// The key of all stored fields of a passage except its page's number.
    #[must_use]
    pub fn of_passage(passage: &Passage) -> Self {
        let anywhere = Passage { page: 0, ..passage.clone() };
        Self::of(&serde_json::to_vec(&anywhere).unwrap_or_default())
    }

    /// Its bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl TryFrom<&[u8]> for Key {
    type Error = std::array::TryFromSliceError;

    fn try_from(bytes: &[u8]) -> Result<Self, Self::Error> {
        bytes.try_into().map(Self)
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl Serialize for Key {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&format!("{self:?}"))
    }
}

impl<'de> Deserialize<'de> for Key {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let byte = |i: usize| text.get(2 * i..2 * i + 2).and_then(|t| u8::from_str_radix(t, 16).ok());
        let bytes: Option<Vec<u8>> = (0..16).map(byte).collect();
        bytes
            .filter(|_| text.len() == 32)
            .and_then(|b| b.try_into().ok())
            .map(Self)
            .ok_or_else(|| D::Error::custom(format!("invalid key {text:?}; expected 32 hexadecimal digits")))
    }
}

/// One page of a generation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PageRecord {
    /// Name of the page inside its source.
    pub source: String,
    /// Its number.
    pub number: u32,
    /// Its passages, from top to bottom.
    pub passages: Vec<(PassageId, Key)>,
}

/// The pages of the generation that was live when a build began, by name.
#[derive(Debug, Default)]
pub struct PreviousPages(HashMap<String, PageRecord>);

impl PreviousPages {
    pub(crate) fn new(records: &[PageRecord]) -> Self {
        Self(records.iter().map(|r| (r.source.clone(), r.clone())).collect())
    }

    /// The page with a name.
    #[must_use]
    pub fn page(&self, source: &str) -> Option<&PageRecord> {
        self.0.get(source)
    }
}

pub(crate) fn write(path: &Path, pages: &[PageRecord]) -> Result<()> {
    let mut out = Vec::new();
    for page in pages {
        let written = serde_json::to_writer(&mut out, page).map_err(std::io::Error::from);
        written.and_then(|()| out.write_all(b"\n")).map_err(Error::io("write", path))?;
    }
    files::write(path, &out)
}

pub(crate) fn read(path: &Path) -> Result<Vec<PageRecord>> {
    let bytes = files::read(path)?;
    let lines = bytes.split(|b| *b == b'\n').filter(|line| !line.is_empty());
    lines
        .map(|line| serde_json::from_slice(line).map_err(|e| Error::damaged(path, e, "one page per line, as JSON")))
        .collect()
}
