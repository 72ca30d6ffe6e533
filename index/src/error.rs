//! Errors of an index on disk.

use std::path::PathBuf;

/// Result of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Every error names the file, and the remedy if one exists.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no index.
    #[error(
        "there is no index in {dir} (the file CURRENT is missing); build one with `indexer build DOCS --index {dir}`"
    )]
    NoIndex {
        /// The index directory.
        dir: PathBuf,
    },
    /// A file operation failed.
    #[error("cannot {doing} {path}: {cause}")]
    Io {
        /// The operation: "read", "write", "sync", "rename to", …
        doing: &'static str,
        /// The file.
        path: PathBuf,
        /// Why.
        cause: std::io::Error,
    },
    /// A file differs from its record in the manifest.
    #[error("{path} is damaged: {found}, expected {expected}; {}", ADVICE)]
    Damaged {
        /// The file.
        path: PathBuf,
        /// The value found.
        found: String,
        /// The value in the manifest.
        expected: String,
    },
    /// A file was written by a newer program, or is not of this format at all.
    #[error("{path} has index format {found}, but this program reads format {expected}; {}", if found > expected { "use a newer version of Cloze" } else { "build the index again" })]
    Format {
        /// The manifest.
        path: PathBuf,
        /// Its format version.
        found: u32,
        /// The version that this program reads.
        expected: u32,
    },
    /// Another process is writing.
    #[error("another process is writing {dir} ({holder}); wait until it finishes, or stop it")]
    Locked {
        /// The index directory.
        dir: PathBuf,
        /// Its process id and start, as it left them.
        holder: String,
    },
    /// A vector or a passage does not fit the new generation.
    #[error("{what}: found {found}, expected {expected}")]
    Mismatch {
        /// The property that does not fit.
        what: &'static str,
        /// The value found.
        found: String,
        /// The value expected.
        expected: String,
    },
    /// The keyword engine failed.
    #[error("the keyword index at {path} could not {doing}: {reason}")]
    Lexical {
        /// Its directory.
        path: PathBuf,
        /// The operation.
        doing: &'static str,
        /// Its message.
        reason: String,
    },
    /// The ledger failed.
    #[error(
        "the ledger at {path} could not {doing}: {reason}; you can delete it, and the next build creates a new one"
    )]
    Ledger {
        /// Its directory.
        path: PathBuf,
        /// The operation.
        doing: &'static str,
        /// Its message.
        reason: String,
    },
    /// The place where a body lies did not answer, or not in full.
    #[error("{place} did not answer: {reason}")]
    Unreachable {
        /// The place, without credentials.
        place: String,
        /// The reason.
        reason: String,
    },
    /// The place where a body lies refused, or answered with something else.
    #[error("{place}: {reason}")]
    Refused {
        /// The place, without credentials.
        place: String,
        /// The reason.
        reason: String,
    },
    /// The operation needs the files of an index, and its body lies elsewhere.
    #[error("this needs the files of an index; the body of this one lies elsewhere")]
    Elsewhere,
    /// More items than the format can number.
    #[error("too many {what}; an index can have at most {limit}")]
    TooMany {
        /// The items that exceed the limit.
        what: &'static str,
        /// The limit.
        limit: u64,
    },
}

const ADVICE: &str = "restore the index from a backup or build it again; the file was not changed";

impl Error {
    pub(crate) fn io(doing: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |cause| Self::Io { doing, path, cause }
    }

    pub(crate) fn damaged(
        path: impl Into<PathBuf>,
        found: impl std::fmt::Display,
        expected: impl std::fmt::Display,
    ) -> Self {
        Self::Damaged { path: path.into(), found: found.to_string(), expected: expected.to_string() }
    }

    /// Whether a newer program wrote the index.
    #[must_use]
    pub fn is_newer_format(&self) -> bool {
        matches!(self, Self::Format { found, expected, .. } if found > expected)
    }

    /// Whether the place where the body lies does not answer now; it may answer later.
    #[must_use]
    pub fn is_unreachable(&self) -> bool {
        matches!(self, Self::Unreachable { .. })
    }

    /// Whether the disk is full; the caller may want to report this first.
    #[must_use]
    pub fn is_disk_full(&self) -> bool {
        match self {
            Self::Io { cause, .. } => cause.kind() == std::io::ErrorKind::StorageFull,
            Self::Lexical { reason, .. } | Self::Ledger { reason, .. } => reason.contains("No space left"),
            _ => false,
        }
    }
}
