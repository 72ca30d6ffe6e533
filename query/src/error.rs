//! What can go wrong between a query and its answer.

use std::path::PathBuf;

/// Result of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// See the module. The first group is the user's to mend, the second the operator's.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The query has no characters but white space and control characters.
    #[error("the query is empty; expected some words in {parameter:?}")]
    EmptyQuery {
        /// The parameter.
        parameter: &'static str,
    },
    /// Nothing was typed behind the program's name.
    #[error("nothing to search for; try `query \"how do I …\"`, or `query --help`")]
    NothingAsked,
    /// The query is too long.
    #[error("the query has {found} characters; at most {limit} are accepted")]
    QueryTooLong {
        /// Characters of the query.
        found: usize,
        /// The limit.
        limit: usize,
    },
    /// A parameter has a value that is not accepted.
    #[error("{parameter} is {found:?}; expected {expected}")]
    Parameter {
        /// The parameter.
        parameter: &'static str,
        /// What was given.
        found: String,
        /// What is accepted.
        expected: String,
    },

    /// The index was made with another model than the one that is loaded.
    #[error("the index was made with {index}, but the model here is {model}; use that model, or build the index again")]
    ModelMismatch {
        /// The index's model.
        index: String,
        /// The model that was loaded.
        model: String,
    },
    /// A file with queries or judgments is wrong.
    #[error("{path}, line {line}: {found}; expected {expected}")]
    EvalFile {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What was found.
        found: String,
        /// What was expected.
        expected: &'static str,
    },
    /// A file could not be read.
    #[error("cannot read {path}: {cause}")]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        cause: std::io::Error,
    },
    /// Nothing to measure.
    #[error("no query of {queries} has a judgment in {qrels}")]
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
        /// What is wrong.
        reason: String,
    },
    /// The encoder.
    #[error(transparent)]
    Model(#[from] cloze_models::Error),
    /// The index.
    #[error(transparent)]
    Index(#[from] cloze_index::Error),
}

impl Error {
    /// Whether the command line, or the request, has to be another one.
    #[must_use]
    pub fn is_usage(&self) -> bool {
        matches!(
            self,
            Self::EmptyQuery { .. } | Self::NothingAsked | Self::QueryTooLong { .. } | Self::Parameter { .. }
        )
    }
}
