//! Turns text into token ids, and token ids into vectors.
//!
//! The modules, in the order in which data flows through them:
//!
//! 1. [`source`]: a model's name ([`preset`], directory or hub id) becomes a local directory.
//! 2. [`artifact`]: the contents of that directory: configuration, pooling, prompts, limits, fingerprint.
//! 3. [`tokens`]: text becomes token ids; a cut at the model's limit is reported, never silent.
//! 4. `onnx`: the encoder as an ONNX Runtime graph, built in memory from the weights.
//! 5. [`encoder`]: token ids become one unit vector. [`table`]: a query becomes one without a neural network.
//!
//! This crate knows nothing of indices or queries; vectors leave it as `Vec<f32>`.

pub mod artifact;
pub mod cache;
pub mod encoder;
pub mod error;
mod fingerprint;
mod floats;
pub mod head;
mod hub;
pub mod mask;
mod names;
mod onnx;
pub mod pooling;
pub mod preset;
pub mod source;
pub mod table;
pub mod tokens;
pub mod weights;

pub use artifact::{Artifact, ModelRecord, Precision};
pub use encoder::{Encoded, Encoder, EncoderOptions, Readiness, TextKind};
pub use error::{Error, Result};
pub use pooling::Pooling;
pub use preset::Preset;
pub use source::ModelSource;
pub use table::LookupTable;
pub use tokens::{TokenizedText, Tokenizer};

/// Threads to encode with: the cores this process may use, by its CPU affinity or by the quota of its control group
/// (a container's share), whichever is smaller.
///
/// By default, ONNX Runtime sizes itself to the host. Every caller in this project uses this number instead.
#[must_use]
pub fn available_threads() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZeroUsize::get)
}
