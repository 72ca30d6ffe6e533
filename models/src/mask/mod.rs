//! Masked-token prediction: P(token | everything around it).
//!
//! The modules: `model` loads a model with its head and gives probabilities; `fill` fills one blank, or several
//! jointly; `score` computes the likelihood of a text, token by token.

mod fill;
mod model;
mod score;

pub use fill::{Blank, Fill, Filled, MAX_BLANKS, Prediction, TargetScore};
pub use model::{MASK, MOST_PIECES, MaskModel};
pub use score::{Scored, TokenScore};

use std::{borrow::Cow, path::PathBuf};

use crate::{
    Artifact, Error, Result, artifact, fingerprint,
    head::{self, Head},
    weights::Weights,
};

/// The head of the default model, which is published without one. `models/heads` describes its training.
static BUILT_IN: &[u8] = include_bytes!("../../heads/all-MiniLM-L6-v2.safetensors");

/// The place of a model's head.
enum Found {
    /// In the checkpoint itself.
    Own,
    /// In a file or in this program, with its name and its bytes.
    Apart(PathBuf, Cow<'static, [u8]>),
}

impl Found {
    /// The key that distinguishes it from other heads.
    fn id(&self) -> String {
        match self {
            Self::Own => String::new(),
            Self::Apart(_, bytes) => fingerprint::sha256_bytes(bytes),
        }
    }
}

/// The weights of a model with its head: its own, that of a head file beside them, or, for the default model, the
/// head in this program.
///
/// # Errors
/// [`Error::BadFile`] for a model that is not a BERT-class checkpoint, or for the head of another model.
pub fn weights(artifact: &Artifact) -> Result<Weights> {
    let weights = plain_weights(artifact)?;
    Ok(match find(artifact, &weights)? {
        Some(Found::Apart(path, bytes)) => weights.with_head(Head::parse(&path, &bytes)?),
        Some(Found::Own) | None => weights,
    })
}

fn plain_weights(artifact: &Artifact) -> Result<Weights> {
    match &artifact.weights {
        artifact::Weights::Safetensors(path) => Weights::open(path),
        artifact::Weights::Onnx(path) => Err(Error::bad_file(
            path,
            "the layers of an ONNX file cannot be separated",
            "model.safetensors of a BERT-class model",
        )),
    }
}

/// The head of a model; `None` if it has none.
fn find(artifact: &Artifact, weights: &Weights) -> Result<Option<Found>> {
    let model = &artifact.record.weights_sha256;
    if weights.has("cls.predictions.bias") {
        return Ok(Some(Found::Own));
    }
    let file = artifact.dir.join(head::FILE);
    if file.is_file() {
        let bytes = std::fs::read(&file).map_err(Error::read(&file))?;
        let base = Head::base(&file, &bytes)?;
        if base != *model {
            let found = format!("the head belongs to the model with weights {base}");
            return Err(Error::bad_file(file, found, format!("a head for the weights {model}")));
        }
        return Ok(Some(Found::Apart(file, bytes.into())));
    }
    let path = PathBuf::from("the built-in head");
    let is_default = Head::base(&path, BUILT_IN)? == *model;
    Ok(is_default.then_some(Found::Apart(path, BUILT_IN.into())))
}
