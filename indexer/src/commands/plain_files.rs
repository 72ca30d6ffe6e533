//! `indexer export --static` and `indexer build --static`.

use std::path::Path;

use anyhow::{Context, Result};
use cloze_index::Generation;
use cloze_models::ModelSource;

/// Writes the live generation as plain files; returns a report for people.
pub(crate) fn export(index: &Path, model: Option<&ModelSource>, dir: &Path) -> Result<String> {
    let generation = Generation::open(index)?;
    let written = cloze_static::export(&generation, model, dir)
        .with_context(|| format!("cannot write a static index to {}", dir.display()))?;
    let kilobytes = written.bytes.div_ceil(1024);
    let mut text = format!(
        "generation {} written to {} as {} files, {kilobytes} KiB",
        written.generation,
        dir.display(),
        written.files
    );
    if let Some(reason) = written.words_only {
        text += &format!("; browsers search it by words alone: {reason}");
    }
    Ok(text)
}
