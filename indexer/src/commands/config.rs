//! Settings of a build, resolved from `cloze.toml` and the command line.

use std::path::{Path, PathBuf};

use cloze_cluster::Address;
use cloze_models::{ModelSource, Precision};
use serde::Deserialize;

use super::token_codes::TokenCodes;
use crate::{
    Error, Result,
    commands::cli::BuildArgs,
    source::{
        Selection,
        crawl::limits::{self, CrawlConfig, CrawlTable},
        urls::UrlStyle,
    },
};

/// Name of the settings file in the current directory.
pub const FILE: &str = "cloze.toml";
/// Default index directory.
pub const DEFAULT_INDEX: &str = ".cloze";
/// Default size limit of a file, in bytes.
pub const DEFAULT_MAX_FILE_BYTES: u64 = 32 << 20;

/// All settings of a build.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BuildConfig {
    /// The sources to index.
    pub selection: Selection,
    /// The sites to fetch, and the limits.
    pub crawl: CrawlConfig,
    /// The index directory.
    pub index: PathBuf,
    /// The address on a cluster that the result is sent to.
    pub body: Option<Address>,
    /// The encoder's model.
    pub model: ModelSource,
    /// Number format of its weights.
    pub precision: Precision,
    /// The tokens of a passage that get codes, for the second ranking step of a search.
    pub token_codes: TokenCodes,
    /// Prefix of queries, if the model does not list it.
    pub query_prefix: Option<String>,
    /// Prefix of passages, if the model does not list it.
    pub passage_prefix: Option<String>,
    /// Prefix of addresses.
    pub base_url: String,
    /// How paths become addresses.
    pub url_style: UrlStyle,
    /// Size limit of a file and of a record, in bytes.
    pub max_file_bytes: u64,
    /// Encoder threads.
    pub threads: usize,
    /// Whether to show progress.
    pub quiet: bool,
}

/// `cloze.toml`. Each program checks only its own tables.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct File {
    /// The index directory.
    pub index: Option<PathBuf>,
    /// The address of the index on a cluster.
    pub body: Option<Address>,
    /// The encoder's model.
    pub model: Option<String>,
    /// `int8` or `fp32`.
    pub precision: Option<Precision>,
    /// Settings of `indexer build`.
    #[serde(default)]
    pub build: BuildTable,
    #[serde(default, rename = "query")]
    _query: Option<toml::Table>,
    #[serde(default, rename = "server")]
    _server: Option<toml::Table>,
}

/// The table `[build]`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BuildTable {
    /// Patterns; a file must match one of them.
    #[serde(default)]
    pub include: Vec<String>,
    /// Patterns; a file must match none of them.
    #[serde(default)]
    pub exclude: Vec<String>,
    /// The tokens of a passage that get codes.
    pub token_codes: Option<TokenCodes>,
    /// Prefix of queries, if the model does not list it.
    pub query_prefix: Option<String>,
    /// Prefix of passages, if the model does not list it.
    pub passage_prefix: Option<String>,
    /// Prefix of addresses.
    pub base_url: Option<String>,
    /// How paths become addresses.
    pub urls: Option<UrlStyle>,
    /// Size limit of a file, in bytes.
    pub max_file_bytes: Option<u64>,
    /// Encoder threads.
    pub threads: Option<usize>,
    /// Limits of a crawl.
    #[serde(default)]
    pub crawl: CrawlTable,
}

impl File {
    /// Reads `path`, or `cloze.toml` in the current directory if that file exists.
    ///
    /// # Errors
    /// [`Error::Config`] with the file and the key.
    pub fn read(path: Option<&Path>) -> Result<Self> {
        let (path, required) = path.map_or((Path::new(FILE), false), |p| (p, true));
        let text = match std::fs::read_to_string(path) {
            Ok(text) => text,
            Err(e) if !required && e.kind() == std::io::ErrorKind::NotFound => return Ok(Self::default()),
            Err(e) => {
                return Err(Error::Config { path: path.to_owned(), reason: format!("cannot read the file ({e})") });
            }
        };
        toml::from_str(&text)
            .map_err(|e| Error::Config { path: path.to_owned(), reason: e.to_string().trim_end().to_owned() })
    }
}

impl BuildConfig {
    /// The command line overrides the file, and the file overrides the defaults.
    #[must_use]
    pub fn resolve(args: BuildArgs, file: File) -> Self {
        let or = |typed: Vec<String>, set: Vec<String>| if typed.is_empty() { set } else { typed };
        let (addresses, paths): (Vec<_>, Vec<_>) =
            args.paths.into_iter().partition(|path| path.to_str().is_some_and(limits::is_address));
        let addresses = addresses.iter().map(|a| a.to_string_lossy().into_owned()).collect();
        let model = args.model.or(file.model).unwrap_or_default();
        Self {
            selection: Selection {
                paths,
                include: or(args.include, file.build.include),
                exclude: or(args.exclude, file.build.exclude),
            },
            crawl: CrawlConfig::resolve(addresses, args.crawl, file.build.crawl),
            index: args.index.or(file.index).unwrap_or_else(|| DEFAULT_INDEX.into()),
            body: args.body.or(file.body),
            model: ModelSource::parse(&model),
            precision: args.precision.or(file.precision).unwrap_or_default(),
            token_codes: args.token_codes.or(file.build.token_codes).unwrap_or_default(),
            query_prefix: args.query_prefix.or(file.build.query_prefix),
            passage_prefix: args.passage_prefix.or(file.build.passage_prefix),
            base_url: args.base_url.or(file.build.base_url).unwrap_or_default(),
            url_style: args.urls.or(file.build.urls).unwrap_or_default(),
            max_file_bytes: args.max_file_bytes.or(file.build.max_file_bytes).unwrap_or(DEFAULT_MAX_FILE_BYTES),
            threads: args.threads.or(file.build.threads).unwrap_or_else(cloze_models::available_threads).max(1),
            quiet: args.quiet,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_keys_are_refused_by_name() {
        let read = |text: &str| toml::from_str::<File>(text).map_err(|e| e.to_string());
        assert!(read("modle = \"x\"").expect_err("typo").contains("modle"));
        assert!(read("[build]\nbase = 1").expect_err("typo").contains("base"));
        let file = read("model = \"m\"\n[build]\nurls = \"mkdocs\"\n[server]\nlisten = \"x\"").expect("good");
        assert_eq!(file.build.urls, Some(UrlStyle::Mkdocs));
    }
}
