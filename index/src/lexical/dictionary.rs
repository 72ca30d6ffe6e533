//! A vocabulary as one piece of bytes: the words of an index without its postings.
//!
//! A line of JSON gives the lengths of the sections that follow: five dictionaries (finite state transducers from
//! terms to numbers), the passages of titles and headings, and the page of each passage. Numbers are 32 bits wide,
//! little-endian.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use tantivy_fst::{IntoStreamer, Map, Streamer};

use super::{
    automaton::Walk,
    vocabulary::{Kind, Vocabulary},
};
use crate::{Error, PassageId, Result};

/// The line in front of the sections.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Contents {
    pub(super) languages: Vec<String>,
    /// Live passages.
    pub(super) passages: u64,
    /// Terms in their content.
    pub(super) words: u64,
    /// Lengths of the sections, in bytes, in the order of [`Dictionary`].
    pub(super) sections: Vec<usize>,
}

/// See the module.
pub(crate) struct Dictionary {
    contents: Contents,
    content: Map<Vec<u8>>,
    words: Map<Vec<u8>>,
    /// Places in `passages`: there stand a count and as many passages.
    verbatim: Map<Vec<u8>>,
    metadata: Map<Vec<u8>>,
    compounding: Map<Vec<u8>>,
    passages: Vec<u32>,
    pages: Vec<u32>,
}

/// Stands for the page of a deleted passage.
pub(crate) const NO_PAGE: u32 = u32::MAX;

/// The name of the bytes in errors.
const NAME: &str = "the head of the index";

impl Dictionary {
    /// Reads the bytes that a [`super::DictionaryWriter`] made.
    pub(crate) fn parse(bytes: &[u8]) -> Result<Self> {
        let end = bytes.iter().position(|b| *b == b'\n').ok_or_else(|| damaged("no first line"))?;
        let contents: Contents = serde_json::from_slice(&bytes[..end]).map_err(damaged)?;
        let mut rest = &bytes[end + 1..];
        let mut sections = contents.sections.iter().map(|length| {
            let (section, others) = rest.split_at_checked(*length).ok_or_else(|| damaged("too few bytes"))?;
            rest = others;
            Ok(section)
        });
        let mut next = || sections.next().unwrap_or_else(|| Err(damaged("too few sections")));
        let (content, words, verbatim) = (map(next()?)?, map(next()?)?, map(next()?)?);
        let (metadata, compounding) = (map(next()?)?, map(next()?)?);
        let (passages, pages) = (numbers(next()?), numbers(next()?));
        Ok(Self { contents, content, words, verbatim, metadata, compounding, passages, pages })
    }

    fn map(&self, kind: Kind) -> &Map<Vec<u8>> {
        match kind {
            Kind::Content => &self.content,
            Kind::Words => &self.words,
            Kind::Verbatim => &self.verbatim,
            Kind::Metadata => &self.metadata,
        }
    }

    /// The passages at a place.
    fn listed(&self, place: u64) -> &[u32] {
        let list = self.passages.get(place as usize..).and_then(|from| from.split_first());
        list.and_then(|(count, rest)| rest.get(..*count as usize)).unwrap_or_default()
    }

    fn count(&self, kind: Kind, value: u64) -> u64 {
        if kind == Kind::Verbatim { self.listed(value).len() as u64 } else { value }
    }
}

fn damaged(found: impl std::fmt::Display) -> Error {
    Error::damaged(NAME, found, "what a build wrote")
}

fn map(bytes: &[u8]) -> Result<Map<Vec<u8>>> {
    Map::from_bytes(bytes.to_vec()).map_err(damaged)
}

fn numbers(bytes: &[u8]) -> Vec<u32> {
    bytes.chunks_exact(4).map(|b| u32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect()
}

impl Vocabulary for Dictionary {
    fn languages(&self) -> &[String] {
        &self.contents.languages
    }

    fn page_of(&self, id: PassageId) -> u32 {
        self.pages.get(id as usize).copied().unwrap_or_default()
    }

    fn totals(&self) -> Result<(u64, u64)> {
        Ok((self.contents.passages, self.contents.words))
    }

    fn passages_with(&self, kind: Kind, term: &str) -> Result<u64> {
        Ok(self.map(kind).get(term).map_or(0, |value| self.count(kind, value)))
    }

    fn verbatim(&self, term: &str) -> Result<Vec<PassageId>> {
        Ok(self.verbatim.get(term).map_or(Vec::new(), |place| self.listed(place).to_vec()))
    }

    fn each_from(&self, kind: Kind, prefix: &str, take: &mut dyn FnMut(&str, u32) -> bool) -> Result<()> {
        let mut stream = self.map(kind).range().ge(prefix).into_stream();
        while let Some((term, value)) = stream.next().filter(|(term, _)| term.starts_with(prefix.as_bytes())) {
            if !take(&String::from_utf8_lossy(term), u32::try_from(self.count(kind, value)).unwrap_or(u32::MAX)) {
                break;
            }
        }
        Ok(())
    }

    fn compounding_words(&self) -> Result<HashMap<String, u64>> {
        let mut words = HashMap::new();
        let mut stream = self.compounding.stream();
        while let Some((word, passages)) = stream.next() {
            words.insert(String::from_utf8_lossy(word).into_owned(), passages);
        }
        Ok(words)
    }

    fn each_near(&self, walk: &Walk, take: &mut dyn FnMut(&str, u32)) -> Result<()> {
        let mut stream = self.words.search(walk).into_stream();
        while let Some((term, value)) = stream.next() {
            take(&String::from_utf8_lossy(term), u32::try_from(value).unwrap_or(u32::MAX));
        }
        Ok(())
    }
}
