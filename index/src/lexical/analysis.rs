//! From text to the terms that are indexed and searched for.

use tantivy::tokenizer::{
    AsciiFoldingFilter, Language, LowerCaser, RemoveLongFilter, SimpleTokenizer, Stemmer, StopWordFilter, TextAnalyzer,
};

/// Longest word that is indexed, in bytes. Longer ones are data, not words.
const LONGEST_WORD: usize = 255;
/// Name under which the analyzer is registered with every index.
pub(crate) const CONTENT: &str = "cloze_content";

/// A word of a text, and the term it is indexed as.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnalysedWord {
    /// The term: lower case, without accents, stemmed.
    pub term: String,
    /// Bytes of the text that the word takes up (half-open).
    pub bytes: std::ops::Range<usize>,
}

/// The analyzer of everything that is scored: words, lower case, accents folded, stemmed
/// (Porter's algorithm for English).
pub(crate) fn content() -> TextAnalyzer {
    TextAnalyzer::builder(SimpleTokenizer::default())
        .filter(RemoveLongFilter::limit(LONGEST_WORD))
        .filter(LowerCaser)
        .filter(AsciiFoldingFilter)
        .filter(Stemmer::new(Language::English))
        .build()
}

/// The words of a text with the terms they are indexed as; for marking matches in a snippet.
#[must_use]
pub fn analyse(text: &str) -> Vec<AnalysedWord> {
    let mut analyzer = content();
    let mut stream = analyzer.token_stream(text);
    let mut words = Vec::new();
    while let Some(token) = stream.next() {
        words.push(AnalysedWord { term: token.text.clone(), bytes: token.offset_from..token.offset_to });
    }
    words
}

/// Terms of a text that carry its subject: those that are not words such as "the" or "how".
pub(crate) fn content_terms(text: &str) -> Vec<String> {
    let words = TextAnalyzer::builder(SimpleTokenizer::default())
        .filter(RemoveLongFilter::limit(LONGEST_WORD))
        .filter(LowerCaser);
    let Some(stop_words) = StopWordFilter::new(Language::English) else { return Vec::new() };
    let mut analyzer =
        words.filter(stop_words).filter(AsciiFoldingFilter).filter(Stemmer::new(Language::English)).build();
    let mut stream = analyzer.token_stream(text);
    let mut terms = Vec::new();
    while let Some(token) = stream.next() {
        // Left of "I'm" or "don't" when the apostrophe has gone, and no word by itself.
        if token.text.len() > 1
            && !matches!(
                token.text.as_str(),
                "how" | "do" | "doe" | "what" | "when" | "where" | "why" | "who" | "which" | "can" | "my"
            )
        {
            terms.push(token.text.clone());
        }
    }
    terms
}

/// The last word of a text as it was typed so far: lower case, without accents, not stemmed.
pub(crate) fn last_word(text: &str) -> Option<String> {
    let mut analyzer =
        TextAnalyzer::builder(SimpleTokenizer::default()).filter(LowerCaser).filter(AsciiFoldingFilter).build();
    let mut stream = analyzer.token_stream(text);
    let mut last = None;
    while let Some(token) = stream.next() {
        last = Some(token.text.clone());
    }
    last
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_folded_and_stemmed_and_keep_their_place() {
        let words = analyse("Déjà building indices");
        let terms: Vec<_> = words.iter().map(|w| w.term.as_str()).collect();
        assert_eq!(terms, ["deja", "build", "indic"]);
        assert_eq!(&"Déjà building indices"[words[1].bytes.clone()], "building");
    }

    #[test]
    fn data_is_not_a_word() {
        assert!(analyse(&"x".repeat(300)).is_empty());
    }
}
