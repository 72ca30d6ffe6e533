//! What the server needs, resolved from `cloze.toml` and the command line.

use std::{net::SocketAddr, path::PathBuf, time::Duration};

use anyhow::{Context, Result};
use cloze_models::ModelSource;
use cloze_query::config::File;
use serde::Deserialize;

use crate::cli::Cli;

/// Everything the server needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerConfig {
    /// The index directory.
    pub index: PathBuf,
    /// Where the index's model is looked for, if that is said.
    pub model: Option<ModelSource>,
    /// Whether the semantic leg is left out.
    pub keyword_only: bool,
    /// The address to listen at.
    pub listen: SocketAddr,
    /// Files to preview at `/site/`.
    pub site: Option<PathBuf>,
    /// Searches that run or wait at once.
    pub max_in_flight: usize,
    /// Longest time that a client waits for an answer.
    pub timeout: Duration,
}

/// The table `[server]` of `cloze.toml`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServerTable {
    /// The address to listen at.
    pub listen: Option<SocketAddr>,
    /// Files to preview at `/site/`.
    pub site: Option<PathBuf>,
    /// Searches that run or wait at once.
    pub max_in_flight: Option<usize>,
    /// Longest time that a client waits for an answer, in milliseconds.
    pub timeout_ms: Option<u64>,
}

impl ServerConfig {
    /// The command line first, then the file, then the defaults.
    ///
    /// # Errors
    /// If the file's table `[server]` has an unknown key or a value of the wrong kind.
    pub fn resolve(cli: Cli) -> Result<Self> {
        let file = File::read(cli.config.as_deref())?;
        let table = match file.server.clone() {
            None => ServerTable::default(),
            Some(table) => {
                let name = cli.config.as_deref().unwrap_or(std::path::Path::new(cloze_query::config::FILE));
                table.try_into().with_context(|| format!("{}, table [server]", name.display()))?
            }
        };
        Ok(Self {
            model: file.model_source(cli.model),
            index: file.index_dir(cli.index),
            keyword_only: cli.keyword_only,
            listen: cli.listen.or(table.listen).unwrap_or_else(|| SocketAddr::from(([127, 0, 0, 1], 8080))),
            site: cli.site.or(table.site),
            max_in_flight: table.max_in_flight.unwrap_or(64),
            timeout: Duration::from_millis(table.timeout_ms.unwrap_or(5000)),
        })
    }
}
