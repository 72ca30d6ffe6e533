//! The action and output of each command.

mod adapt;
mod archive;
pub mod cli;
mod cluster;
pub mod config;
mod model;
mod pace;
mod plain_files;
mod sections;
mod table;
pub mod token_codes;
mod train;

use std::{
    io::Write,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, ensure};
use cloze_cluster::{Address, Cluster};
use cloze_index::{Generation, Manifest, Verified, date, layout};
use cloze_models::ModelSource;
use serde_json::json;

use crate::{
    BuildConfig,
    pipeline::{self, report::Report},
    source::watch,
};
use cli::{BuildArgs, Cli, Command, ImportArgs, IndexArgs};
use config::File;

/// Exit code of a complete success.
const DONE: u8 = 0;
/// Exit code of a build that skipped some sources.
const DONE_WITH_SKIPS: u8 = 3;

/// Runs the command line; returns the exit code.
///
/// # Errors
/// A chain of sentences for the user at the terminal.
pub fn run(cli: Cli) -> Result<u8> {
    let file = File::read(cli.config.as_deref())?;
    match cli.command {
        Command::Build(args) => build(args, file),
        Command::Watch(args) => watch(args, file),
        Command::Status(args) => status(&args, file),
        Command::Verify(args) => verify(&args, file),
        Command::Export(args) => {
            let index = choose_index(args.index, file);
            // The archive may go to standard output.
            eprintln!("{}", export(&index, args.file.as_deref(), args.static_dir.as_deref(), args.model.as_deref())?);
            Ok(DONE)
        }
        Command::Import(args) => import(args, file),
        Command::Prune(args) => prune(&args, file),
        Command::Adapt(args) => print(&adapt::run(args)?),
        Command::Train(args) => print(&train::run(&args)?),
        Command::Model { command } => print(&model::run(command)?),
    }
}

/// Prints to standard output. A reader that stops early, such as `head`, is no error.
fn print(text: &str) -> Result<u8> {
    match writeln!(std::io::stdout(), "{text}") {
        Err(e) if e.kind() != std::io::ErrorKind::BrokenPipe => Err(e).context("cannot write to standard output"),
        _ => Ok(DONE),
    }
}

fn export(index: &Path, file: Option<&Path>, static_dir: Option<&Path>, model: Option<&str>) -> Result<String> {
    match (static_dir, file) {
        (Some(dir), _) => plain_files::export(index, model.map(ModelSource::parse).as_ref(), dir),
        (None, Some(file)) => archive::export(index, file),
        (None, None) => anyhow::bail!("name the archive to write, or a folder with --static"),
    }
}

/// Writes the plain files of a build, if the command line asks for them.
fn export_built(static_dir: Option<&Path>, config: &BuildConfig) -> Result<()> {
    let Some(dir) = static_dir else { return Ok(()) };
    let text = plain_files::export(&config.index, Some(&config.model), dir)?;
    if !config.quiet {
        eprintln!("{text}");
    }
    Ok(())
}

fn build(args: BuildArgs, file: File) -> Result<u8> {
    let (json, static_dir) = (args.json, args.static_dir.clone());
    let config = BuildConfig::resolve(args, file);
    let report = pipeline::build(&config)?;
    export_built(static_dir.as_deref(), &config)?;
    if json {
        print(&serde_json::to_string_pretty(&report)?)?;
    } else {
        tell(&report, config.quiet);
    }
    Ok(if report.skipped.is_empty() { DONE } else { DONE_WITH_SKIPS })
}

fn tell(report: &Report, quiet: bool) {
    if quiet {
        report.skipped.iter().for_each(|s| eprintln!("skipped: {}: {}", s.source, s.reason));
    } else {
        eprintln!("{}", report.to_text());
    }
}

/// Prints one report per build, until the process is stopped; as JSON, one line each.
fn watch(args: BuildArgs, file: File) -> Result<u8> {
    let (json, static_dir) = (args.json, args.static_dir.clone());
    let config = BuildConfig::resolve(args, file);
    let mut first = true;
    let mut refused = None;
    let mut last = String::new();
    watch::watch(&config, |built| {
        let is_first = std::mem::take(&mut first);
        if let Ok(report) = &built
            && (is_first || !report.unchanged)
            && let Err(error) = export_built(static_dir.as_deref(), &config)
        {
            eprintln!("indexer: {error:#}");
        }
        match built {
            // A failed build is retried again and again; its error is printed once.
            Err(error) if error.to_string() == last => {}
            Ok(report) if json => {
                last.clear();
                let line = serde_json::to_string(&report).unwrap_or_default();
                return print(&line).is_ok();
            }
            Ok(report) => {
                last.clear();
                tell(&report, config.quiet);
            }
            // The user at the terminal can fix the first error at once; later errors must not end the watch.
            Err(error) if is_first => refused = Some(error),
            Err(error) => {
                last = error.to_string();
                eprintln!("indexer: {last}");
            }
        }
        refused.is_none()
    })?;
    refused.map_or(Ok(DONE), |error| Err(error.into()))
}

fn index_dir(args: &IndexArgs, file: File) -> PathBuf {
    choose_index(args.index.clone(), file)
}

fn choose_index(given: Option<PathBuf>, file: File) -> PathBuf {
    given.or(file.index).unwrap_or_else(|| config::DEFAULT_INDEX.into())
}

fn import(args: ImportArgs, file: File) -> Result<u8> {
    let body = args.body.clone();
    let index = choose_index(args.index, file);
    if let Some(file) = &args.file {
        print(&archive::import(&index, file)?)?;
    }
    body.map_or(Ok(DONE), |body| print(&cluster::send(&index, &body)?))
}

/// Opens the index on a cluster if one is named, else that in a folder.
fn open(args: &IndexArgs, dir: &Path, file_body: Option<&Address>) -> Result<Generation> {
    let body = args.body.as_ref().or(file_body.filter(|_| args.index.is_none()));
    Ok(match body {
        Some(body) => Cluster::patient(body)?.open()?,
        None => Generation::open(dir)?,
    })
}

fn status(args: &IndexArgs, file: File) -> Result<u8> {
    let body = file.body.clone();
    let dir = index_dir(args, file);
    let generation = open(args, &dir, body.as_ref())?;
    let manifest = generation.manifest();
    let ledger = folder_bytes(&dir.join(layout::LEDGER));
    if args.json {
        let mut value = serde_json::to_value(manifest)?;
        value["tombstones"] = (manifest.counts.numbers - manifest.counts.passages).into();
        value["bytes"] = manifest.files.iter().map(|f| f.bytes).sum::<u64>().into();
        value["ledger_bytes"] = ledger.into();
        return print(&serde_json::to_string_pretty(&value)?);
    }
    print(&describe(manifest, ledger))
}

fn describe(manifest: &Manifest, ledger: u64) -> String {
    let bytes: u64 = manifest.files.iter().map(|f| f.bytes).sum();
    let model = |key: &str| manifest.model[key].to_string().trim_matches('"').to_owned();
    let (counts, build) = (manifest.counts, manifest.build);
    [
        format!("generation {}, published {}", manifest.generation, date::utc(manifest.created_unix)),
        format!("pages      {}", counts.pages),
        format!(
            "passages   {} with {} vectors in {} segments",
            counts.passages,
            counts.vectors,
            manifest.vector_segments.len()
        ),
        format!("tombstones {}", counts.numbers - counts.passages),
        format!("last build {} encoded, {} reused, {} removed", build.encoded, build.reused, build.removed),
        format!("model      {} ({}, {} dimensions)", model("name"), model("precision"), manifest.dimension),
        format!(
            "size       {:.1} MB in {} files, and a ledger of {:.1} MB",
            bytes as f64 / 1e6,
            manifest.files.len(),
            ledger as f64 / 1e6
        ),
    ]
    .join("\n")
}

/// Total size of the files in a folder and its subfolders; 0 if it does not exist.
fn folder_bytes(dir: &Path) -> u64 {
    let Ok(entries) = std::fs::read_dir(dir) else { return 0 };
    let size = |entry: std::fs::DirEntry| match entry.metadata() {
        Ok(data) if data.is_dir() => folder_bytes(&entry.path()),
        Ok(data) => data.len(),
        Err(_) => 0,
    };
    entries.flatten().map(size).sum()
}

fn verify(args: &IndexArgs, file: File) -> Result<u8> {
    let body = args.body.clone().or(file.body.clone().filter(|_| args.index.is_none()));
    let dir = index_dir(args, file);
    if let Some(body) = body {
        return print(&cluster::verify(&body, args.json)?);
    }
    // Opening verifies the checksum of every file, and the engines against the manifest.
    let verified = Generation::open(&dir).and_then(|g| Ok((g.verify()?, g.manifest().generation.clone())));
    let (Verified { files, passages }, generation) =
        verified.with_context(|| format!("verification of {} failed", dir.display()))?;
    let text = format!("generation {generation}: verified {files} files and {passages} passages");
    let value = json!({"generation": generation, "files": files, "passages": passages, "ok": true});
    print(&if args.json { value.to_string() } else { text })
}

fn prune(args: &IndexArgs, file: File) -> Result<u8> {
    ensure!(args.body.is_none(), "prune works on an index directory; a cluster keeps no old versions");
    let removed = cloze_index::prune(&index_dir(args, file))?;
    let text = if removed.is_empty() { "nothing to remove".into() } else { format!("removed {}", removed.join(", ")) };
    print(&if args.json { json!({"removed": removed}).to_string() } else { text })
}
