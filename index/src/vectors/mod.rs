//! Vectors: immutable segments, searched exactly or through a graph.

mod dot;
mod graph;
mod search;
mod segment;

pub(crate) use search::VectorSearch;
pub(crate) use segment::{Segment, SegmentWriter};
