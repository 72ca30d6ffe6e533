//! Masked-token prediction: P(token | everything around it).
//!
//! The rooms: `model` loads a model with its head and gives probabilities; `fill` fills one blank or
//! several, jointly; `score` says how likely a text is, token by token.

mod fill;
mod model;
mod score;

pub use fill::{Blank, Fill, Filled, MAX_BLANKS, Prediction, TargetScore};
pub use model::{MASK, MOST_PIECES, MaskModel};
pub use score::{Scored, TokenScore};

use crate::{
    Artifact, Error, Result, artifact, fingerprint,
    head::{self, Head},
    weights::Weights,
};

/// The head of the default model, which is published without one. `models/heads` says how it was trained.
static BUILT_IN: &[u8] = include_bytes!("../../heads/all-MiniLM-L6-v2.safetensors");

/// What a head belongs to and how it is told from others.
struct Found {
    head: Option<Head>,
    /// Empty where the head is in the checkpoint itself.
    id: String,
}

/// The weights of a model with the head that it has: its own, that of a head file beside them, or, for
/// the default model, the one that comes with this program.
///
/// # Errors
/// [`Error::BadFile`] for a model that is no BERT-class checkpoint, or a head of another model.
pub fn weights(artifact: &Artifact) -> Result<Weights> {
    let weights = plain_weights(artifact)?;
    Ok(match find(artifact, &weights)?.and_then(|found| found.head) {
        Some(head) => weights.with_head(head),
        None => weights,
    })
}

fn plain_weights(artifact: &Artifact) -> Result<Weights> {
    match &artifact.weights {
        artifact::Weights::Safetensors(path) => Weights::open(path),
        artifact::Weights::Onnx(path) => Err(Error::bad_file(
            path,
            "an ONNX file, whose layers cannot be taken apart",
            "model.safetensors of a BERT-class model",
        )),
    }
}

/// The head of a model; `None` if it has none.
fn find(artifact: &Artifact, weights: &Weights) -> Result<Option<Found>> {
    let of_this_model = |path: &std::path::Path, head: Head| {
        if head.base == artifact.record.weights_sha256 {
            return Ok(head);
        }
        let found = format!("a head of the model with weights {}", head.base);
        Err(Error::bad_file(path, found, format!("a head of this model, {}", artifact.record.weights_sha256)))
    };
    if weights.has("cls.predictions.bias") {
        return Ok(Some(Found { head: None, id: String::new() }));
    }
    let file = artifact.dir.join(head::FILE);
    if file.is_file() {
        let bytes = std::fs::read(&file).map_err(Error::read(&file))?;
        let head = of_this_model(&file, Head::parse(&file, &bytes)?)?;
        return Ok(Some(Found { head: Some(head), id: fingerprint::sha256_bytes(&bytes) }));
    }
    let path = std::path::Path::new("the built-in head");
    let built_in = Head::parse(path, BUILT_IN)?;
    let is_default = built_in.base == artifact.record.weights_sha256;
    Ok(is_default.then(|| Found { head: Some(built_in), id: fingerprint::sha256_bytes(BUILT_IN) }))
}
