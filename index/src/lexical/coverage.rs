//! The share of a query that a passage covers.

use tantivy::Term;

use super::{
    postings::Postings,
    query::{QueryWord, compile_word},
    rarity::rarity,
};
use crate::{KeywordQuery, PassageId, Result};

/// Weight of a near word, relative to the word itself.
const NEAR: f32 = 0.5;

impl Postings {
    /// The share of the query's words that the passage has, each weighted by its rarity (0 to 1; 0 for a query
    /// without words).
    pub(crate) fn coverage(&self, query: &KeywordQuery, passage: PassageId) -> Result<f32> {
        let (mut all, mut found) = (0.0, 0.0);
        for word in query.words.iter().filter(|w| w.is_word()) {
            let rarity = self.rarity(word)?;
            all += rarity;
            if self.matches(compile_word(word, self.opened.fields.content), passage)? {
                found += rarity * if word.is_known { 1.0 } else { NEAR };
            }
        }
        Ok(if all > 0.0 { found / all } else { 0.0 })
    }

    /// BM25's inverse document frequency of the most frequent term that stands for a word; that of a word that never
    /// occurs, if only near words stand for it.
    fn rarity(&self, word: &QueryWord) -> Result<f32> {
        let mut frequency = 0;
        for (term, _) in word.terms.iter().filter(|_| word.is_known) {
            let term = Term::from_field_text(self.opened.fields.content, term);
            let found = self.opened.searcher.doc_freq(&term).map_err(|e| self.opened.failed("look up a word", &e))?;
            frequency = frequency.max(found);
        }
        Ok(rarity(self.opened.addresses.len(), frequency))
    }
}
