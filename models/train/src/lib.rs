//! Masked-language-model training: text to a checkpoint in the Hugging Face layout.
//!
//! The rooms, in the order that data flows through them:
//!
//! 1. `vocabulary`, `corpus`: text files become blocks of tokens, some of them held out.
//! 2. `batch`: some tokens of a block are masked.
//! 3. [`bert`]: BertForMaskedLM, of fused operations (`ops`) with a backward pass each.
//! 4. `optimizer`, `schedule`: AdamW, with warm-up and decay.
//! 5. [`trainer`]: the loop; `checkpoint`: the state that a killed run resumes from.
//! 6. [`evaluate`]: how well masked tokens are predicted; `curve`: the loss as a picture.
//! 7. [`export`]: the checkpoint as others read it, and a small file with the head alone.
//! 8. [`lookup`]: the lookup table of an encoder, which encodes queries without a neural network.
//!
//! candle does the arithmetic and the differentiation. `server` does not link this crate.

mod batch;
pub mod bert;
mod checkpoint;
mod corpus;
mod curve;
pub mod error;
pub mod evaluate;
pub mod export;
pub mod lookup;
mod ops;
mod optimizer;
mod schedule;
pub mod trainer;
mod vocabulary;

pub use batch::Masking;
pub use bert::Scope;
pub use error::{Error, Result};
pub use evaluate::{Evaluation, Quality, evaluate_texts};
pub use trainer::{Options, Outcome, Status, Trainer};
