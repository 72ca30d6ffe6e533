//! The number of pages that a search finds.

use cloze_index::{Head, PassageId};

use super::{legs::Legs, pages::PageHit};
use crate::{Request, present::json::Relation};

/// One passage of every page that counts as found: the listed pages, and all pages with every word of the query. A
/// reader can page through all of them. If the request sets a smallest score, only the listed pages count.
pub(crate) fn found(request: &Request, pages: &[PageHit], legs: &Legs<'_>, head: &Head) -> (Vec<PassageId>, Relation) {
    let words = legs.proposal.words.as_ref().filter(|_| request.least_score().is_none());
    let every = words.map_or(&[][..], |hits| &hits.pages);
    let all = pages.iter().map(|page| page.best.passage).chain(every.iter().copied());
    let relation = if words.is_some_and(|hits| hits.is_cut) { Relation::Gte } else { Relation::Eq };
    (head.one_per_page(all), relation)
}
