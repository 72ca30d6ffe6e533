//! The place that a generation is sent to.

use cloze_index::PassageId;

use crate::version::Members;

/// Where passages go.
pub(crate) struct Target {
    /// The index of the body, and its parts.
    pub(crate) body: String,
    pub(crate) shards: u64,
    /// Passages with lower numbers are there.
    pub(crate) from: PassageId,
    /// Which of its passages belong to the new version.
    pub(crate) members: Members,
}
