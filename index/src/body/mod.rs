//! The body of a generation: passages, vectors and postings, wherever they lie.
//!
//! A generation is a [`Head`](crate::Head) and a body. The head is small and local: words with their counts,
//! titles, headings, calibration. The body can be large: files on this machine ([`FilesBody`]), or one day an
//! index of a cluster. So a search asks its body few questions, and each is one batch: [`Body::company`] while
//! mistyped words are corrected, [`Body::propose`] for candidates with everything that scores them, and
//! [`Body::show`] for the passages that the reader gets.
//!
//! - `ask`: a search, as its body asks about it;
//! - `proposal`: the candidates of both legs, and their scores;
//! - `files`: the body that lies in files.

mod ask;
mod files;
mod proposal;

pub use ask::{Ask, Words};
pub use files::FilesBody;
pub use proposal::{Candidates, Near, Proposal, Shown};

use crate::{Extent, KeywordHits, KeywordQuery, PassageId, Result, Scored, Selection};

/// Passages, vectors and postings.
///
/// Every method fails with the errors of its place: [`crate::Error::Lexical`], [`crate::Error::Damaged`] or
/// [`crate::Error::Mismatch`] for files.
pub trait Body: Send + Sync {
    /// For each word (folded), the most that one passage with it has of a query's words, each counted by its
    /// rarity: 0 to 1. Words that are frequent throughout are left out where there are too many places to look at.
    ///
    /// # Errors
    /// See the trait.
    fn company(&self, words: &[&str], rest: &KeywordQuery) -> Result<Vec<f32>>;

    /// The candidates of both legs; `None` if the search has nothing to ask, because it failed on its own side.
    ///
    /// # Errors
    /// See the trait.
    fn propose<'b>(&'b self, ask: &dyn Ask) -> Result<Option<Proposal<'b>>>;

    /// Passages to be shown, and counts of the metadata values of `found` for the keys `facets`. `passages` are
    /// those that may be read.
    ///
    /// # Errors
    /// See the trait.
    fn show<'b>(
        &'b self,
        passages: &[PassageId],
        found: &[PassageId],
        facets: &[String],
    ) -> Result<Box<dyn Shown + 'b>>;

    /// The `k` passages whose vectors are nearest to a unit vector, best first, among those selected.
    ///
    /// # Errors
    /// See the trait.
    fn nearest(&self, vector: &[f32], k: usize, among: Option<&Selection>) -> Result<Vec<Scored>>;

    /// The `k` passages that match the words best, by BM25, among those selected.
    ///
    /// # Errors
    /// See the trait.
    fn keyword(&self, query: &KeywordQuery, k: usize, extent: Extent, among: Option<&Selection>)
    -> Result<KeywordHits>;

    /// Scores of given passages, for those that need no proposal.
    fn candidates(&self) -> Box<dyn Candidates + '_>;
}
