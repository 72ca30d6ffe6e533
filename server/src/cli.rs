//! The command line.

use std::{net::SocketAddr, path::PathBuf};

use clap::Parser;

/// Serves an index over HTTP, with a search page at `/`.
#[derive(Debug, Parser)]
#[command(name = "server", version)]
pub struct Cli {
    /// Settings file [default: cloze.toml, if there is one]
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Index directory [default: .cloze]
    #[arg(long, value_name = "DIR")]
    pub index: Option<PathBuf>,
    /// Address and port to listen at [default: 127.0.0.1:8080]
    #[arg(long, value_name = "ADDRESS")]
    pub listen: Option<SocketAddr>,
    /// Where the index's model is [default: where the index says]
    #[arg(long, value_name = "MODEL")]
    pub model: Option<String>,
    /// Answer by words alone, without loading a model
    #[arg(long)]
    pub keyword_only: bool,
    /// Show the files of this folder at /site/, as a preview
    #[arg(long, value_name = "DIR")]
    pub site: Option<PathBuf>,
    /// Let pages of this origin ask, such as https://docs.example.org (repeatable; * for all)
    #[arg(long = "cors-origin", value_name = "ORIGIN")]
    pub cors_origins: Vec<String>,
    /// Requests that one client may make a minute, 0 for no limit [default: 600, none on loopback]
    #[arg(long, value_name = "NUMBER")]
    pub rate_limit: Option<u32>,
    /// Believe this proxy, an address or a network, about its clients' addresses (repeatable)
    #[arg(long = "trusted-proxy", value_name = "NETWORK")]
    pub trusted_proxies: Vec<String>,
    /// Speak TLS with this certificate chain (PEM)
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    pub tls_certificate: Option<PathBuf>,
    /// The certificate's private key (PEM)
    #[arg(long, value_name = "FILE", requires = "tls_certificate")]
    pub tls_key: Option<PathBuf>,
    /// Count searches, for /admin/analytics
    #[arg(long)]
    pub analytics: bool,
    /// Keep those counts in this folder
    #[arg(long, value_name = "DIR")]
    pub state_dir: Option<PathBuf>,
    /// How the log is written
    #[arg(long, value_enum, value_name = "FORMAT")]
    pub log_format: Option<LogFormat>,
}

/// How the log is written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// Lines for people.
    #[default]
    Text,
    /// A JSON object a line.
    Json,
}
