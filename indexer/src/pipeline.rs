//! Reading, cutting, encoding and writing, side by side.
//!
//! ```text
//! reader thread --batches--> (rayon: extract, cut, tokenise) --jobs--> encoder threads --+
//!        |                                                                              |
//!        +-----------------------------passages------------------------------------> writer
//! ```
//!
//! Every arrow is a bounded queue, so memory does not grow with the corpus. The reader and the
//! encoders are threads of their own: nothing inside rayon's pool ever waits for a queue.

use std::{
    collections::{HashMap, HashSet, VecDeque},
    path::PathBuf,
    thread,
    time::Instant,
};

use cloze_index::{Passage, Writer, WriterOptions};
use cloze_models::{Artifact, Encoder, TextKind};
use crossbeam_channel::{Receiver, Sender, bounded};
use rayon::prelude::*;

use crate::{
    BuildConfig, Error, Report, Result,
    document::Extracted,
    extract::{self, Context, Format},
    navigation::{self, Titles},
    off_topic,
    passage::{self, Passages},
    progress::Progress,
    report::Skip,
    source::{self, SourceFile, Walk},
};

/// Files or records that are read, cut and tokenised at once.
const BATCH: usize = 64;
/// Batches end early at this size, so that a few large files do not fill the memory.
const BATCH_BYTES: usize = 4 << 20;
/// Texts that wait for an encoder, and results that wait for the writer.
const QUEUE: usize = 256;

/// A text to encode, and the row its vector gets.
struct Job {
    row: u32,
    ids: Vec<u32>,
}

/// What the writer receives.
enum Written {
    /// A passage, in the order of the index, and the row of its vector.
    Passage(Box<Passage>, u32),
    /// The vector of a row.
    Vector(u32, Vec<f32>),
}

/// Something to extract.
struct Item<'a> {
    file: &'a SourceFile,
    /// Line of a JSON Lines file.
    line: Option<u64>,
    text: Result<String, String>,
}

/// Builds a new generation and makes it live.
///
/// # Errors
/// [`Error`] if nothing can be indexed, the model cannot be loaded or the index not be written.
/// What was live before stays live. A bad document is not an error: it is in the report.
pub fn build(config: &BuildConfig) -> Result<Report> {
    let progress = Progress::new(config.quiet);
    let walk = source::walk(&config.selection)?;
    if walk.files.is_empty() {
        let found = format!("{} files of other kinds, {} unreadable", walk.other, walk.unreadable.len());
        return Err(Error::Empty { paths: config.selection.paths.clone(), found });
    }
    let started = Instant::now();
    progress.phase("load", &format!("model {}", config.model));
    let dir = config.model.fetch(!config.quiet)?;
    let artifact = Artifact::read(&dir, &config.model.to_string(), config.precision)?;
    let encoder = Encoder::from_artifact(&artifact, config.threads)?;
    let model = serde_json::to_value(encoder.record()).unwrap_or_default();
    let writer = Writer::begin(&config.index, WriterOptions { dimension: encoder.record().dimension, model })?;
    let load = started.elapsed().as_secs_f64();

    let started = Instant::now();
    progress.phase("encode", &format!("{} files, {} threads", walk.files.len(), config.threads));
    let (mut writer, mut report) = run(config, &walk, &encoder, writer, &progress)?;
    report.seconds.load = load;
    report.seconds.encode = started.elapsed().as_secs_f64();
    report.tokens_per_s = report.tokens as f64 / report.seconds.encode.max(1e-9);
    if report.pages == 0 {
        progress.finish();
        let found = format!("{} skipped, {} left out; nothing published", report.skipped.len(), report.left_out.len());
        return Err(Error::Empty { paths: config.selection.paths.clone(), found });
    }

    let started = Instant::now();
    progress.phase("publish", &format!("{} passages of {} pages", report.passages, report.pages));
    let off_topic = off_topic::queries();
    let vectors = off_topic.iter().map(|q| Ok(encoder.encode(TextKind::Query, q)?.vector));
    writer.calibrate(&vectors.collect::<Result<Vec<_>>>()?)?;
    let published = writer.publish()?;
    progress.finish();
    report.seconds.publish = started.elapsed().as_secs_f64();
    report.generation = published.generation;
    report.bytes = published.bytes;
    Ok(report)
}

fn run(
    config: &BuildConfig,
    walk: &Walk,
    encoder: &Encoder,
    writer: Writer,
    progress: &Progress,
) -> Result<(Writer, Report)> {
    progress.set_total(walk.files.iter().map(|f| f.bytes).sum());
    let (job_sender, jobs) = bounded::<Job>(QUEUE);
    let (written, results) = bounded::<Written>(QUEUE);
    thread::scope(|scope| {
        let encoders: Vec<_> = (0..config.threads)
            .map(|_| {
                let (jobs, written) = (jobs.clone(), written.clone());
                scope.spawn(move || encode(encoder, &jobs, &written, progress))
            })
            .collect();
        drop(jobs);
        let reader = scope.spawn(move || {
            let mut reader = Reader::new(config, encoder, progress, job_sender, written);
            reader.report.skipped = walk.unreadable.iter().map(|(s, r)| skip(s, r)).collect();
            let outcome = reader.read_all(walk);
            outcome.map(|()| reader.report)
        });
        // An error here drops the receiver; every thread then finds its queue closed and ends.
        let writer = write(writer, results);
        let report = reader.join().unwrap_or_else(|_| Err(Error::Stopped("the reader panicked".into())));
        for encoder in encoders {
            encoder.join().unwrap_or_else(|_| Err(Error::Stopped("an encoder panicked".into())))?;
        }
        Ok((writer?, report?))
    })
}

fn encode(encoder: &Encoder, jobs: &Receiver<Job>, written: &Sender<Written>, progress: &Progress) -> Result<()> {
    for job in jobs {
        let vector = encoder.encode_ids(&job.ids)?;
        progress.encoded(job.ids.len() as u64);
        if written.send(Written::Vector(job.row, vector)).is_err() {
            break;
        }
    }
    Ok(())
}

/// Writes passages in the order of the reader, each once its vector is there.
fn write(mut writer: Writer, results: Receiver<Written>) -> Result<Writer> {
    let mut waiting: VecDeque<(Box<Passage>, u32)> = VecDeque::new();
    let mut early: HashMap<u32, Vec<f32>> = HashMap::new();
    let mut rows = 0;
    for result in results {
        match result {
            Written::Passage(passage, row) => waiting.push_back((passage, row)),
            Written::Vector(row, vector) => drop(early.insert(row, vector)),
        }
        while let Some(vector) = early.remove(&rows) {
            writer.add_vector(&vector)?;
            rows += 1;
        }
        while let Some((passage, row)) = waiting.pop_front_if(|(_, row)| *row < rows) {
            writer.add_passage(&passage, row)?;
        }
    }
    if waiting.is_empty() && early.is_empty() {
        Ok(writer)
    } else {
        Err(Error::Stopped(format!("{} passages were left without a vector", waiting.len())))
    }
}

/// Reads files in order and hands out their passages.
struct Reader<'a> {
    config: &'a BuildConfig,
    encoder: &'a Encoder,
    progress: &'a Progress,
    jobs: Sender<Job>,
    written: Sender<Written>,
    titles: HashMap<PathBuf, Titles>,
    /// Row of each text that was seen, by a hash of what the encoder gets.
    rows: HashMap<[u8; 16], u32>,
    /// Names of pages; records of a file may repeat one.
    names: HashSet<String>,
    report: Report,
}

/// The other threads ended early; their error is the one that counts.
const CLOSED: &str = "a thread ended early";

impl<'a> Reader<'a> {
    fn new(
        config: &'a BuildConfig,
        encoder: &'a Encoder,
        progress: &'a Progress,
        jobs: Sender<Job>,
        written: Sender<Written>,
    ) -> Self {
        Self {
            config,
            encoder,
            progress,
            jobs,
            written,
            titles: HashMap::new(),
            rows: HashMap::new(),
            names: HashSet::new(),
            report: Report::default(),
        }
    }

    fn read_all(&mut self, walk: &Walk) -> Result<()> {
        for root in walk.files.iter().map(|f| &f.root) {
            if !self.titles.contains_key(root) {
                self.titles.insert(root.clone(), navigation::titles(root));
            }
        }
        let (mut batch, mut bytes) = (Vec::with_capacity(BATCH), 0);
        let limit = self.config.max_file_bytes;
        for file in &walk.files {
            let mut add = |reader: &mut Self, line, text: Result<String, String>| -> Result<()> {
                bytes += text.as_ref().map_or(0, String::len);
                batch.push(Item { file, line, text });
                if batch.len() >= BATCH || bytes >= BATCH_BYTES {
                    bytes = 0;
                    reader.process(std::mem::take(&mut batch))?;
                }
                Ok(())
            };
            if file.format == Format::Jsonl {
                match source::lines(file, limit) {
                    Ok(lines) => lines.into_iter().try_for_each(|(n, line)| {
                        self.progress.read(line.as_ref().map_or(0, |l| l.len() as u64 + 1));
                        add(self, Some(n), line)
                    })?,
                    Err(reason) => self.report.skipped.push(skip(&file.name, &reason)),
                }
            } else {
                add(self, None, source::read_text(file, limit))?;
                self.progress.read(file.bytes);
            }
        }
        self.process(batch)
    }

    /// Extracts and cuts a batch in parallel, then hands it out in order.
    fn process(&mut self, batch: Vec<Item<'_>>) -> Result<()> {
        let (config, encoder, titles) = (self.config, self.encoder, &self.titles);
        let done: Vec<_> = batch.into_par_iter().map(|item| prepare(item, config, encoder, titles)).collect();
        for (name, outcome) in done {
            match outcome? {
                Prepared::Page { id, passages, warnings } => self.add_page(&name, id, passages, &warnings)?,
                Prepared::LeftOut(reason) => self.report.left_out.push(skip(&name, &reason)),
                Prepared::Skipped(reason) => self.report.skipped.push(skip(&name, &reason)),
            }
        }
        Ok(())
    }

    fn add_page(&mut self, name: &str, id: String, passages: Passages, warnings: &[String]) -> Result<()> {
        if !self.names.insert(id.clone()) {
            self.report.skipped.push(skip(name, &format!("the id {id:?} is that of an earlier page")));
            return Ok(());
        }
        self.report.warnings.extend(warnings.iter().map(|w| skip(name, w)));
        self.report.split_sections += passages.split_sections;
        self.report.shortened_contexts += passages.shortened_contexts;
        let page = self.report.pages as u32;
        self.report.pages += 1;
        self.progress.page();
        for prepared in passages.prepared {
            let mut passage = prepared.passage;
            passage.page = page;
            let row = self.row_of(prepared.ids)?;
            self.report.passages += 1;
            self.progress.passage();
            self.send_passage(passage, row)?;
        }
        Ok(())
    }

    /// The row of a text: that of an identical one if there is one, else a new one to be encoded.
    fn row_of(&mut self, ids: Vec<u32>) -> Result<u32> {
        let next = self.rows.len() as u32;
        match self.rows.entry(key(&ids)) {
            std::collections::hash_map::Entry::Occupied(known) => {
                self.report.shared += 1;
                Ok(*known.get())
            }
            std::collections::hash_map::Entry::Vacant(new) => {
                new.insert(next);
                self.report.encoded += 1;
                self.report.tokens += ids.len() as u64;
                self.jobs.send(Job { row: next, ids }).map_err(|_| Error::Stopped(CLOSED.into()))?;
                Ok(next)
            }
        }
    }

    fn send_passage(&self, passage: Passage, row: u32) -> Result<()> {
        let message = Written::Passage(Box::new(passage), row);
        self.written.send(message).map_err(|_| Error::Stopped(CLOSED.into()))
    }
}

enum Prepared {
    Page { id: String, passages: Passages, warnings: Vec<String> },
    LeftOut(String),
    Skipped(String),
}

fn prepare(
    item: Item<'_>,
    config: &BuildConfig,
    encoder: &Encoder,
    titles: &HashMap<PathBuf, Titles>,
) -> (String, Result<Prepared>) {
    let name = match item.line {
        Some(n) => format!("{}:{n}", item.file.name),
        None => item.file.name.clone(),
    };
    let context = Context {
        source: &name,
        base_url: &config.base_url,
        url_style: config.url_style,
        navigation_title: titles
            .get(&item.file.root)
            .and_then(|t| t.get(&source::relative_name(&item.file.path, &item.file.root)))
            .map(String::as_str),
    };
    let outcome = item.text.and_then(|text| match item.line {
        Some(_) => extract::record(&text, &context),
        None => extract::file(item.file.format, &text, &context),
    });
    let prepared = match outcome {
        Err(reason) => Ok(Prepared::Skipped(reason)),
        Ok((Extracted::LeftOut(reason), _)) => Ok(Prepared::LeftOut(reason)),
        Ok((Extracted::Page(document), warnings)) => {
            passage::passages(&document, encoder).map(|passages| match passages.prepared.is_empty() {
                true => Prepared::LeftOut("no text".into()),
                false => Prepared::Page { id: document.source.clone(), passages, warnings },
            })
        }
    };
    (name, prepared)
}

fn skip(source: &str, reason: &str) -> Skip {
    Skip { source: source.to_owned(), reason: reason.to_owned() }
}

/// 128 bits of BLAKE3: two texts of an index will not meet by chance.
fn key(ids: &[u32]) -> [u8; 16] {
    let mut hasher = blake3::Hasher::new();
    for id in ids {
        hasher.update(&id.to_le_bytes());
    }
    let mut key = [0; 16];
    key.copy_from_slice(&hasher.finalize().as_bytes()[..16]);
    key
}
