//! Languages that write compounds as one word, and the words of an index that may be compounds or parts of one.

use super::language::primary_subtag;

/// The languages, as BCP 47 primary subtags.
pub(super) const LANGUAGES: [&str; 9] = ["de", "nl", "sv", "da", "nb", "nn", "no", "fi", "is"];
/// Letters of the shortest part of a compound.
pub(super) const SHORTEST_PART: usize = 4;
/// Passages with a word that are looked at to learn its language.
pub(super) const LOOKED_AT: usize = 8;

/// Whether a language, as a page states it, writes compounds as one word.
pub(super) fn is_compounding(language: &str) -> bool {
    LANGUAGES.contains(&primary_subtag(language).as_str())
}

/// Whether a word can be a compound or a part of one.
pub(super) fn is_candidate(word: &str) -> bool {
    word.len() >= SHORTEST_PART && word.chars().all(char::is_alphabetic)
}
