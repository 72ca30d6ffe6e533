//! The questions that a body asks about a search.

use std::{collections::BTreeMap, sync::Arc};

use crate::{Extent, KeywordQuery, PassageId};

/// The facts that a body needs about a search. A body that answers at once calls [`Ask::ahead`] and [`Ask::words`] on
/// two threads if [`Ask::takes_long`], because the query is encoded while its words are analysed. After both it calls
/// [`Ask::vector`] and [`Ask::is_near`].
pub trait Ask: Sync {
    /// Candidates that each leg proposes.
    fn depth(&self) -> usize;

    /// The nearest passages that count as found.
    fn counted(&self) -> usize;

    /// Whether the user still types, so that a better search follows, or whether many others wait. Then speed counts
    /// more than the last neighbour.
    fn is_provisional(&self) -> bool;

    /// Whether encoding the query takes so long that a second thread should analyse its words meanwhile.
    fn takes_long(&self) -> bool;

    /// The vector of the query as typed, if the search probably needs it. Filters do not narrow it.
    fn ahead(&self) -> Option<Arc<[f32]>>;

    /// The words, once they are analysed; `None` if the analysis failed.
    fn words(&self) -> Option<Words>;

    /// The vector of the query after its analysis; `None` if the search has no semantic leg. Called after
    /// [`Ask::words`].
    fn vector(&self) -> Option<Arc<[f32]>>;

    /// Whether the nearest passage, with this similarity, is near enough to be an answer. `together` is the share
    /// of the query's subject that the best passage by words has. Called after [`Ask::words`].
    fn is_near(&self, nearest: Option<f32>, together: Option<f32>) -> bool;
}

/// The words of a search.
#[derive(Debug, Clone, Default)]
pub struct Words {
    /// The query of the keyword leg.
    pub query: KeywordQuery,
    /// The same without words such as "the"; the keyword leg searches for them if no passage is near.
    pub subject: KeywordQuery,
    /// The query that scores candidates, if hits of `query` are scored.
    pub scored: KeywordQuery,
    /// Passages that match by title or heading: candidates even if no leg proposes them.
    pub exact: Vec<PassageId>,
    /// Whether the keyword leg proposes candidates even if the semantic leg does.
    pub propose: bool,
    /// Whether the keyword leg proposes candidates if no passage is near.
    pub fall_back: bool,
    /// Whether the search has only filters and no words.
    pub is_list: bool,
    /// How many of the matches the search must know.
    pub extent: Extent,
    /// Values that a page's metadata must have: one of them for every key.
    pub filters: BTreeMap<String, Vec<String>>,
    /// Whether the search may find only passages that hold every phrase.
    pub only_phrases: bool,
    /// Whether the body was asked before, about mistyped words.
    pub is_second: bool,
    /// Whether the search may also find pages that a newer version supersedes.
    pub all_versions: bool,
}
