//! The best matches of a query, and what all matches are like.

use tantivy::{DocId, query::Query};

use super::{query::KeywordQuery, sample, search::Lexical};
use crate::{PassageId, Result, Scored, Selection, best::BestK};

/// Postings of a query up to which every match is looked at. Beyond, only those that may be among the
/// best are, and what all are like is estimated.
pub(super) const EXACT_UP_TO: u64 = 100_000;
/// Best matches that stand for all where not all are looked at.
const COUNTED: usize = 100;

/// What the keyword leg found.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct KeywordHits {
    /// Best first; ties by the lower number.
    pub hits: Vec<Scored>,
    /// Standard deviation of the scores over all passages of the index, those without a match
    /// counting as 0: what a score has to stand out from.
    pub spread: f32,
    /// A passage of each page that matches, in no order.
    pub pages: Vec<PassageId>,
    /// Whether pages may match that are not among those.
    pub is_cut: bool,
}

/// How much of what matches has to be known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    /// Every match.
    All,
    /// Where very much matches, the best of it.
    Best,
}

impl Lexical {
    /// The `k` passages that match best, among those selected.
    pub(crate) fn search(
        &self,
        query: &KeywordQuery,
        k: usize,
        extent: Extent,
        among: Option<&Selection>,
    ) -> Result<KeywordHits> {
        if query.is_empty() || k == 0 {
            return Ok(KeywordHits::default());
        }
        match extent {
            Extent::Best if self.postings(query)? > self.exact_up_to => self.best_matches(query, k, among),
            Extent::Best | Extent::All => self.all_matches(query, k, among),
        }
    }

    /// Passages that have each of the query's terms, added up.
    fn postings(&self, query: &KeywordQuery) -> Result<u64> {
        let terms = query.words.iter().flat_map(|w| &w.terms);
        terms.map(|(term, _)| self.documents_with(self.fields.content, term)).sum()
    }

    fn all_matches(&self, query: &KeywordQuery, k: usize, among: Option<&Selection>) -> Result<KeywordHits> {
        let mut best = BestK::new(k);
        let (mut sum, mut squares) = (0f64, 0f64);
        let mut pages = OnePerPage::default();
        self.each(&query.compile(self.fields.content), |passage, score| {
            sum += f64::from(score);
            squares += f64::from(score) * f64::from(score);
            if among.is_none_or(|s| s.contains(passage)) {
                pages.offer(passage, self.page_of(passage));
                best.offer(Scored { passage, score });
            }
        })?;
        let spread = sample::deviation(sum, squares, self.live.len());
        Ok(KeywordHits { hits: best.into_sorted(), spread, pages: pages.passages, is_cut: false })
    }

    /// Passes by what cannot be among the best (Ding and Suel, "Faster Top-k Document Retrieval Using
    /// Block-Max Indexes", 2011). Words such as "the", which most passages have, decide nothing about who is
    /// among the best here; they count when these are scored.
    fn best_matches(&self, query: &KeywordQuery, k: usize, among: Option<&Selection>) -> Result<KeywordHits> {
        let failed = |e: tantivy::TantivyError| self.failed("search", &e);
        let wanted = k.max(COUNTED);
        let mut best = BestK::new(wanted);
        let weight = query.subject().compile(self.fields.content).weight(self.scoring()).map_err(failed)?;
        for (reader, ids) in self.searcher.segment_readers().iter().zip(&self.ids) {
            let threshold = best.worst().unwrap_or(f32::MIN);
            let mut offer = |document: DocId, score: f32| {
                let passage = ids[document as usize];
                if self.live.contains(passage) && among.is_none_or(|s| s.contains(passage)) {
                    best.offer(Scored { passage, score });
                }
                best.worst().unwrap_or(f32::MIN)
            };
            weight.for_each_pruning(threshold, reader, &mut offer).map_err(failed)?;
        }
        let mut hits = best.into_sorted();
        let pages = self.one_per_page(hits.iter().take(COUNTED).map(|h| h.passage));
        let is_cut = hits.len() >= COUNTED;
        hits.truncate(k);
        Ok(KeywordHits { hits, spread: self.estimated_spread(query)?, pages, is_cut })
    }

    /// Of passages, the first of each page.
    pub(crate) fn one_per_page(&self, passages: impl IntoIterator<Item = PassageId>) -> Vec<PassageId> {
        let mut pages = OnePerPage::default();
        passages.into_iter().for_each(|p| pages.offer(p, self.page_of(p)));
        pages.passages
    }
}

/// The first passage of each page that is offered.
#[derive(Default)]
struct OnePerPage {
    seen: Vec<u64>,
    passages: Vec<PassageId>,
}

impl OnePerPage {
    fn offer(&mut self, passage: PassageId, page: u32) {
        let (word, bit) = (page as usize / 64, 1u64 << (page % 64));
        if self.seen.len() <= word {
            self.seen.resize(word + 1, 0);
        }
        if self.seen[word] & bit == 0 {
            self.seen[word] |= bit;
            self.passages.push(passage);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{KeywordText, Passage, lexical::LexicalWriter};

    /// Passages of made-up words, the low numbers frequent.
    fn lexical(dir: &std::path::Path) -> Lexical {
        let mut writer = LexicalWriter::create(dir).expect("writable");
        let mut state = 1u64;
        let mut random = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 40) as f64 / (1u64 << 24) as f64
        };
        for id in 0..4000 {
            let word = |share: f64| format!("word{}", char::from(b'a' + (share * share * 25.0) as u8));
            let text: Vec<String> = (0..12).map(|_| word(random())).chain(["the".to_owned()]).collect();
            let passage = Passage { page: id, text: text.join(" "), ..Passage::default() };
            writer.add(id, &passage).expect("writable");
        }
        writer.finish().expect("writable");
        Lexical::open(dir, Selection::all(4000), &(0..4000).step_by(4).collect::<Vec<_>>(), &["en".to_owned()])
            .expect("whole")
    }

    #[test]
    fn the_best_of_many_matches_are_the_best_of_all() {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let mut lexical = lexical(dir.path());
        lexical.exact_up_to = 0;
        let mut third = Selection::none(4000);
        (0..4000).step_by(3).for_each(|p| third.insert(p));
        for (words, among) in [("worda wordx wordk", None), ("wordb wordc", Some(&third)), ("wordy", None)] {
            let query = lexical.analyse(&KeywordText { words: words.into(), ..KeywordText::default() }).expect("words");
            let [all, best] =
                [Extent::All, Extent::Best].map(|extent| lexical.search(&query, 50, extent, among).expect("hits"));
            assert_eq!(all.hits.len(), 50);
            let scores = |hits: &KeywordHits| hits.hits.iter().map(|h| (h.score * 1e3).round()).collect::<Vec<_>>();
            assert_eq!(scores(&all), scores(&best), "{words}");
            assert!((best.spread / all.spread - 1.0).abs() < 0.1, "{} for {}", best.spread, all.spread);
            assert!(best.pages.iter().all(|page| all.pages.contains(page)));
            assert_eq!((all.is_cut, best.is_cut, best.pages.len()), (false, true, COUNTED));
        }
    }

    #[test]
    fn words_that_everything_has_do_not_decide_who_is_among_many() {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let mut lexical = lexical(dir.path());
        lexical.exact_up_to = 0;
        let query = |words: &str| {
            let query = KeywordText { words: words.into(), ..KeywordText::default() };
            lexical.search(&lexical.analyse(&query).expect("words"), 20, Extent::Best, None).expect("hits")
        };
        assert_eq!(query("the wordy wordx").hits, query("wordy wordx").hits);
        assert_eq!(query("the").hits.len(), 20, "unless there are no others");
        let few = query("wordmissing");
        assert!(few.hits.is_empty() && !few.is_cut);
    }
}
