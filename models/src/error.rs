//! Errors on the way from a model's name to a vector.

use std::path::PathBuf;

/// Result of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Every error names the file or the model, the value found, and the value expected.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file of the model could not be read.
    #[error("cannot read {path}: {cause}")]
    Read {
        /// The file.
        path: PathBuf,
        /// The cause.
        cause: std::io::Error,
    },
    /// A file could not be written to the cache.
    #[error("cannot write {path}: {cause}")]
    Write {
        /// The file.
        path: PathBuf,
        /// The cause.
        cause: std::io::Error,
    },
    /// A file that every model needs is missing.
    #[error("{dir} is not a model directory: {file} is missing (expected {expected})")]
    MissingFile {
        /// The model directory.
        dir: PathBuf,
        /// The missing file.
        file: String,
        /// The expected content of the directory.
        expected: &'static str,
    },
    /// A file exists, but its content is invalid.
    #[error("{path}: {found}; expected {expected}")]
    BadFile {
        /// The file.
        path: PathBuf,
        /// The content found.
        found: String,
        /// The state expected.
        expected: String,
    },
    /// A weight is missing, or its shape differs from the configuration.
    #[error("{path}: weight {name:?} {found}; expected {expected}")]
    BadWeight {
        /// The weights file.
        path: PathBuf,
        /// The tensor's name.
        name: String,
        /// The state found.
        found: String,
        /// The state expected.
        expected: String,
    },
    /// A file's content does not match its hash.
    #[error("{path}: the {algorithm} is {found}; expected {expected}; delete the file and download it again")]
    WrongHash {
        /// The file.
        path: PathBuf,
        /// Name of the hash function.
        algorithm: &'static str,
        /// Hash of the file.
        found: String,
        /// Expected hash.
        expected: String,
    },
    /// A model is not on this machine and must not be downloaded.
    #[error("model {name:?} is not on this machine ({looked}); {advice}")]
    NotFound {
        /// The requested model.
        name: String,
        /// The places searched.
        looked: String,
        /// Advice for the user.
        advice: String,
    },
    /// A download from the hub failed.
    #[error("cannot download {file} of model {model:?} from {endpoint}: {reason}")]
    Hub {
        /// The repository.
        model: String,
        /// The file, or "the file list".
        file: String,
        /// The hub's address.
        endpoint: String,
        /// The message of the hub or the network.
        reason: String,
    },
    /// The ONNX Runtime library could not be found or loaded.
    #[error("ONNX Runtime {expected} is required, but {found}. {advice}")]
    Runtime {
        /// The version this program is built for.
        expected: &'static str,
        /// The result of the search, with the paths.
        found: String,
        /// Advice for the user.
        advice: String,
    },
    /// ONNX Runtime refused a graph or a run.
    #[error("ONNX Runtime could not {doing}: {reason}")]
    Onnx {
        /// The operation that failed.
        doing: &'static str,
        /// Its message.
        reason: String,
    },
    /// A deferred load of a model failed.
    #[error("cannot load model {model:?}: {reason}")]
    NotLoaded {
        /// The model.
        model: String,
        /// The cause.
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
    #[error("model {model} cannot predict masked tokens: {found}; expected {expected}")]
    NoHead {
        /// The model.
        model: String,
        /// The state found.
        found: String,
        /// The requirement.
        expected: &'static str,
    },
    /// A text cannot be filled or scored.
    #[error("{found}; expected {expected}")]
    BadText {
        /// The fault.
        found: String,
        /// The allowed values.
        expected: String,
    },
    /// A target of a prediction is not a word.
    #[error("target {target:?} {found}; expected one word that the model can spell")]
    BadTarget {
        /// The word as given.
        target: String,
        /// The fault.
        found: &'static str,
    },
    /// No cache directory can be derived from the environment.
    #[error("there is no cache directory; set CLOZE_CACHE, XDG_CACHE_HOME or HOME")]
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
