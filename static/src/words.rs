//! Files of words and postings.
//!
//! A file `w` holds the words and the terms between two strings of the alphabet, so a query usually needs one file for a
//! word. Postings that are too long for it are a file `x` each. Places of terms, which only quoted phrases need, are in
//! `p` (beside `w`) and `y` (beside `x`); words such as "the" have none. `d` holds the plain words by their first letter, for corrections and
//! completions.

use std::collections::{BTreeMap, BTreeSet};

use cloze_index::{analyse, is_stop_word};

use super::{
    bytes::Bytes,
    files::DataFile,
    inverted::{Inverted, Postings, Word},
};

/// Size at which a file of words is complete, in bytes before compression.
const FILE_SIZE: usize = 3_000;
/// Longest postings inside a file of words, in bytes.
const INLINE: usize = 1_200;
/// Letters of the shortest plain word that is offered as a correction or completion.
const SHORTEST: usize = 3;
/// Number of plain words up to which words of a single passage are offered too.
const FEW_WORDS: usize = 20_000;

/// The files of words, and what a reader needs to find the right one.
#[derive(Debug, Default)]
pub(crate) struct WordFiles {
    /// All files.
    pub(crate) files: Vec<DataFile>,
    /// For each file `w`, a string that is greater than all strings before the file, and not greater than any in it.
    pub(crate) bounds: Vec<String>,
    /// For each file `d`, the first letters of its words; empty for the last file, which has all other words.
    pub(crate) letters: Vec<String>,
}

/// Writes words and postings.
pub(crate) fn word_files(inverted: &Inverted) -> WordFiles {
    let mut out = WordFiles::default();
    let mut far = 0;
    let mut group = Group::default();
    let mut last = String::new();
    let stops = stop_terms(inverted);
    for (text, entry) in entries(inverted) {
        let has_places = !stops.contains(text);
        if group.size >= FILE_SIZE && last != text {
            out.close(&mut group);
        }
        if group.is_empty() {
            group.bound = separator(&last, text);
        }
        far = group.add(text, (entry, has_places), far, &mut out.files);
        last = text.to_owned();
    }
    if !group.is_empty() {
        out.close(&mut group);
    }
    out.dictionary(inverted);
    out
}

/// The terms of words such as "the".
fn stop_terms(inverted: &Inverted) -> BTreeSet<&str> {
    let words = inverted.words.iter().filter(|(word, _)| is_stop_word(word));
    words.flat_map(|(_, word)| &word.terms).map(String::as_str).collect()
}

/// A word or a term.
enum Entry<'i> {
    Word(&'i Word),
    Term(&'i Postings),
}

/// All words and terms in the order of their bytes.
fn entries(inverted: &Inverted) -> Vec<(&str, Entry<'_>)> {
    let words = inverted.words.iter().map(|(text, word)| (text.as_str(), Entry::Word(word)));
    let terms = inverted.terms.iter().map(|(text, postings)| (text.as_str(), Entry::Term(postings)));
    let mut all: Vec<_> = words.chain(terms).collect();
    all.sort_by_key(|(text, _)| *text);
    all
}

/// The shortest beginning of `text` that is greater than `before`.
fn separator(before: &str, text: &str) -> String {
    let ends = text.char_indices().map(|(at, c)| at + c.len_utf8());
    ends.map(|end| &text[..end]).find(|prefix| *prefix > before).unwrap_or(text).to_owned()
}

/// The content of one file of words.
#[derive(Default)]
struct Group {
    bound: String,
    words: Bytes,
    terms: Bytes,
    places: Bytes,
    counts: [usize; 2],
    last: [String; 2],
    size: usize,
}

impl Group {
    fn is_empty(&self) -> bool {
        self.counts == [0, 0]
    }

    /// Adds a word or a term. Returns the next number for a far file.
    fn add(&mut self, text: &str, entry: (Entry<'_>, bool), far: usize, files: &mut Vec<DataFile>) -> usize {
        match entry.0 {
            Entry::Word(word) => {
                self.word(text, word);
                far
            }
            Entry::Term(postings) => self.term(text, (postings, entry.1), far, files),
        }
    }

    fn word(&mut self, text: &str, word: &Word) {
        let before = self.words.len();
        self.words.string_after(&self.last[0], text);
        self.words.number(word.passages as usize);
        let follows_rule = word.terms.len() == 1 && word.terms.iter().all(|term| *term == english(text));
        let terms = if follows_rule { Vec::new() } else { word.terms.iter().collect() };
        let has_compounds = !(word.compounds.is_empty() && word.parts.is_empty());
        self.words.number(terms.len() << 1 | usize::from(has_compounds));
        terms.into_iter().for_each(|term| self.words.string_after(text, term));
        if has_compounds {
            self.compounds(text, word);
        }
        self.counts[0] += 1;
        self.size += self.words.len() - before;
        text.clone_into(&mut self.last[0]);
    }

    /// The compounds of a word with their weights in percent, and its parts.
    fn compounds(&mut self, text: &str, word: &Word) {
        self.words.number(word.compounds.len());
        for (term, weight) in &word.compounds {
            self.words.string_after(text, term);
            self.words.number((weight * 100.0).round() as usize);
        }
        self.words.number(word.parts.len());
        word.parts.iter().for_each(|term| self.words.string_after(text, term));
    }

    fn term(
        &mut self,
        text: &str,
        (postings, has_places): (&Postings, bool),
        far: usize,
        files: &mut Vec<DataFile>,
    ) -> usize {
        let before = self.terms.len();
        let (list, places) = (posting_list(postings), if has_places { place_list(postings) } else { Vec::new() });
        self.terms.string_after(&self.last[1], text);
        self.terms.number(postings.len());
        let is_far = list.len() > INLINE;
        if is_far {
            self.terms.number(far << 2 | usize::from(has_places) << 1 | 1);
            files.push(DataFile::new('x', far, list));
            if has_places {
                files.push(DataFile::new('y', far, places));
            }
        } else {
            self.terms.number(list.len() << 1);
            self.terms.raw(&list);
            self.places.number(places.len());
            self.places.raw(&places);
        }
        self.counts[1] += 1;
        self.size += self.terms.len() - before;
        text.clone_into(&mut self.last[1]);
        far + usize::from(is_far)
    }
}

/// The term that the stemmer for English makes of a word.
fn english(word: &str) -> String {
    analyse(word, Some("en")).first().map(|w| w.term.clone()).unwrap_or_default()
}

/// Passages as differences with one bit that says whether the term is there only once; the count follows if not.
fn posting_list(postings: &Postings) -> Vec<u8> {
    let (mut bytes, mut last) = (Bytes::default(), 0);
    for (passage, places) in postings {
        bytes.number(((passage - last) as usize) << 1 | usize::from(places.len() == 1));
        if places.len() != 1 {
            bytes.number(places.len());
        }
        last = *passage;
    }
    bytes.into_inner()
}

/// For each posting, its places as differences.
fn place_list(postings: &Postings) -> Vec<u8> {
    let mut bytes = Bytes::default();
    for (_, places) in postings {
        let mut last = 0;
        for &place in places {
            bytes.number((place - last) as usize);
            last = place;
        }
    }
    bytes.into_inner()
}

impl WordFiles {
    fn close(&mut self, group: &mut Group) {
        let Group { bound, words, terms, places, counts, .. } = std::mem::take(group);
        let mut bytes = Bytes::default();
        bytes.number(counts[0]);
        bytes.raw(&words.into_inner());
        bytes.number(counts[1]);
        bytes.raw(&terms.into_inner());
        let number = self.bounds.len();
        self.files.push(DataFile::new('w', number, bytes.into_inner()));
        self.files.push(DataFile::new('p', number, places.into_inner()));
        self.bounds.push(bound);
    }

    /// Writes the plain words by their first letter.
    fn dictionary(&mut self, inverted: &Inverted) {
        let is_plain = |w: &str| w.chars().count() >= SHORTEST && w.chars().all(char::is_alphabetic);
        let plain: Vec<_> = inverted.words.iter().filter(|(word, _)| is_plain(word)).collect();
        let least = if plain.len() <= FEW_WORDS { 1 } else { 2 };
        let mut groups: BTreeMap<String, Vec<(&String, u32)>> = BTreeMap::new();
        for (word, known) in plain.into_iter().filter(|(_, known)| known.passages >= least) {
            let letter = word.chars().next().filter(char::is_ascii_lowercase);
            groups.entry(letter.map(String::from).unwrap_or_default()).or_default().push((word, known.passages));
        }
        // The words of other letters come last.
        let others = groups.remove("").unwrap_or_default();
        for (letter, words) in groups.into_iter().chain([(String::new(), others)]) {
            self.files.push(DataFile::new('d', self.letters.len(), listed(&words)));
            self.letters.push(letter);
        }
    }
}

fn listed(words: &[(&String, u32)]) -> Vec<u8> {
    let (mut bytes, mut last) = (Bytes::default(), "");
    bytes.number(words.len());
    for (word, passages) in words {
        bytes.string_after(last, word);
        bytes.number(*passages as usize);
        last = word;
    }
    bytes.into_inner()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_are_short_and_separate() {
        assert_eq!(separator("index", "indicate"), "indi");
        assert_eq!(separator("", "zebra"), "z");
        assert_eq!(separator("app", "apple"), "appl");
    }

    #[test]
    fn postings_say_how_often() {
        let postings = vec![(2, vec![7]), (5, vec![0, 3, 3])];
        assert_eq!(posting_list(&postings), [5, 6, 3]);
        assert_eq!(place_list(&postings), [7, 0, 3, 0]);
    }

    #[test]
    fn long_postings_are_far_and_words_end_in_one_file() {
        let mut inverted = Inverted::default();
        for n in 0..3000u32 {
            inverted.terms.insert(format!("t{n:05}"), vec![(n, vec![1])]);
        }
        for term in ["often", "the"] {
            inverted.terms.insert(term.into(), (0..3000).map(|p| (p, vec![p])).collect());
        }
        let word = Word { passages: 2, terms: ["the".to_owned()].into(), ..Word::default() };
        inverted.words.insert("the".into(), word);
        let files = word_files(&inverted);
        let count = |kind| files.files.iter().filter(|f| f.kind == kind).count();
        assert_eq!((count('x'), count('y'), count('p')), (2, 1, files.bounds.len()));
        assert!(files.bounds.len() > 2 && files.bounds.is_sorted() && files.letters == ["t", ""]);
    }
}
