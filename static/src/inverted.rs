//! From passages to words and postings.
//!
//! The terms are those of the index: its own analysis makes them. A posting is a passage and the places of the term in
//! it.

use std::collections::{BTreeMap, BTreeSet};

use cloze_index::{AnalysedWord, Head, KeywordText, Passage, analyse, fold};

use super::passages::Page;
use crate::Result;

/// The first character of a term inside a name, as `username` in `getUserName`.
pub(crate) const INSIDE: char = '\u{2}';
/// Longest word, in bytes; longer ones are data. The index has the same limit.
const LONGEST: usize = 255;

/// Passages that have a term, ascending, each with the places of the term.
pub(crate) type Postings = Vec<(u32, Vec<u32>)>;

/// A word in its written form, folded.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Word {
    /// Number of passages that have it.
    pub(crate) passages: u32,
    /// Terms of the index that stand for it.
    pub(crate) terms: BTreeSet<String>,
    /// Terms of compounds that it is a part of, with their weights.
    pub(crate) compounds: Vec<(String, f32)>,
    /// Terms of its own parts.
    pub(crate) parts: Vec<String>,
}

/// Words and postings of an export.
#[derive(Debug, Default)]
pub(crate) struct Inverted {
    /// Words in their written form.
    pub(crate) words: BTreeMap<String, Word>,
    /// Postings by term.
    pub(crate) terms: BTreeMap<String, Postings>,
    /// Number of terms of each passage.
    pub(crate) lengths: Vec<usize>,
}

impl Inverted {
    /// Words and postings of all pages.
    pub(crate) fn of(pages: &[Page]) -> Self {
        let mut inverted = Self::default();
        for (number, passage) in pages.iter().flat_map(Page::numbered) {
            inverted.add(number, passage);
        }
        inverted
    }

    fn add(&mut self, number: u32, passage: &Passage) {
        let content = format!("{}\n{}", passage.context(), passage.text);
        let analysed = analyse(&content, passage.lang.as_deref());
        let mut places: BTreeMap<&String, Vec<u32>> = BTreeMap::new();
        for word in &analysed {
            word.terms().for_each(|term| places.entry(term).or_default().push(word.position as u32));
        }
        self.lengths.push(places.values().map(Vec::len).sum());
        for (term, mut places) in places {
            places.sort_unstable();
            self.terms.entry(beside_its_word(term)).or_default().push((number, places));
        }
        self.add_words(&content, &analysed);
    }

    fn add_words(&mut self, content: &str, analysed: &[AnalysedWord]) {
        let mut here: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for word in analysed {
            let terms = word.terms().filter(|term| !term.starts_with(INSIDE)).cloned();
            here.entry(fold(&content[word.bytes.clone()])).or_default().extend(terms);
        }
        for (word, terms) in
            here.into_iter().filter(|(w, terms)| !w.is_empty() && w.len() <= LONGEST && !terms.is_empty())
        {
            let known = self.words.entry(word).or_default();
            known.passages += 1;
            known.terms.extend(terms);
        }
    }

    /// The compounds and the parts of the words, as the index finds them. English does not write compounds as one word.
    pub(crate) fn add_compounds(&mut self, head: &Head) -> Result<()> {
        if !head.manifest().languages.iter().any(|language| language != "en") {
            return Ok(());
        }
        for (text, word) in self.words.iter_mut().filter(|(text, _)| text.chars().all(char::is_alphabetic)) {
            let query = head.keyword_query(&KeywordText { words: text.clone(), ..KeywordText::default() })?;
            let mut words = query.weighted_words().map(|(_, terms)| terms);
            let own = words.next().unwrap_or_default().iter();
            let others = own.filter(|(term, weight)| *weight < 1.0 && !term.starts_with(INSIDE));
            word.compounds = others.cloned().collect();
            word.parts = words.filter_map(|terms| Some(terms.first()?.0.clone())).collect();
        }
        Ok(())
    }

    /// The mean number of terms in a passage.
    pub(crate) fn average_length(&self) -> f64 {
        self.lengths.iter().sum::<usize>() as f64 / self.lengths.len().max(1) as f64
    }
}

/// The form of a term in an export. A term inside a name stands beside the word itself, so that a browser finds
/// both in one file.
pub(crate) fn beside_its_word(term: &str) -> String {
    term.strip_prefix(INSIDE).map_or_else(|| term.to_owned(), |bare| format!("{bare}{INSIDE}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terms_and_words_are_those_of_the_index() {
        let passage = |text: &str| Passage { title: "Running".into(), text: text.into(), ..Passage::default() };
        let passages = vec![(0, passage("run the runs")), (1, passage("useEffect"))];
        let inverted = Inverted::of(&[Page { first: 0, passages }]);
        assert_eq!(inverted.terms["run"], [(0, vec![0, 1, 3]), (1, vec![0])]);
        assert_eq!(inverted.lengths, [4, 4], "a compound and its parts");
        assert_eq!(inverted.words["running"].terms, BTreeSet::from(["run".to_owned()]));
        assert_eq!((inverted.words["running"].passages, inverted.average_length()), (2, 4.0));
    }
}
