//! Errors on the way from a query to its answer.

use std::path::PathBuf;

/// Result of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// An error of this crate. The user can correct the first group, the operator the second.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The query contains only white space and control characters.
    #[error("the query is empty; expected words in {parameter:?}")]
    EmptyQuery {
        /// The parameter.
        parameter: &'static str,
    },
    /// The command line has neither a query nor a command.
    #[error("there is no query; try `query \"how do I …\"` or `query --help`")]
    NothingAsked,
    /// The query is too long.
    #[error("the query has {found} characters; expected at most {limit}")]
    QueryTooLong {
        /// Characters of the query.
        found: usize,
        /// The limit.
        limit: usize,
    },
    /// A parameter has an invalid value.
    #[error("{parameter} is {found:?}; expected {expected}")]
    Parameter {
        /// The parameter.
        parameter: &'static str,
        /// The given value.
        found: String,
        /// The accepted values.
        expected: String,
    },

    /// The index was made with a different model from the loaded one.
    #[error(
        "the index was built with {index}, but the loaded model is {model}; use the model of the index, or build the index again"
    )]
    ModelMismatch {
        /// The index's model.
        index: String,
        /// The loaded model.
        model: String,
    },
    /// A file with queries or judgments is wrong.
    #[error("{path}, line {line}: {found}; expected {expected}")]
    EvalFile {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// The content found.
        found: String,
        /// The content expected.
        expected: &'static str,
    },
    /// A file could not be read.
    #[error("cannot read {path}: {cause}")]
    Read {
        /// The file.
        path: PathBuf,
        /// The cause.
        cause: std::io::Error,
    },
    /// No query has a judgment.
    #[error("no query in {queries} has a judgment in {qrels}; expected the same query ids in both files")]
    NothingJudged {
        /// The queries.
        queries: PathBuf,
        /// The judgments.
        qrels: PathBuf,
    },
    /// The settings file is wrong.
    #[error("{path}: {reason}")]
    Config {
        /// The file.
        path: PathBuf,
        /// The fault.
        reason: String,
    },
    /// An error of the encoder.
    #[error(transparent)]
    Model(#[from] cloze_models::Error),
    /// An error of the index.
    #[error(transparent)]
    Index(#[from] cloze_index::Error),
}

impl Error {
    /// Whether the place of the index does not answer now; it may answer later.
    #[must_use]
    pub fn is_unreachable(&self) -> bool {
        matches!(self, Self::Index(error) if error.is_unreachable())
    }

    /// Whether the fault lies in the command line or in the request.
    #[must_use]
    pub fn is_usage(&self) -> bool {
        matches!(
            self,
            Self::EmptyQuery { .. } | Self::NothingAsked | Self::QueryTooLong { .. } | Self::Parameter { .. }
        )
    }
}
