//! The parts of an unfinished generation.

use std::path::Path;

use crate::{Result, faults, layout, lexical::LexicalWriter, vectors::SegmentWriter};

/// The engines' parts of a generation.
pub(crate) struct Parts {
    pub(crate) lexical: LexicalWriter,
    pub(crate) vectors: SegmentWriter,
    /// Name of the unfinished vector segment.
    pub(crate) segment: String,
}

impl Parts {
    /// New parts in an empty staging directory.
    pub(crate) fn create(staging: &Path, segment: &str, dimension: usize) -> Result<Self> {
        let vectors = SegmentWriter::create(&staging.join(layout::VECTORS).join(segment), dimension)?;
        let lexical = LexicalWriter::create(&staging.join(layout::LEXICAL))?;
        Ok(Self { lexical, vectors, segment: segment.to_owned() })
    }

    /// Completes both side by side: committing postings and building the graph use different cores.
    pub(crate) fn finish(self) -> Result<()> {
        let (graph, postings) = faults::join(|| self.vectors.finish(), || self.lexical.finish());
        graph.and(postings)
    }
}
