//! The terms of a word, each with its weight in BM25.

use tantivy::{
    DocId, DocSet, SegmentReader, Term,
    fieldnorm::FieldNormReader,
    postings::Postings as _,
    query::{Bm25StatisticsProvider, Bm25Weight},
    schema::IndexRecordOption,
};

use super::{opened::Opened, query::QueryWord};
use crate::Result;

/// The counts of an index that all words share.
pub(super) struct Counts {
    passages: u64,
    /// Mean length of a passage, in words.
    mean: f32,
}

impl Counts {
    pub(super) fn of(opened: &Opened) -> Result<Self> {
        let failed = |e: tantivy::TantivyError| opened.failed("search", &e);
        let passages = opened.statistics.total_num_docs().map_err(failed)?;
        let tokens = opened.statistics.total_num_tokens(opened.fields.content).map_err(failed)?;
        Ok(Self { passages, mean: tokens as f32 / passages as f32 })
    }
}

/// A word of a query with the weight of each of its terms.
pub(super) struct Weighed {
    pub(super) terms: Vec<(Term, Bm25Weight)>,
}

impl Weighed {
    pub(super) fn new(opened: &Opened, counts: &Counts, word: &QueryWord) -> Result<Self> {
        let failed = |e: tantivy::TantivyError| opened.failed("search", &e);
        let one = |(text, weight): &(String, f32)| {
            let term = Term::from_field_text(opened.fields.content, text);
            let found = opened.statistics.documents_with(&term).map_err(failed)?;
            let bm25 = Bm25Weight::for_one_term_without_explain(found, counts.passages, counts.mean);
            Ok((term, bm25.boost_by(word.weight() * weight)))
        };
        Ok(Self { terms: word.terms.iter().map(one).collect::<Result<_>>()? })
    }

    /// The most that the word can add to a score.
    pub(super) fn most(&self) -> f32 {
        self.terms.iter().map(|(_, weight)| weight.max_score()).fold(0.0, f32::max)
    }

    /// Calls `found` for each term and each of some documents, ascending, that has it: with the place of the document
    /// in the list and its score by the term. It reads postings only there.
    pub(super) fn each_of(
        &self,
        opened: &Opened,
        reader: &SegmentReader,
        documents: &[DocId],
        mut found: impl FnMut(usize, f32),
    ) -> Result<()> {
        let failed = |e: tantivy::TantivyError| opened.failed("score", &e);
        let lengths: FieldNormReader = reader.get_fieldnorms_reader(opened.fields.content).map_err(failed)?;
        let index = reader.inverted_index(opened.fields.content).map_err(failed)?;
        for (term, weight) in &self.terms {
            let postings = index.read_postings(term, IndexRecordOption::WithFreqs).map_err(|e| failed(e.into()))?;
            let Some(mut postings) = postings else { continue };
            for (place, &document) in documents.iter().enumerate() {
                if postings.doc() < document {
                    postings.seek(document);
                }
                if postings.doc() == document {
                    found(place, weight.score(lengths.fieldnorm_id(document), postings.term_freq()));
                }
            }
        }
        Ok(())
    }
}
