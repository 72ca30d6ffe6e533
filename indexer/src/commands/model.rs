//! `indexer model`.

use std::io::IsTerminal;

use anyhow::Result;
use cloze_models::{
    Artifact, ModelSource, Precision, Preset,
    artifact::Weights,
    available_threads,
    preset::{PRESETS, SMALL},
    source,
};

use crate::commands::{cli::ModelCommand, pace::Pace, table as lookup_table};

/// Runs the command; returns its output.
pub(crate) fn run(command: ModelCommand) -> Result<String> {
    match command {
        ModelCommand::Pull { model } => {
            let source = ModelSource::parse(&model.unwrap_or_default());
            let dir = source.fetch(std::io::stderr().is_terminal())?;
            Ok(format!("{source}: {}", dir.display()))
        }
        ModelCommand::List { measure } => list(measure),
        ModelCommand::Table(args) => lookup_table::run(*args),
        ModelCommand::Info { model } => info(&ModelSource::parse(&model.unwrap_or_default())),
    }
}

/// One line for every preset, fetched or not, and one for every other model on this machine. Their speed is relative to
/// that of the default model: `measure` finds it on this machine.
fn list(measure: bool) -> Result<String> {
    let header = [
        "preset",
        "model",
        "languages",
        "dimensions",
        "tokens",
        "size",
        "nDCG@10",
        "speed",
        "memory",
        "licence",
        "directory",
    ];
    let mut rows = vec![header.map(str::to_owned)];
    let base = if measure { pace(&SMALL)? } else { None };
    for preset in PRESETS {
        let measured = if measure { pace(preset)? } else { None };
        rows.push(row(preset, measured.as_ref(), base.as_ref()));
    }
    let is_preset = |name: &str| PRESETS.iter().any(|p| p.model == name);
    let others = source::installed_models().into_iter().filter(|(name, _)| !is_preset(name));
    let others = others.map(|(name, dir)| format!("{name}\t{}", dir.display()));
    Ok(table(&rows).into_iter().chain(others).collect::<Vec<_>>().join("\n"))
}

/// The speed of a preset on this machine, if it is here.
fn pace(preset: &Preset) -> Result<Option<Pace>> {
    let Some(dir) = preset.dir() else { return Ok(None) };
    Pace::of(&Artifact::read(&dir, preset.model, Precision::Int8)?).map(Some)
}

fn row(p: &Preset, measured: Option<&Pace>, base: Option<&Pace>) -> [String; 11] {
    let speed = match (measured, base) {
        (Some(own), Some(base)) => own.tokens_per_s / base.tokens_per_s,
        _ => f64::from(p.speed) / 100.0,
    };
    let tokens = measured.map_or_else(String::new, |own| format!(" ({:.0} tokens/s a thread)", own.tokens_per_s));
    [
        p.name.to_owned(),
        p.model.to_owned(),
        p.languages.to_owned(),
        p.dimension.to_string(),
        p.max_tokens.to_string(),
        format!("{:.0} MB", p.bytes as f64 / 1e6),
        p.quality.map(|q| format!(".{q:03}")).join(" / "),
        format!("{speed:.2}{tokens}"),
        measured.and_then(|own| own.resident).map_or_else(|| "-".to_owned(), megabytes),
        p.licence.to_owned(),
        p.dir().map_or_else(|| "not on this machine".to_owned(), |dir| dir.display().to_string()),
    ]
}

fn megabytes(bytes: u64) -> String {
    format!("{:.0} MB", bytes as f64 / 1e6)
}

/// Rows with aligned columns.
fn table<const N: usize>(rows: &[[String; N]]) -> Vec<String> {
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let cell = |(column, text): (usize, &String)| format!("{text:<width$}", width = width(column));
    let line =
        |row: &[String; N]| row.iter().enumerate().map(cell).collect::<Vec<_>>().join("  ").trim_end().to_owned();
    rows.iter().map(line).collect()
}

/// Whether the model works, found out by encoding with it, and what a build with it costs.
fn trial(artifact: &Artifact) -> Vec<String> {
    let pace = match Pace::of(artifact) {
        Ok(pace) => pace,
        Err(error) => return vec![format!("works          no: {error}")],
    };
    let memory = pace.resident.map(|bytes| format!("memory         {} with one session", megabytes(bytes)));
    let time = format!(
        "time           {:.1} s for 1,000 passages of 200 tokens, on {} threads ({:.0} tokens/s a thread)",
        pace.of_1000_passages(),
        available_threads(),
        pace.tokens_per_s
    );
    ["works          yes".to_owned(), time].into_iter().chain(memory).collect()
}

fn info(source: &ModelSource) -> Result<String> {
    let artifact = Artifact::read(&source.locate()?, &source.to_string(), Precision::Int8)?;
    let record = &artifact.record;
    let graph = match &artifact.weights {
        Weights::Safetensors(_) => "built from model.safetensors".to_owned(),
        Weights::Onnx(path) => format!("{}, unchanged", path.strip_prefix(&artifact.dir).unwrap_or(path).display()),
    };
    let quoted = |text: &str| if text.is_empty() { "none".to_owned() } else { format!("{text:?}") };
    Ok([
        format!("name           {}", record.name),
        format!("directory      {}", artifact.dir.display()),
        format!("architecture   {} ({graph})", artifact.config.model_type),
        format!("layers         {}", artifact.config.num_hidden_layers),
        format!("dimension      {}", record.dimension),
        format!("token limit    {}", record.max_tokens),
        format!("pooling        {:?}", record.pooling),
        format!("query prefix   {}", quoted(&record.query_prefix)),
        format!("passage prefix {}", quoted(&record.passage_prefix)),
        format!("weights        SHA-256 {}", record.weights_sha256),
        format!("tokenizer      SHA-256 {}", record.tokenizer_sha256),
    ]
    .into_iter()
    .chain(record.licence.as_ref().map(|licence| format!("licence        {licence}")))
    .chain(record.source.as_ref().map(|source| format!("source         {source}")))
    .chain(trial(&artifact))
    .collect::<Vec<_>>()
    .join("\n"))
}
