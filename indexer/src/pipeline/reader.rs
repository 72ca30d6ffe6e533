//! Reads files in order, detects new content, and passes it on.

use std::{
    collections::{HashMap, HashSet},
    path::PathBuf,
    sync::Arc,
};

use cloze_index::{Key, Ledger, Passage, PassageId, PreviousPages};
use cloze_models::Encoder;
use crossbeam_channel::Sender;
use rayon::prelude::*;

use crate::{
    BuildConfig, Error, Report, Result,
    document::{
        navigation::{self, Titles},
        passage::Passages,
    },
    pipeline::{
        coder::Coder,
        memory::{Memory, Outcome, Used},
        prepare::{Content, Item, Preparation, Prepared},
        progress::Progress,
        queue::{Job, Step, Written},
        report::Skip,
        survey::Survey,
    },
    source::{self, Walk},
};

/// Files or records that are read, cut and tokenised at once.
const BATCH: usize = 64;
/// Batches end early at this size, so that a few large files do not fill the memory.
const BATCH_BYTES: usize = 4 << 20;
/// The other threads ended early; their error is the one that counts.
const CLOSED: &str = "a thread ended early";

/// The context of a reader.
#[derive(Clone)]
pub(crate) struct Tools<'a> {
    pub(crate) config: &'a BuildConfig,
    pub(crate) encoder: &'a Encoder,
    pub(crate) coder: &'a Coder<'a>,
    pub(crate) progress: &'a Progress,
    pub(crate) memory: &'a Memory,
    pub(crate) ledger: Arc<Ledger>,
    pub(crate) previous: Arc<PreviousPages>,
}

/// See the module.
pub(crate) struct Reader<'a> {
    tools: Tools<'a>,
    jobs: Sender<Job>,
    written: Sender<Written>,
    titles: HashMap<PathBuf, Titles>,
    /// Row of each text that was seen, by the key of its vector.
    rows: HashMap<Key, u32>,
    /// Names of pages; records of a file may repeat one.
    names: HashSet<String>,
    /// The first page with each content, by the key of its content.
    contents: HashMap<Key, String>,
    used: Used,
    survey: Survey,
    report: Report,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(tools: Tools<'a>, jobs: Sender<Job>, written: Sender<Written>) -> Self {
        Self {
            tools,
            jobs,
            written,
            titles: HashMap::new(),
            rows: HashMap::new(),
            names: HashSet::new(),
            contents: HashMap::new(),
            used: Used::default(),
            survey: Survey::default(),
            report: Report::default(),
        }
    }

    /// Reads everything; returns the report, and the ledger entries used.
    pub(crate) fn read_all(mut self, walk: &Walk) -> Result<(Report, Used)> {
        let skips = |list: &[(String, String)]| list.iter().map(|(s, r)| skip(s, r)).collect();
        self.report.skipped = skips(&walk.unreadable);
        self.report.left_out = skips(&walk.left_out);
        self.report.warnings = skips(&walk.notes);
        for root in walk.files.iter().filter(|f| f.fetched.is_none()).map(|f| &f.root) {
            if !self.titles.contains_key(root) {
                self.titles.insert(root.clone(), navigation::titles(root));
            }
        }
        let (mut batch, mut bytes) = (Vec::with_capacity(BATCH), 0);
        let limit = self.tools.config.max_file_bytes;
        let tools = (self.tools.memory, &*self.tools.ledger);
        self.survey = Survey::of(&walk.files, limit, tools, &mut self.used)?;
        for file in &walk.files {
            let mut add = |reader: &mut Self, line, content: Result<Content, String>| -> Result<()> {
                bytes += content.as_ref().map_or(0, |c| c.as_bytes().len());
                batch.push(Item { file, line, content });
                if batch.len() >= BATCH || bytes >= BATCH_BYTES {
                    bytes = 0;
                    reader.process(std::mem::take(&mut batch))?;
                }
                Ok(())
            };
            if file.format.has_records() {
                match source::records(file, limit) {
                    Ok(lines) => lines.into_iter().try_for_each(|(n, line)| {
                        self.tools.progress.read(line.as_ref().map_or(0, |l| l.len() as u64 + 1));
                        add(&mut self, Some(n), line.map(Content::Text))
                    })?,
                    Err(reason) => self.report.skipped.push(skip(&file.name, &reason)),
                }
            } else {
                let content = match file.format.is_binary() {
                    true => source::read_bytes(file, limit).map(Content::Bytes),
                    false => source::read_text(file, limit).map(Content::Text),
                };
                add(&mut self, None, content)?;
                self.tools.progress.read(file.bytes);
            }
            self.tools.progress.file();
        }
        self.process(batch)?;
        Ok((self.report, self.used))
    }

    /// Extracts and cuts a batch in parallel, then hands it out in order.
    fn process(&mut self, batch: Vec<Item<'_>>) -> Result<()> {
        let Tools { config, encoder, memory, ledger, previous, .. } = &self.tools;
        let preparation =
            Preparation { config, encoder, titles: &self.titles, memory, ledger, previous, survey: &self.survey };
        let done: Vec<_> = batch.into_par_iter().map(|item| preparation.prepare(item)).collect();
        for (name, fingerprint, outcome) in done {
            if let Some(fingerprint) = fingerprint {
                self.used.sources.insert(fingerprint);
            }
            match outcome? {
                Prepared::Known(outcome) => self.keep_page(&name, &outcome)?,
                Prepared::Page { id, passages, warnings, content } => {
                    let outcome = match self.is_first(&name, &id, content) {
                        true => Some(self.add_page(&name, id, passages, warnings, content)?),
                        false => None,
                    };
                    if let (Some(outcome), Some(fingerprint)) = (outcome, fingerprint) {
                        let bytes = serde_json::to_vec(&outcome).unwrap_or_default();
                        self.tools.ledger.put_source(&fingerprint, &bytes)?;
                    }
                }
                Prepared::LeftOut(reason) => self.report.left_out.push(skip(&name, &reason)),
                Prepared::Skipped(reason) => self.report.skipped.push(skip(&name, &reason)),
            }
        }
        Ok(())
    }

    /// Whether a page is new: a second page of the same name is skipped, and a page with the content of an earlier
    /// one is left out.
    fn is_first(&mut self, name: &str, id: &str, content: Option<Key>) -> bool {
        if let Some(first) = content.and_then(|key| self.contents.get(&key)) {
            self.report.left_out.push(skip(name, &format!("same as {first}")));
            return false;
        }
        let is_first = self.names.insert(id.to_owned());
        if !is_first {
            self.report.skipped.push(skip(name, &format!("an earlier page has the same id {id:?}")));
        } else if let Some(key) = content {
            self.contents.insert(key, id.to_owned());
        }
        is_first
    }

    fn count_page(&mut self, name: &str, outcome: &Outcome) {
        self.report.warnings.extend(outcome.warnings.iter().map(|w| skip(name, w)));
        self.report.split_sections += outcome.split_sections;
        self.report.shortened_contexts += outcome.shortened_contexts;
        self.report.pages += 1;
        self.tools.progress.page();
        self.used.vectors.extend(&outcome.vectors);
    }

    /// A page with an unchanged source.
    fn keep_page(&mut self, name: &str, outcome: &Outcome) -> Result<()> {
        if !self.is_first(name, &outcome.id, outcome.content) {
            return Ok(());
        }
        self.count_page(name, outcome);
        let previous = self.tools.previous.clone();
        for &(id, key) in previous.page(&outcome.id).map_or(&[][..], |p| &p.passages) {
            self.keep(&outcome.id, id, key)?;
        }
        Ok(())
    }

    /// A page that was read: passages that the previous generation has are kept.
    fn add_page(
        &mut self,
        name: &str,
        id: String,
        passages: Passages,
        warnings: Vec<String>,
        content: Option<Key>,
    ) -> Result<Outcome> {
        let mut there: HashMap<Key, Vec<PassageId>> = HashMap::new();
        let previous = self.tools.previous.clone();
        for (number, key) in previous.page(&id).map_or(&[][..], |p| &p.passages).iter().rev() {
            there.entry(*key).or_default().push(*number);
        }
        let Passages { prepared, split_sections, shortened_contexts } = passages;
        let (passages, vectors) = (Vec::new(), Vec::new());
        let mut outcome = Outcome { id, passages, vectors, split_sections, shortened_contexts, warnings, content };
        for prepared in prepared {
            let key = Key::of_passage(&prepared.passage);
            let vector = self.tools.memory.vector_key(&prepared.ids);
            outcome.passages.push(key);
            outcome.vectors.push(vector);
            match there.get_mut(&key).and_then(Vec::pop) {
                Some(number) => self.keep(&outcome.id, number, key)?,
                None => {
                    let row = self.row_of(vector, prepared.ids)?;
                    self.report.passages += 1;
                    self.tools.progress.passage();
                    self.send(Step::Add(Box::<Passage>::new(prepared.passage), row))?;
                }
            }
        }
        self.count_page(name, &outcome);
        Ok(outcome)
    }

    fn keep(&mut self, page: &str, id: PassageId, key: Key) -> Result<()> {
        self.report.passages += 1;
        self.report.reused += 1;
        self.tools.progress.passage();
        self.send(Step::Keep(page.to_owned(), id, key))
    }

    /// The row of a text: that of an identical text, or else a new row, with the vector from the ledger or one still
    /// to be encoded.
    fn row_of(&mut self, key: Key, ids: Vec<u32>) -> Result<u32> {
        let next = self.rows.len() as u32;
        if let Some(known) = self.rows.get(&key) {
            self.report.shared += 1;
            return Ok(*known);
        }
        self.rows.insert(key, next);
        let dimension = self.tools.encoder.record().dimension;
        let known = self.tools.ledger.vector(key.as_bytes(), dimension)?;
        match known.filter(|encoded| self.tools.coder.accepts(encoded)) {
            Some(vector) => {
                self.report.reused += 1;
                self.written.send(Written::Vector(next, vector)).map_err(|_| Error::Stopped(CLOSED.into()))?;
            }
            None => {
                self.report.encoded += 1;
                self.report.tokens += ids.len() as u64;
                self.jobs.send(Job { row: next, key, ids }).map_err(|_| Error::Stopped(CLOSED.into()))?;
            }
        }
        Ok(next)
    }

    fn send(&self, step: Step) -> Result<()> {
        self.written.send(Written::Step(step)).map_err(|_| Error::Stopped(CLOSED.into()))
    }
}

fn skip(source: &str, reason: &str) -> Skip {
    Skip { source: source.to_owned(), reason: reason.to_owned() }
}
