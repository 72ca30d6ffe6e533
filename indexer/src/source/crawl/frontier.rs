//! Addresses still to be requested, the nearest to the start first.

use std::collections::{HashMap, HashSet, VecDeque};

use url::Url;

/// Maximum number of different queries per path: calendars and sorted tables have endless ones.
const MOST_QUERIES: u32 = 64;
/// Number of addresses to remember for each page that may be requested.
const ADDRESSES_A_PAGE: usize = 8;

/// See the module.
pub(super) struct Frontier {
    waiting: VecDeque<(Url, usize)>,
    seen: HashSet<String>,
    queries: HashMap<String, u32>,
    most_pages: usize,
    asked: usize,
    /// Addresses skipped because there were too many.
    pub(super) passed_by: u64,
}

impl Frontier {
    pub(super) fn new(most_pages: usize) -> Self {
        let (waiting, seen, queries) = (VecDeque::new(), HashSet::new(), HashMap::new());
        Self { waiting, seen, queries, most_pages, asked: 0, passed_by: 0 }
    }

    /// Remembers an address; returns whether it is new.
    pub(super) fn see(&mut self, url: &Url) -> bool {
        self.seen.insert(url.as_str().to_owned())
    }

    /// Puts an address at the end, unless it is known.
    pub(super) fn add(&mut self, url: Url, depth: usize) {
        if self.seen.contains(url.as_str()) {
            return;
        }
        if self.seen.len() >= self.most_pages.saturating_mul(ADDRESSES_A_PAGE) || self.has_many_queries(&url) {
            self.passed_by += 1;
            return;
        }
        self.see(&url);
        self.waiting.push_back((url, depth));
    }

    fn has_many_queries(&mut self, url: &Url) -> bool {
        if url.query().is_none() {
            return false;
        }
        let count = self.queries.entry(url[..url::Position::AfterPath].to_owned()).or_default();
        *count += 1;
        *count > MOST_QUERIES
    }

    /// The next address and its depth; `None` if none is left, or the limit is reached.
    pub(super) fn next(&mut self) -> Option<(Url, usize)> {
        if self.is_full() {
            return None;
        }
        let next = self.waiting.pop_front()?;
        self.asked += 1;
        Some(next)
    }

    /// Whether the limit of pages is reached.
    pub(super) fn is_full(&self) -> bool {
        self.asked >= self.most_pages
    }

    /// Number of waiting addresses.
    pub(super) fn waiting(&self) -> usize {
        self.waiting.len()
    }

    /// Number of requested pages.
    pub(super) fn asked(&self) -> usize {
        self.asked
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_address_comes_once_and_queries_end() {
        let url = |text: &str| Url::parse(text).expect("an address");
        let mut frontier = Frontier::new(100);
        for _ in 0..3 {
            frontier.add(url("https://e.org/a"), 0);
        }
        (0..500).for_each(|i| frontier.add(url(&format!("https://e.org/calendar?day={i}")), 1));
        let found: Vec<_> = std::iter::from_fn(|| frontier.next()).collect();
        assert_eq!((found.len(), frontier.passed_by), (65, 436));
        assert_eq!(found[0], (url("https://e.org/a"), 0));
    }

    #[test]
    fn a_site_without_an_end_is_left() {
        let mut frontier = Frontier::new(10);
        (0..500).for_each(|i| frontier.add(Url::parse(&format!("https://e.org/{i}")).expect("an address"), 0));
        assert_eq!(std::iter::from_fn(|| frontier.next()).count(), 10);
        assert!(frontier.is_full() && frontier.waiting() == 70 && frontier.passed_by == 420);
    }
}
