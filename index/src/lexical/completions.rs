//! Completions of partial titles, headings and words.

use super::{
    analysis::{Analyzer, verbatim_key},
    beginnings::{KnownWord, terms_from},
    names::inside_term,
    near::NearWord,
    schema::{heading_term, title_term},
    vocabulary::Kind,
    words::WordList,
};
use crate::{PassageId, Result};

/// Titles, headings and words that begin with a text.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Completions {
    /// A passage of a page for each title, the shortest title first.
    pub titles: Vec<PassageId>,
    /// A passage below each heading, the shortest heading first.
    pub headings: Vec<PassageId>,
    /// Completions of the last word, the most frequent first.
    pub words: Vec<KnownWord>,
}

impl WordList {
    /// Titles and headings that begin with the text, and words that begin with its last word; at most `most` of each.
    pub(crate) fn completions(&self, text: &str, most: usize) -> Result<Completions> {
        let key = verbatim_key(text);
        if key.is_empty() {
            return Ok(Completions::default());
        }
        let last = text.split_whitespace().last().unwrap_or_default();
        let word = Analyzer::for_language(None).folded(last);
        Ok(Completions {
            titles: self.headed(&title_term(&key), most)?,
            headings: self.headed(&heading_term(&key), most)?,
            words: if word.is_empty() { Vec::new() } else { self.beginnings.words_from(&word, most)?.to_vec() },
        })
    }

    /// Words of the index that are near this one: fewest edits first, then the most frequent. Empty if the index has
    /// the word itself.
    pub(crate) fn near(&self, word: &str) -> Result<Vec<KnownWord>> {
        let folded = Analyzer::for_language(None).folded(word);
        if self.knows(&folded)? {
            return Ok(Vec::new());
        }
        let near = self.near.nearest(&folded)?.into_iter();
        Ok(near.map(|n| KnownWord { word: n.word, passages: u32::try_from(n.documents).unwrap_or(u32::MAX) }).collect())
    }

    /// Words of the index within `edits` edits of this one, without the word itself: fewest edits first, then the
    /// most frequent.
    pub(crate) fn within(&self, word: &str, edits: u8) -> Result<Vec<NearWord>> {
        let folded = Analyzer::for_language(None).folded(word);
        Ok(self.near.within(&folded, edits)?.iter().filter(|near| near.edits > 0).cloned().collect())
    }

    /// Passages that have a word in exactly this form, apart from case and accents. If none has, passages that have it
    /// inside a name.
    pub(crate) fn passages_with(&self, word: &str) -> Result<u64> {
        let folded = Analyzer::for_language(None).folded(word);
        match self.vocabulary.passages_with(Kind::Words, &folded)? {
            0 => self.inside_names(word),
            passages => Ok(passages),
        }
    }

    /// Passages that have a word inside of a name, joined of its parts.
    fn inside_names(&self, word: &str) -> Result<u64> {
        let mut most = 0;
        for language in self.vocabulary.languages() {
            for term in Analyzer::for_language(Some(language)).query_terms(word) {
                most = most.max(self.documents_with(&inside_term(&term.term))?);
            }
        }
        Ok(most)
    }

    /// Passages that have a word in any form, according to the stemmers of the index's languages.
    pub(crate) fn passages_with_stem(&self, word: &str) -> Result<u64> {
        let mut most = 0;
        for language in self.vocabulary.languages() {
            for term in Analyzer::for_language(Some(language)).query_terms(word) {
                most = most.max(self.documents_with(&term.term)?);
            }
        }
        Ok(most)
    }

    /// The first live passage of each title or heading whose term begins with `prefix`.
    fn headed(&self, prefix: &str, most: usize) -> Result<Vec<PassageId>> {
        let mut terms: Vec<String> = terms_from(&*self.vocabulary, Kind::Verbatim, prefix)?.into_keys().collect();
        terms.sort_by(|a, b| a.chars().count().cmp(&b.chars().count()).then_with(|| a.cmp(b)));
        let mut found = Vec::new();
        for term in terms {
            if found.len() == most {
                break;
            }
            let first = self.vocabulary.verbatim(&term)?.into_iter().min();
            // A heading has several terms if it has several names.
            found.extend(first.filter(|p| !found.contains(p)));
        }
        Ok(found)
    }
}
