//! Keywords: postings and stored passages. The only place that knows tantivy.

mod analysis;
mod company;
mod completions;
mod composed;
mod compounds;
mod coverage;
mod cutting;
mod directory;
mod facets;
mod failure;
mod matches;
mod names;
mod near;
mod one_per_page;
mod opened;
mod postings;
mod query;
mod sample;
mod schema;
mod spread;
mod statistics;
mod stems;
mod symbols;
mod words;
mod writer;

pub(crate) use analysis::ANALYSIS;
pub use analysis::{AnalysedWord, Form, analyse, fold, is_stop_word};
pub use completions::{Completions, KnownWord};
pub use matches::{Extent, KeywordHits};
pub use near::NearWord;
pub(crate) use opened::Opened;
pub(crate) use postings::Postings;
pub use query::{KeywordQuery, KeywordText};
pub use words::Verbatim;
pub(crate) use words::WordList;
pub(crate) use writer::LexicalWriter;
