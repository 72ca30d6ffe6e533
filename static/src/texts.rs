//! Files of texts: what a hit shows.
//!
//! A file `t` holds successive passages as JSON, `[pages, passages]`. A page is `[source, address, title, language, number
//! of other versions]`. A passage is `[place of its page, rest of its address, headings, text]`. The text is one line, as
//! snippets need it. All these files share a dictionary, the file `z`.
//!
//! In front of the text stand, for each passage, the factor and the cells of its vector's code; the signs are in the file
//! of its group. Such bits cannot be compressed.

use std::sync::Arc;

use cloze_index::{Passage, passage::OTHER_VERSIONS};
use serde_json::{Value, json};

use super::{
    bytes::Bytes,
    codes::{Code, steps},
    dictionary::dictionary,
    files::DataFile,
    passages::Page,
};

/// Size at which a file is complete, in bytes of text, within a page and between pages.
const LARGEST: usize = 2_000;
const ENOUGH: usize = 1_300;

/// The files of texts, and the first passage of each.
pub(crate) struct TextFiles {
    /// All files; the last one is the dictionary.
    pub(crate) files: Vec<DataFile>,
    /// Number of the first passage in each file of texts.
    pub(crate) starts: Vec<u32>,
}

/// Writes the texts of all pages; `codes` are empty if there are no vectors.
pub(crate) fn text_files(pages: &[Page], codes: &[Code]) -> TextFiles {
    let mut out = TextFiles { files: Vec::new(), starts: Vec::new() };
    let mut group = Group::default();
    for page in pages {
        if group.size >= ENOUGH {
            out.close(&mut group, codes);
        }
        let mut place = None;
        for (number, passage) in page.numbered() {
            if group.size >= LARGEST {
                out.close(&mut group, codes);
                place = None;
            }
            let place = *place.get_or_insert_with(|| group.page(passage));
            group.add(number, place, passage);
        }
    }
    out.close(&mut group, codes);
    out.share_dictionary();
    out
}

/// The content of one file.
#[derive(Default)]
struct Group {
    pages: Vec<Value>,
    passages: Vec<Value>,
    /// Address of the last page.
    address: String,
    first: u32,
    size: usize,
}

impl Group {
    fn page(&mut self, passage: &Passage) -> usize {
        let address = passage.url.split('#').next().unwrap_or_default();
        let versions: Option<u32> = passage.metadata.get(OTHER_VERSIONS).and_then(|v| v.first()?.parse().ok());
        self.pages.push(json!([passage.source, address, passage.title, passage.lang, versions]));
        address.clone_into(&mut self.address);
        self.pages.len() - 1
    }

    fn add(&mut self, number: u32, place: usize, passage: &Passage) {
        if self.passages.is_empty() {
            self.first = number;
        }
        let text = passage.text.split_whitespace().collect::<Vec<_>>().join(" ");
        // A passage with another address than its page has all of it.
        let rest = passage.url.strip_prefix(&self.address).unwrap_or(&passage.url);
        self.size += text.len();
        self.passages.push(json!([place, rest, passage.headings, text]));
    }
}

impl TextFiles {
    fn close(&mut self, group: &mut Group, codes: &[Code]) {
        let Group { pages, passages, first, .. } = std::mem::take(group);
        if passages.is_empty() {
            return;
        }
        let (from, to) = (first as usize, first as usize + passages.len());
        let text = json!([pages, passages]).to_string().into_bytes();
        let lead = codes.get(from..to).map(lead).unwrap_or_default();
        self.files.push(DataFile { lead, ..DataFile::new('t', self.starts.len(), text) });
        self.starts.push(first);
    }

    fn share_dictionary(&mut self) {
        let texts: Vec<&[u8]> = self.files.iter().map(|file| &file.data[..]).collect();
        let dictionary = Arc::new(dictionary(&texts));
        self.files.iter_mut().for_each(|file| file.dictionary = dictionary.clone());
        self.files.push(DataFile::new('z', 0, dictionary.to_vec()));
    }
}

/// The codes of successive passages without their signs.
fn lead(codes: &[Code]) -> Vec<u8> {
    let (largest, shares) = steps(codes.iter().map(|code| code.by_cells));
    let mut bytes = Bytes::default();
    bytes.float(largest);
    bytes.raw(&shares);
    codes.iter().flat_map(|code| &code.cells).for_each(|bits| bytes.raw(bits));
    bytes.into_inner()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(first: u32, address: &str, texts: &[&str]) -> Page {
        let passage = |text: &&str| Passage { url: format!("{address}#a"), text: (*text).into(), ..Passage::default() };
        Page { first, passages: texts.iter().map(|text| (0, passage(text))).collect() }
    }

    #[test]
    fn files_hold_successive_passages() {
        let long = "word ".repeat(1000);
        let pages = [page(0, "/a", &["one  two", "three"]), page(2, "/b", &[&long, "x", "y"]), page(5, "/c", &["z"])];
        let texts = text_files(&pages, &[]);
        assert_eq!(texts.starts, [0, 3]);
        assert_eq!(texts.files.iter().map(|file| file.kind).collect::<String>(), "ttz");
        let text = String::from_utf8_lossy(&texts.files[0].data);
        assert!(text.starts_with(r##"[[["","/a","",null,null],["","/b""##), "{text}");
        assert!(text.contains(r##"[0,"#a",[],"one two"]"##));
    }
}
