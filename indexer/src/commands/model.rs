//! `indexer model pull|list|info`.

use std::io::IsTerminal;

use cloze_models::{Artifact, ModelSource, Precision, artifact::Weights, source};

use crate::{Result, commands::cli::ModelCommand};

/// Carries out the command; gives what to print.
pub(crate) fn run(command: ModelCommand) -> Result<String> {
    match command {
        ModelCommand::Pull { model } => {
            let source = ModelSource::parse(&model.unwrap_or_default());
            let dir = source.fetch(std::io::stderr().is_terminal())?;
            Ok(format!("{source}: {}", dir.display()))
        }
        ModelCommand::List => {
            let models = source::installed_models();
            if models.is_empty() {
                return Ok("no models on this machine; fetch the default with `indexer model pull`".into());
            }
            let lines = models.iter().map(|(name, dir)| format!("{name}\t{}", dir.display()));
            Ok(lines.collect::<Vec<_>>().join("\n"))
        }
        ModelCommand::Info { model } => info(&ModelSource::parse(&model.unwrap_or_default())),
    }
}

fn info(source: &ModelSource) -> Result<String> {
    let artifact = Artifact::read(&source.locate()?, &source.to_string(), Precision::Int8)?;
    let record = &artifact.record;
    let graph = match artifact.weights {
        Weights::Safetensors(_) => "built from model.safetensors",
        Weights::Onnx(_) => "onnx/model.onnx as it is",
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
    .join("\n"))
}
