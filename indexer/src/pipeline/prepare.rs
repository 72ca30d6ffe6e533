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
    extract::{self, Context, Format},
    pipeline::{
        memory::{Memory, Outcome},
        survey::{self, Survey},
    },
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
    pub(crate) survey: &'a Survey,
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
        let text = match &item.text {
            Ok(text) => text.as_str(),
            Err(reason) => return (name, None, Ok(Prepared::Skipped(reason.clone()))),
        };
        let repeated = match self.place_on_site(&item, &name, text) {
            Ok(repeated) => repeated,
            Err(reason) => return (name, None, Ok(Prepared::LeftOut(reason))),
        };
        let fingerprint = self.memory.fingerprint(&name, title, text, &repeated);
        if let Some(known) = self.known(&fingerprint) {
            return (name, Some(fingerprint), Ok(known));
        }
        let context = Context {
            source: &name,
            base_url: &self.config.base_url,
            url_style: self.config.url_style,
            navigation_title: title,
            repeated: &repeated,
        };
        let outcome = match item.line {
            Some(_) => extract::record(text, &context),
            None => extract::file(item.file.format, text, &context),
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

    /// The blocks of a page that its site repeats; an error if the page is a copy of another one.
    fn place_on_site(&self, item: &Item<'_>, name: &str, text: &str) -> std::result::Result<Vec<u64>, String> {
        if item.line.is_some() || item.file.format != Format::Html || self.survey.is_empty() {
            return Ok(Vec::new());
        }
        let sketch = survey::sketch_of(text, self.memory, self.ledger);
        match self.survey.original(name, &sketch) {
            Some(original) => Err(format!("a copy of {original}, by its canonical address")),
            None => Ok(self.survey.repeated(&sketch)),
        }
    }

    /// What the last build made of the same text, if its page is still there as it was.
    fn known(&self, fingerprint: &[u8; 32]) -> Option<Prepared> {
        let outcome = self.memory.recall(self.ledger, fingerprint)?;
        let page = self.previous.page(&outcome.id)?;
        let is_same = page.passages.iter().map(|(_, key)| key).eq(&outcome.passages);
        is_same.then_some(Prepared::Known(outcome))
    }
}
