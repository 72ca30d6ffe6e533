//! Immutable generations on disk: vectors, keyword postings and the passages themselves.
//!
//! The rooms, in the order that a build and then a search go through them:
//!
//! - [`layout`]: every file name and the format version; [`manifest`]: what is on disk, typed.
//! - [`passage`]: a passage as stored.
//! - [`ledger`]: what a writer remembers from build to build; the only place that knows sled.
//! - [`pages`]: which passages each page has; what a build compares with.
//! - [`writer`]: fills a staging directory, on top of the live generation; `compact`: puts segments
//!   together; `publish`: makes the result live.
//! - [`date`]: when, for people.
//! - `archive`: a generation as one stream; `verify`: everything in it against everything else.
//! - `faults`: where tests cut the power.
//! - [`generation`]: opens the live generation, read-only, checksums first.
//! - `vectors`: segments of vectors with a graph; the only place that knows `hnsw_rs`.
//! - `lexical`: postings and stored passages; the only place that knows tantivy.
//!
//! This crate alone opens, creates or renames files inside an index directory. It knows nothing
//! of models: vectors cross its border as `&[f32]`, and the model's record as opaque JSON.

mod archive;
mod best;
pub mod body;
mod compact;
#[cfg(test)]
mod crashes;
pub mod date;
pub mod error;
mod faults;
mod files;
pub mod generation;
pub mod head;
pub mod layout;
pub mod ledger;
mod lexical;
mod lock;
pub mod manifest;
pub mod pages;
mod parts;
pub mod passage;
mod publish;
mod selection;
mod side_by_side;
mod staging;
mod vectors;
mod verify;
mod wear;
pub mod writer;

pub use archive::{Imported, export, import};
pub use body::{Body, FilesBody};
pub use error::{Error, Result};
pub use generation::Generation;
pub use head::Head;
pub use ledger::Ledger;
pub use lexical::{
    AnalysedWord, Completions, Extent, Form, KeywordHits, KeywordQuery, KeywordText, KnownWord, NearWord, Occurrence,
    Verbatim, analyse, fold, is_stop_word,
};
pub use manifest::{BuildCounts, Calibration, Counts, Manifest};
pub use pages::{Key, PageRecord, PreviousPages};
pub use passage::{Metadata, Passage};
pub use publish::{Published, prune};
pub use selection::Selection;
pub use side_by_side::side_by_side;
pub use verify::Verified;
pub use writer::{Writer, WriterOptions};

/// A passage's number inside one generation. The numbers of passages that are gone are not used again.
pub type PassageId = u32;

/// A passage and how well it matches; a larger score is a better match.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Scored {
    /// The passage.
    pub passage: PassageId,
    /// Cosine similarity for vectors, BM25 for keywords.
    pub score: f32,
}
