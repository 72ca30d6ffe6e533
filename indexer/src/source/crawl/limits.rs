//! Limits of a crawl.

use std::time::Duration;

use clap::Args;
use serde::Deserialize;

/// Options for a site given by its address.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Sites by address")]
pub struct CrawlArgs {
    /// Another host whose pages belong to the site, such as api.example.org (repeatable)
    #[arg(long = "host", value_name = "HOST")]
    pub hosts: Vec<String>,
    /// Maximum number of pages to request from a site [default: 10000]
    #[arg(long, value_name = "N")]
    pub max_pages: Option<usize>,
    /// Maximum number of links between the start and a page [default: 16]
    #[arg(long, value_name = "N")]
    pub max_depth: Option<usize>,
    /// Maximum number of bytes to read from a site [default: 1073741824]
    #[arg(long, value_name = "BYTES")]
    pub max_bytes: Option<u64>,
    /// Maximum time for a site, in seconds [default: 3600]
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    pub max_time: Option<f64>,
    /// Maximum time for a complete response, in seconds [default: 30]
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    pub timeout: Option<f64>,
    /// Minimum time between two requests, in seconds; robots.txt may ask for more [default: 0.1]
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    pub delay: Option<f64>,
}

/// The table `[build.crawl]`, with keys of the same names as the options.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CrawlTable {
    /// Additional hosts whose pages belong to a site.
    #[serde(default)]
    pub hosts: Vec<String>,
    /// Maximum number of pages of a site.
    pub max_pages: Option<usize>,
    /// Maximum number of links between the start and a page.
    pub max_depth: Option<usize>,
    /// Maximum number of bytes of a site.
    pub max_bytes: Option<u64>,
    /// Maximum time for a site, in seconds.
    pub max_time: Option<f64>,
    /// Maximum time for an answer, in seconds.
    pub timeout: Option<f64>,
    /// Minimum time between two requests, in seconds.
    pub delay: Option<f64>,
}

/// The sites to crawl, and the limits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CrawlConfig {
    /// Addresses of sites, as given.
    pub addresses: Vec<String>,
    /// Additional hosts whose pages belong to a site.
    pub hosts: Vec<String>,
    /// Maximum number of pages to request from a site.
    pub max_pages: usize,
    /// Maximum number of links between the start and a page.
    pub max_depth: usize,
    /// Maximum number of bytes to read from a site, after decompression.
    pub max_bytes: u64,
    /// Maximum time for a site.
    pub max_time: Duration,
    /// Maximum time for a complete answer.
    pub timeout: Duration,
    /// Minimum time between the starts of two requests.
    pub delay: Duration,
}

impl CrawlConfig {
    /// The command line overrides the file, and the file overrides the defaults.
    #[must_use]
    pub fn resolve(addresses: Vec<String>, args: CrawlArgs, table: CrawlTable) -> Self {
        let time = |typed: Option<f64>, set: Option<f64>, default: f64| {
            // Longer than any build: a value too large for a Duration means no limit.
            Duration::try_from_secs_f64(typed.or(set).unwrap_or(default)).unwrap_or(Duration::from_secs(1 << 30))
        };
        Self {
            addresses,
            hosts: if args.hosts.is_empty() { table.hosts } else { args.hosts },
            max_pages: args.max_pages.or(table.max_pages).unwrap_or(10_000),
            max_depth: args.max_depth.or(table.max_depth).unwrap_or(16),
            max_bytes: args.max_bytes.or(table.max_bytes).unwrap_or(1 << 30),
            max_time: time(args.max_time, table.max_time, 3600.0),
            timeout: time(args.timeout, table.timeout, 30.0),
            delay: time(args.delay, table.delay, 0.1),
        }
    }
}

/// Whether an argument in place of a folder is the address of a site.
#[must_use]
pub fn is_address(given: &str) -> bool {
    let scheme = given.split("://").next().unwrap_or_default();
    scheme.len() < given.len() && ["http", "https"].iter().any(|s| scheme.eq_ignore_ascii_case(s))
}

fn seconds(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(seconds) if seconds >= 0.0 && seconds.is_finite() => Ok(seconds),
        _ => Err(format!("{text:?} is not a number of seconds; expected 0 or more, such as 30 or 0.5")),
    }
}
