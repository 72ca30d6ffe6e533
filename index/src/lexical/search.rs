//! BM25 over the passages of a generation.
//!
//! Robertson and Zaragoza, "The Probabilistic Relevance Framework: BM25 and Beyond" (2009), as
//! tantivy computes it (k1 = 1.2, b = 0.75).

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

use tantivy::{
    DocAddress, DocId, DocSet, Index, ReloadPolicy, Searcher, SeekDangerResult, TantivyDocument, Term,
    query::{EnableScoring, Query, TermQuery},
    schema::{Field, IndexRecordOption, Value},
};

use super::{
    analysis::{AnalysedWord, Analyzer, verbatim_key},
    directory::ReadOnly,
    facets, matches,
    near::NearWords,
    query::{KeywordQuery, KeywordText, Part, QueryWord, compile_phrase},
    sample::Sample,
    schema::{self, Fields},
    statistics::Statistics,
    writer::error,
};
use crate::{Error, Passage, PassageId, Result, Selection, passage::SUPERSEDED};

/// Words that a word being typed may become.
const COMPLETIONS: usize = 8;
/// What each edit leaves of a near word's weight.
const EDIT_WEIGHT: f32 = 0.6;

/// Passages whose title or heading is exactly what was asked for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Verbatim {
    /// All passages of pages with that title.
    pub titles: Vec<PassageId>,
    /// Passages right below such a heading.
    pub headings: Vec<PassageId>,
}

impl Verbatim {
    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.titles.is_empty() && self.headings.is_empty()
    }
}

/// The keyword index of a generation, opened for reading.
pub(crate) struct Lexical {
    dir: PathBuf,
    pub(super) searcher: Searcher,
    pub(super) fields: Fields,
    pub(super) languages: Vec<String>,
    /// Passages that are not gone.
    pub(super) live: Selection,
    /// Some that stand for all.
    pub(super) sample: Sample,
    /// Postings of a query up to which every match is looked at.
    pub(super) exact_up_to: u64,
    /// Where each passage is.
    pub(super) addresses: Vec<DocAddress>,
    /// The page of each passage.
    pages: Vec<u32>,
    /// The passage of each document, by segment.
    pub(super) ids: Vec<Vec<PassageId>>,
    /// Counts of words over the passages that are there.
    pub(super) statistics: Statistics,
    pub(super) near: NearWords,
}

impl Lexical {
    /// Opens an index whose files have passed their checksums; `languages` are those of its pages, and
    /// `sample` are passages that stand for all.
    pub(crate) fn open(dir: &Path, live: Selection, sample: &[PassageId], languages: &[String]) -> Result<Self> {
        let failed = |e: tantivy::TantivyError| error(dir, "be opened", &e);
        let index = Index::open(ReadOnly::open(dir).map_err(failed)?).map_err(failed)?;
        let fields = schema::fields(&index.schema(), dir)?;
        let reader = index.reader_builder().reload_policy(ReloadPolicy::Manual).try_into().map_err(failed)?;
        let searcher = reader.searcher();
        let Places { addresses, pages, ids } = places(dir, &searcher, &live)?;
        let gone = |ids: &Vec<PassageId>| {
            let gone = (0u32..).zip(ids).filter(|(_, passage)| !live.contains(**passage));
            gone.map(|(document, _)| document).collect()
        };
        let gone = ids.iter().map(gone).collect();
        let statistics = Statistics::new(searcher.clone(), gone, fields.content).map_err(failed)?;
        let (dir, languages) = (dir.to_owned(), languages.to_owned());
        let sample = Sample::new(sample, &addresses);
        let exact_up_to = matches::EXACT_UP_TO;
        let near = NearWords::new(searcher.clone(), fields.words);
        Ok(Self {
            dir,
            searcher,
            fields,
            languages,
            live,
            sample,
            exact_up_to,
            addresses,
            pages,
            ids,
            statistics,
            near,
        })
    }

    /// Analyses what was asked for, in the languages of the index. A word that the index does not
    /// have stands for the words near to it; a word being typed for those it may become.
    pub(crate) fn analyse(&self, text: &KeywordText) -> Result<KeywordQuery> {
        let mut query = KeywordQuery::analyse(text, &self.languages);
        let last = query.words.iter().rposition(|w| w.is_word).filter(|_| text.prefix);
        for (i, word) in query.words.iter_mut().enumerate() {
            if Some(i) == last {
                self.complete(word)?;
            } else if word.is_word && !self.knows(&word.folded)? {
                word.is_known = false;
                self.add_near(word)?;
            }
        }
        for (word, other) in &text.also {
            let folded = Analyzer::for_language(None).folded(word);
            if let Some(word) = query.words.iter_mut().find(|w| w.is_word && w.folded == folded) {
                self.add_alternative(word, other, 1.0);
            }
        }
        query.remark();
        Ok(query)
    }

    pub(super) fn knows(&self, folded: &str) -> Result<bool> {
        Ok(self.documents_with(self.fields.words, folded)? > 0)
    }

    /// Passages that have a term.
    pub(super) fn documents_with(&self, field: Field, term: &str) -> Result<u64> {
        let term = Term::from_field_text(field, term);
        self.statistics.documents_with(&term).map_err(|e| self.failed("look up a word", &e))
    }

    fn add_near(&self, word: &mut QueryWord) -> Result<()> {
        let near = self.near.nearest(&word.folded);
        for candidate in near.map_err(|e| self.failed("look up near words", &e))? {
            self.add_alternative(word, &candidate.word, EDIT_WEIGHT.powi(i32::from(candidate.edits)));
        }
        Ok(())
    }

    /// The most frequent words that begin as this one does.
    fn complete(&self, word: &mut QueryWord) -> Result<()> {
        for known in self.words_from(&word.folded, COMPLETIONS)? {
            self.add_alternative(word, &known.word, 1.0);
        }
        Ok(())
    }

    /// Lets a word of the index stand for a word of the query.
    fn add_alternative(&self, word: &mut QueryWord, other: &str, weight: f32) {
        for language in &self.languages {
            let analysed = Analyzer::for_language(Some(language)).query_terms(other);
            for term in analysed.iter().flat_map(AnalysedWord::terms) {
                if word.terms.iter().all(|(t, _)| t != term) {
                    word.terms.push((term.clone(), weight));
                }
            }
        }
    }

    /// Calls `take` with every live passage that matches, and its score.
    pub(super) fn each(&self, query: &dyn Query, mut take: impl FnMut(PassageId, f32)) -> Result<()> {
        let failed = |e: tantivy::TantivyError| self.failed("search", &e);
        let weight = query.weight(self.scoring()).map_err(failed)?;
        for (reader, ids) in self.searcher.segment_readers().iter().zip(&self.ids) {
            let mut one = |document: DocId, score: f32| {
                let passage = ids[document as usize];
                if self.live.contains(passage) {
                    take(passage, score);
                }
            };
            weight.for_each(reader, &mut one).map_err(failed)?;
        }
        Ok(())
    }

    /// Scores by what is there.
    pub(super) fn scoring(&self) -> EnableScoring<'_> {
        EnableScoring::enabled_from_statistics_provider(&self.statistics, &self.searcher)
    }

    fn matching(&self, query: &dyn Query) -> Result<Selection> {
        let mut found = Selection::none(self.addresses.len());
        self.each(query, |passage, _| found.insert(passage))?;
        Ok(found)
    }

    /// Passages that hold every phrase of the query.
    pub(crate) fn phrase_matches(&self, query: &KeywordQuery) -> Result<Selection> {
        let mut all = self.live.clone();
        for phrase in &query.phrases {
            all.intersect(&self.matching(&compile_phrase(phrase, self.fields.content))?);
        }
        Ok(all)
    }

    /// Passages of pages that have one of the values of every key, and nothing that is excluded;
    /// `None` if that is all of them.
    pub(crate) fn select(
        &self,
        filters: &BTreeMap<String, Vec<String>>,
        query: &KeywordQuery,
    ) -> Result<Option<Selection>> {
        if filters.is_empty() && query.excluded.is_empty() {
            return Ok(None);
        }
        let mut selection = self.live.clone();
        for (key, values) in filters {
            let mut any = Selection::none(self.addresses.len());
            for value in values {
                self.each(&self.raw(self.fields.metadata, &schema::metadata_term(key, value)), |p, _| any.insert(p))?;
            }
            selection.intersect(&any);
        }
        for excluded in &query.excluded {
            let mut pages = BTreeSet::new();
            self.each(&compile_phrase(excluded, self.fields.content), |p, _| {
                pages.insert(self.page_of(p));
            })?;
            selection.retain(|p| !pages.contains(&self.page_of(*p)));
        }
        Ok(Some(selection))
    }

    /// Passages of pages that are not superseded by those of another version; `None` if that is all of them.
    pub(crate) fn current(&self) -> Result<Option<Selection>> {
        let mut superseded = Selection::none(self.addresses.len());
        let term = schema::metadata_term(SUPERSEDED, "true");
        self.each(&self.raw(self.fields.metadata, &term), |p, _| superseded.insert(p))?;
        if superseded.is_empty() {
            return Ok(None);
        }
        let mut current = self.live.clone();
        current.retain(|p| !superseded.contains(*p));
        Ok(Some(current))
    }

    /// Whether pages have metadata of this key.
    pub(crate) fn has_metadata_key(&self, key: &str) -> Result<bool> {
        let prefix = schema::metadata_term(key, "");
        let failed = |e: tantivy::TantivyError| self.failed("list keys", &e);
        for reader in self.searcher.segment_readers() {
            let terms = reader.inverted_index(self.fields.metadata).map_err(failed)?;
            let mut stream = terms.terms().range().ge(prefix.as_bytes()).into_stream().map_err(|e| failed(e.into()))?;
            if stream.advance() && stream.key().starts_with(prefix.as_bytes()) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Whether a word of the query, such as `-Recurse`, is a term of the index as it is written.
    pub(crate) fn has_identifier(&self, written: &str) -> Result<bool> {
        let folded = Analyzer::for_language(None).folded(written);
        Ok(self.documents_with(self.fields.content, &folded)? > 0)
    }

    /// Passages whose title or heading is exactly the text.
    pub(crate) fn verbatim(&self, text: &str) -> Result<Verbatim> {
        let key = verbatim_key(text);
        let mut found = Verbatim::default();
        self.each(&self.raw(self.fields.verbatim, &schema::title_term(&key)), |p, _| found.titles.push(p))?;
        self.each(&self.raw(self.fields.verbatim, &schema::heading_term(&key)), |p, _| found.headings.push(p))?;
        Ok(found)
    }

    pub(super) fn raw(&self, field: Field, term: &str) -> TermQuery {
        TermQuery::new(Term::from_field_text(field, term), IndexRecordOption::Basic)
    }

    /// BM25 of given passages, in their order; 0 for a passage that has none of the words.
    pub(crate) fn scores(&self, query: &KeywordQuery, passages: &[PassageId]) -> Result<Vec<f32>> {
        if passages.is_empty() {
            return Ok(Vec::new());
        }
        let mut order: Vec<usize> = (0..passages.len()).collect();
        order.sort_unstable_by_key(|&i| self.addresses[passages[i] as usize]);
        let mut scores = vec![0.0; passages.len()];
        for part in query.compile_parts(self.fields.content) {
            self.add_scores(&part, passages, &order, &mut scores)?;
        }
        Ok(scores)
    }

    /// Whether a passage matches.
    pub(super) fn matches(&self, query: Box<dyn Query>, passage: PassageId) -> Result<bool> {
        let mut score = [0.0];
        self.add_scores(&Part { query, weight: 1.0 }, &[passage], &[0], &mut score)?;
        Ok(score[0] > 0.0)
    }

    /// Adds what one part of a query gives to each passage. Only where a passage is, its postings are read;
    /// a phrase that is not there is not looked for further on. `order` lists the passages by address.
    pub(super) fn add_scores(
        &self,
        part: &Part,
        passages: &[PassageId],
        order: &[usize],
        scores: &mut [f32],
    ) -> Result<()> {
        let failed = |e: tantivy::TantivyError| self.failed("score", &e);
        let weight = part.query.weight(self.scoring()).map_err(failed)?;
        let address = |i: &usize| self.addresses[passages[*i] as usize];
        for group in order.chunk_by(|a, b| address(a).segment_ord == address(b).segment_ord) {
            let reader = self.searcher.segment_reader(address(&group[0]).segment_ord);
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
        let documents: Vec<DocAddress> = passages.iter().map(|&p| self.addresses[p as usize]).collect();
        facets::count(&self.searcher, &documents, keys).map_err(|e| self.failed("count values", &e))
    }

    /// A passage as stored.
    pub(crate) fn passage(&self, id: PassageId) -> Result<Passage> {
        let document: TantivyDocument =
            self.searcher.doc(self.addresses[id as usize]).map_err(|e| self.failed("read a passage", &e))?;
        let bytes = document.get_first(self.fields.stored).and_then(|v| v.as_bytes()).unwrap_or_default();
        serde_json::from_slice(bytes).map_err(|e| Error::damaged(&self.dir, e, "a stored passage"))
    }

    /// The page of a passage.
    pub(crate) fn page_of(&self, id: PassageId) -> u32 {
        self.pages[id as usize]
    }

    pub(super) fn failed(&self, doing: &'static str, e: &tantivy::TantivyError) -> Error {
        error(&self.dir, doing, e)
    }
}

/// Where every passage is, and the other way round.
struct Places {
    addresses: Vec<DocAddress>,
    pages: Vec<u32>,
    ids: Vec<Vec<PassageId>>,
}

/// Reads the numbers of all passages; each live one must be there.
fn places(dir: &Path, searcher: &Searcher, live: &Selection) -> Result<Places> {
    const NOWHERE: DocAddress = DocAddress { segment_ord: u32::MAX, doc_id: u32::MAX };
    let passages = live.universe();
    let mut places = Places { addresses: vec![NOWHERE; passages], pages: vec![0; passages], ids: Vec::new() };
    let failed = |e: tantivy::TantivyError| error(dir, "be opened", &e);
    for (segment_ord, reader) in (0u32..).zip(searcher.segment_readers()) {
        let id_column = reader.fast_fields().u64("id").map_err(failed)?;
        let page_column = reader.fast_fields().u64("page").map_err(failed)?;
        let mut ids = Vec::with_capacity(reader.max_doc() as usize);
        for doc_id in 0..reader.max_doc() {
            let id = id_column.first(doc_id).unwrap_or(u64::MAX);
            let Some(place) = places.addresses.get_mut(id as usize) else {
                return Err(Error::damaged(dir, format!("passage {id}"), format!("{passages} passages")));
            };
            *place = DocAddress { segment_ord, doc_id };
            places.pages[id as usize] = page_column.first(doc_id).unwrap_or_default() as u32;
            ids.push(id as PassageId);
        }
        places.ids.push(ids);
    }
    match live.iter().find(|&id| places.addresses[id as usize] == NOWHERE) {
        None => Ok(places),
        Some(id) => Err(Error::damaged(dir, format!("no passage {id}"), format!("{passages} passages"))),
    }
}
