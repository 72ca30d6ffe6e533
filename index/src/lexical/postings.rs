//! The postings of an index and its stored passages.
//!
//! BM25: Robertson and Zaragoza, "The Probabilistic Relevance Framework: BM25 and Beyond" (2009), as tantivy
//! computes it (k1 = 1.2, b = 0.75).

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use tantivy::{DocAddress, DocId, DocSet, SeekDangerResult, TantivyDocument, query::Query, schema::Value};

use super::{
    facets,
    gathering::Tables,
    opened::Opened,
    query::{KeywordQuery, Part, compile_phrase},
    schema,
    weighed::{Counts, Weighed},
};
use crate::{Error, Passage, PassageId, Result, Selection, passage::SUPERSEDED};

/// Number of postings of a query up to which a search examines every match. Beyond it, the search examines only
/// matches that may be among the best.
const EXACT_UP_TO: u64 = 100_000;

/// The postings of a generation.
pub(crate) struct Postings {
    pub(super) opened: Arc<Opened>,
    /// Number of postings of a query up to which a search examines every match.
    pub(super) exact_up_to: u64,
    pub(super) tables: Tables,
}

impl Postings {
    /// The postings of an opened index.
    pub(crate) fn new(opened: Arc<Opened>) -> Self {
        Self { opened, exact_up_to: EXACT_UP_TO, tables: Tables::default() }
    }

    /// Passages that hold every phrase of the query.
    pub(crate) fn phrase_matches(&self, query: &KeywordQuery) -> Result<Selection> {
        let mut all = self.opened.live.clone();
        for phrase in &query.phrases {
            all.intersect(&self.opened.matching(&compile_phrase(phrase, self.opened.fields.content))?);
        }
        Ok(all)
    }

    /// Passages of pages that have one of the values of every key, and nothing excluded; `None` if that is all
    /// passages.
    pub(crate) fn select(
        &self,
        filters: &BTreeMap<String, Vec<String>>,
        query: &KeywordQuery,
    ) -> Result<Option<Selection>> {
        if filters.is_empty() && query.excluded.is_empty() {
            return Ok(None);
        }
        let mut selection = self.opened.live.clone();
        for (key, values) in filters {
            let mut any = Selection::none(self.opened.addresses.len());
            for value in values {
                self.opened.each(
                    &self.opened.raw(self.opened.fields.metadata, &schema::metadata_term(key, value)),
                    |p, _| any.insert(p),
                )?;
            }
            selection.intersect(&any);
        }
        for excluded in &query.excluded {
            let mut pages = BTreeSet::new();
            self.opened.each(&compile_phrase(excluded, self.opened.fields.content), |p, _| {
                pages.insert(self.opened.page_of(p));
            })?;
            selection.retain(|p| !pages.contains(&self.opened.page_of(*p)));
        }
        Ok(Some(selection))
    }

    /// Passages of pages that no other version supersedes; `None` if that is all of them.
    pub(crate) fn current(&self) -> Result<Option<Selection>> {
        let Some(superseded) = self.marked(SUPERSEDED)? else { return Ok(None) };
        let mut current = self.opened.live.clone();
        current.retain(|p| !superseded.contains(*p));
        Ok(Some(current))
    }

    /// Passages whose metadata has this key with the value `true`; `None` if there are none.
    pub(crate) fn marked(&self, key: &str) -> Result<Option<Selection>> {
        let mut marked = Selection::none(self.opened.addresses.len());
        let term = schema::metadata_term(key, "true");
        self.opened.each(&self.opened.raw(self.opened.fields.metadata, &term), |p, _| marked.insert(p))?;
        Ok((!marked.is_empty()).then_some(marked))
    }

    /// BM25 of given passages, in their order; 0 for a passage that has none of the words.
    pub(crate) fn scores(&self, query: &KeywordQuery, passages: &[PassageId]) -> Result<Vec<f32>> {
        if passages.is_empty() {
            return Ok(Vec::new());
        }
        let (counts, order) = (Counts::of(&self.opened)?, self.by_address(passages));
        let mut scores = vec![0.0; passages.len()];
        for word in &query.words {
            let found = self.word_scores(&Weighed::new(&self.opened, &counts, word)?, passages, &order)?;
            scores.iter_mut().zip(found).for_each(|(score, found)| *score += found);
        }
        for part in query.compile_pairs(self.opened.fields.content) {
            self.add_scores(&part, passages, &order, &mut scores)?;
        }
        Ok(scores)
    }

    /// The score of each passage by the best of the terms that stand for a word; 0 if it has none. `order` lists the
    /// passages by address.
    pub(super) fn word_scores(&self, word: &Weighed, passages: &[PassageId], order: &[usize]) -> Result<Vec<f32>> {
        let mut scores = vec![0f32; passages.len()];
        let address = |i: &usize| self.opened.addresses[passages[*i] as usize];
        for group in order.chunk_by(|a, b| address(a).segment_ord == address(b).segment_ord) {
            let reader = self.opened.searcher.segment_reader(address(&group[0]).segment_ord);
            let documents: Vec<DocId> = group.iter().map(|i| address(i).doc_id).collect();
            let found = |place: usize, score| scores[group[place]] = scores[group[place]].max(score);
            word.each_of(&self.opened, reader, &documents, found)?;
        }
        Ok(scores)
    }

    /// The places of passages in their list, by address.
    pub(super) fn by_address(&self, passages: &[PassageId]) -> Vec<usize> {
        let mut order: Vec<usize> = (0..passages.len()).collect();
        order.sort_unstable_by_key(|&i| self.opened.addresses[passages[i] as usize]);
        order
    }

    /// Adds the score of a phrase to each passage. It reads postings only at the addresses of the
    /// passages, and does not search for a phrase beyond them. `order` lists the passages by address.
    fn add_scores(&self, part: &Part, passages: &[PassageId], order: &[usize], scores: &mut [f32]) -> Result<()> {
        let failed = |e: tantivy::TantivyError| self.opened.failed("score", &e);
        let weight = part.query.weight(self.opened.scoring()).map_err(failed)?;
        let address = |i: &usize| self.opened.addresses[passages[*i] as usize];
        for group in order.chunk_by(|a, b| address(a).segment_ord == address(b).segment_ord) {
            let reader = self.opened.searcher.segment_reader(address(&group[0]).segment_ord);
            let mut at = address(&group[0]).doc_id;
            let (mut found, mut scorer) = weight.scorer_danger(reader, at, part.weight).map_err(failed)?;
            for &i in group {
                let document = address(&i).doc_id;
                match found {
                    SeekDangerResult::SeekLowerBound(next) if next > document => continue,
                    _ if document > at => (at, found) = (document, scorer.seek_danger(document)),
                    _ => {}
                }
                if found == SeekDangerResult::Found {
                    scores[i] += scorer.score();
                }
            }
        }
        Ok(())
    }

    /// Counts the metadata values of passages, for some keys.
    pub(crate) fn facets(&self, passages: &[PassageId], keys: &[String]) -> Result<facets::Counts> {
        let documents: Vec<DocAddress> = passages.iter().map(|&p| self.opened.addresses[p as usize]).collect();
        facets::count(&self.opened.searcher, &documents, keys).map_err(|e| self.opened.failed("count values", &e))
    }

    /// A passage as stored.
    pub(crate) fn passage(&self, id: PassageId) -> Result<Passage> {
        let document: TantivyDocument = self
            .opened
            .searcher
            .doc(self.opened.addresses[id as usize])
            .map_err(|e| self.opened.failed("read a passage", &e))?;
        let bytes = document.get_first(self.opened.fields.stored).and_then(|v| v.as_bytes()).unwrap_or_default();
        serde_json::from_slice(bytes).map_err(|e| Error::damaged(self.opened.dir(), e, "a passage as JSON"))
    }
}
