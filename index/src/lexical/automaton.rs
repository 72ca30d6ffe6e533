//! The automaton of all words that are near a given one.
//!
//! Schulz and Mihov, "Fast String Correction with Levenshtein-Automata" (2002): the automaton of all
//! words within some edits, transpositions counted as one, walks the term dictionary.

use std::sync::LazyLock;

use levenshtein_automata::{DFA, Distance, LevenshteinAutomatonBuilder, SINK_STATE};
use tantivy_fst::Automaton;

/// Accepts the words within some edits of one word.
pub(crate) struct Walk(DFA);

impl Walk {
    /// The automaton for a word; at most two edits.
    pub(crate) fn new(word: &str, edits: u8) -> Self {
        Self(builder(edits).build_dfa(word))
    }

    /// The number of edits between an accepted word and the automaton's own.
    pub(crate) fn edits(&self, word: &str) -> u8 {
        self.0.eval(word).to_u8()
    }
}

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
