//! Turns one file or record into passages, unless it is unchanged since the last build.

use std::{
    collections::HashMap,
    panic::{AssertUnwindSafe, catch_unwind},
    path::PathBuf,
};

use cloze_index::{
    Key, Ledger, Metadata, PreviousPages,
    passage::{OTHER_VERSIONS, SUPERSEDED},
};
use cloze_models::Encoder;

use crate::{
    BuildConfig, Result,
    document::{
        Document, Extracted,
        navigation::Titles,
        passage::{self, Passages},
    },
    extract::{self, Context, Format},
    pipeline::{
        memory::{Memory, Outcome},
        survey::{self, Survey},
    },
    source::{self, SourceFile, versions::Version},
};

/// The reason to skip a page whose reader panicked.
const BROKEN_READER: &str =
    "the reader failed on this page; this is an error in Cloze: please report it, with the page if you can share it";

/// An item to extract.
pub(crate) struct Item<'a> {
    pub(crate) file: &'a SourceFile,
    /// Line of a JSON Lines file.
    pub(crate) line: Option<u64>,
    pub(crate) content: Result<Content, String>,
}

/// The content of a file or record.
pub(crate) enum Content {
    Text(String),
    Bytes(Vec<u8>),
}

impl Content {
    pub(crate) fn as_bytes(&self) -> &[u8] {
        match self {
            Self::Text(text) => text.as_bytes(),
            Self::Bytes(bytes) => bytes,
        }
    }
}

/// The result for an item.
pub(crate) enum Prepared {
    Page {
        id: String,
        passages: Passages,
        warnings: Vec<String>,
        content: Option<Key>,
    },
    /// A page with the same passages as in the previous generation.
    Known(Outcome),
    LeftOut(String),
    Skipped(String),
}

/// The shared context for the preparation of every item.
pub(crate) struct Preparation<'a> {
    pub(crate) config: &'a BuildConfig,
    pub(crate) encoder: &'a Encoder,
    pub(crate) titles: &'a HashMap<PathBuf, Titles>,
    pub(crate) memory: &'a Memory,
    pub(crate) ledger: &'a Ledger,
    pub(crate) previous: &'a PreviousPages,
    pub(crate) survey: &'a Survey,
}

impl Preparation<'_> {
    /// Extracts and cuts an item; returns its name, its fingerprint if it is readable, and the result.
    pub(crate) fn prepare(&self, item: Item<'_>) -> (String, Option<[u8; 32]>, Result<Prepared>) {
        let name = match item.line {
            Some(n) => format!("{}:{n}", item.file.name),
            None => item.file.name.clone(),
        };
        let relative = source::relative_name(&item.file.path, &item.file.root);
        let title = self.titles.get(&item.file.root).and_then(|t| t.get(&relative)).map(String::as_str);
        let content = match &item.content {
            Ok(content) => content,
            Err(reason) => return (name, None, Ok(Prepared::Skipped(reason.clone()))),
        };
        let version = item.file.version.as_ref();
        let mark = version.map(Version::mark).unwrap_or_default();
        let address = item.file.fetched.as_ref().map(|f| f.address.as_str());
        // The address is stored with every passage.
        let place = address.map_or_else(|| name.clone(), |address| format!("{name}\n{address}"));
        let repeated = match self.place_on_site(&item, &name, content) {
            Ok(repeated) => repeated,
            Err(reason) => return (name, None, Ok(Prepared::LeftOut(reason))),
        };
        let parts = [place.as_bytes(), title.unwrap_or_default().as_bytes(), mark.as_bytes(), content.as_bytes()];
        let fingerprint = self.memory.fingerprint(parts, &repeated);
        if let Some(known) = self.known(&fingerprint) {
            return (name, Some(fingerprint), Ok(known));
        }
        let context = Context {
            source: &name,
            base_url: &self.config.base_url,
            url_style: self.config.url_style,
            navigation_title: title,
            address,
            repeated: &repeated,
        };
        let read = || match (content, item.line) {
            (Content::Text(text), Some(_)) => extract::record(text, &context),
            (Content::Text(text), None) => extract::file(item.file.format, text, &context),
            (Content::Bytes(bytes), _) => extract::binary(item.file.format, bytes, &context),
        };
        // A page that breaks a reader must not end the build of all the others.
        let outcome = catch_unwind(AssertUnwindSafe(read)).unwrap_or_else(|_| Err(BROKEN_READER.into()));
        let prepared = match outcome {
            Err(reason) => Ok(Prepared::Skipped(reason)),
            Ok((Extracted::LeftOut(reason), _)) => Ok(Prepared::LeftOut(reason)),
            Ok((Extracted::Page(mut document), warnings)) => {
                if let Some(version) = version {
                    add_version(&mut document.metadata, version);
                }
                let content = item.line.is_none().then(|| content_key(&document));
                passage::passages(&document, self.encoder).map(|passages| match passages.prepared.is_empty() {
                    true => Prepared::LeftOut("no text".into()),
                    false => Prepared::Page { id: document.source.clone(), passages, warnings, content },
                })
            }
        };
        (name, Some(fingerprint), prepared)
    }

    /// The blocks of a page that its site repeats; an error if the page is a copy of another one.
    fn place_on_site(&self, item: &Item<'_>, name: &str, content: &Content) -> std::result::Result<Vec<u64>, String> {
        let Content::Text(text) = content else { return Ok(Vec::new()) };
        if item.line.is_some() || item.file.format != Format::Html || self.survey.is_empty() {
            return Ok(Vec::new());
        }
        let sketch = survey::sketch_of(text, self.memory, self.ledger);
        // A crawl has already decided which of its pages are copies.
        match self.survey.original(name, &sketch).filter(|_| item.file.fetched.is_none()) {
            Some(original) => Err(format!("copy of {original}, according to its canonical address")),
            None => Ok(self.survey.repeated(&sketch)),
        }
    }

    /// The result of the last build for the same text, if its page still exists unchanged.
    fn known(&self, fingerprint: &[u8; 32]) -> Option<Prepared> {
        let outcome = self.memory.recall(self.ledger, fingerprint)?;
        let page = self.previous.page(&outcome.id)?;
        let is_same = page.passages.iter().map(|(_, key)| key).eq(&outcome.passages);
        is_same.then_some(Prepared::Known(outcome))
    }
}

/// Stores the version of a page as metadata for searches. A version that the page itself states stays.
fn add_version(metadata: &mut Metadata, version: &Version) {
    let values = metadata.entry("version".to_owned()).or_default();
    for name in &version.names {
        if !values.contains(name) {
            values.push(name.clone());
        }
    }
    metadata.retain(|_, values| !values.is_empty());
    if version.others > 0 {
        metadata.insert(OTHER_VERSIONS.to_owned(), vec![version.others.to_string()]);
    }
    if !version.is_current {
        metadata.insert(SUPERSEDED.to_owned(), vec!["true".to_owned()]);
    }
}

/// The key of the complete content of a page, except white space and anchors: two pages with one key are one page.
fn content_key(document: &Document) -> Key {
    let mut hasher = blake3::Hasher::new();
    let mut add = |part: &str| {
        part.split_whitespace().for_each(|word| {
            hasher.update(word.as_bytes());
            hasher.update(b" ");
        });
        hasher.update(b"\n");
    };
    add(&document.title);
    add(document.lang.as_deref().unwrap_or_default());
    document.metadata.iter().for_each(|(key, values)| add(&format!("{key} {values:?}")));
    for section in &document.sections {
        section.headings.iter().for_each(|heading| add(heading));
        add(&section.text);
    }
    Key::of(hasher.finalize().as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::Section;

    #[test]
    fn versions_become_metadata() {
        let mut metadata = Metadata::from([("version".to_owned(), vec!["7.4.1".to_owned()])]);
        let version = Version { names: vec!["7.4".into()], is_current: false, others: 2 };
        add_version(&mut metadata, &version);
        assert_eq!(metadata["version"], ["7.4.1", "7.4"]);
        assert_eq!((&metadata[OTHER_VERSIONS][0], &metadata[SUPERSEDED][0]), (&"2".to_owned(), &"true".to_owned()));
        let mut metadata = Metadata::new();
        add_version(&mut metadata, &Version { is_current: true, ..Version::default() });
        assert_eq!(metadata, Metadata::new());
    }

    #[test]
    fn a_page_that_says_the_same_has_the_same_key() {
        let page = |title: &str, text: &str, source: &str| Document {
            title: title.to_owned(),
            source: source.to_owned(),
            sections: vec![Section { text: text.to_owned(), ..Section::default() }],
            ..Document::default()
        };
        let key = content_key(&page("T", "a\n\nb", "x"));
        assert_eq!(key, content_key(&page("T", "a b\n", "print/x")));
        for other in [page("T", "ab", "x"), page("", "T a b", "x"), page("T a", "b", "x")] {
            assert_ne!(key, content_key(&other), "{other:?}");
        }
    }
}
