//! Keywords: postings and stored passages. The only place that knows tantivy.

mod analysis;
mod company;
mod completions;
mod composed;
mod coverage;
mod cutting;
mod directory;
mod facets;
mod matches;
mod near;
mod query;
mod sample;
mod schema;
mod search;
mod statistics;
mod stems;
mod writer;

pub use analysis::{AnalysedWord, analyse, fold, is_stop_word};
pub use completions::{Completions, KnownWord};
pub use matches::{Extent, KeywordHits};
pub use near::NearWord;
pub use query::{KeywordQuery, KeywordText};
pub(crate) use search::Lexical;
pub use search::Verbatim;
pub(crate) use writer::LexicalWriter;
