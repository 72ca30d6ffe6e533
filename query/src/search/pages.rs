//! Passages grouped by page.

use std::collections::HashMap;

use cloze_index::PassageId;

use super::fuse::Fused;

/// The most other passages kept for a page. The sections to show are chosen from them.
const OTHERS: usize = 8;
/// A section is shown if it has at least this share of the page's score.
const SECTION_SHARE: f32 = 0.6;

/// A page with its best passage and other good ones.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct PageHit {
    pub(crate) best: Fused,
    pub(crate) others: Vec<Fused>,
    /// Estimated probability that the page is an answer, once it is computed.
    pub(crate) probability: f32,
}

/// All passages of some pages that may be shown.
pub(crate) fn passages(pages: &[PageHit]) -> Vec<PassageId> {
    let all =
        |page: &PageHit| std::iter::once(page.best.passage).chain(page.others.iter().map(|p| p.passage)).collect();
    pages.iter().flat_map::<Vec<PassageId>, _>(all).collect()
}

/// Groups passages, best first, by page; a page is as good as its best passage.
pub(crate) fn group(fused: &[Fused], page_of: impl Fn(u32) -> u32) -> Vec<PageHit> {
    let mut places: HashMap<u32, usize> = HashMap::new();
    let mut pages: Vec<PageHit> = Vec::new();
    for passage in fused {
        let page = page_of(passage.passage);
        match places.get(&page) {
            None => {
                places.insert(page, pages.len());
                pages.push(PageHit { best: *passage, others: Vec::new(), probability: 0.0 });
            }
            Some(&place) => {
                let hit = &mut pages[place];
                if hit.others.len() < OTHERS && passage.score >= hit.best.score * SECTION_SHARE {
                    hit.others.push(*passage);
                }
            }
        }
    }
    pages
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_stands_where_its_best_passage_stands() {
        let fused = |passage, score| Fused {
            tier: crate::request::tier::Tier::Scored,
            passage,
            score,
            parts: crate::search::signal::Parts::default(),
        };
        let list = [fused(10, 0.9), fused(20, 0.8), fused(11, 0.7), fused(12, 0.1)];
        let pages = group(&list, |p| p / 10);
        assert_eq!(pages.iter().map(|p| p.best.passage).collect::<Vec<_>>(), [10, 20]);
        assert_eq!(pages[0].others.iter().map(|p| p.passage).collect::<Vec<_>>(), [11], "0.1 is too far below");
    }
}
