//! Collects the vocabulary of an index from its passages.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use tantivy_fst::MapBuilder;

use super::{
    compounding::{LOOKED_AT, is_candidate, is_compounding},
    dictionary::{Contents, NO_PAGE},
    schema::metadata_key,
    terms::PassageTerms,
};
use crate::{Error, PassageId, Result};

/// A word in its written form.
#[derive(Default)]
struct Word {
    passages: u64,
    /// Whether one of the first passages with it is in a language that writes compounds as one word.
    is_compounding: bool,
}

/// See the module.
#[derive(Default)]
pub(crate) struct DictionaryWriter {
    content: HashMap<String, u64>,
    words: HashMap<String, Word>,
    verbatim: BTreeMap<String, Vec<PassageId>>,
    metadata: BTreeSet<String>,
    pages: Vec<u32>,
    passages: u64,
    terms: u64,
}

impl DictionaryWriter {
    /// Adds a passage. Passages come in the order of their numbers.
    pub(crate) fn add(&mut self, id: PassageId, page: u32, language: Option<&str>, terms: &PassageTerms) {
        self.passages += 1;
        self.terms += terms.content.len() as u64;
        let distinct: BTreeSet<&String> = terms.content.iter().map(|(term, _)| term).collect();
        distinct.into_iter().for_each(|term| count(&mut self.content, term));
        let is_compounding = language.is_some_and(is_compounding);
        for word in &terms.words {
            let known = self.words.entry(word.clone()).or_default();
            known.is_compounding |= is_compounding && known.passages < LOOKED_AT as u64;
            known.passages += 1;
        }
        for term in &terms.verbatim {
            let listed = self.verbatim.entry(term.clone()).or_default();
            if listed.last() != Some(&id) {
                listed.push(id);
            }
        }
        self.metadata.extend(terms.metadata.iter().filter_map(|term| metadata_key(term)).map(str::to_owned));
        self.pages.resize(id as usize, NO_PAGE);
        self.pages.push(page);
    }

    /// The bytes that [`super::Dictionary::parse`] reads.
    pub(crate) fn finish(self, languages: &[String]) -> Result<Vec<u8>> {
        let mut passages: Vec<u32> = Vec::new();
        let verbatim = self.verbatim.into_iter().map(|(term, listed)| {
            let place = passages.len() as u64;
            passages.push(listed.len() as u32);
            passages.extend(listed);
            (term, place)
        });
        let verbatim = map(verbatim)?;
        let metadata = map(self.metadata.into_iter().map(|key| (key, 1)))?;
        let is_mixed = languages.iter().any(|language| !is_compounding(language));
        let compounds = |(text, word): &(String, Word)| is_candidate(text) && (word.is_compounding || !is_mixed);
        let words = sorted(self.words);
        let compounding = map(words.iter().filter(|w| compounds(w)).map(|(text, word)| (text.clone(), word.passages)))?;
        let words = map(words.into_iter().map(|(text, word)| (text, word.passages)))?;
        let content = map(sorted(self.content).into_iter())?;
        let sections = [content, words, verbatim, metadata, compounding, bytes(&passages), bytes(&self.pages)];
        let contents = Contents {
            languages: languages.to_vec(),
            passages: self.passages,
            words: self.terms,
            sections: sections.iter().map(Vec::len).collect(),
        };
        let mut out = serde_json::to_vec(&contents).map_err(failed)?;
        out.push(b'\n');
        out.extend(sections.concat());
        Ok(out)
    }
}

fn count(counts: &mut HashMap<String, u64>, term: &str) {
    match counts.get_mut(term) {
        Some(count) => *count += 1,
        None => drop(counts.insert(term.to_owned(), 1)),
    }
}

fn sorted<T>(counts: HashMap<String, T>) -> Vec<(String, T)> {
    let mut counts: Vec<(String, T)> = counts.into_iter().collect();
    counts.sort_unstable_by(|a, b| a.0.cmp(&b.0));
    counts
}

fn map(terms: impl Iterator<Item = (String, u64)>) -> Result<Vec<u8>> {
    let mut builder = MapBuilder::memory();
    for (term, value) in terms {
        builder.insert(term, value).map_err(failed)?;
    }
    builder.into_inner().map_err(failed)
}

fn failed(error: impl std::fmt::Display) -> Error {
    Error::Mismatch { what: "vocabulary", found: error.to_string(), expected: "one that can be stored".into() }
}

fn bytes(numbers: &[u32]) -> Vec<u8> {
    numbers.iter().flat_map(|n| n.to_le_bytes()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Passage,
        lexical::{
            Dictionary,
            terms::Analyzers,
            vocabulary::{Kind, Vocabulary},
        },
    };

    #[test]
    fn what_was_counted_comes_back() {
        let (mut analyzers, mut writer) = (Analyzers::default(), DictionaryWriter::default());
        for (id, text) in [(1, "the plague in the city"), (2, "a city of gold"), (5, "gold")] {
            let metadata = [("Topic".to_owned(), vec!["x".to_owned()])].into();
            let passage = Passage { page: 7, title: "Towns".into(), text: text.into(), metadata, ..Passage::default() };
            writer.add(id, passage.page, None, &analyzers.terms(&passage));
        }
        let bytes = writer.finish(&["en".to_owned()]).expect("written");
        let read = Dictionary::parse(&bytes).expect("whole");
        let with = |kind, term| read.passages_with(kind, term).expect("read");
        assert_eq!(read.totals().expect("read"), (3, 13));
        assert_eq!((with(Kind::Content, "citi"), with(Kind::Words, "gold"), with(Kind::Content, "none")), (2, 2, 0));
        assert_eq!(read.verbatim("title\u{1}towns").expect("read"), [1, 2, 5]);
        let mut keys = Vec::new();
        let mut take = |key: &str, _| {
            keys.push(key.to_owned());
            true
        };
        read.each_from(Kind::Metadata, "topic", &mut take).expect("read");
        assert_eq!((keys, read.page_of(2), read.page_of(99)), (vec!["topic\u{1}".to_owned()], 7, 0));
        assert!(Dictionary::parse(&bytes[..bytes.len() - 1]).is_err(), "cut short");
    }
}
