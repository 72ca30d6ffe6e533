//! Errors on the way from text to a trained checkpoint.

use std::path::PathBuf;

/// Result of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Every error names the file or setting, the value found, and the value expected.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The model that training starts from cannot be used.
    #[error(transparent)]
    Model(#[from] cloze_models::Error),
    /// A model is of an architecture that is not trained here.
    #[error("{path}: {found}; expected {expected}")]
    Unsupported {
        /// The configuration.
        path: PathBuf,
        /// The value found.
        found: String,
        /// The value expected.
        expected: &'static str,
    },
    /// The tokenizer lacks a token that masked-language modelling needs.
    #[error("the tokenizer of {model} has no token {token}; expected a tokenizer of BERT's kind")]
    NoToken {
        /// The model.
        model: String,
        /// The token.
        token: &'static str,
    },
    /// A file could not be read.
    #[error("cannot read {path}: {cause}")]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        cause: std::io::Error,
    },
    /// A file could not be written.
    #[error("cannot write {path}: {cause}")]
    Write {
        /// The file.
        path: PathBuf,
        /// Why.
        cause: std::io::Error,
    },
    /// A training text is not text.
    #[error("cannot train on {path}: {found}; expected UTF-8 text")]
    NotText {
        /// The file.
        path: PathBuf,
        /// The fault.
        found: String,
    },
    /// There is too little text.
    #[error("the text has {found} tokens, too few to {purpose}; expected at least {expected}")]
    TooLittle {
        /// Their purpose.
        purpose: &'static str,
        /// Tokens there are.
        found: usize,
        /// Tokens there must be.
        expected: usize,
    },
    /// There are too few texts.
    #[error("there are {found} texts to {purpose}; expected at least {expected}; name more pages or texts")]
    TooFewTexts {
        /// Their purpose.
        purpose: &'static str,
        /// Texts there are.
        found: usize,
        /// Texts there must be.
        expected: usize,
    },
    /// A setting makes no sense.
    #[error("{setting} is {found}; expected {expected}")]
    Setting {
        /// Its name.
        setting: &'static str,
        /// Its value.
        found: String,
        /// The possible values.
        expected: String,
    },
    /// A checkpoint belongs to another run.
    #[error(
        "{path} belongs to another run: its {what} is {found}; expected {expected}; delete it or choose another --out"
    )]
    OtherRun {
        /// The checkpoint.
        path: PathBuf,
        /// What differs.
        what: &'static str,
        /// As it was.
        found: String,
        /// As it is.
        expected: String,
    },
    /// A checkpoint is not whole.
    #[error("{path} is damaged: {reason}; delete it to start again")]
    Damaged {
        /// The file.
        path: PathBuf,
        /// The fault.
        reason: String,
    },
    /// The loss is no number any more.
    #[error(
        "training diverged: the loss is {loss} at step {step}; the last checkpoint is unchanged; try a --learning-rate below {learning_rate}"
    )]
    Diverged {
        /// The step.
        step: u64,
        /// The loss.
        loss: f32,
        /// The learning rate of the run.
        learning_rate: f64,
    },
    /// candle failed.
    #[error("the training step failed: {0}")]
    Candle(#[from] candle_core::Error),
}

impl Error {
    pub(crate) fn write(path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |cause| Self::Write { path, cause }
    }
}
