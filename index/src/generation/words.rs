//! What a generation says about words: keyword search, filters, and which words it has.

use std::collections::BTreeMap;

use super::Generation;
use crate::{
    Completions, Extent, KeywordHits, KeywordQuery, KeywordText, KnownWord, NearWord, PassageId, Result, Selection,
    Verbatim,
};

impl Generation {
    /// Analyses what was asked for, in the languages of the index, with near words for those that
    /// the index does not have.
    ///
    /// # Errors
    /// [`Error::Lexical`] if the keyword engine fails.
    pub fn keyword_query(&self, text: &KeywordText) -> Result<KeywordQuery> {
        self.lexical.analyse(text)
    }

    /// The `k` passages that match the words best, by BM25, among those selected.
    ///
    /// # Errors
    /// [`Error::Lexical`] if the keyword engine fails.
    pub fn keyword(
        &self,
        query: &KeywordQuery,
        k: usize,
        extent: Extent,
        among: Option<&Selection>,
    ) -> Result<KeywordHits> {
        self.lexical.search(query, k, extent, among)
    }

    /// Passages of pages that have, for every key, one of its values, and nothing that the query
    /// excludes; `None` if neither asks for anything.
    ///
    /// # Errors
    /// [`Error::Lexical`] if the keyword engine fails.
    pub fn select(&self, filters: &BTreeMap<String, Vec<String>>, query: &KeywordQuery) -> Result<Option<Selection>> {
        self.lexical.select(filters, query)
    }

    /// What of a selection belongs to current versions, where pages have several. The passages of an index are
    /// all of them, so `None` stays `None` where no page is superseded.
    #[must_use]
    pub fn current_among(&self, among: Option<Selection>) -> Option<Selection> {
        match (&self.current, among) {
            (None, among) => among,
            (Some(current), None) => Some(current.clone()),
            (Some(current), Some(mut among)) => {
                among.intersect(current);
                Some(among)
            }
        }
    }

    /// Whether pages have several versions, so that a search without a filter is narrowed to the current ones.
    #[must_use]
    pub fn has_versions(&self) -> bool {
        self.current.is_some()
    }

    /// Passages that hold every phrase of the query.
    ///
    /// # Errors
    /// [`Error::Lexical`] if the keyword engine fails.
    pub fn phrase_matches(&self, query: &KeywordQuery) -> Result<Selection> {
        self.lexical.phrase_matches(query)
    }

    /// Passages whose title or heading is exactly the text, but for case, accents and end punctuation.
    ///
    /// # Errors
    /// [`Error::Lexical`] if the keyword engine fails.
    pub fn verbatim(&self, text: &str) -> Result<Verbatim> {
        self.lexical.verbatim(text)
    }

    /// Titles and headings that begin as a text does, and words that begin as its last word does;
    /// at most `most` of each.
    ///
    /// # Errors
    /// [`Error::Lexical`] if the keyword engine fails.
    pub fn completions(&self, text: &str, most: usize) -> Result<Completions> {
        self.lexical.completions(text, most)
    }

    /// Words of the index near to one that it does not have, the nearest first.
    ///
    /// # Errors
    /// [`Error::Lexical`] if the keyword engine fails.
    pub fn near_words(&self, word: &str) -> Result<Vec<KnownWord>> {
        self.lexical.near(word)
    }

    /// Words of the index within `edits` letters of a word, the word itself left out: fewest edits first, then
    /// the most frequent.
    ///
    /// # Errors
    /// [`Error::Lexical`] if the keyword engine fails.
    pub fn words_within(&self, word: &str, edits: u8) -> Result<Vec<NearWord>> {
        self.lexical.within(word, edits)
    }

    /// For each word (folded), the most that one passage with it has of a query's words, each counted by its
    /// rarity: 0 to 1. Words that are frequent throughout are left out where there are too many places to look at.
    ///
    /// # Errors
    /// [`Error::Lexical`] if the keyword engine fails.
    pub fn company(&self, words: &[&str], rest: &KeywordQuery) -> Result<Vec<f32>> {
        self.lexical.company(words, rest)
    }

    /// Number of passages that have a word just as it is written, but for case and accents.
    ///
    /// # Errors
    /// [`Error::Lexical`] if the keyword engine fails.
    pub fn passages_with(&self, word: &str) -> Result<u64> {
        self.lexical.passages_with(word)
    }

    /// Number of passages that have a word in any form, as the stemmers of the index's languages see it.
    ///
    /// # Errors
    /// [`Error::Lexical`] if the keyword engine fails.
    pub fn passages_with_stem(&self, word: &str) -> Result<u64> {
        self.lexical.passages_with_stem(word)
    }

    /// Whether pages have metadata of this key.
    ///
    /// # Errors
    /// [`Error::Lexical`] if the keyword engine fails.
    pub fn has_metadata_key(&self, key: &str) -> Result<bool> {
        self.lexical.has_metadata_key(key)
    }

    /// Whether the text occurs as an identifier, just as it is written (in either case).
    ///
    /// # Errors
    /// [`Error::Lexical`] if the keyword engine fails.
    pub fn has_identifier(&self, written: &str) -> Result<bool> {
        self.lexical.has_identifier(written)
    }

    /// Counts the metadata values of passages, by key and value.
    ///
    /// # Errors
    /// [`Error::Lexical`] if the keyword engine fails.
    pub fn facets(&self, passages: &[PassageId], keys: &[String]) -> Result<BTreeMap<String, BTreeMap<String, u64>>> {
        self.lexical.facets(passages, keys)
    }

    /// BM25 of given passages, in their order; 0 for a passage that has none of the words.
    ///
    /// # Errors
    /// [`Error::Lexical`] if the keyword engine fails.
    pub fn keyword_scores(&self, query: &KeywordQuery, passages: &[PassageId]) -> Result<Vec<f32>> {
        self.lexical.scores(query, passages)
    }

    /// The share of the query's words that a passage has, each by its rarity: 0 to 1.
    ///
    /// # Errors
    /// [`Error::Lexical`] if the keyword engine fails.
    pub fn coverage(&self, query: &KeywordQuery, passage: PassageId) -> Result<f32> {
        self.lexical.coverage(query, passage)
    }
}
