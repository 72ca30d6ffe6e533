//! Immutable generations on disk: vectors, keyword postings and the passages themselves.
//!
//! The modules, in the order in which a build and then a search go through them:
//!
//! - [`layout`]: every file name and the format version; [`manifest`]: the description of a generation, typed.
//! - [`passage`]: a passage as stored; [`pages`]: the passages of each page, which a build compares to find changes.
//! - `lock`: the one writer of an index directory; `staging`: the directory of an unfinished generation.
//! - [`ledger`]: the memory of a writer from build to build; the only module that uses sled.
//! - [`fetched`]: pages from web servers, kept between two builds.
//! - [`writer`]: fills a staging directory, on top of the live generation; `parts`: the two engines' parts of it.
//! - [`script`]: the script of a text.
//! - [`calibrate`]: measures the similarities of the new generation; [`calibration`]: the stored result.
//! - `wear`: when segments are merged; `compact`: rewrites a generation in one segment.
//! - `publish`: makes the result live and removes old generations.
//! - `archive`: a generation as one stream; `verify`: cross-checks of all parts of a generation.
//! - [`date`]: times as text for people; [`error`]: the errors of this crate; `files`: file operations.
//! - `faults`: the points where tests cut the power; `crashes`: the tests that do so.
//! - [`generation`]: opens the live generation, read-only, after a check of all checksums, as a head and a body.
//! - [`head`]: the words, titles and manifest of a generation; small and local. `head_writer`: the same as bytes.
//! - [`body`]: passages, vectors and postings, behind a trait that a search asks in batches.
//! - `entries`: the passages with all that an index stores of them, for a body that lies elsewhere.
//! - `side_by_side`: runs two tasks at once, such as the two legs of a search.
//! - `lexical`: postings and stored passages; the only module that uses tantivy.
//! - `vectors`: segments of vectors with a graph; the only module that uses `hnsw_rs`.
//! - `selection`: a set of passages, such as the result of a filter; `best`: the best few of many scored passages.
//!
//! This crate alone opens, creates or renames files inside an index directory. It knows nothing
//! of models: vectors cross its interface as `&[f32]`, and the model's record as opaque JSON.

mod archive;
mod best;
pub mod body;
pub mod calibrate;
pub mod calibration;
mod compact;
#[cfg(test)]
mod crashes;
pub mod date;
mod entries;
pub mod error;
mod faults;
pub mod fetched;
mod files;
pub mod generation;
pub mod head;
mod head_writer;
pub mod layout;
pub mod ledger;
mod lexical;
mod lock;
pub mod manifest;
pub mod pages;
mod parts;
pub mod passage;
mod publish;
pub mod script;
mod selection;
mod side_by_side;
mod staging;
mod vectors;
mod verify;
mod wear;
pub mod writer;

pub use archive::{Imported, export, import};
pub use body::{Body, FilesBody};
pub use calibrate::{KnownItem, Probes};
pub use calibration::{Calibration, Translated};
pub use entries::Entry;
pub use error::{Error, Result};
pub use fetched::{FetchedPage, FetchedPages};
pub use generation::Generation;
pub use head::Head;
pub use head_writer::HeadWriter;
pub use ledger::Ledger;
pub use lexical::{
    ANALYSIS, AnalysedWord, CarriedTerms, Completions, Extent, Form, KeywordHits, KeywordQuery, KeywordText, KnownWord,
    NearWord, Occurrence, PassageTerms, PhraseForm, Verbatim, analyse, fold, is_stop_word, metadata_parts,
    metadata_term,
};
pub use manifest::{BuildCounts, Counts, Manifest};
pub use pages::{Key, PageRecord, PreviousPages};
pub use passage::{Metadata, Passage};
pub use publish::{Published, prune};
pub use script::Script;
pub use selection::Selection;
pub use side_by_side::side_by_side;
pub use vectors::{QueryTokens, token_codes};
pub use verify::Verified;
pub use writer::{Writer, WriterOptions};

/// A passage's number inside one generation. The numbers of deleted passages are not used again.
pub type PassageId = u32;

/// The encoding of a text.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Encoded {
    /// Its unit vector.
    pub vector: Vec<f32>,
    /// Codes of its token vectors, as [`token_codes`] makes them; may be empty.
    pub tokens: Vec<u8>,
}

impl From<Vec<f32>> for Encoded {
    /// A vector without codes of tokens.
    fn from(vector: Vec<f32>) -> Self {
        Self { vector, tokens: Vec::new() }
    }
}

/// A passage and its score; a larger score is a better match.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Scored {
    /// The passage.
    pub passage: PassageId,
    /// Cosine similarity for vectors, BM25 for keywords.
    pub score: f32,
}
