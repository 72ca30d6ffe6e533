//! The file `h`: what every search needs to know of the passages, and where each part of the data is.

use super::{bytes::Bytes, files::DataFile, inverted::Inverted, lengths, passages::Page, words::WordFiles};

/// Writes the overview.
pub(crate) fn overview(pages: &[Page], inverted: &Inverted, words: &WordFiles, text_starts: &[u32]) -> DataFile {
    let mut bytes = Bytes::default();
    bytes.number(pages.len());
    pages.iter().for_each(|page| bytes.number(page.passages.len()));
    let links = pages.iter().flat_map(Page::numbered).filter(|(_, p)| p.is_links).map(|(number, _)| number);
    bytes.ascending(&links.collect::<Vec<_>>());
    let superseded = (0..).zip(pages).filter(|(_, page)| page.is_superseded()).map(|(number, _)| number);
    bytes.ascending(&superseded.collect::<Vec<_>>());
    bytes.ascending(text_starts);
    bytes.strings(words.bounds.iter().map(String::as_str));
    bytes.strings(words.letters.iter().map(String::as_str));
    let codes = inverted.lengths.iter().map(|&length| lengths::code(length));
    bytes.raw(&codes.collect::<Vec<_>>());
    DataFile::new('h', 0, bytes.into_inner())
}
