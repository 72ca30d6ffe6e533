//! Keywords: postings and stored passages. The only place that knows tantivy.

mod analysis;
mod directory;
mod schema;
mod search;
mod writer;

pub use analysis::{AnalysedWord, analyse};
pub(crate) use search::Lexical;
pub use search::{KeywordHits, KeywordQuery};
pub(crate) use writer::LexicalWriter;
