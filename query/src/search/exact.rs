//! Passages that match exactly: by title, by heading, by phrase.

use cloze_index::{Head, PassageId, Selection, body::Proposal};

use crate::request::{
    plan::{MOST_VERBATIM, Plan},
    tier::Tier,
};

/// The exact matches of a query.
#[derive(Default)]
pub(crate) struct Exact {
    titles: Matches,
    headings: Matches,
    phrases: Matches,
    /// All passages that pass the filters, if the query has only filters.
    listed: Option<Selection>,
}

/// Passages that match exactly in one way.
#[derive(Default)]
struct Matches {
    /// All of them, ascending.
    all: Vec<PassageId>,
    /// The passages that are candidates even if no leg proposes them: some from every page.
    candidates: Vec<PassageId>,
}

impl Matches {
    /// All `passages`, unless they are on too many pages. At most [`MOST_VERBATIM`] are candidates, and every page
    /// has at least one.
    fn of_few_pages(mut passages: Vec<PassageId>, head: &Head) -> Self {
        passages.sort_unstable();
        let first = head.one_per_page(passages.iter().copied());
        if first.len() > MOST_VERBATIM {
            return Self::default();
        }
        let others = passages.iter().filter(|p| first.binary_search(p).is_err());
        let candidates = first.iter().chain(others).copied().take(MOST_VERBATIM).collect();
        Self { candidates, all: passages }
    }

    fn has(&self, passage: PassageId) -> bool {
        self.all.binary_search(&passage).is_ok()
    }
}

impl Exact {
    /// The exact matches among the passages that pass the filters.
    pub(crate) fn of(plan: &Plan, proposal: &Proposal<'_>, head: &Head) -> Self {
        let among = proposal.among.as_ref();
        let allowed = |passages: &[PassageId]| -> Vec<PassageId> {
            passages.iter().copied().filter(|p| among.is_none_or(|s| s.contains(*p))).collect()
        };
        let [titles, headings] =
            [&plan.verbatim.titles, &plan.verbatim.headings].map(|all| Matches::of_few_pages(allowed(all), head));
        let all = proposal.phrases.clone();
        let phrases = Matches { candidates: all.iter().copied().take(MOST_VERBATIM).collect(), all };
        Self { titles, headings, phrases, listed: among.filter(|_| plan.is_list()).cloned() }
    }

    /// Passages that are candidates even if no leg proposes them.
    pub(crate) fn candidates(&self) -> impl Iterator<Item = PassageId> + '_ {
        let listed = self.listed.iter().flat_map(Selection::iter);
        let exact = [&self.titles, &self.headings, &self.phrases].into_iter().flat_map(|e| &e.candidates);
        exact.copied().chain(listed)
    }

    /// The tier of a passage.
    pub(crate) fn tier(&self, passage: PassageId) -> Tier {
        if self.titles.has(passage) {
            Tier::Title
        } else if self.headings.has(passage) {
            Tier::Heading
        } else if self.phrases.has(passage) {
            Tier::Phrase
        } else {
            Tier::Scored
        }
    }
}
