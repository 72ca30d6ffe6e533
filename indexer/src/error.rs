//! What can stop a build. A bad document does not: it is skipped and reported.

use std::path::PathBuf;

/// Result of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// See the module.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file or folder to index cannot be used.
    #[error("cannot read {path}: {cause}")]
    Source {
        /// The path as given.
        path: PathBuf,
        /// Why.
        cause: std::io::Error,
    },
    /// Nothing to index.
    #[error("no pages in {}: {found}; expected .md, .mdx, .markdown, .html, .htm, .txt or .jsonl files", paths.iter().map(|p| p.display().to_string()).collect::<Vec<_>>().join(", "))]
    Empty {
        /// The paths as given.
        paths: Vec<PathBuf>,
        /// What was there instead.
        found: String,
    },
    /// What was given is no address of a site.
    #[error("{address:?} is no address of a site: {reason}")]
    Address {
        /// As given.
        address: String,
        /// Why.
        reason: String,
    },
    /// A site of which nothing is there.
    #[error("no pages at {address}: {reason}")]
    Site {
        /// The address as given.
        address: String,
        /// Why.
        reason: String,
    },
    /// A pattern of `--include` or `--exclude` is not one.
    #[error("{option} {pattern:?} is not a pattern: {reason}")]
    Pattern {
        /// The option.
        option: &'static str,
        /// The pattern.
        pattern: String,
        /// Why.
        reason: String,
    },
    /// The settings file is wrong.
    #[error("{path}: {reason}")]
    Config {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// The sources cannot be watched.
    #[error("cannot watch {path}: {reason}")]
    Watch {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// The encoder.
    #[error(transparent)]
    Model(#[from] cloze_models::Error),
    /// Training.
    #[error(transparent)]
    Train(#[from] cloze_train::Error),
    /// The index.
    #[error(transparent)]
    Index(#[from] cloze_index::Error),
    /// A thread of the pipeline ended before its work was done.
    #[error("the build stopped: {0}")]
    Stopped(String),
}
