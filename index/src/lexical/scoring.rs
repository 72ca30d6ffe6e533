//! Scores of passages whose terms lie at hand, by the counts of a vocabulary.
//!
//! The numbers are those that the postings give (`postings`, `coverage`): BM25 with k1 = 1.2 and b = 0.75, with the
//! length of a passage rounded as tantivy stores it, and the parts of a query added in the same order.

use tantivy::fieldnorm::FieldNormReader;

use super::{
    carried::CarriedTerms,
    query::{KeywordQuery, PAIR_WEIGHT, PhraseForm, QueryWord},
    rarity::rarity,
    vocabulary::{Kind, Vocabulary},
};
use crate::Result;

const K1: f32 = 1.2;
const B: f32 = 0.75;
/// Weight of a near word, relative to the word itself.
const NEAR: f32 = 0.5;

/// Scores passages.
pub(crate) struct Scoring<'a> {
    vocabulary: &'a dyn Vocabulary,
    passages: u64,
    average_length: f32,
}

impl<'a> Scoring<'a> {
    /// Scores by the counts of a vocabulary.
    pub(crate) fn new(vocabulary: &'a dyn Vocabulary) -> Result<Self> {
        let (passages, words) = vocabulary.totals()?;
        Ok(Self { vocabulary, passages, average_length: words as f32 / passages as f32 })
    }

    /// BM25 of each passage; 0 for a passage that has none of the words.
    pub(crate) fn scores(&self, query: &KeywordQuery, passages: &[&CarriedTerms]) -> Result<Vec<f32>> {
        let mut scores = vec![0.0; passages.len()];
        for word in &query.words {
            self.add_word(word, passages, &mut scores)?;
        }
        for form in query.pairs.iter().flatten() {
            self.add_form(form, passages, &mut scores)?;
        }
        Ok(scores)
    }

    /// Adds the score of the best of the terms that stand for a word.
    fn add_word(&self, word: &QueryWord, passages: &[&CarriedTerms], scores: &mut [f32]) -> Result<()> {
        let mut best = vec![0f32; passages.len()];
        for (term, weight) in &word.terms {
            let weight = self.idf(term)? * (1.0 + K1) * (word.weight() * weight);
            for (best, passage) in best.iter_mut().zip(passages) {
                *best = best.max(self.score(weight, passage, passage.positions(term).len()));
            }
        }
        scores.iter_mut().zip(best).for_each(|(score, best)| *score += best);
        Ok(())
    }

    /// Adds the score of neighbours that stay neighbours.
    fn add_form(&self, form: &PhraseForm, passages: &[&CarriedTerms], scores: &mut [f32]) -> Result<()> {
        let mut idf = 0.0;
        for (_, term) in form {
            idf += self.idf(term)?;
        }
        let weight = idf * (1.0 + K1) * PAIR_WEIGHT;
        for (score, passage) in scores.iter_mut().zip(passages) {
            *score += self.score(weight, passage, places(form, passage).len());
        }
        Ok(())
    }

    fn score(&self, weight: f32, passage: &CarriedTerms, times: usize) -> f32 {
        if times == 0 {
            return 0.0;
        }
        let length = FieldNormReader::id_to_fieldnorm(FieldNormReader::fieldnorm_to_id(passage.length()));
        let norm = K1 * (1.0 - B + B * length as f32 / self.average_length);
        weight * (times as f32 / (times as f32 + norm))
    }

    /// BM25's inverse document frequency.
    fn idf(&self, term: &str) -> Result<f32> {
        let found = self.vocabulary.passages_with(Kind::Content, term)?;
        Ok((1.0 + (self.passages.saturating_sub(found) as f32 + 0.5) / (found as f32 + 0.5)).ln())
    }

    /// The share of the query's words that a passage has, each weighted by its rarity: 0 to 1.
    pub(crate) fn coverage(&self, query: &KeywordQuery, passage: &CarriedTerms) -> Result<f32> {
        let (mut all, mut found) = (0.0, 0.0);
        for word in query.words.iter().filter(|w| w.is_word()) {
            let rarity = self.rarity(word)?;
            all += rarity;
            if word.terms.iter().any(|(term, _)| !passage.positions(term).is_empty()) {
                found += rarity * if word.is_known { 1.0 } else { NEAR };
            }
        }
        Ok(if all > 0.0 { found / all } else { 0.0 })
    }

    fn rarity(&self, word: &QueryWord) -> Result<f32> {
        let mut frequency = 0;
        for (term, _) in word.terms.iter().filter(|_| word.is_known) {
            frequency = frequency.max(self.vocabulary.passages_with(Kind::Content, term)?);
        }
        Ok(rarity(self.passages as usize, frequency))
    }
}

/// Whether a passage holds every phrase of the query.
pub(crate) fn holds_phrases(query: &KeywordQuery, passage: &CarriedTerms) -> bool {
    query.phrases.iter().all(|forms| forms.iter().any(|form| !places(form, passage).is_empty()))
}

/// Where a phrase begins.
fn places(form: &PhraseForm, passage: &CarriedTerms) -> Vec<u32> {
    let Some(((first, term), others)) = form.split_first() else { return Vec::new() };
    let mut places = passage.positions(term).to_vec();
    for (at, term) in others {
        let (positions, distance) = (passage.positions(term), (at - first) as u32);
        let mut next = positions.iter().peekable();
        // Both lists are ascending; a position counts once for each of its partners.
        places.retain(|place| {
            while next.next_if(|p| **p < place + distance).is_some() {}
            next.next_if(|p| **p == place + distance).is_some()
        });
    }
    places
}
