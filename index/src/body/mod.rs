//! The body of a generation: passages, vectors and postings, wherever they are stored.
//!
//! A generation is a [`Head`](crate::Head) and a body. The head is small and local: words with their counts, titles,
//! headings, calibration. The body can be large: files on this machine ([`FilesBody`]), or an index on a
//! cluster (the crate `cluster`). So a search asks its body few questions, each as one batch: [`Body::company`] while it corrects mistyped
//! words, [`Body::propose`] for candidates with all data for their scores, and [`Body::show`] for the passages of the
//! answer.
//!
//! - `ask`: the questions that a body asks about a search;
//! - `proposal`: the candidates of both legs, and their scores;
//! - `carried`: what a body far away sends with each candidate;
//! - `files`: the body in files.

mod ask;
mod carried;
mod files;
mod proposal;

pub use ask::{Ask, Words};
pub use carried::Carried;
pub use files::FilesBody;
pub use proposal::{Candidates, Near, Proposal, Shown};

use crate::{Extent, KeywordHits, KeywordQuery, PassageId, Result, Scored, Selection};

/// Passages, vectors and postings.
///
/// Every method fails with the errors of its storage: [`crate::Error::Lexical`], [`crate::Error::Damaged`] or
/// [`crate::Error::Mismatch`] for files.
pub trait Body: Send + Sync {
    /// For each word (folded), the largest share of a query's words in one passage with that word: 0 to 1, with each
    /// word weighted by its rarity. If there are too many places to examine, the body skips the most frequent words.
    ///
    /// # Errors
    /// See the trait.
    fn company(&self, words: &[&str], rest: &KeywordQuery) -> Result<Vec<f32>>;

    /// The candidates of both legs; `None` if the search failed on its own side and asks for nothing.
    ///
    /// # Errors
    /// See the trait.
    fn propose<'b>(&'b self, ask: &dyn Ask) -> Result<Option<Proposal<'b>>>;

    /// Passages to show, and counts of the metadata values of `found` for the keys `facets`. The caller may read only
    /// `passages`, and will read their codes of tokens if `codes`.
    ///
    /// # Errors
    /// See the trait.
    fn show<'b>(
        &'b self,
        passages: &[PassageId],
        found: &[PassageId],
        facets: &[String],
        codes: bool,
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

    /// Scores of given passages, for callers that need no proposal.
    fn candidates(&self) -> Box<dyn Candidates + '_>;
}
