//! Reads, cuts, encodes and writes, side by side.
//!
//! ```text
//! reader thread --batches--> (rayon: extract, cut, tokenise) --jobs--> encoder threads --+
//!        |                                                                              |
//!        +------------------passages, and vectors that are known-------------------> writer
//! ```
//!
//! Every arrow is a bounded queue, so memory does not grow with the corpus. The reader and the encoders are threads
//! of their own: nothing inside rayon's pool ever waits for a queue.

mod coder;
pub(crate) mod known_items;
mod memory;
mod off_topic;
mod prepare;
mod probes;
mod progress;
mod queue;
mod reader;
pub mod report;
mod survey;
mod translations;

use std::{
    collections::{HashMap, VecDeque},
    thread,
    time::Instant,
};

use cloze_cluster::{Address, Cluster, Sent};
use cloze_index::{BuildCounts, Encoded, Generation, Ledger, Writer, WriterOptions};
use cloze_models::{Artifact, Encoder, LookupTable};
use crossbeam_channel::{Receiver, Sender, bounded};

use crate::{
    BuildConfig, Error, Report, Result,
    source::{self, Walk, crawl::Crawled},
};
use coder::Coder;
use memory::{Memory, Used};
use progress::Progress;
use queue::{Job, Step, Written};
use reader::{Reader, Tools};

/// Maximum number of texts that wait for an encoder, and of results that wait for the writer.
const QUEUE: usize = 256;

/// Builds a new generation and makes it live.
///
/// # Errors
/// [`Error`] if there is nothing to index, or if the model cannot be loaded or the index cannot be written. The live
/// generation then stays live. A bad document is not an error: it is in the report.
pub fn build(config: &BuildConfig) -> Result<Report> {
    let progress = Progress::new(config.quiet);
    let mut walk = source::walk(&config.selection)?;
    if walk.files.is_empty() && config.crawl.addresses.is_empty() {
        let found =
            format!("found {} files of other formats and {} unreadable files", walk.other, walk.unreadable.len());
        return Err(Error::Empty { paths: config.selection.paths.clone(), found });
    }
    let started = Instant::now();
    progress.phase("load", &format!("model {}", config.model));
    let dir = config.model.fetch(!config.quiet)?;
    let artifact = Artifact::read(&dir, &config.model.to_string(), config.precision)?
        .with_prefixes(config.query_prefix.as_deref(), config.passage_prefix.as_deref())?;
    let encoder = Encoder::from_artifact(&artifact, config.threads)?;
    let table = LookupTable::of(&artifact, encoder.shared_tokenizer())?;
    let model = serde_json::to_value(encoder.record()).unwrap_or_default();
    let memory = Memory::new(config, &model);
    let coder = Coder::new(&encoder, config.token_codes.neighbours())?;
    let options = WriterOptions {
        dimension: encoder.record().dimension,
        model,
        token_neighbours: config.token_codes.neighbours(),
    };
    let writer = Writer::begin(&config.index, options)?;
    let ledger = writer.ledger();
    let load = started.elapsed().as_secs_f64();
    let started = Instant::now();
    let crawled = crawl(config, &writer, &mut walk, &progress)?;
    let crawl_seconds = started.elapsed().as_secs_f64();

    let started = Instant::now();
    progress.phase("encode", &format!("{} files, {} threads", walk.files.len(), config.threads));
    let (mut writer, mut report, mut used) = run(config, &walk, &encoder, &coder, &memory, writer, &progress)?;
    report.seconds.load = load;
    report.seconds.crawl = crawl_seconds;
    report.crawled = crawled;
    report.seconds.encode = started.elapsed().as_secs_f64();
    report.tokens_per_s = report.tokens as f64 / report.seconds.encode.max(1e-9);
    if report.pages == 0 {
        progress.finish();
        let found = format!(
            "{} sources were skipped and {} left out, so nothing was published",
            report.skipped.len(),
            report.left_out.len()
        );
        return Err(Error::Empty { paths: config.selection.paths.clone(), found });
    }

    let started = Instant::now();
    progress.phase("publish", &format!("{} passages of {} pages", report.passages, report.pages));
    let probes = probes::probes(&encoder, table.as_ref(), &memory, &ledger, &writer, report.passages, &mut used)?;
    writer.calibrate(probes.model);
    writer.calibrate_lookups(probes.lookup);
    // The graph over the vectors needs memory now, and the encoder needs none any more.
    drop(encoder);
    let counts = BuildCounts { encoded: report.encoded, reused: report.reused, removed: 0 };
    let published = writer.publish(counts)?;
    used.tidy(&ledger)?;
    progress.finish();
    report.seconds.publish = started.elapsed().as_secs_f64();
    report.generation = published.generation;
    report.bytes = published.bytes;
    report.removed = published.removed;
    report.unchanged = published.is_unchanged;
    report.unknown_languages = published.unknown_languages;
    if let Some(body) = &config.body {
        let sent = send(config, body)?;
        (report.body, report.sent) = (Some(sent.body), Some(sent.sent));
    }
    Ok(report)
}

/// Sends the live generation to a cluster, unless it is there.
fn send(config: &BuildConfig, body: &Address) -> Result<Sent> {
    let generation = Generation::open(&config.index)?;
    let progress = Progress::new(config.quiet);
    progress.phase("send", &format!("{} passages to {body}", generation.passages()));
    let sent = Cluster::patient(body)?.send(&generation, |_| ())?;
    progress.finish();
    Ok(sent)
}

/// Fetches the given sites, and adds their pages to the sources.
fn crawl(config: &BuildConfig, writer: &Writer, walk: &mut Walk, progress: &Progress) -> Result<Option<Crawled>> {
    let Some(first) = config.crawl.addresses.first() else { return Ok(None) };
    progress.phase("crawl", &config.crawl.addresses.join(", "));
    let found = source::crawl::crawl(config, &writer.fetched(), |asked, waiting| progress.crawled(asked, waiting))?;
    if walk.files.is_empty() && found.files.is_empty() {
        let reasons = found.skipped.iter().chain(&found.left_out).take(3).map(|(s, r)| match s == first {
            true => r.clone(),
            false => format!("{s}: {r}"),
        });
        let reason = reasons.collect::<Vec<_>>().join("; ");
        return Err(Error::Site { address: first.clone(), reason });
    }
    walk.files.extend(found.files);
    walk.unreadable.extend(found.skipped);
    walk.left_out.extend(found.left_out);
    walk.notes.extend(found.warnings);
    Ok(Some(found.counts))
}

fn run(
    config: &BuildConfig,
    walk: &Walk,
    encoder: &Encoder,
    coder: &Coder<'_>,
    memory: &Memory,
    writer: Writer,
    progress: &Progress,
) -> Result<(Writer, Report, Used)> {
    progress.set_total(walk.files.len() as u64, walk.files.iter().map(|f| f.bytes).sum());
    let (ledger, previous) = (writer.ledger(), writer.previous());
    let (job_sender, jobs) = bounded::<Job>(QUEUE);
    let (written, results) = bounded::<Written>(QUEUE);
    thread::scope(|scope| {
        let encoders: Vec<_> = (0..config.threads)
            .map(|_| {
                let (jobs, written, ledger) = (jobs.clone(), written.clone(), ledger.clone());
                scope.spawn(move || encode(coder, &jobs, &written, &ledger, progress))
            })
            .collect();
        drop(jobs);
        let tools = Tools { config, encoder, coder, progress, memory, ledger: ledger.clone(), previous };
        let reader = scope.spawn(move || Reader::new(tools, job_sender, written).read_all(walk));
        // An error here drops the receiver; every thread then finds its queue closed and ends.
        let writer = write(writer, results);
        let read = reader.join().unwrap_or_else(|_| Err(Error::Stopped("the reader thread panicked".into())));
        for encoder in encoders {
            encoder.join().unwrap_or_else(|_| Err(Error::Stopped("an encoder thread panicked".into())))?;
        }
        let writer = writer?;
        let (report, used) = read?;
        Ok((writer, report, used))
    })
}

fn encode(
    coder: &Coder<'_>,
    jobs: &Receiver<Job>,
    written: &Sender<Written>,
    ledger: &Ledger,
    progress: &Progress,
) -> Result<()> {
    for job in jobs {
        let encoded = coder.encode(&job.ids)?;
        // Remembered at once, so that a killed build does not start from scratch.
        ledger.put_vector(job.key.as_bytes(), &encoded)?;
        progress.encoded(job.ids.len() as u64);
        if written.send(Written::Vector(job.row, encoded)).is_err() {
            break;
        }
    }
    Ok(())
}

/// Writes passages in the order of the reader, each after its vector arrives.
fn write(mut writer: Writer, results: Receiver<Written>) -> Result<Writer> {
    let mut waiting: VecDeque<Step> = VecDeque::new();
    let mut early: HashMap<u32, Encoded> = HashMap::new();
    let mut rows = 0;
    for result in results {
        match result {
            Written::Step(step) => waiting.push_back(step),
            Written::Vector(row, encoded) => drop(early.insert(row, encoded)),
        }
        while let Some(encoded) = early.remove(&rows) {
            writer.add_vector(&encoded)?;
            rows += 1;
        }
        let is_ready = |step: &mut Step| !matches!(step, Step::Add(_, row) if *row >= rows);
        while let Some(step) = waiting.pop_front_if(is_ready) {
            match step {
                Step::Add(passage, row) => drop(writer.add_passage(&passage, row)?),
                Step::Keep(page, id, key) => writer.keep_passage(&page, id, key),
            }
        }
    }
    if waiting.is_empty() && early.is_empty() {
        Ok(writer)
    } else {
        Err(Error::Stopped(format!("{} passages have no vector", waiting.len())))
    }
}
