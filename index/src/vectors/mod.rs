//! Vectors: immutable segments, searched exactly or through a graph.

mod build;
mod codes;
mod graph;
mod kernels;
mod relink;
mod scan;
mod search;
mod segment;
mod tokens;
mod walk;
mod writer;

pub(crate) use codes::{halved, widened};
pub(crate) use kernels::halves as similarity;
pub(crate) use search::VectorSearch;
pub(crate) use segment::Segment;
pub use tokens::{QueryTokens, token_codes};
pub(crate) use writer::SegmentWriter;
