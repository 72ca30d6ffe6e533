//! Words that carry no information about a subject.

use std::sync::LazyLock;

use tantivy::tokenizer::{Language, RawTokenizer, StopWordFilter, TextAnalyzer};

/// Whether a word such as "the" or "how" carries no information about a subject (English).
#[must_use]
pub fn is_stop_word(word: &str) -> bool {
    const QUESTIONS: [&str; 14] =
        ["how", "do", "does", "what", "when", "where", "why", "who", "which", "can", "my", "i", "me", "should"];
    static FILTER: LazyLock<Option<TextAnalyzer>> = LazyLock::new(|| {
        let filter = StopWordFilter::new(Language::English)?;
        Some(TextAnalyzer::builder(RawTokenizer::default()).filter(filter).build())
    });
    let word = word.to_lowercase();
    let is_listed = FILTER.clone().is_some_and(|mut analyzer| !analyzer.token_stream(&word).advance());
    is_listed || QUESTIONS.contains(&word.as_str())
}
