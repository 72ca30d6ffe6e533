//! Word counts over the live passages.
//!
//! tantivy counts documents as long as they are in a segment. A deleted passage stays in its segment and is only
//! listed, so this module subtracts it from the counts: an index after many edits then scores like one built from
//! scratch. The number of words of a deleted passage is known only as BM25 stores it, rounded to steps of an eighth.

use quick_cache::sync::Cache;
use tantivy::{
    DocId, DocSet, Searcher, TERMINATED, Term,
    query::Bm25StatisticsProvider,
    schema::{Field, IndexRecordOption},
};

/// Counts for BM25, without deleted passages.
pub(crate) struct Statistics {
    searcher: Searcher,
    /// Deleted documents, ascending, by segment.
    gone: Vec<Vec<DocId>>,
    /// Number of words of the scored field in them.
    words_gone: u64,
    scored: Field,
    /// Cached counts of terms: a search asks for each several times.
    counts: Cache<Term, u64>,
}

/// Number of cached counts.
const KEPT: usize = 8192;

impl Statistics {
    /// Counts for the field `scored`; `gone` are the documents that do not count, ascending, by segment.
    pub(crate) fn new(searcher: Searcher, gone: Vec<Vec<DocId>>, scored: Field) -> tantivy::Result<Self> {
        let mut words_gone = 0;
        for (reader, gone) in searcher.segment_readers().iter().zip(&gone).filter(|(_, gone)| !gone.is_empty()) {
            let lengths = reader.get_fieldnorms_reader(scored)?;
            words_gone += gone.iter().map(|&doc| u64::from(lengths.fieldnorm(doc))).sum::<u64>();
        }
        Ok(Self { searcher, gone, words_gone, scored, counts: Cache::new(KEPT) })
    }

    /// Number of live documents that have a term.
    pub(crate) fn documents_with(&self, term: &Term) -> tantivy::Result<u64> {
        self.counts.get_or_insert_with(term, || self.count(term))
    }

    fn count(&self, term: &Term) -> tantivy::Result<u64> {
        let mut count = self.searcher.doc_freq(term)?;
        for (reader, gone) in self.searcher.segment_readers().iter().zip(&self.gone).filter(|(_, g)| !g.is_empty()) {
            let index = reader.inverted_index(term.field())?;
            let Some(mut postings) = index.read_postings(term, IndexRecordOption::Basic)? else { continue };
            for &doc in gone {
                if postings.doc() < doc {
                    postings.seek(doc);
                }
                if postings.doc() == TERMINATED {
                    break;
                }
                count -= u64::from(postings.doc() == doc);
            }
        }
        Ok(count)
    }
}

impl Bm25StatisticsProvider for Statistics {
    fn total_num_tokens(&self, field: Field) -> tantivy::Result<u64> {
        let gone = if field == self.scored { self.words_gone } else { 0 };
        Ok(self.searcher.total_num_tokens(field)?.saturating_sub(gone))
    }

    fn total_num_docs(&self) -> tantivy::Result<u64> {
        let gone: usize = self.gone.iter().map(Vec::len).sum();
        Ok(self.searcher.total_num_docs()?.saturating_sub(gone as u64))
    }

    fn doc_freq(&self, term: &Term) -> tantivy::Result<u64> {
        self.documents_with(term)
    }
}
