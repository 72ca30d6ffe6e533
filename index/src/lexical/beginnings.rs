//! The words of an index that begin with some letters.

use std::{collections::BTreeMap, sync::Arc};

use quick_cache::sync::Cache;

use super::vocabulary::{Kind, Vocabulary};
use crate::Result;

/// Number of beginnings whose words are cached.
const KEPT: usize = 2048;

/// A word of the index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownWord {
    /// The word, folded: lower case, without accents.
    pub word: String,
    /// Passages that have it, including deleted ones before their compaction.
    pub passages: u32,
}

/// Finds words by their beginning, and caches them: many readers type the same letters.
pub(super) struct Beginnings {
    vocabulary: Arc<dyn Vocabulary>,
    known: Cache<(String, usize), Arc<[KnownWord]>>,
}

impl Beginnings {
    /// Searches the words of a vocabulary, in their written form.
    pub(super) fn new(vocabulary: Arc<dyn Vocabulary>) -> Self {
        Self { vocabulary, known: Cache::new(KEPT) }
    }

    /// At most `most` words that begin with `prefix`, the most frequent first.
    pub(super) fn words_from(&self, prefix: &str, most: usize) -> Result<Arc<[KnownWord]>> {
        let search = || {
            let terms = terms_from(&*self.vocabulary, Kind::Words, prefix)?.into_iter();
            let mut words: Vec<KnownWord> = terms.map(|(word, passages)| KnownWord { word, passages }).collect();
            words.sort_by(|a, b| b.passages.cmp(&a.passages).then_with(|| a.word.cmp(&b.word)));
            words.truncate(most);
            Ok(words.into())
        };
        self.known.get_or_insert_with(&(prefix.to_owned(), most), search)
    }
}

/// Terms that begin with `prefix`, with the number of passages that have them.
pub(super) fn terms_from(vocabulary: &dyn Vocabulary, kind: Kind, prefix: &str) -> Result<BTreeMap<String, u32>> {
    let mut found = BTreeMap::new();
    vocabulary.each_from(kind, prefix, &mut |term, passages| {
        *found.entry(term.to_owned()).or_insert(0) += passages;
        true
    })?;
    Ok(found)
}
