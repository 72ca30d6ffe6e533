//! Immutable generations on disk: vectors, keyword postings and the passages themselves.
//!
//! The rooms, in the order that a build and then a search go through them:
//!
//! - [`layout`]: every file name and the format version; [`manifest`]: what is on disk, typed.
//! - [`passage`]: a passage as stored.
//! - [`writer`]: fills a staging directory; `publish`: makes it live.
//! - [`generation`]: opens the live generation, read-only, checksums first.
//! - `vectors`: segments of vectors with a graph; the only place that knows `hnsw_rs`.
//! - `lexical`: postings and stored passages; the only place that knows tantivy.
//!
//! This crate alone opens, creates or renames files inside an index directory. It knows nothing
//! of models: vectors cross its border as `&[f32]`, and the model's record as opaque JSON.

mod best;
pub mod error;
mod files;
pub mod generation;
pub mod layout;
mod lexical;
mod lock;
pub mod manifest;
pub mod passage;
mod publish;
mod selection;
mod vectors;
pub mod writer;

pub use error::{Error, Result};
pub use generation::Generation;
pub use lexical::{AnalysedWord, KeywordHits, KeywordQuery, KeywordText, Verbatim, analyse};
pub use manifest::{Calibration, Counts, Manifest};
pub use passage::{Metadata, Passage};
pub use publish::{Published, prune};
pub use selection::Selection;
pub use writer::{Writer, WriterOptions};

/// A passage's number inside one generation, from 0.
pub type PassageId = u32;

/// A passage and how well it matches; a larger score is a better match.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Scored {
    /// The passage.
    pub passage: PassageId,
    /// Cosine similarity for vectors, BM25 for keywords.
    pub score: f32,
}
