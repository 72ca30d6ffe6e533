//! Files of exact titles and headings: a query that is a title finds its page first.
//!
//! Titles are stored as hashes, in files `k` by the remainder of the hash. A title leads to pages, a heading to the
//! passages right below it.

use std::collections::BTreeMap;

use super::{
    bytes::Bytes,
    files::{self, DataFile},
    passages::{Page, title_key},
};

/// Titles and headings in a file, on average.
const SIZE: usize = 150;

/// The hash of the bytes of `title` or `heading`, a zero and the key.
pub(crate) fn hash(kind: &str, key: &str) -> u32 {
    files::hash(files::HASH, kind.bytes().chain([0]).chain(key.bytes()))
}

/// Writes the titles and headings of all pages.
pub(crate) fn title_files(pages: &[Page]) -> Vec<DataFile> {
    let mut all: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
    for (number, page) in (0..).zip(pages) {
        if let Some((_, first)) = page.passages.first() {
            all.entry(hash("title", &title_key(&first.title))).or_default().push(number);
        }
        for (number, passage) in page.numbered() {
            if let Some(heading) = passage.headings.last() {
                all.entry(hash("heading", &title_key(heading))).or_default().push(number);
            }
        }
    }
    let count = all.len().div_ceil(SIZE).max(1);
    let mut files = vec![Vec::new(); count];
    all.into_iter().for_each(|(hash, numbers)| files[hash as usize % count].push((hash, numbers)));
    (0..).zip(files).map(|(k, entries)| DataFile::new('k', k, listed(&entries))).collect()
}

fn listed(entries: &[(u32, Vec<u32>)]) -> Vec<u8> {
    let mut bytes = Bytes::default();
    bytes.number(entries.len());
    for (hash, numbers) in entries {
        bytes.raw(&hash.to_le_bytes());
        bytes.ascending(numbers);
    }
    bytes.into_inner()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_are_those_of_the_format() {
        assert_eq!(hash("", ""), 0x050c_5d1f);
        assert_ne!(hash("title", "a"), hash("heading", "a"));
    }
}
