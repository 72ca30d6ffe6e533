//! The words of an index: its dictionary with counts, its titles and headings, its metadata keys.

use std::sync::Arc;

use super::{
    analysis::{AnalysedWord, Analyzer, verbatim_key},
    near::NearWords,
    opened::Opened,
    query::{KeywordQuery, KeywordText, QueryWord},
    schema,
};
use crate::{PassageId, Result};

/// Maximum number of completions of a partial word.
const COMPLETIONS: usize = 8;
/// Factor by which each edit reduces a near word's weight.
const EDIT_WEIGHT: f32 = 0.6;

/// Passages whose title or heading is exactly the query.
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

/// The word list of a generation.
pub(crate) struct WordList {
    pub(super) opened: Arc<Opened>,
    pub(super) near: NearWords,
}

impl WordList {
    /// The word list of an opened index.
    pub(crate) fn new(opened: Arc<Opened>) -> Self {
        let near = NearWords::new(opened.searcher.clone(), opened.fields.words);
        Self { opened, near }
    }

    /// The page of a passage.
    pub(crate) fn page_of(&self, id: PassageId) -> u32 {
        self.opened.page_of(id)
    }

    /// The first passage of each page among `passages`.
    pub(crate) fn one_per_page(&self, passages: impl IntoIterator<Item = PassageId>) -> Vec<PassageId> {
        self.opened.one_per_page(passages)
    }

    /// Analyses the text of a query in the languages of the index. A word that the index does not have stands for the
    /// words near it; a partial word stands for its completions.
    pub(crate) fn analyse(&self, text: &KeywordText) -> Result<KeywordQuery> {
        let mut query = KeywordQuery::analyse(text, &self.opened.languages);
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
        Ok(self.opened.documents_with(self.opened.fields.words, folded)? > 0)
    }

    fn add_near(&self, word: &mut QueryWord) -> Result<()> {
        let near = self.near.nearest(&word.folded);
        for candidate in near.map_err(|e| self.opened.failed("look up similar words", &e))? {
            self.add_alternative(word, &candidate.word, EDIT_WEIGHT.powi(i32::from(candidate.edits)));
        }
        Ok(())
    }

    /// Adds the most frequent words that begin with this one.
    fn complete(&self, word: &mut QueryWord) -> Result<()> {
        for known in self.words_from(&word.folded, COMPLETIONS)? {
            self.add_alternative(word, &known.word, 1.0);
        }
        Ok(())
    }

    /// Lets a word of the index stand for a word of the query.
    fn add_alternative(&self, word: &mut QueryWord, other: &str, weight: f32) {
        for language in &self.opened.languages {
            let analysed = Analyzer::for_language(Some(language)).query_terms(other);
            for term in analysed.iter().flat_map(AnalysedWord::terms) {
                if word.terms.iter().all(|(t, _)| t != term) {
                    word.terms.push((term.clone(), weight));
                }
            }
        }
    }

    /// Whether pages have metadata of this key.
    pub(crate) fn has_metadata_key(&self, key: &str) -> Result<bool> {
        let prefix = schema::metadata_term(key, "");
        let failed = |e: tantivy::TantivyError| self.opened.failed("list metadata keys", &e);
        for reader in self.opened.searcher.segment_readers() {
            let terms = reader.inverted_index(self.opened.fields.metadata).map_err(failed)?;
            let mut stream = terms.terms().range().ge(prefix.as_bytes()).into_stream().map_err(|e| failed(e.into()))?;
            if stream.advance() && stream.key().starts_with(prefix.as_bytes()) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Whether a word of the query, such as `-Recurse`, is a term of the index in its written form.
    pub(crate) fn has_identifier(&self, written: &str) -> Result<bool> {
        let folded = Analyzer::for_language(None).folded(written);
        Ok(self.opened.documents_with(self.opened.fields.content, &folded)? > 0)
    }

    /// Passages whose title or heading is exactly the text.
    pub(crate) fn verbatim(&self, text: &str) -> Result<Verbatim> {
        let key = verbatim_key(text);
        let mut found = Verbatim::default();
        self.opened.each(&self.opened.raw(self.opened.fields.verbatim, &schema::title_term(&key)), |p, _| {
            found.titles.push(p)
        })?;
        self.opened.each(&self.opened.raw(self.opened.fields.verbatim, &schema::heading_term(&key)), |p, _| {
            found.headings.push(p)
        })?;
        Ok(found)
    }
}
