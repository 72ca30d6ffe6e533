//! `indexer export` and `indexer import`.

use std::{
    fs::{self, File},
    io::{self, BufReader, BufWriter},
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};

/// Writes the archive under a temporary name first, so that the final name never holds half an archive.
pub(crate) fn export(index: &Path, file: &Path) -> Result<String> {
    if file == Path::new("-") {
        let name = cloze_index::export(index, BufWriter::new(io::stdout().lock()))?;
        return Ok(format!("wrote generation {name} to standard output"));
    }
    let beside = beside(file);
    let written = write(index, &beside).and_then(|name| {
        fs::rename(&beside, file).with_context(|| format!("cannot rename to {}", file.display()))?;
        Ok(name)
    });
    let name = written.inspect_err(|_| drop(fs::remove_file(&beside)))?;
    Ok(format!("wrote generation {name} to {}", file.display()))
}

fn write(index: &Path, path: &Path) -> Result<String> {
    let out = File::create(path).with_context(|| format!("cannot create {}", path.display()))?;
    let name = cloze_index::export(index, BufWriter::new(&out))?;
    out.sync_all().with_context(|| format!("cannot sync {}", path.display()))?;
    Ok(name)
}

fn beside(file: &Path) -> PathBuf {
    let mut name = file.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.part", std::process::id()));
    file.with_file_name(name)
}

pub(crate) fn import(index: &Path, file: &Path) -> Result<String> {
    let imported = if file == Path::new("-") {
        cloze_index::import(index, io::stdin().lock())?
    } else {
        let input = File::open(file).with_context(|| format!("cannot read {}", file.display()))?;
        cloze_index::import(index, BufReader::new(input))
            .with_context(|| format!("cannot import {}", file.display()))?
    };
    let was = if imported.was_there { " already existed and" } else { "" };
    Ok(format!("generation {}{was} is live in {}", imported.generation, index.display()))
}
