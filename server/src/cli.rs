//! What was typed.

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
}
