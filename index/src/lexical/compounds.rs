//! Words that are written as one, as German, Dutch and the Nordic languages do: which words of an index are made of
//! other words of it.
//!
//! A word is cut where every part is a word of the index; between two parts there may be one of the endings that
//! these languages link words with (Koehn and Knight, "Empirical Methods for Compound Splitting", 2003). Nothing is
//! stored: the dictionary is gone through when such a word is first looked for.

use std::{
    collections::{HashMap, HashSet},
    ops::Range,
    sync::LazyLock,
};

use rayon::prelude::*;
use tantivy::tokenizer::{RawTokenizer, StopWordFilter, TextAnalyzer, TokenStream};

use super::{
    analysis::Analyzer,
    compounding::{LANGUAGES, SHORTEST_PART, is_compounding},
    language::stemmer,
    vocabulary::Vocabulary,
};
use crate::Result;

/// Letters of the shortest compound.
const SHORTEST: usize = 10;
/// Letters of the longest compound; what is longer is data.
const LONGEST: usize = 60;
/// Parts of a compound.
const MOST_PARTS: usize = 4;
/// What may stand between two parts.
const LINKS: [&str; 5] = ["", "s", "n", "es", "en"];
const OTHER_LINK: &str = "e";
/// Compounds that stand for one of their parts, the most frequent ones.
const MOST: usize = 16;

/// The compounds of an index by their parts.
#[derive(Default)]
pub(super) struct Compounds {
    /// Words of the languages that have compounds, folded.
    words: HashSet<String>,
    /// Compounds with the number of passages that have them, the most frequent first, by the stem of each part.
    by_part: HashMap<String, Vec<(String, u64)>>,
    languages: Vec<String>,
}

impl Compounds {
    /// Goes through the dictionary of an index; that of another language is empty.
    pub(super) fn of(vocabulary: &dyn Vocabulary) -> Result<Self> {
        let languages: Vec<String> = vocabulary.languages().iter().filter(|l| is_compounding(l)).cloned().collect();
        if languages.is_empty() {
            return Ok(Self::default());
        }
        let words = vocabulary.compounding_words()?;
        let mut compounds = Self { words: words.keys().cloned().collect(), by_part: HashMap::new(), languages };
        let long: Vec<(&String, u64)> = words.iter().map(|(word, n)| (word, *n)).collect();
        let split: Vec<(&String, u64, Vec<String>)> =
            long.into_par_iter().filter_map(|(word, n)| Some((word, n, compounds.parts(word)?))).collect();
        for (word, n, parts) in split {
            for key in compounds.keys(&parts) {
                compounds.by_part.entry(key).or_default().push((word.clone(), n));
            }
        }
        for list in compounds.by_part.values_mut() {
            list.sort_unstable_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
            list.truncate(MOST);
        }
        Ok(compounds)
    }

    /// Compounds that have a word, known by one of its stems, for a part.
    pub(super) fn with_part<'a>(&'a self, stems: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
        let mut found: Vec<&str> = Vec::new();
        for (word, _) in stems.into_iter().filter_map(|stem| self.by_part.get(stem)).flatten() {
            if !found.contains(&word.as_str()) {
                found.push(word);
            }
        }
        found.truncate(MOST);
        found
    }

    /// The words that a compound is made of; `None` if it is none. The fewest parts are the right ones.
    pub(super) fn parts(&self, word: &str) -> Option<Vec<String>> {
        let letters = word.chars().count();
        if !(SHORTEST..=LONGEST).contains(&letters) || !word.chars().all(char::is_alphabetic) {
            return None;
        }
        let bounds: Vec<usize> = word.char_indices().map(|(at, _)| at).chain([word.len()]).collect();
        // The best way to cut the word up to each letter: the part that ends there, and how many there are.
        let mut best: Vec<Option<(Range<usize>, usize)>> = vec![None; bounds.len()];
        for from in 0..bounds.len() {
            let before = match (from, &best[from]) {
                (0, _) => 0,
                (_, Some((_, parts))) if *parts < MOST_PARTS => *parts,
                _ => continue,
            };
            for to in from + SHORTEST_PART..bounds.len() {
                let Some(part) = self.part(word, bounds[from]..bounds[to], to + 1 == bounds.len()) else { continue };
                if part.len() < word.len() && best[to].as_ref().is_none_or(|(_, parts)| before + 1 < *parts) {
                    best[to] = Some((part, before + 1));
                }
            }
        }
        let mut parts = Vec::new();
        let mut end = bounds.len() - 1;
        while end > 0 {
            let (part, _) = best[end].as_ref()?;
            end = bounds.binary_search(&part.start).ok()?;
            parts.push(word[part.clone()].to_owned());
        }
        parts.reverse();
        (parts.len() > 1).then_some(parts)
    }

    /// The word that a stretch of a compound is, without what links it to the next one.
    fn part(&self, word: &str, stretch: Range<usize>, is_last: bool) -> Option<Range<usize>> {
        let written = &word[stretch.clone()];
        let links = LINKS.iter().chain([&OTHER_LINK]).take(if is_last { 1 } else { LINKS.len() + 1 });
        links
            .filter_map(|link| written.strip_suffix(link))
            .find(|part| self.is_part(part))
            .map(|part| stretch.start..stretch.start + part.len())
    }

    /// A preposition is in many words that have nothing to do with it.
    fn is_part(&self, word: &str) -> bool {
        word.chars().count() >= SHORTEST_PART && self.words.contains(word) && !is_function_word(word)
    }

    /// Stems of words in each language that has compounds.
    fn keys(&self, parts: &[String]) -> HashSet<String> {
        let mut keys = HashSet::new();
        for language in &self.languages {
            let mut analyzer = Analyzer::for_language(Some(language));
            keys.extend(parts.iter().flat_map(|part| analyzer.query_terms(part)).map(|word| word.term));
        }
        keys
    }
}

/// Whether a word says nothing about a subject in one of the languages that have compounds.
fn is_function_word(word: &str) -> bool {
    static FILTERS: LazyLock<Vec<TextAnalyzer>> = LazyLock::new(|| {
        let filters = LANGUAGES.iter().filter_map(|language| StopWordFilter::new(stemmer(language)?));
        filters.map(|filter| TextAnalyzer::builder(RawTokenizer::default()).filter(filter).build()).collect()
    });
    // The lists have their accents, the words here do not.
    const FOLDED: [&str; 2] = ["uber", "gegenuber"];
    FOLDED.contains(&word) || FILTERS.iter().any(|filter| !filter.clone().token_stream(word).advance())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made_of(words: &[&str]) -> Compounds {
        let words = words.iter().map(|word| (*word).to_owned()).collect();
        Compounds { words, by_part: HashMap::new(), languages: vec!["de".into()] }
    }

    #[test]
    fn a_compound_is_cut_into_words_of_the_index() {
        let known = made_of(&[
            "kranken",
            "versicherung",
            "haus",
            "meister",
            "donau",
            "dampf",
            "schiff",
            "fahrt",
            "arbeit",
            "amt",
            "unter",
            "nehmen",
        ]);
        let parts = |word: &str| known.parts(word).map(|parts| parts.join("+"));
        assert_eq!(parts("krankenversicherung").as_deref(), Some("kranken+versicherung"));
        assert_eq!(parts("hausmeister").as_deref(), Some("haus+meister"));
        assert_eq!(parts("arbeitshaus").as_deref(), Some("arbeit+haus"), "a link between them");
        assert_eq!(parts("donaudampfschiff").as_deref(), Some("donau+dampf+schiff"));
        assert_eq!(parts("arbeitsamt"), None, "a part is too short to say anything");
        assert_eq!(parts("unternehmen"), None, "a preposition is no part");
        assert_eq!(parts("versicherung"), None);
        assert_eq!(parts("versicherungen"), None);
        assert_eq!(parts(&"haus".repeat(20)), None);
    }

    #[test]
    fn an_umlaut_is_a_letter_like_any_other() {
        let known = made_of(&["größe", "auswahl"]);
        assert_eq!(known.parts("größenauswahl"), Some(vec!["größe".to_owned(), "auswahl".to_owned()]));
    }
}
