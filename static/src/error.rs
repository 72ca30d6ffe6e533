//! Errors of an export and of a reader of its files.

use std::{io, path::PathBuf};

/// Result of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Every error names the file or the value.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The index cannot be read.
    #[error(transparent)]
    Index(#[from] cloze_index::Error),
    /// The model's table or tokenizer cannot be read.
    #[error(transparent)]
    Model(#[from] cloze_models::Error),
    /// A file cannot be read or written.
    #[error("cannot {doing} {path}: {cause}")]
    Io {
        /// The operation.
        doing: &'static str,
        /// The file.
        path: PathBuf,
        /// The reason.
        cause: io::Error,
    },
    /// A file has other content than a reader expects.
    #[error("{path} is {found}, expected {expected}")]
    Damaged {
        /// The file.
        path: PathBuf,
        /// The content found.
        found: String,
        /// The expected content.
        expected: &'static str,
    },
    /// The bytes of a file end too early, or a number in them is too large.
    #[error("the data of a file ends too early")]
    Cut,
    /// A value does not fit the format.
    #[error("{what}: found {found}, expected {expected}")]
    Mismatch {
        /// The property.
        what: &'static str,
        /// The value found.
        found: String,
        /// The expected value.
        expected: String,
    },
}

impl Error {
    /// The error of a file operation.
    pub(crate) fn io(doing: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |cause| Self::Io { doing, path, cause }
    }
}
