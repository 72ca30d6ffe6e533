//! The vocabulary of an index: its terms with counts, wherever they are stored.

use std::collections::HashMap;

use super::automaton::Walk;
use crate::{PassageId, Result};

/// The kinds of terms.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Analysed terms of the text, the title and the headings.
    Content,
    /// Words in their written form, folded.
    Words,
    /// Whole titles and headings.
    Verbatim,
    /// Metadata: keys and values.
    Metadata,
}

/// Terms and their counts.
pub(crate) trait Vocabulary: Send + Sync {
    /// Languages of the pages.
    fn languages(&self) -> &[String];

    /// The page of a passage.
    fn page_of(&self, id: PassageId) -> u32;

    /// The number of live passages, and of terms in their content.
    fn totals(&self) -> Result<(u64, u64)>;

    /// The number of live passages that have a term.
    fn passages_with(&self, kind: Kind, term: &str) -> Result<u64>;

    /// The live passages whose title or heading is a verbatim term.
    fn verbatim(&self, term: &str) -> Result<Vec<PassageId>>;

    /// Calls `take` with the terms that begin with `prefix` and the number of passages that have them, until it
    /// returns `false`. A term may come several times, each time with a part of its passages.
    fn each_from(&self, kind: Kind, prefix: &str, take: &mut dyn FnMut(&str, u32) -> bool) -> Result<()>;

    /// Words that may be compounds or parts of one, of pages in languages that write compounds as one word, with the
    /// number of passages that have them.
    fn compounding_words(&self) -> Result<HashMap<String, u64>>;

    /// Calls `take` in the same way with the words that an automaton accepts.
    fn each_near(&self, walk: &Walk, take: &mut dyn FnMut(&str, u32)) -> Result<()>;
}
