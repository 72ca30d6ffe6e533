//! From passages to words and postings.
//!
//! The terms are those of the index: its own analysis makes them. A posting is a passage and the places of the term in
//! it.

use std::collections::{BTreeMap, BTreeSet};

use cloze_index::{AnalysedWord, Passage, analyse, fold};

use super::passages::Page;

/// The first character of a term inside a name. Such terms would cost a browser one more file a word, so
/// they are left out.
const INSIDE: char = '\u{2}';
/// Longest word, in bytes; longer ones are data. The index has the same limit.
const LONGEST: usize = 255;

/// Passages that have a term, ascending, each with the places of the term.
pub(crate) type Postings = Vec<(u32, Vec<u32>)>;

/// A word in its written form, folded.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Word {
    /// Number of passages that have it.
    pub(crate) passages: u32,
    /// Terms of the index that stand for it.
    pub(crate) terms: BTreeSet<String>,
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
        for (term, mut places) in places.into_iter().filter(|(term, _)| !term.starts_with(INSIDE)) {
            places.sort_unstable();
            match self.terms.get_mut(term) {
                Some(postings) => postings.push((number, places)),
                None => drop(self.terms.insert(term.clone(), vec![(number, places)])),
            }
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

    /// The mean number of terms in a passage.
    pub(crate) fn average_length(&self) -> f64 {
        self.lengths.iter().sum::<usize>() as f64 / self.lengths.len().max(1) as f64
    }
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
