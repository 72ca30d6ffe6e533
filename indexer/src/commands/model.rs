//! `indexer model`.

use std::io::IsTerminal;

use anyhow::Result;
use cloze_models::{Artifact, ModelSource, Precision, artifact::Weights, preset::PRESETS, source};

use crate::commands::{cli::ModelCommand, table as lookup_table};

/// Runs the command; returns its output.
pub(crate) fn run(command: ModelCommand) -> Result<String> {
    match command {
        ModelCommand::Pull { model } => {
            let source = ModelSource::parse(&model.unwrap_or_default());
            let dir = source.fetch(std::io::stderr().is_terminal())?;
            Ok(format!("{source}: {}", dir.display()))
        }
        ModelCommand::List => Ok(list()),
        ModelCommand::Table(args) => lookup_table::run(*args),
        ModelCommand::Info { model } => info(&ModelSource::parse(&model.unwrap_or_default())),
    }
}

/// One line for every preset, fetched or not, and one for every other model on this machine.
fn list() -> String {
    let header = ["preset", "model", "languages", "dimensions", "tokens", "size", "licence", "directory"];
    let presets = PRESETS.iter().map(|p| {
        let directory = p.dir().map_or_else(|| "not on this machine".to_owned(), |dir| dir.display().to_string());
        let (dimension, tokens) = (p.dimension.to_string(), p.max_tokens.to_string());
        let size = format!("{:.0} MB", p.bytes as f64 / 1e6);
        [p.name, p.model, p.languages, &dimension, &tokens, &size, p.licence, &directory].map(str::to_owned)
    });
    let is_preset = |name: &str| PRESETS.iter().any(|p| p.model == name);
    let others = source::installed_models().into_iter().filter(|(name, _)| !is_preset(name));
    let others = others.map(|(name, dir)| format!("{name}\t{}", dir.display()));
    let table = table(&[header.map(str::to_owned)].into_iter().chain(presets).collect::<Vec<_>>());
    table.into_iter().chain(others).collect::<Vec<_>>().join("\n")
}

/// Rows with aligned columns.
fn table<const N: usize>(rows: &[[String; N]]) -> Vec<String> {
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let cell = |(column, text): (usize, &String)| format!("{text:<width$}", width = width(column));
    let line =
        |row: &[String; N]| row.iter().enumerate().map(cell).collect::<Vec<_>>().join("  ").trim_end().to_owned();
    rows.iter().map(line).collect()
}

fn info(source: &ModelSource) -> Result<String> {
    let artifact = Artifact::read(&source.locate()?, &source.to_string(), Precision::Int8)?;
    let record = &artifact.record;
    let graph = match artifact.weights {
        Weights::Safetensors(_) => "built from model.safetensors",
        Weights::Onnx(_) => "onnx/model.onnx, unchanged",
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
    .collect::<Vec<_>>()
    .join("\n"))
}
