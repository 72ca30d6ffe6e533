//! What was typed.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use cloze_models::Precision;

use crate::urls::UrlStyle;

/// Makes and keeps the index of a site.
#[derive(Debug, Parser)]
#[command(name = "indexer", version, after_help = EXIT_CODES)]
pub struct Cli {
    /// Settings file [default: cloze.toml, if there is one]
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

const EXIT_CODES: &str =
    "Exit codes: 0 done, 1 failed, 2 bad usage, 3 done but some sources were skipped (each is named with its reason)";

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Index folders or files: Markdown, HTML, plain text, JSON Lines
    Build(BuildArgs),
    /// Build, and build again whenever a source changes, until stopped
    Watch(BuildArgs),
    /// Say what the index holds
    Status(IndexArgs),
    /// Check every checksum of the live generation, and its parts against each other
    Verify(IndexArgs),
    /// Write the live generation to one archive file, or to a pipe
    Export(ExportArgs),
    /// Bring in an archive, and make its generation the live one
    Import(ImportArgs),
    /// Remove generations that are no longer needed
    Prune(IndexArgs),
    /// Fetch models and look at them
    Model {
        /// What to do.
        #[command(subcommand)]
        command: ModelCommand,
    },
}

/// `indexer export`.
#[derive(Debug, Args)]
pub struct ExportArgs {
    /// The archive to write; - for standard output
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Index directory [default: .cloze]
    #[arg(long, value_name = "DIR")]
    pub index: Option<PathBuf>,
}

/// `indexer import`.
#[derive(Debug, Args)]
pub struct ImportArgs {
    /// The archive to read; - for standard input
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Index directory [default: .cloze]
    #[arg(long, value_name = "DIR")]
    pub index: Option<PathBuf>,
}

/// `indexer build` and `indexer watch`.
#[derive(Debug, Args)]
pub struct BuildArgs {
    /// Folders or files to index
    #[arg(required = true, value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    /// Index directory [default: .cloze]
    #[arg(long, value_name = "DIR")]
    pub index: Option<PathBuf>,
    /// Model: a directory or a hub id [default: all-MiniLM-L6-v2]
    #[arg(long, value_name = "MODEL")]
    pub model: Option<String>,
    /// Number format of the weights: int8 or fp32 [default: int8]
    #[arg(long)]
    pub precision: Option<Precision>,
    /// Text put before every query, for a model that needs one and does not list it
    #[arg(long, value_name = "TEXT")]
    pub query_prefix: Option<String>,
    /// Text put before every passage, for a model that needs one and does not list it
    #[arg(long, value_name = "TEXT")]
    pub passage_prefix: Option<String>,
    /// What the addresses of pages begin with, such as https://example.org/docs
    #[arg(long, value_name = "URL")]
    pub base_url: Option<String>,
    /// How the site's generator turns paths into addresses [default: plain]
    #[arg(long, value_enum, value_name = "STYLE")]
    pub urls: Option<UrlStyle>,
    /// Index only files that match (repeatable; like a line of .gitignore)
    #[arg(long, value_name = "PATTERN")]
    pub include: Vec<String>,
    /// Pass by files that match (repeatable)
    #[arg(long, value_name = "PATTERN")]
    pub exclude: Vec<String>,
    /// Largest file, and largest record, to read [default: 33554432]
    #[arg(long, value_name = "BYTES")]
    pub max_file_bytes: Option<u64>,
    /// Encoder threads [default: the cores this process may use]
    #[arg(long, value_name = "N")]
    pub threads: Option<usize>,
    /// Print the report as JSON on standard output
    #[arg(long)]
    pub json: bool,
    /// Show no progress
    #[arg(long, short)]
    pub quiet: bool,
}

/// Commands about an index.
#[derive(Debug, Args)]
pub struct IndexArgs {
    /// Index directory [default: .cloze]
    #[arg(long, value_name = "DIR")]
    pub index: Option<PathBuf>,
    /// Print JSON on standard output
    #[arg(long)]
    pub json: bool,
}

/// `indexer model`.
#[derive(Debug, Subcommand)]
pub enum ModelCommand {
    /// Fetch a model from the hub (the default model, if none is named)
    Pull {
        /// owner/name, or owner/name@revision
        model: Option<String>,
    },
    /// List the models on this machine
    List,
    /// Say what a model is
    Info {
        /// A directory or a hub id (the default model, if none is named)
        model: Option<String>,
    },
}
