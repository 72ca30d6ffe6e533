//! The server's settings, resolved from `cloze.toml`, the environment and the command line.

use std::{
    net::SocketAddr,
    num::NonZeroU32,
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context, Result, anyhow, ensure};
use cloze_models::ModelSource;
use cloze_query::config::{Address, File};
use serde::Deserialize;

use crate::{
    cli::{Cli, LogFormat},
    clients::TrustedProxies,
    keys::Keys,
};

/// Requests that one client may make a minute where others than this machine can ask.
const PUBLIC_RATE: u32 = 600;
/// Environment variables that hold the keys: a settings file is often committed.
const SEARCH_KEY: &str = "CLOZE_SEARCH_KEY";
const ADMIN_KEY: &str = "CLOZE_ADMIN_KEY";
/// Shortest key that is taken, in characters: shorter ones can be tried out.
const SHORTEST_KEY: usize = 16;

/// Everything the server needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerConfig {
    /// The index directory.
    pub index: PathBuf,
    /// The address of its body, if it lies on a cluster.
    pub body: Option<Address>,
    /// Where to look for the index's model, if the user says so.
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
    /// Origins whose pages may ask; `*` for all.
    pub cors_origins: Vec<String>,
    /// Who may do what.
    pub keys: Keys,
    /// Requests that one client may make a minute.
    pub rate_limit: Option<NonZeroU32>,
    /// Proxies whose word about their clients' addresses is taken.
    pub trusted_proxies: TrustedProxies,
    /// Certificate chain and private key, both PEM.
    pub tls: Option<(PathBuf, PathBuf)>,
    /// How long the server goes on after a signal to end, while `/ready` answers 503.
    pub drain: Duration,
    /// Whether queries are counted.
    pub analytics: bool,
    /// Where those counts are kept.
    pub state_dir: Option<PathBuf>,
    /// How the log is written.
    pub log_format: LogFormat,
}

impl Default for ServerConfig {
    /// As the program is without a settings file and without options.
    fn default() -> Self {
        Self {
            index: cloze_query::config::DEFAULT_INDEX.into(),
            body: None,
            model: None,
            keyword_only: false,
            listen: SocketAddr::from(([127, 0, 0, 1], 8080)),
            site: None,
            max_in_flight: 64,
            timeout: Duration::from_secs(5),
            cors_origins: Vec::new(),
            keys: Keys::default(),
            rate_limit: None,
            trusted_proxies: TrustedProxies::default(),
            tls: None,
            drain: Duration::ZERO,
            analytics: false,
            state_dir: None,
            log_format: LogFormat::default(),
        }
    }
}

/// The table `[server]` of `cloze.toml`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServerTable {
    listen: Option<SocketAddr>,
    site: Option<PathBuf>,
    max_in_flight: Option<usize>,
    timeout_ms: Option<u64>,
    #[serde(default)]
    cors_origins: Vec<String>,
    rate_limit: Option<u32>,
    #[serde(default)]
    trusted_proxies: Vec<String>,
    tls_certificate: Option<PathBuf>,
    tls_key: Option<PathBuf>,
    drain: Option<u32>,
    #[serde(default)]
    analytics: bool,
    state_dir: Option<PathBuf>,
    log_format: Option<LogFormat>,
    search_key: Option<String>,
    admin_key: Option<String>,
}

impl ServerConfig {
    /// The command line first, then the environment (for the keys), then the file, then the defaults.
    ///
    /// # Errors
    /// If the file's table `[server]` has an unknown key, or a value is invalid.
    pub fn resolve(cli: Cli) -> Result<Self> {
        let file = File::read(cli.config.as_deref())?;
        let table = match file.server.clone() {
            None => ServerTable::default(),
            Some(table) => {
                let name = cli.config.as_deref().unwrap_or(Path::new(cloze_query::config::FILE));
                table.try_into().with_context(|| format!("{}, table [server]", name.display()))?
            }
        };
        let defaults = Self::default();
        let listen = cli.listen.or(table.listen).unwrap_or(defaults.listen);
        let rate = cli.rate_limit.or(table.rate_limit);
        let rate = rate.unwrap_or(if listen.ip().is_loopback() { 0 } else { PUBLIC_RATE });
        let proxies = either(cli.trusted_proxies, table.trusted_proxies);
        let proxies = TrustedProxies::parse(&proxies);
        let cors_origins = either(cli.cors_origins, table.cors_origins);
        cors_origins.iter().try_for_each(|origin| check_origin(origin))?;
        Ok(Self {
            model: file.model_source(cli.model),
            body: file.body(cli.body, cli.index.as_ref()),
            index: file.index_dir(cli.index),
            keyword_only: cli.keyword_only,
            listen,
            site: cli.site.or(table.site),
            max_in_flight: table.max_in_flight.unwrap_or(defaults.max_in_flight),
            timeout: table.timeout_ms.map_or(defaults.timeout, Duration::from_millis),
            cors_origins,
            keys: Keys { search: key(SEARCH_KEY, table.search_key)?, admin: key(ADMIN_KEY, table.admin_key)? },
            rate_limit: NonZeroU32::new(rate),
            trusted_proxies: proxies.map_err(|found| {
                anyhow!("invalid trusted proxy {found:?}; expected an IP address or a network, such as 10.0.0.0/8")
            })?,
            tls: tls(cli.tls_certificate.or(table.tls_certificate), cli.tls_key.or(table.tls_key))?,
            drain: Duration::from_secs(cli.drain.or(table.drain).unwrap_or(0).into()),
            analytics: cli.analytics || table.analytics,
            state_dir: cli.state_dir.or(table.state_dir),
            log_format: cli.log_format.or(table.log_format).unwrap_or_default(),
        })
    }
}

/// The value from the command line, or else from the file.
fn either(typed: Vec<String>, set: Vec<String>) -> Vec<String> {
    if typed.is_empty() { set } else { typed }
}

fn key(variable: &str, set: Option<String>) -> Result<Option<String>> {
    let Some(key) = std::env::var(variable).ok().filter(|k| !k.is_empty()).or(set) else { return Ok(None) };
    let length = key.chars().count();
    ensure!(length >= SHORTEST_KEY, "the key in {variable} has {length} characters; expected at least {SHORTEST_KEY}");
    ensure!(
        key.chars().all(|c| c.is_ascii_graphic()),
        "the key in {variable} has a space or a character outside ASCII; expected visible ASCII characters"
    );
    Ok(Some(key))
}

fn tls(certificate: Option<PathBuf>, key: Option<PathBuf>) -> Result<Option<(PathBuf, PathBuf)>> {
    match (certificate, key) {
        (Some(certificate), Some(key)) => Ok(Some((certificate, key))),
        (None, None) => Ok(None),
        _ => Err(anyhow!("only one of tls_certificate and tls_key is set; TLS requires both")),
    }
}

/// An origin is a scheme, a host and perhaps a port: with a path it would never match.
fn check_origin(origin: &str) -> Result<()> {
    let is_origin =
        origin == "*" || url::Url::parse(origin).is_ok_and(|url| url.origin().ascii_serialization() == origin);
    ensure!(
        is_origin,
        "invalid CORS origin {origin:?}; expected * or scheme://host[:port], such as https://docs.example.org"
    );
    Ok(())
}
