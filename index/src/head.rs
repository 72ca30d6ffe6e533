//! The head of a generation: small, local, with all facts about the index as a whole.

use std::{path::Path, sync::Arc};

use crate::{
    Completions, Error, KeywordQuery, KeywordText, KnownWord, Manifest, NearWord, Occurrence, PassageId, Result,
    Verbatim,
    body::Carried,
    files,
    lexical::{Dictionary, Kind, NO_PAGE, Scoring, WordList, holds_phrases, weighed},
};

/// The first line of a head that is one piece of bytes.
pub(crate) const MAGIC: &[u8] = b"cloze head 1\n";
/// The name of such bytes in errors.
const NAME: &str = "the head of the index";

/// The manifest with its calibration, the words with their counts, titles, headings, metadata keys, and the page of
/// every passage.
pub struct Head {
    manifest: Manifest,
    words: WordList,
}

impl Head {
    pub(crate) fn new(manifest: Manifest, words: WordList) -> Self {
        Self { manifest, words }
    }

    /// Reads the bytes that a [`crate::HeadWriter`] made.
    ///
    /// # Errors
    /// [`Error::Damaged`] or [`Error::Format`] if they are something else.
    pub fn parse(bytes: &[u8]) -> Result<Self> {
        let damaged = || Error::damaged(NAME, "other bytes", "what this version of Cloze writes");
        let rest = bytes.strip_prefix(MAGIC).ok_or_else(damaged)?;
        let (length, rest) = rest.split_first_chunk().ok_or_else(damaged)?;
        let (manifest, words) = rest.split_at_checked(u64::from_le_bytes(*length) as usize).ok_or_else(damaged)?;
        let manifest = Manifest::parse(Path::new(NAME), manifest, &files::hash(manifest))?;
        Ok(Self::new(manifest, WordList::new(Arc::new(Dictionary::parse(words)?))))
    }

    /// The generation's description of itself.
    #[must_use]
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// The page of a passage.
    #[must_use]
    pub fn page_of(&self, id: PassageId) -> u32 {
        self.words.page_of(id)
    }

    /// The first passage of each page among `passages`.
    #[must_use]
    pub fn one_per_page(&self, passages: impl IntoIterator<Item = PassageId>) -> Vec<PassageId> {
        self.words.one_per_page(passages)
    }

    /// The passages that are not deleted, of a head that was read from bytes.
    pub(crate) fn passages(&self) -> impl Iterator<Item = PassageId> + '_ {
        (0..self.manifest.counts.numbers as PassageId).filter(|id| self.page_of(*id) != NO_PAGE)
    }

    /// The first passage of each page, at the page's number, of a head that was read from bytes.
    #[must_use]
    pub fn first_passages(&self) -> Vec<PassageId> {
        let mut first = Vec::new();
        for id in self.passages() {
            let page = self.page_of(id) as usize;
            // Pages that have no passage any more leave gaps, which nothing asks for.
            if page >= first.len() {
                first.resize(page + 1, PassageId::MAX);
            }
            first[page] = id.min(first[page]);
        }
        first
    }

    /// Analyses the text of a query in the languages of the index, with near words for those that the index does not
    /// have.
    ///
    /// # Errors
    /// [`Error::Lexical`] if the keyword engine fails.
    pub fn keyword_query(&self, text: &KeywordText) -> Result<KeywordQuery> {
        self.words.analyse(text)
    }

    /// Passages whose title or heading is exactly the text, apart from case, accents and end punctuation.
    ///
    /// # Errors
    /// [`Error::Lexical`] if the keyword engine fails.
    pub fn verbatim(&self, text: &str) -> Result<Verbatim> {
        self.words.verbatim(text)
    }

    /// Titles and headings that begin with a text, and words that begin with its last word; at most `most` of each.
    ///
    /// # Errors
    /// [`Error::Lexical`] if the keyword engine fails.
    pub fn completions(&self, text: &str, most: usize) -> Result<Completions> {
        self.words.completions(text, most)
    }

    /// Words of the index near to one that it does not have, the nearest first.
    ///
    /// # Errors
    /// [`Error::Lexical`] if the keyword engine fails.
    pub fn near_words(&self, word: &str) -> Result<Vec<KnownWord>> {
        self.words.near(word)
    }

    /// Words of the index within `edits` letters of a word, the word itself left out: fewest edits first, then
    /// the most frequent.
    ///
    /// # Errors
    /// [`Error::Lexical`] if the keyword engine fails.
    pub fn words_within(&self, word: &str, edits: u8) -> Result<Vec<NearWord>> {
        self.words.within(word, edits)
    }

    /// Number of passages that have a word in exactly this form, apart from case and accents.
    ///
    /// # Errors
    /// [`Error::Lexical`] if the keyword engine fails.
    pub fn passages_with(&self, word: &str) -> Result<u64> {
        self.words.passages_with(word)
    }

    /// Number of passages that have a word in any form, according to the stemmers of the index's languages.
    ///
    /// # Errors
    /// [`Error::Lexical`] if the keyword engine fails.
    pub fn passages_with_stem(&self, word: &str) -> Result<u64> {
        self.words.passages_with_stem(word)
    }

    /// Whether a word is made of words of the index, as compounds of German, Dutch and the Nordic languages are; only
    /// where pages are in one of these.
    ///
    /// # Errors
    /// [`Error::Lexical`] if the keyword engine fails.
    pub fn is_compound(&self, word: &str) -> Result<bool> {
        self.words.is_compound(word)
    }

    /// The words of a text that the index has, in the order of the text, with how rare each is.
    ///
    /// # Errors
    /// [`Error::Lexical`] if the keyword engine fails.
    pub fn occurrences(&self, text: &str) -> Result<Vec<Occurrence>> {
        self.words.occurrences(text)
    }

    /// Whether pages have metadata of this key.
    ///
    /// # Errors
    /// [`Error::Lexical`] if the keyword engine fails.
    pub fn has_metadata_key(&self, key: &str) -> Result<bool> {
        self.words.has_metadata_key(key)
    }

    /// Whether the text occurs as an identifier in exactly this form (in either case).
    ///
    /// # Errors
    /// [`Error::Lexical`] if the keyword engine fails.
    pub fn has_identifier(&self, written: &str) -> Result<bool> {
        self.words.has_identifier(written)
    }

    /// BM25 of passages whose terms lie at hand, in their order; 0 for a passage that has none of the words.
    ///
    /// # Errors
    /// [`Error::Lexical`] if the keyword engine fails.
    pub fn keyword_scores(&self, query: &KeywordQuery, passages: &[&Carried]) -> Result<Vec<f32>> {
        let terms: Vec<_> = passages.iter().map(|passage| &passage.terms).collect();
        Scoring::new(self.words.vocabulary())?.scores(query, &terms)
    }

    /// For each passage, the share of the query's words that it has, each weighted by its rarity: 0 to 1.
    ///
    /// # Errors
    /// [`Error::Lexical`] if the keyword engine fails.
    pub fn coverage(&self, query: &KeywordQuery, passages: &[&Carried]) -> Result<Vec<f32>> {
        let scoring = Scoring::new(self.words.vocabulary())?;
        passages.iter().map(|passage| scoring.coverage(query, &passage.terms)).collect()
    }

    /// Whether a passage holds every phrase of the query.
    #[must_use]
    pub fn holds_phrases(&self, query: &KeywordQuery, passage: &Carried) -> bool {
        holds_phrases(query, &passage.terms)
    }

    /// The words of a query whose company counts when others are corrected: the rarity of each, and the terms that
    /// stand for it.
    ///
    /// # Errors
    /// [`Error::Lexical`] if the keyword engine fails.
    pub fn companions(&self, query: &KeywordQuery) -> Result<Vec<(f32, Vec<String>)>> {
        weighed(self.words.vocabulary(), query)
    }

    /// The sum, over the query's terms, of the passages that have each.
    ///
    /// # Errors
    /// [`Error::Lexical`] if the keyword engine fails.
    pub fn postings(&self, query: &KeywordQuery) -> Result<u64> {
        let terms = query.weighted_words().flat_map(|(_, terms)| terms);
        terms.map(|(term, _)| self.words.vocabulary().passages_with(Kind::Content, term)).sum()
    }
}
