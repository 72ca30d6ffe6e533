//! The number of pages that a search finds.

use cloze_index::{Head, PassageId};

use super::{asking::COUNTED, legs::Legs};
use crate::present::json::Relation;

/// One passage of every page that counts as found: pages with a word of the query, pages of the passages that the
/// semantic leg proposes for the first pages of a list, and exact matches. The total does not depend on the part of
/// the list that the reader looks at, although the semantic leg proposes more passages further down.
pub(crate) fn found(legs: &Legs<'_>, head: &Head) -> (Vec<PassageId>, Relation) {
    let near = legs.proposal.near.as_ref().map_or(&[][..], |leg| &leg.counted);
    let words = legs.proposal.words.as_ref().map_or(&[][..], |hits| &hits.pages);
    let is_cut = legs.proposal.words.as_ref().is_some_and(|hits| hits.is_cut);
    let all = words.iter().copied().chain(near.iter().map(|n| n.passage)).chain(legs.exact.candidates());
    let relation = if near.len() < COUNTED && !is_cut { Relation::Eq } else { Relation::Gte };
    (head.one_per_page(all), relation)
}
