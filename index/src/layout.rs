//! Every file name of an index directory, and the version of the format.

use std::path::{Path, PathBuf};

/// Version of everything below an index directory. Readers refuse any other.
pub const FORMAT_VERSION: u32 = 3;

/// Holds the name of the live generation and the checksum of its manifest.
pub const CURRENT: &str = "CURRENT";
/// Holds the same for the previous live generation, for readers that find the live one damaged.
pub const PREVIOUS: &str = "PREVIOUS";
/// The file that the one writer locks.
pub const WRITER: &str = "WRITER";
/// Results that the writer keeps from build to build; readers do not need them.
pub const LEDGER: &str = "ledger";
/// Pages that were fetched from web servers; readers do not need them.
pub const FETCHED: &str = "fetched";
/// Holds one directory for each generation.
pub const GENERATIONS: &str = "generations";
/// Prefix of an unfinished generation; no reader opens such a directory.
pub const STAGING_PREFIX: &str = ".staging-";
/// Prefix of a generation during its removal; no reader opens such a directory.
pub const REMOVED_PREFIX: &str = ".removed-";

/// Inside a generation: its description, with the checksum of every file.
pub const MANIFEST: &str = "manifest.json";
/// Inside a generation: which passages each page has.
pub const PAGES: &str = "pages.jsonl";
/// Inside a generation: numbers of deleted passages, ascending.
pub const TOMBSTONES: &str = "tombstones.u32";
/// Inside a generation: tantivy's files.
pub const LEXICAL: &str = "lexical";
/// Inside a generation: one directory for each vector segment.
pub const VECTORS: &str = "vectors";

/// Inside a vector segment: rows of IEEE 754 half floats, little-endian.
pub const ROWS: &str = "rows.f16";
/// Inside a vector segment, if it is large enough to have a graph: the rows, with eight bits for each value.
pub const CODES: &str = "codes.u8";
/// Inside a vector segment: which passages have which row.
pub const PASSAGES: &str = "passages.u32";
/// Inside a vector segment, if its passages have any: codes of token vectors.
pub const TOKENS: &str = "tokens.u8";
/// Inside a vector segment, beside the codes: the start of each row's codes.
pub const TOKEN_OFFSETS: &str = "tokens.u32";
/// Inside a vector segment, if it is large enough to have one: the graph.
pub const GRAPH: &str = "graph.u32";

/// Paths of one index directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout {
    root: PathBuf,
}

impl Layout {
    /// The layout of the index directory `root`.
    #[must_use]
    pub fn new(root: &Path) -> Self {
        Self { root: root.to_owned() }
    }

    /// The index directory.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The file that names the live generation.
    #[must_use]
    pub fn current(&self) -> PathBuf {
        self.root.join(CURRENT)
    }

    /// The file that names the previous live generation.
    #[must_use]
    pub fn previous(&self) -> PathBuf {
        self.root.join(PREVIOUS)
    }

    /// The writer's lock file.
    #[must_use]
    pub fn writer_lock(&self) -> PathBuf {
        self.root.join(WRITER)
    }

    /// The writer's ledger.
    #[must_use]
    pub fn ledger(&self) -> PathBuf {
        self.root.join(LEDGER)
    }

    /// The directory of fetched pages.
    #[must_use]
    pub fn fetched(&self) -> PathBuf {
        self.root.join(FETCHED)
    }

    /// The directory of all generations.
    #[must_use]
    pub fn generations(&self) -> PathBuf {
        self.root.join(GENERATIONS)
    }

    /// The directory of one generation.
    #[must_use]
    pub fn generation(&self, name: &str) -> PathBuf {
        self.generations().join(name)
    }
}

/// Whether a file of a generation is never written again, so that the next generation can share it: vector segments
/// and tantivy's segments, but not the lists of them.
#[must_use]
pub(crate) fn is_immutable(path: &str) -> bool {
    match path.split_once('/') {
        Some((VECTORS, _)) => true,
        Some((LEXICAL, name)) => !name.starts_with('.') && name != "meta.json",
        _ => false,
    }
}

/// Name of generation number `n`: at least six digits.
#[must_use]
pub fn generation_name(n: u64) -> String {
    format!("{n:06}")
}

/// Number of a generation's name, if it is one.
#[must_use]
pub fn generation_number(name: &str) -> Option<u64> {
    (name.len() >= 6 && name.bytes().all(|b| b.is_ascii_digit())).then(|| name.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn generation_names_round_trip() {
        for n in [0, 1, 42, 999_999, 1_000_000] {
            assert_eq!(generation_number(&generation_name(n)), Some(n));
        }
        for odd in ["", "42", ".staging-000042", "00004x", "+00042"] {
            assert_eq!(generation_number(odd), None);
        }
    }
}
