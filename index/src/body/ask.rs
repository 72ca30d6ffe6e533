//! A search, as its body asks about it.

use std::{collections::BTreeMap, sync::Arc};

use crate::{Extent, KeywordQuery};

/// What the body needs to know of a search. A body that answers at once calls [`Ask::ahead`] and [`Ask::words`]
/// on two threads, because the query is still being encoded while its words are being understood; after both it
/// calls [`Ask::vector`] and [`Ask::is_near`].
pub trait Ask: Sync {
    /// Candidates that each leg proposes.
    fn depth(&self) -> usize;

    /// The nearest passages that count as found.
    fn counted(&self) -> usize;

    /// The vector of the query as it was typed, if the search probably needs it. It is not narrowed by filters.
    fn ahead(&self) -> Option<Arc<[f32]>>;

    /// The words, once they are understood; `None` if that failed.
    fn words(&self) -> Option<Words>;

    /// The vector of the query as it was understood; `None` if the search has no semantic leg. Called after
    /// [`Ask::words`].
    fn vector(&self) -> Option<Arc<[f32]>>;

    /// Whether the nearest passage, with this similarity, is near enough to be an answer. `together` is the share
    /// of the query's subject that the best passage by words has. Called after [`Ask::words`].
    fn is_near(&self, nearest: Option<f32>, together: Option<f32>) -> bool;
}

/// The words of a search.
#[derive(Debug, Clone, Default)]
pub struct Words {
    /// What the keyword leg looks for.
    pub query: KeywordQuery,
    /// The same without words such as "the"; searched where no passage is near.
    pub subject: KeywordQuery,
    /// The query by which candidates are scored, if they are scored as hits of `query`.
    pub scored: KeywordQuery,
    /// Whether the keyword leg proposes, even if the semantic leg does.
    pub propose: bool,
    /// Whether the keyword leg proposes where no passage is near.
    pub fall_back: bool,
    /// Whether there is nothing to search for, only something to filter by.
    pub is_list: bool,
    /// How many of the matches have to be known.
    pub extent: Extent,
    /// Values that a page's metadata must have: for every key one of them.
    pub filters: BTreeMap<String, Vec<String>>,
    /// Whether only passages that hold every phrase may be found.
    pub only_phrases: bool,
    /// Whether pages that a newer version supersedes may be found, too.
    pub all_versions: bool,
}
