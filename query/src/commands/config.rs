//! The program's settings, resolved from `cloze.toml` and the command line.

use std::path::{Path, PathBuf};

pub use cloze_cluster::Address;
use cloze_models::ModelSource;
use serde::Deserialize;

use crate::{Error, Result};

/// Name of the settings file, looked for in the current directory.
pub const FILE: &str = "cloze.toml";
/// The default index directory.
pub const DEFAULT_INDEX: &str = ".cloze";

/// `cloze.toml` as the programs that search read it; The programs that own `[build]` and `[server]` check those
/// tables.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct File {
    /// The index directory.
    pub index: Option<PathBuf>,
    /// The address of the index's body, if it lies on a cluster.
    pub body: Option<Address>,
    /// The directory of the index's model.
    pub model: Option<String>,
    #[serde(default, rename = "precision")]
    _precision: Option<toml::Value>,
    #[serde(default, rename = "build")]
    _build: Option<toml::Table>,
    /// Settings of the server, which checks them.
    #[serde(default)]
    pub server: Option<toml::Table>,
    #[serde(default, rename = "query")]
    _query: Empty,
}

/// A table that has no keys yet.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Empty {}

impl File {
    /// Reads `path`, or `cloze.toml` in the current directory if there is one.
    ///
    /// # Errors
    /// [`Error::Config`], which names the file and the key.
    pub fn read(path: Option<&Path>) -> Result<Self> {
        let (path, required) = path.map_or((Path::new(FILE), false), |p| (p, true));
        let failed = |reason: String| Error::Config { path: path.to_owned(), reason };
        let text = match std::fs::read_to_string(path) {
            Ok(text) => text,
            Err(e) if !required && e.kind() == std::io::ErrorKind::NotFound => return Ok(Self::default()),
            Err(e) => return Err(failed(format!("cannot read the file ({e})"))),
        };
        toml::from_str(&text).map_err(|e| failed(e.to_string().trim_end().to_owned()))
    }

    /// The index directory: from the command line, else from the settings, else `.cloze`.
    #[must_use]
    pub fn index_dir(&self, typed: Option<PathBuf>) -> PathBuf {
        typed.or_else(|| self.index.clone()).unwrap_or_else(|| DEFAULT_INDEX.into())
    }

    /// The address of the index's body: from the command line, else from the settings unless an index directory is
    /// typed.
    #[must_use]
    pub fn body(&self, typed: Option<Address>, index: Option<&PathBuf>) -> Option<Address> {
        typed.or_else(|| self.body.clone().filter(|_| index.is_none()))
    }

    /// The directory of the index's model, if one is set.
    #[must_use]
    pub fn model_source(&self, typed: Option<String>) -> Option<ModelSource> {
        typed.or_else(|| self.model.clone()).map(|name| ModelSource::parse(&name))
    }
}
