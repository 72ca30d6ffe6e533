//! The command line.

use std::{net::SocketAddr, path::PathBuf};

use clap::Parser;
use cloze_query::config::Address;

/// Serves an index over HTTP, with a search page at `/`.
#[derive(Debug, Parser)]
#[command(name = "server", version)]
pub struct Cli {
    /// Settings file [default: cloze.toml, if it exists]
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Index directory [default: .cloze]
    #[arg(long, value_name = "DIR")]
    pub index: Option<PathBuf>,
    /// Address of the index on a cluster, such as https://search.example.org:9200/docs
    #[arg(long, value_name = "URL", value_parser = Address::parse)]
    pub body: Option<Address>,
    /// IP address and port to listen on [default: 127.0.0.1:8080]
    #[arg(long, value_name = "ADDRESS")]
    pub listen: Option<SocketAddr>,
    /// Location of the index's model [default: the location in the index]
    #[arg(long, value_name = "MODEL")]
    pub model: Option<String>,
    /// Search by words alone, without a model
    #[arg(long)]
    pub keyword_only: bool,
    /// Show the files of this folder at /site/, as a preview
    #[arg(long, value_name = "DIR")]
    pub site: Option<PathBuf>,
    /// Let pages of this origin call the server, such as https://docs.example.org (repeatable; * for all)
    #[arg(long = "cors-origin", value_name = "ORIGIN")]
    pub cors_origins: Vec<String>,
    /// Requests per minute for one client, 0 for no limit [default: 600; none on loopback]
    #[arg(long, value_name = "NUMBER")]
    pub rate_limit: Option<u32>,
    /// Trust the client addresses from this proxy, an IP address or a network (repeatable)
    #[arg(long = "trusted-proxy", value_name = "NETWORK")]
    pub trusted_proxies: Vec<String>,
    /// Use TLS with this certificate chain (PEM)
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    pub tls_certificate: Option<PathBuf>,
    /// Private key of the certificate (PEM)
    #[arg(long, value_name = "FILE", requires = "tls_certificate")]
    pub tls_key: Option<PathBuf>,
    /// After SIGTERM, answer for so many seconds more, so that a load balancer sees /ready fail [default: 0]
    #[arg(long, value_name = "SECONDS")]
    pub drain: Option<u32>,
    /// Count searches, for /admin/analytics
    #[arg(long)]
    pub analytics: bool,
    /// Keep these counts in this folder
    #[arg(long, value_name = "DIR")]
    pub state_dir: Option<PathBuf>,
    /// Format of the log [default: text]
    #[arg(long, value_enum, value_name = "FORMAT")]
    pub log_format: Option<LogFormat>,
}

/// Format of the log.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// Lines for people.
    #[default]
    Text,
    /// One JSON object per line.
    Json,
}
