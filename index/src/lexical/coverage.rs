//! The share of a query that passages cover.

use tantivy::{Term, query::Bm25StatisticsProvider};

use super::{
    postings::Postings,
    query::QueryWord,
    rarity::rarity,
    weighed::{Counts, Weighed},
};
use crate::{KeywordQuery, PassageId, Result};

/// Weight of a near word, relative to the word itself.
const NEAR: f32 = 0.5;

impl Postings {
    /// For each passage, the share of the query's words that it has, each weighted by its rarity (0 to 1; 0 for a
    /// query without words).
    pub(crate) fn coverage(&self, query: &KeywordQuery, passages: &[PassageId]) -> Result<Vec<f32>> {
        let (mut all, mut found) = (0.0, vec![0.0; passages.len()]);
        let (counts, order) = (Counts::of(&self.opened)?, self.by_address(passages));
        for word in query.words.iter().filter(|w| w.is_word()) {
            let rarity = self.rarity(word)?;
            all += rarity;
            let scores = self.word_scores(&Weighed::new(&self.opened, &counts, word)?, passages, &order)?;
            let share = rarity * if word.is_known { 1.0 } else { NEAR };
            found.iter_mut().zip(scores).filter(|(_, score)| *score > 0.0).for_each(|(found, _)| *found += share);
        }
        Ok(found.into_iter().map(|found| if all > 0.0 { found / all } else { 0.0 }).collect())
    }

    /// BM25's inverse document frequency of the most frequent term that stands for a word; that of a word that never
    /// occurs, if only near words stand for it.
    fn rarity(&self, word: &QueryWord) -> Result<f32> {
        let failed = |e: tantivy::TantivyError| self.opened.failed("look up a word", &e);
        let mut frequency = 0;
        for (term, _) in word.terms.iter().filter(|_| word.is_known) {
            let term = Term::from_field_text(self.opened.fields.content, term);
            let found = self.opened.statistics.documents_with(&term).map_err(failed)?;
            frequency = frequency.max(found);
        }
        let passages = self.opened.statistics.total_num_docs().map_err(failed)?;
        Ok(rarity(passages as usize, frequency))
    }
}
