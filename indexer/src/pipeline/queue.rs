//! The messages between the threads of a build.

use cloze_index::{Encoded, Key, Passage, PassageId};

/// A text to encode, the row its vector gets, and the key it is remembered by.
pub(crate) struct Job {
    pub(crate) row: u32,
    pub(crate) key: Key,
    pub(crate) ids: Vec<u32>,
}

/// A message to the writer.
pub(crate) enum Written {
    /// The next step in the order of the index.
    Step(Step),
    /// The vector of a row, with the codes of its tokens.
    Vector(u32, Encoded),
}

/// One passage of the new generation.
pub(crate) enum Step {
    /// A new one, and the row of its vector.
    Add(Box<Passage>, u32),
    /// One of the previous generation: its page, its number and its key.
    Keep(String, PassageId, Key),
}
