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
use tantivy::{
    DocSet, TERMINATED,
    schema::IndexRecordOption,
    tokenizer::{RawTokenizer, StopWordFilter, TextAnalyzer, TokenStream},
};

use super::{
    analysis::{Analyzer, primary_subtag, stemmer},
    opened::Opened,
    schema,
};
use crate::{Result, Selection};

/// Languages that write compounds as one word, as BCP 47 primary subtags.
const LANGUAGES: [&str; 9] = ["de", "nl", "sv", "da", "nb", "nn", "no", "fi", "is"];
/// Letters of the shortest compound, and of the shortest part of one.
const SHORTEST: usize = 10;
const SHORTEST_PART: usize = 4;
/// Letters of the longest compound; what is longer is data.
const LONGEST: usize = 60;
/// Parts of a compound.
const MOST_PARTS: usize = 4;
/// What may stand between two parts.
const LINKS: [&str; 5] = ["", "s", "n", "es", "en"];
const OTHER_LINK: &str = "e";
/// Compounds that stand for one of their parts, the most frequent ones.
const MOST: usize = 16;
/// Passages with a word that are looked at to learn its language.
const LOOKED_AT: usize = 8;

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
    pub(super) fn of(opened: &Opened) -> Result<Self> {
        let is_compounding = |l: &&String| LANGUAGES.contains(&primary_subtag(l).as_str());
        let languages: Vec<String> = opened.languages.iter().filter(is_compounding).cloned().collect();
        if languages.is_empty() {
            return Ok(Self::default());
        }
        let among = if languages.len() == opened.languages.len() { None } else { Some(passages_in(opened)?) };
        let words = dictionary(opened, among.as_ref()).map_err(|e| opened.failed("read the dictionary", &e))?;
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

/// Passages of pages in languages that have compounds.
fn passages_in(opened: &Opened) -> Result<Selection> {
    let mut found = Selection::none(opened.addresses.len());
    for term in opened.terms_from(opened.fields.metadata, &schema::metadata_term("lang", ""))?.into_keys() {
        let language = schema::metadata_parts(&term).map_or(String::new(), |(_, value)| primary_subtag(value));
        if LANGUAGES.contains(&language.as_str()) {
            opened.each(&opened.raw(opened.fields.metadata, &term), |passage, _| found.insert(passage))?;
        }
    }
    Ok(found)
}

/// Words of letters with the number of passages that have them; `among` says in which passages one has to occur.
fn dictionary(opened: &Opened, among: Option<&Selection>) -> tantivy::Result<HashMap<String, u64>> {
    let mut words: HashMap<String, u64> = HashMap::new();
    for (segment, reader) in opened.searcher.segment_readers().iter().enumerate() {
        let index = reader.inverted_index(opened.fields.words)?;
        let mut stream = index.terms().stream()?;
        while stream.advance() {
            let Ok(word) = std::str::from_utf8(stream.key()) else { continue };
            if word.len() < SHORTEST_PART || !word.chars().all(char::is_alphabetic) {
                continue;
            }
            if let Some(among) = among {
                let mut postings = index.read_postings_from_terminfo(stream.value(), IndexRecordOption::Basic)?;
                let mut looked_at = 0;
                while postings.doc() != TERMINATED
                    && looked_at < LOOKED_AT
                    && !among.contains(opened.ids[segment][postings.doc() as usize])
                {
                    postings.advance();
                    looked_at += 1;
                }
                if postings.doc() == TERMINATED || looked_at == LOOKED_AT {
                    continue;
                }
            }
            *words.entry(word.to_owned()).or_default() += u64::from(stream.value().doc_freq);
        }
    }
    Ok(words)
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
