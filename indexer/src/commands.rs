//! What each command does and prints.

use std::{io::Write, path::PathBuf};

use anyhow::{Context, Result};
use cloze_index::{Generation, Manifest};
use serde_json::json;

use crate::{
    BuildConfig,
    cli::{BuildArgs, Cli, Command, IndexArgs},
    config::{self, File},
    model, pipeline,
    report::Report,
    watch,
};

/// Exit code of a command that did all it was asked to.
const DONE: u8 = 0;
/// Exit code of a build that had to skip some sources.
const DONE_WITH_SKIPS: u8 = 3;

/// Carries out the command line; gives the exit code.
///
/// # Errors
/// A chain of sentences for the person at the terminal.
pub fn run(cli: Cli) -> Result<u8> {
    let file = File::read(cli.config.as_deref())?;
    match cli.command {
        Command::Build(args) => build(args, file),
        Command::Watch(args) => watch(args, file),
        Command::Status(args) => status(&args, file),
        Command::Verify(args) => verify(&args, file),
        Command::Prune(args) => prune(&args, file),
        Command::Model { command } => print(&model::run(command)?),
    }
}

/// Prints to standard output; a reader that has seen enough, such as `head`, is no error.
fn print(text: &str) -> Result<u8> {
    match writeln!(std::io::stdout(), "{text}") {
        Err(e) if e.kind() != std::io::ErrorKind::BrokenPipe => Err(e).context("cannot write to standard output"),
        _ => Ok(DONE),
    }
}

fn build(args: BuildArgs, file: File) -> Result<u8> {
    let json = args.json;
    let config = BuildConfig::resolve(args, file);
    let report = pipeline::build(&config)?;
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

/// One report a build, until the process is stopped; as JSON, one line each.
fn watch(args: BuildArgs, file: File) -> Result<u8> {
    let json = args.json;
    let config = BuildConfig::resolve(args, file);
    let mut first = true;
    let mut refused = None;
    watch::watch(&config, |built| {
        let is_first = std::mem::take(&mut first);
        match built {
            Ok(report) if json => {
                let line = serde_json::to_string(&report).unwrap_or_default();
                return print(&line).is_ok();
            }
            Ok(report) => tell(&report, config.quiet),
            // Somebody at the terminal can mend the first one at once; later ones must not end the watch.
            Err(error) if is_first => refused = Some(error),
            Err(error) => eprintln!("indexer: {error}"),
        }
        refused.is_none()
    })?;
    refused.map_or(Ok(DONE), |error| Err(error.into()))
}

fn index_dir(args: &IndexArgs, file: File) -> PathBuf {
    args.index.clone().or(file.index).unwrap_or_else(|| config::DEFAULT_INDEX.into())
}

fn status(args: &IndexArgs, file: File) -> Result<u8> {
    let generation = Generation::open(&index_dir(args, file))?;
    let manifest = generation.manifest();
    if args.json {
        return print(&serde_json::to_string_pretty(manifest)?);
    }
    print(&describe(manifest))
}

fn describe(manifest: &Manifest) -> String {
    let bytes: u64 = manifest.files.iter().map(|f| f.bytes).sum();
    let model = |key: &str| manifest.model[key].to_string().trim_matches('"').to_owned();
    [
        format!("generation {}, published {} s after 1970 UTC", manifest.generation, manifest.created_unix),
        format!("pages      {}", manifest.counts.pages),
        format!("passages   {} with {} distinct vectors", manifest.counts.passages, manifest.counts.vectors),
        format!("model      {} ({}, {} dimensions)", model("name"), model("precision"), manifest.dimension),
        format!("size       {:.1} MB in {} files", bytes as f64 / 1e6, manifest.files.len()),
    ]
    .join("\n")
}

fn verify(args: &IndexArgs, file: File) -> Result<u8> {
    let dir = index_dir(args, file);
    // Opening checks every file against its checksum and the engines against the manifest.
    let generation = Generation::open(&dir).with_context(|| format!("{} did not pass", dir.display()))?;
    let manifest = generation.manifest();
    let text = format!("generation {}: {} files are as they were written", manifest.generation, manifest.files.len());
    let value = json!({"generation": manifest.generation, "files": manifest.files.len(), "ok": true});
    print(&if args.json { value.to_string() } else { text })
}

fn prune(args: &IndexArgs, file: File) -> Result<u8> {
    let removed = cloze_index::prune(&index_dir(args, file))?;
    let text = if removed.is_empty() { "nothing to remove".into() } else { format!("removed {}", removed.join(", ")) };
    print(&if args.json { json!({"removed": removed}).to_string() } else { text })
}
