//! Errors that stop a build. A bad document does not stop it: Cloze skips and reports the document.

use std::path::PathBuf;

/// Result type of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// See the module.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Cannot use a file or folder to index.
    #[error("cannot read {path}: {cause}")]
    Source {
        /// The path as given.
        path: PathBuf,
        /// The reason.
        cause: std::io::Error,
    },
    /// There is nothing to index.
    #[error("no pages in {}: {found}; expected files of a supported format, such as .md, .html, .rst, .adoc, .txt or .jsonl", paths.iter().map(|p| p.display().to_string()).collect::<Vec<_>>().join(", "))]
    Empty {
        /// The paths as given.
        paths: Vec<PathBuf>,
        /// The other contents found there.
        found: String,
    },
    /// The argument is not the address of a site.
    #[error("{address:?} is not the address of a site: {reason}")]
    Address {
        /// As given.
        address: String,
        /// The reason.
        reason: String,
    },
    /// No page of the site could be fetched.
    #[error("no pages at {address}: {reason}")]
    Site {
        /// The address as given.
        address: String,
        /// The reason.
        reason: String,
    },
    /// A pattern of `--include` or `--exclude` is invalid.
    #[error("{option} {pattern:?} is not a valid pattern: {reason}")]
    Pattern {
        /// The option.
        option: &'static str,
        /// The pattern.
        pattern: String,
        /// The reason.
        reason: String,
    },
    /// The settings file is invalid.
    #[error("{path}: {reason}")]
    Config {
        /// The file.
        path: PathBuf,
        /// The fault.
        reason: String,
    },
    /// Cannot watch the sources.
    #[error("cannot watch {path}: {reason}")]
    Watch {
        /// The file or folder.
        path: PathBuf,
        /// The reason.
        reason: String,
    },
    /// The encoder failed.
    #[error(transparent)]
    Model(#[from] cloze_models::Error),
    /// Training failed.
    #[error(transparent)]
    Train(#[from] cloze_train::Error),
    /// The index failed.
    #[error(transparent)]
    Index(#[from] cloze_index::Error),
    /// A pipeline thread ended before its work was complete.
    #[error("the build stopped: {0}")]
    Stopped(String),
}
