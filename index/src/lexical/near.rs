//! Words of an index that are near a given one.
//!
//! Schulz and Mihov, "Fast String Correction with Levenshtein-Automata" (2002): the automaton of all
//! words within some edits, transpositions counted as one, walks the term dictionary.

use std::sync::{Arc, LazyLock};

use levenshtein_automata::{DFA, Distance, LevenshteinAutomatonBuilder, SINK_STATE};
use quick_cache::sync::Cache;
use tantivy::Searcher;
use tantivy::schema::Field;
use tantivy_fst::Automaton;

/// Maximum number of near words.
const MOST: usize = 5;
/// Number of words whose near words are cached.
const KEPT: usize = 1024;

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

struct Walk(DFA);

impl Automaton for Walk {
    type State = u32;

    fn start(&self) -> u32 {
        self.0.initial_state()
    }

    fn is_match(&self, state: &u32) -> bool {
        matches!(self.0.distance(*state), Distance::Exact(_))
    }

    fn can_match(&self, state: &u32) -> bool {
        *state != SINK_STATE
    }

    fn accept(&self, state: &u32, byte: u8) -> u32 {
        self.0.transition(*state, byte)
    }
}

/// The builder of automata; it takes longer to make than they do.
fn builder(edits: u8) -> &'static LevenshteinAutomatonBuilder {
    static ONE: LazyLock<LevenshteinAutomatonBuilder> = LazyLock::new(|| LevenshteinAutomatonBuilder::new(1, true));
    static TWO: LazyLock<LevenshteinAutomatonBuilder> = LazyLock::new(|| LevenshteinAutomatonBuilder::new(2, true));
    if edits <= 1 { &ONE } else { &TWO }
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
    searcher: Searcher,
    field: Field,
    known: Cache<(String, u8), Arc<[NearWord]>>,
}

impl NearWords {
    /// Searches the terms of a field, which are words in their written form.
    pub(crate) fn new(searcher: Searcher, field: Field) -> Self {
        Self { searcher, field, known: Cache::new(KEPT) }
    }

    /// The nearest words, fewest edits first, then the most frequent.
    pub(crate) fn nearest(&self, word: &str) -> tantivy::Result<Vec<NearWord>> {
        let edits = allowed_edits(word);
        if edits == 0 || word.chars().any(|c| c.is_ascii_digit()) {
            return Ok(Vec::new());
        }
        Ok(self.within(word, edits)?.iter().take(MOST).cloned().collect())
    }

    /// All words within some edits, fewest first, then the most frequent.
    pub(crate) fn within(&self, word: &str, edits: u8) -> tantivy::Result<Arc<[NearWord]>> {
        let search = || Ok(words_within(&self.searcher, self.field, word, edits)?.into());
        self.known.get_or_insert_with(&(word.to_owned(), edits), search)
    }
}

fn words_within(searcher: &Searcher, field: Field, word: &str, edits: u8) -> tantivy::Result<Vec<NearWord>> {
    let walk = Walk(builder(edits).build_dfa(word));
    let mut found: Vec<NearWord> = Vec::new();
    for reader in searcher.segment_readers() {
        let index = reader.inverted_index(field)?;
        let mut stream = index.terms().search(&walk).into_stream()?;
        while stream.advance() {
            let Ok(term) = std::str::from_utf8(stream.key()) else { continue };
            let documents = u64::from(stream.value().doc_freq);
            match found.iter_mut().find(|f| f.word == term) {
                Some(known) => known.documents += documents,
                None => {
                    let edits = walk.0.eval(term).to_u8();
                    found.push(NearWord { word: term.to_owned(), edits, documents });
                }
            }
        }
    }
    found.sort_by(|a, b| a.edits.cmp(&b.edits).then(b.documents.cmp(&a.documents)).then_with(|| a.word.cmp(&b.word)));
    Ok(found)
}
