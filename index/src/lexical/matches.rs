//! The best matches of a query.

use tantivy::{
    DocId,
    query::{BooleanQuery, Query},
};

use super::{gathering::Gathering, one_per_page::OnePerPage, postings::Postings, query::KeywordQuery};
use crate::{PassageId, Result, Scored, Selection, best::BestK};

/// Number of best matches that represent all, if the search does not examine all.
const COUNTED: usize = 100;

/// The results of the keyword leg.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct KeywordHits {
    /// Best first; ties by the lower number.
    pub hits: Vec<Scored>,
    /// A passage of each page with every word that carries the subject, in no order.
    pub pages: Vec<PassageId>,
    /// Whether other pages may have every word too.
    pub is_cut: bool,
}

/// How many of the matches the search must know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Extent {
    /// Every match.
    All,
    /// Only the best, if there are very many matches.
    #[default]
    Best,
}

impl Postings {
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

    /// The sum, over the query's terms, of the passages that have each.
    fn postings(&self, query: &KeywordQuery) -> Result<u64> {
        let terms = query.words.iter().flat_map(|w| &w.terms);
        terms.map(|(term, _)| self.opened.documents_with(self.opened.fields.content, term)).sum()
    }

    fn all_matches(&self, query: &KeywordQuery, k: usize, among: Option<&Selection>) -> Result<KeywordHits> {
        let (mut best, mut pages) = (BestK::new(k), OnePerPage::default());
        let complete = |passage| pages.offer(passage, self.opened.page_of(passage));
        Gathering::new(&self.opened, &query.words, among)?.run(&self.tables, k, &mut best, complete)?;
        Ok(KeywordHits { hits: best.into_sorted(), pages: pages.passages, is_cut: false })
    }

    /// Skips passages that cannot be among the best (Ding and Suel, "Faster Top-k Document Retrieval Using Block-Max
    /// Indexes", 2011). Words such as "the", which most passages have, do not decide here which passages are among
    /// the best; they count in the scores of these.
    fn best_matches(&self, query: &KeywordQuery, k: usize, among: Option<&Selection>) -> Result<KeywordHits> {
        let subject = query.subject();
        let mut hits = self.best(&subject.compile(self.opened.fields.content), k.max(COUNTED), among)?;
        let every = match subject.words.len() {
            1 => hits.clone(),
            _ => self.best(&subject.compile_every(self.opened.fields.content), COUNTED, among)?,
        };
        let pages = self.opened.one_per_page(every.iter().take(COUNTED).map(|h| h.passage));
        let is_cut = every.len() >= COUNTED;
        hits.truncate(k);
        Ok(KeywordHits { hits, pages, is_cut })
    }

    /// The `k` passages that match a compiled query best.
    fn best(&self, query: &BooleanQuery, k: usize, among: Option<&Selection>) -> Result<Vec<Scored>> {
        let failed = |e: tantivy::TantivyError| self.opened.failed("search", &e);
        let mut best = BestK::new(k);
        let weight = query.weight(self.opened.scoring()).map_err(failed)?;
        for (reader, ids) in self.opened.searcher.segment_readers().iter().zip(&self.opened.ids) {
            let threshold = best.worst().unwrap_or(f32::MIN);
            let mut offer = |document: DocId, score: f32| {
                let passage = ids[document as usize];
                if self.opened.live.contains(passage) && among.is_none_or(|s| s.contains(passage)) {
                    best.offer(Scored { passage, score });
                }
                best.worst().unwrap_or(f32::MIN)
            };
            weight.for_each_pruning(threshold, reader, &mut offer).map_err(failed)?;
        }
        Ok(best.into_sorted())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        KeywordText, Passage,
        lexical::{LexicalWriter, Opened, WordList},
    };
    use std::sync::Arc;

    /// Passages of made-up words, in which words with low numbers are frequent.
    fn lexical(dir: &std::path::Path) -> (WordList, Postings) {
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
        let opened = Arc::new(Opened::open(dir, Selection::all(4000), &["en".to_owned()]).expect("whole"));
        let postings = Postings { exact_up_to: 0, ..Postings::new(opened.clone()) };
        (WordList::new(opened), postings)
    }

    #[test]
    fn the_best_of_many_matches_are_the_best_of_all() {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let (list, postings) = lexical(dir.path());
        let mut third = Selection::none(4000);
        (0..4000).step_by(3).for_each(|p| third.insert(p));
        for (words, among) in [("worda wordx wordk", None), ("wordb wordc", Some(&third)), ("wordy", None)] {
            let query = list.analyse(&KeywordText { words: words.into(), ..KeywordText::default() }).expect("words");
            let [all, best] =
                [Extent::All, Extent::Best].map(|extent| postings.search(&query, 50, extent, among).expect("hits"));
            assert_eq!(all.hits.len(), 50);
            let scores = |hits: &KeywordHits| hits.hits.iter().map(|h| (h.score * 1e3).round()).collect::<Vec<_>>();
            assert_eq!(scores(&all), scores(&best), "{words}");
            assert!(best.pages.iter().all(|page| all.pages.contains(page)));
            assert!(!all.is_cut && best.pages.len() == all.pages.len().min(COUNTED), "{words}");
            assert_eq!(best.is_cut, all.pages.len() >= COUNTED, "{words}");
        }
    }

    #[test]
    fn gathered_matches_are_those_that_the_engine_finds() {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let (list, postings) = lexical(dir.path());
        let mut third = Selection::none(4000);
        (0..4000).step_by(3).for_each(|p| third.insert(p));
        let content = postings.opened.fields.content;
        for (words, prefix) in
            [("the wordx worda", false), ("the wordy the word", true), ("the", false), ("the w", true)]
        {
            let text = KeywordText { words: words.into(), prefix, ..KeywordText::default() };
            let query = list.analyse(&text).expect("words");
            for (k, among) in [(5, None), (50, Some(&third)), (4000, None)] {
                let found = postings.search(&query, k, Extent::All, among).expect("hits");
                let (mut best, mut pages) = (BestK::new(k), Vec::new());
                let is_among = |passage| among.is_none_or(|s| s.contains(passage));
                let each = |query: &BooleanQuery, take: &mut dyn FnMut(PassageId, f32)| {
                    postings
                        .opened
                        .each(query, |p, score| {
                            if is_among(p) {
                                take(p, score)
                            }
                        })
                        .expect("matches");
                };
                each(&query.compile(content), &mut |passage, score| best.offer(Scored { passage, score }));
                each(&query.subject().compile_every(content), &mut |passage, _| pages.push(passage));
                let scores = |hits: &[Scored]| hits.iter().map(|h| (h.score * 1e3).round()).collect::<Vec<_>>();
                assert_eq!(scores(&found.hits), scores(&best.into_sorted()), "{words}, {k}");
                assert_eq!(found.pages, pages, "{words}, {k}");
            }
        }
    }

    #[test]
    fn words_that_everything_has_do_not_decide_who_is_among_many() {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let (list, postings) = lexical(dir.path());
        let query = |words: &str| {
            let query = KeywordText { words: words.into(), ..KeywordText::default() };
            postings.search(&list.analyse(&query).expect("words"), 20, Extent::Best, None).expect("hits")
        };
        assert_eq!(query("the wordy wordx").hits, query("wordy wordx").hits);
        assert_eq!(query("the").hits.len(), 20, "unless there are no others");
        let few = query("wordmissing");
        assert!(few.hits.is_empty() && !few.is_cut);
    }
}
