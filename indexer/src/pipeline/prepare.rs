//! One file or record becomes passages, unless it is what it was at the last build.

use std::{collections::HashMap, path::PathBuf};

use cloze_index::{Ledger, PreviousPages};
use cloze_models::Encoder;

use crate::{
    BuildConfig, Result,
    document::{
        Extracted,
        navigation::Titles,
        passage::{self, Passages},
    },
    extract::{self, Context},
    pipeline::memory::{Memory, Outcome},
    source::{self, SourceFile},
};

/// Something to extract.
pub(crate) struct Item<'a> {
    pub(crate) file: &'a SourceFile,
    /// Line of a JSON Lines file.
    pub(crate) line: Option<u64>,
    pub(crate) text: Result<String, String>,
}

/// What became of it.
pub(crate) enum Prepared {
    Page {
        id: String,
        passages: Passages,
        warnings: Vec<String>,
    },
    /// A page that is, passage by passage, what the previous generation has.
    Known(Outcome),
    LeftOut(String),
    Skipped(String),
}

/// What every item is prepared with.
pub(crate) struct Preparation<'a> {
    pub(crate) config: &'a BuildConfig,
    pub(crate) encoder: &'a Encoder,
    pub(crate) titles: &'a HashMap<PathBuf, Titles>,
    pub(crate) memory: &'a Memory,
    pub(crate) ledger: &'a Ledger,
    pub(crate) previous: &'a PreviousPages,
}

impl Preparation<'_> {
    /// Extracts and cuts an item; gives its name, its fingerprint if it could be read, and the rest.
    pub(crate) fn prepare(&self, item: Item<'_>) -> (String, Option<[u8; 32]>, Result<Prepared>) {
        let name = match item.line {
            Some(n) => format!("{}:{n}", item.file.name),
            None => item.file.name.clone(),
        };
        let relative = source::relative_name(&item.file.path, &item.file.root);
        let title = self.titles.get(&item.file.root).and_then(|t| t.get(&relative)).map(String::as_str);
        let text = match item.text {
            Ok(text) => text,
            Err(reason) => return (name, None, Ok(Prepared::Skipped(reason))),
        };
        let address = item.file.fetched.as_ref().map(|f| f.address.as_str());
        // The address is stored with every passage.
        let place = address.map_or_else(|| name.clone(), |address| format!("{name}\n{address}"));
        let fingerprint = self.memory.fingerprint(&place, title, &text);
        if let Some(known) = self.known(&fingerprint) {
            return (name, Some(fingerprint), Ok(known));
        }
        let context = Context {
            source: &name,
            base_url: &self.config.base_url,
            url_style: self.config.url_style,
            navigation_title: title,
            address,
        };
        let outcome = match item.line {
            Some(_) => extract::record(&text, &context),
            None => extract::file(item.file.format, &text, &context),
        };
        let prepared = match outcome {
            Err(reason) => Ok(Prepared::Skipped(reason)),
            Ok((Extracted::LeftOut(reason), _)) => Ok(Prepared::LeftOut(reason)),
            Ok((Extracted::Page(document), warnings)) => {
                passage::passages(&document, self.encoder).map(|passages| match passages.prepared.is_empty() {
                    true => Prepared::LeftOut("no text".into()),
                    false => Prepared::Page { id: document.source.clone(), passages, warnings },
                })
            }
        };
        (name, Some(fingerprint), prepared)
    }

    /// What the last build made of the same text, if its page is still there as it was.
    fn known(&self, fingerprint: &[u8; 32]) -> Option<Prepared> {
        let outcome = self.memory.recall(self.ledger, fingerprint)?;
        let page = self.previous.page(&outcome.id)?;
        let is_same = page.passages.iter().map(|(_, key)| key).eq(&outcome.passages);
        is_same.then_some(Prepared::Known(outcome))
    }
}
