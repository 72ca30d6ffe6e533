//! The keyword index of a generation, opened for reading: the data that the word list and the postings share.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use tantivy::{
    DocAddress, DocId, Index, ReloadPolicy, Searcher, Term,
    query::{EnableScoring, Query, TermQuery},
    schema::{Field, IndexRecordOption},
};

use super::{
    directory::ReadOnly,
    failure::error,
    one_per_page::OnePerPage,
    schema::{self, Fields},
    statistics::Statistics,
};
use crate::{Error, PassageId, Result, Selection};

/// The keyword index of a generation, opened for reading.
pub(crate) struct Opened {
    dir: PathBuf,
    pub(super) searcher: Searcher,
    pub(super) fields: Fields,
    pub(super) languages: Vec<String>,
    /// Passages that are not deleted.
    pub(super) live: Selection,
    /// The address of each passage.
    pub(super) addresses: Vec<DocAddress>,
    /// The page of each passage.
    pages: Vec<u32>,
    /// The passage of each document, by segment.
    pub(super) ids: Vec<Vec<PassageId>>,
    /// Counts of words over the live passages.
    pub(super) statistics: Statistics,
}

impl Opened {
    /// Opens an index whose files have passed their checksums; `languages` are those of its pages.
    pub(crate) fn open(dir: &Path, live: Selection, languages: &[String]) -> Result<Self> {
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
        Ok(Self { dir, searcher, fields, languages, live, addresses, pages, ids, statistics })
    }

    /// Passages that have a term.
    pub(super) fn documents_with(&self, field: Field, term: &str) -> Result<u64> {
        let term = Term::from_field_text(field, term);
        self.statistics.documents_with(&term).map_err(|e| self.failed("look up a word", &e))
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

    /// Scoring by the counts of the live passages.
    pub(super) fn scoring(&self) -> EnableScoring<'_> {
        EnableScoring::enabled_from_statistics_provider(&self.statistics, &self.searcher)
    }

    pub(super) fn matching(&self, query: &dyn Query) -> Result<Selection> {
        let mut found = Selection::none(self.addresses.len());
        self.each(query, |passage, _| found.insert(passage))?;
        Ok(found)
    }

    pub(super) fn raw(&self, field: Field, term: &str) -> TermQuery {
        TermQuery::new(Term::from_field_text(field, term), IndexRecordOption::Basic)
    }

    /// The first passage of each page among `passages`.
    pub(crate) fn one_per_page(&self, passages: impl IntoIterator<Item = PassageId>) -> Vec<PassageId> {
        let mut pages = OnePerPage::default();
        passages.into_iter().for_each(|p| pages.offer(p, self.page_of(p)));
        pages.passages
    }

    /// The page of a passage.
    pub(crate) fn page_of(&self, id: PassageId) -> u32 {
        self.pages[id as usize]
    }

    /// Terms of a field that begin so, with the number of passages that have them.
    pub(super) fn terms_from(&self, field: Field, prefix: &str) -> Result<BTreeMap<String, u32>> {
        let failed = |e: tantivy::TantivyError| self.failed("list words", &e);
        let mut found = BTreeMap::new();
        for reader in self.searcher.segment_readers() {
            let terms = reader.inverted_index(field).map_err(failed)?;
            let range = terms.terms().range().ge(prefix.as_bytes());
            let mut stream = range.into_stream().map_err(|e| failed(e.into()))?;
            while stream.advance() && stream.key().starts_with(prefix.as_bytes()) {
                let term = String::from_utf8_lossy(stream.key()).into_owned();
                *found.entry(term).or_insert(0) += stream.value().doc_freq;
            }
        }
        Ok(found)
    }

    /// The folder of the index.
    pub(super) fn dir(&self) -> &Path {
        &self.dir
    }

    pub(super) fn failed(&self, doing: &'static str, e: &tantivy::TantivyError) -> Error {
        error(&self.dir, doing, e)
    }
}

/// The address of every passage, and the passage at every address.
struct Places {
    addresses: Vec<DocAddress>,
    pages: Vec<u32>,
    ids: Vec<Vec<PassageId>>,
}

/// Reads the numbers of all passages; each live one must exist.
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
                return Err(Error::damaged(dir, format!("passage {id}"), format!("numbers below {passages}")));
            };
            *place = DocAddress { segment_ord, doc_id };
            places.pages[id as usize] = page_column.first(doc_id).unwrap_or_default() as u32;
            ids.push(id as PassageId);
        }
        places.ids.push(ids);
    }
    match live.iter().find(|&id| places.addresses[id as usize] == NOWHERE) {
        None => Ok(places),
        Some(id) => Err(Error::damaged(dir, format!("passage {id} is missing"), format!("{passages} passages"))),
    }
}
