//! The words of a text that a query marks.
//!
//! Most words of a text are none of the query's, and the first letters of a word usually show that. So the analysis
//! passes them by: it stems only words that begin like one of the query's terms.

use tantivy::tokenizer::Language;

use super::{
    analysis::{AnalysedWord, Analyzer},
    language::stemmer,
    query::KeywordQuery,
};

impl KeywordQuery {
    /// The words of a text that [`Self::marks`], as [`super::analyse`] finds them, in its order.
    #[must_use]
    pub fn marked_in(&self, text: &str, lang: Option<&str>) -> Vec<AnalysedWord> {
        let language = stemmer(lang.unwrap_or("en"));
        let beginnings = Beginnings::of(self.marked_terms(), language);
        let has_symbols = self.marked_terms().any(|term| term.chars().any(|c| !c.is_alphanumeric()));
        let mut words = Analyzer::for_language(lang).index_terms_like(text, has_symbols, |word| beginnings.has(word));
        words.retain(|word| self.marks(word));
        words
    }
}

/// How many letters at the beginning of an ASCII word its stem keeps, apart from `y` and `i`, which are one letter here
/// (`dying` becomes `die`). Stemmers remove endings; that of Dutch also removes a prefix.
fn kept_letters(language: Option<Language>) -> usize {
    match language {
        None | Some(Language::English) => 2,
        Some(Language::Arabic | Language::Dutch | Language::Tamil) => 0,
        Some(_) => 1,
    }
}

/// The beginnings of some terms.
struct Beginnings {
    kept: usize,
    /// For each first letter, the second letters, one bit each.
    pairs: [u32; 26],
}

impl Beginnings {
    const EVERY: u32 = u32::MAX;

    fn of<'t>(terms: impl Iterator<Item = &'t str>, language: Option<Language>) -> Self {
        let mut beginnings = Self { kept: kept_letters(language), pairs: [0; 26] };
        for term in terms {
            let mut letters = term.bytes().map(letter);
            // No plain word becomes a term that begins with something else.
            let Some(Some(first)) = letters.next() else { continue };
            let second = letters.next().flatten().filter(|_| beginnings.kept > 1);
            beginnings.pairs[first] |= second.map_or(Self::EVERY, |second| 1 << second);
        }
        beginnings
    }

    /// Whether a word of ASCII letters may become one of the terms.
    fn has(&self, word: &str) -> bool {
        let mut letters = word.bytes().map(letter);
        let Some(Some(first)) = letters.next().filter(|_| self.kept > 0) else { return true };
        let seconds = self.pairs[first];
        letters.next().flatten().map_or(seconds > 0, |second| seconds & (1 << second) > 0)
    }
}

/// The number of a letter, 0 to 25.
fn letter(byte: u8) -> Option<usize> {
    match byte.to_ascii_lowercase() {
        b'y' => Some(usize::from(b'i' - b'a')),
        byte @ b'a'..=b'z' => Some(usize::from(byte - b'a')),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{KeywordText, lexical::analyse};

    /// Words whose stems differ much from them, names, symbols, and words of other scripts.
    const TEXTS: [&str; 4] = [
        "Dying skies lie idle, tied by ties; he tries to be aging, being early and only Ugly.",
        "Call std::io::Read or getUserName, use C++ or a => b → c 🚀; état is ÉTAT, xylophones yield, Ys I",
        "Gegeten werd er gegeven; hij loopt. Häuser, Haus, ÄPFEL und Apfel; gegangen, Ärger",
        "a i y aa 検索エンジン naïve re-index's X86 p53 3D HTTPServer O'Neill",
    ];

    #[test]
    fn the_same_words_are_marked_as_after_a_full_analysis() {
        for lang in [None, Some("en"), Some("de"), Some("nl"), Some("fr"), Some("ja"), Some("ar")] {
            for text in TEXTS {
                for word in TEXTS.iter().flat_map(|t| t.split_whitespace()) {
                    let query = KeywordText { words: format!("{word} zebra"), ..KeywordText::default() };
                    let query = KeywordQuery::analyse(&query, &[lang.unwrap_or("en").to_owned()]);
                    let mut all = analyse(text, lang);
                    all.retain(|w| query.marks(w));
                    let same = |w: &AnalysedWord| (w.term.clone(), w.bytes.clone());
                    let found: Vec<_> = query.marked_in(text, lang).iter().map(same).collect();
                    assert_eq!(found, all.iter().map(same).collect::<Vec<_>>(), "{word} in {text} ({lang:?})");
                }
            }
        }
    }

    #[test]
    fn words_that_begin_otherwise_are_passed_by() {
        let beginnings = Beginnings::of(["die", "house"].into_iter(), Some(Language::English));
        assert!(beginnings.has("dying") && beginnings.has("Housing"));
        assert!(!beginnings.has("dare") && !beginnings.has("zebra"));
        assert!(!Beginnings::of(["die"].into_iter(), Some(Language::German)).has("laut"));
        assert!(Beginnings::of(["lopen"].into_iter(), Some(Language::Dutch)).has("gelopen"));
    }
}
