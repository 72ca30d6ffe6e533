//! What can go wrong between a model's name and a vector.

use std::path::PathBuf;

/// Result of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Every error says which file or name it is about, what was found and what was expected.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file of the model could not be read.
    #[error("cannot read {path}: {cause}")]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        cause: std::io::Error,
    },
    /// A file could not be written to the cache.
    #[error("cannot write {path}: {cause}")]
    Write {
        /// The file.
        path: PathBuf,
        /// Why.
        cause: std::io::Error,
    },
    /// A file that every model needs is absent.
    #[error("{dir} is not a model directory: {file} is missing (expected {expected})")]
    MissingFile {
        /// The model directory.
        dir: PathBuf,
        /// The absent file.
        file: String,
        /// What the directory should hold.
        expected: &'static str,
    },
    /// A file exists but does not say what it should.
    #[error("{path}: {found}; expected {expected}")]
    BadFile {
        /// The file.
        path: PathBuf,
        /// What was found in it.
        found: String,
        /// What was expected.
        expected: String,
    },
    /// A weight is absent or has another shape than the configuration says.
    #[error("{path}: weight {name:?} {found}; expected {expected}")]
    BadWeight {
        /// The weights file.
        path: PathBuf,
        /// The tensor's name.
        name: String,
        /// What was found.
        found: String,
        /// What was expected.
        expected: String,
    },
    /// A file's content is not what its hash promises.
    #[error("{path}: its {algorithm} is {found}, expected {expected}; delete the file and fetch it again")]
    WrongHash {
        /// The file.
        path: PathBuf,
        /// Name of the hash function.
        algorithm: &'static str,
        /// Hash of the file.
        found: String,
        /// Hash that was promised.
        expected: String,
    },
    /// A model is not on this machine and may not be fetched.
    #[error("model {name:?} is not on this machine ({looked}); {advice}")]
    NotFound {
        /// What was asked for.
        name: String,
        /// Where it was looked for.
        looked: String,
        /// What to do.
        advice: String,
    },
    /// The hub did not deliver.
    #[error("cannot fetch {file} of model {model:?} from {endpoint}: {reason}")]
    Hub {
        /// The repository.
        model: String,
        /// The file, or "the file list".
        file: String,
        /// The hub's address.
        endpoint: String,
        /// What the hub or the network said.
        reason: String,
    },
    /// The ONNX Runtime library could not be found or loaded.
    #[error("ONNX Runtime {expected} is needed: {found}. {advice}")]
    Runtime {
        /// The version this program is built for.
        expected: &'static str,
        /// What was found, and where.
        found: String,
        /// What to do.
        advice: String,
    },
    /// ONNX Runtime refused a graph or a run.
    #[error("ONNX Runtime could not {doing}: {reason}")]
    Onnx {
        /// What was being done.
        doing: &'static str,
        /// Its message.
        reason: String,
    },
    /// A model that was to be loaded later could not be loaded.
    #[error("model {model:?} could not be loaded: {reason}")]
    NotLoaded {
        /// The model.
        model: String,
        /// What went wrong.
        reason: String,
    },
    /// The tokenizer failed on a text.
    #[error("the tokenizer of {model:?} failed: {reason}")]
    Tokenize {
        /// The model.
        model: String,
        /// Its message.
        reason: String,
    },
    /// A model cannot predict masked tokens.
    #[error("{model} predicts no masked tokens: {found}; expected {expected}")]
    NoHead {
        /// The model.
        model: String,
        /// What was found.
        found: String,
        /// What is needed.
        expected: &'static str,
    },
    /// A text cannot be filled or scored.
    #[error("{found}; expected {expected}")]
    BadText {
        /// What is wrong with it.
        found: String,
        /// What is possible.
        expected: String,
    },
    /// A word whose probability is asked for is no word.
    #[error("target {target:?} {found}; expected one word that the model can spell")]
    BadTarget {
        /// The word as given.
        target: String,
        /// What is wrong with it.
        found: &'static str,
    },
    /// No cache directory can be derived from the environment.
    #[error("no cache directory: set CLOZE_CACHE, XDG_CACHE_HOME or HOME")]
    NoCacheDir,
}

impl Error {
    pub(crate) fn read(path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |cause| Self::Read { path, cause }
    }

    pub(crate) fn write(path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |cause| Self::Write { path, cause }
    }

    pub(crate) fn bad_file(
        path: impl Into<PathBuf>,
        found: impl std::fmt::Display,
        expected: impl Into<String>,
    ) -> Self {
        Self::BadFile { path: path.into(), found: found.to_string(), expected: expected.into() }
    }

    pub(crate) fn onnx<E: std::fmt::Display>(doing: &'static str) -> impl FnOnce(E) -> Self {
        move |e| Self::Onnx { doing, reason: e.to_string() }
    }
}
