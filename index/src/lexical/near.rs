//! Words of an index that are near a given one.

use std::sync::Arc;

use quick_cache::sync::Cache;

use super::{automaton::Walk, vocabulary::Vocabulary};
use crate::Result;

/// Maximum number of near words.
const MOST: usize = 5;
/// Number of words whose near words are cached.
const KEPT: usize = 8192;

/// A word of the index that is near another one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NearWord {
    /// The word, folded: lower case, without accents.
    pub word: String,
    /// Number of letters inserted, omitted, replaced or swapped with their neighbour.
    pub edits: u8,
    /// Passages that have it, including deleted ones before their compaction.
    pub documents: u64,
}

/// Maximum number of edits for a word of this length: none for short words, two for long ones.
fn allowed_edits(word: &str) -> u8 {
    match word.chars().count() {
        0..=3 => 0,
        4..=7 => 1,
        _ => 2,
    }
}

/// Finds near words and caches them: one search asks for the same word several times.
pub(crate) struct NearWords {
    vocabulary: Arc<dyn Vocabulary>,
    known: Cache<(String, u8), Arc<[NearWord]>>,
}

impl NearWords {
    /// Searches the words of a vocabulary, in their written form.
    pub(crate) fn new(vocabulary: Arc<dyn Vocabulary>) -> Self {
        Self { vocabulary, known: Cache::new(KEPT) }
    }

    /// The nearest words, fewest edits first, then the most frequent.
    pub(crate) fn nearest(&self, word: &str) -> Result<Vec<NearWord>> {
        let edits = allowed_edits(word);
        if edits == 0 || word.chars().any(|c| c.is_ascii_digit()) {
            return Ok(Vec::new());
        }
        Ok(self.within(word, edits)?.iter().take(MOST).cloned().collect())
    }

    /// All words within some edits, fewest first, then the most frequent.
    pub(crate) fn within(&self, word: &str, edits: u8) -> Result<Arc<[NearWord]>> {
        let search = || Ok(words_within(&*self.vocabulary, word, edits)?.into());
        self.known.get_or_insert_with(&(word.to_owned(), edits), search)
    }
}

fn words_within(vocabulary: &dyn Vocabulary, word: &str, edits: u8) -> Result<Vec<NearWord>> {
    let walk = Walk::new(word, edits);
    let mut found: Vec<NearWord> = Vec::new();
    vocabulary.each_near(&walk, &mut |term, documents| {
        let documents = u64::from(documents);
        match found.iter_mut().find(|f| f.word == term) {
            Some(known) => known.documents += documents,
            None => found.push(NearWord { word: term.to_owned(), edits: walk.edits(term), documents }),
        }
    })?;
    found.sort_by(|a, b| a.edits.cmp(&b.edits).then(b.documents.cmp(&a.documents)).then_with(|| a.word.cmp(&b.word)));
    Ok(found)
}
