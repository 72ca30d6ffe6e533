//! The term whose section is open.

/// A term with an address.
#[derive(Debug)]
pub(super) struct Entry {
    /// Enclosing containers.
    pub(super) depth: usize,
    /// Delimiter of its list: deeper lists have a different one.
    pub(super) mark: String,
}
