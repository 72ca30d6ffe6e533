//! Known items: queries made from passages, so that the right passage for each query is known.
//!
//! A known item keeps half of the words that carry the subject of one sentence, and all others such as "the", as a
//! reader remembers a page. The text determines the choice, so a passage always gives the same query.

use cloze_index::is_stop_word;
use unicode_segmentation::UnicodeSegmentation;

/// Number of subject words that a sentence needs, so that enough of them are left out.
const LEAST_WORDS: usize = 5;
/// Number of words of a sentence that a query is chosen from.
const MOST_WORDS: usize = 24;
/// One in this many subject words stays, and at least this many.
const KEPT_IN: usize = 2;
const LEAST_KEPT: usize = 3;
/// Minimum number of letters of a subject word, in scripts that separate words.
const SHORTEST: usize = 3;

/// A query that a passage with this text answers; `None` if none of its sentences has enough words.
pub(crate) fn query(text: &str) -> Option<String> {
    let sentences: Vec<&str> = text.unicode_sentences().filter(|s| subjects(s) >= LEAST_WORDS).collect();
    let mut random = Random::of(text);
    let mut words: Vec<&str> = sentences.get(random.below(sentences.len().max(1)))?.unicode_words().collect();
    // If sentences do not end as Unicode expects, a whole passage is one sentence.
    let start = random.below(words.len().saturating_sub(MOST_WORDS) + 1);
    words = words.split_off(start);
    words.truncate(MOST_WORDS);
    let mut left = words.iter().filter(|w| carries(w)).count();
    let kept = (left / KEPT_IN).max(LEAST_KEPT);
    while left > kept {
        let place = random.below(words.len());
        if carries(words[place]) {
            words.remove(place);
            left -= 1;
        }
    }
    Some(words.join(" "))
}

/// The subject words of a sentence.
fn subjects(sentence: &str) -> usize {
    sentence.unicode_words().filter(|w| carries(w)).count()
}

fn carries(word: &str) -> bool {
    (!word.is_ascii() || word.len() >= SHORTEST) && !is_stop_word(word)
}

/// Numbers derived from a text (xorshift64*; Marsaglia, "Xorshift RNGs", 2003).
pub(crate) struct Random(u64);

impl Random {
    /// Numbers that depend on this seed.
    pub(crate) fn new(seed: u64) -> Self {
        Self::of(&seed.to_string())
    }

    fn of(text: &str) -> Self {
        let hash = blake3::hash(text.as_bytes());
        let first = hash.as_bytes()[..8].iter().fold(0u64, |all, byte| all << 8 | u64::from(*byte));
        Self(first | 1)
    }

    /// A number below `n`, which must not be 0.
    pub(crate) fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        ((self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) % n as u64) as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_is_some_words_of_one_sentence() {
        let sentence = "The old gardener waters tomato plants every morning before breakfast starts.";
        let found = query(&format!("Short one. {sentence}")).expect("a query");
        assert!((LEAST_KEPT..subjects(sentence)).contains(&subjects(&found)), "{found}");
        assert!(found.split(' ').all(|word| sentence.contains(word)) && found.starts_with("The"), "{found}");
        assert_eq!(query(&format!("Short one. {sentence}")), Some(found), "the same every time");
    }

    #[test]
    fn a_text_without_sentences_gives_none() {
        assert_eq!(query(""), None);
        assert_eq!(query("To be. Or not. | 1 | 2 |"), None);
        assert!(query("我们今天早上在花园里给番茄浇水因为天气很热").is_some());
    }
}
