//! From a word to its stem.

use tantivy::tokenizer::{
    AsciiFoldingFilter, Language, LowerCaser, RawTokenizer, Stemmer, TokenFilter, TokenStream, Tokenizer,
};

use super::composed::without_loose_accents;

/// Length limit for terms of the index, in bytes. Longer ones are data, not words.
pub(super) const LONGEST_TERM: usize = 255;

/// The nested filters, as types: a `TextAnalyzer` would allocate each of them for every word.
type Lower = <LowerCaser as TokenFilter>::Tokenizer<RawTokenizer>;
type Fold = <AsciiFoldingFilter as TokenFilter>::Tokenizer<Lower>;
type Stem = <AsciiFoldingFilter as TokenFilter>::Tokenizer<<Stemmer as TokenFilter>::Tokenizer<Lower>>;

/// Converts words of one language to the form for comparison.
pub(super) struct Stems {
    fold: Fold,
    stem: Option<Stem>,
}

impl Stems {
    /// The stems of a language that has a stemmer, or of any other language.
    pub(super) fn of(language: Option<Language>) -> Self {
        let lower = || LowerCaser.transform(RawTokenizer::default());
        // Stemmers know their language's accents, so folding comes after them.
        let stem = |language| AsciiFoldingFilter.transform(Stemmer::new(language).transform(lower()));
        Self { fold: AsciiFoldingFilter.transform(lower()), stem: language.map(stem) }
    }

    /// Lower case, without accents.
    pub(super) fn folded(&mut self, word: &str) -> String {
        run(&mut self.fold, word)
    }

    /// The stem of a composed word, and that of the word without accents if it differs.
    pub(super) fn stemmed(&mut self, word: &str) -> (String, Option<String>) {
        let Some(stem) = &mut self.stem else { return (run(&mut self.fold, word), None) };
        let term = run(stem, word);
        if word.is_ascii() {
            return (term, None);
        }
        let bare = run(stem, &run(&mut self.fold, word));
        let differs = bare != term && !bare.is_empty() && bare.len() <= LONGEST_TERM;
        (term, differs.then_some(bare))
    }
}

fn run(filters: &mut impl Tokenizer, word: &str) -> String {
    let word = without_loose_accents(word);
    let mut stream = filters.token_stream(&word);
    if stream.advance() { std::mem::take(&mut stream.token_mut().text) } else { String::new() }
}
