//! Command-line arguments.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use cloze_cluster::Address;
use cloze_models::Precision;

use super::token_codes::TokenCodes;
use crate::source::{crawl::limits::CrawlArgs, urls::UrlStyle};

/// Builds and maintains the index of a site.
#[derive(Debug, Parser)]
#[command(name = "indexer", version, after_help = EXIT_CODES)]
pub struct Cli {
    /// Settings file [default: cloze.toml, if it exists]
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// The command.
    #[command(subcommand)]
    pub command: Command,
}

const EXIT_CODES: &str =
    "Exit codes: 0 done, 1 failed, 2 bad usage, 3 done, but some sources were skipped (the report gives the reasons)";

/// The command.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Index folders, files or sites: Markdown, HTML, reStructuredText, AsciiDoc, Org, notebooks, man pages, Word,
    /// EPUB, PDF, text, JSON Lines, CSV, or the address of a site
    Build(BuildArgs),
    /// Build, then rebuild whenever a source changes, until stopped
    Watch(BuildArgs),
    /// Show the contents of the index
    Status(IndexArgs),
    /// Verify every checksum of the live generation, and that its parts match each other
    Verify(IndexArgs),
    /// Write the live generation to one archive file, or to a pipe, or as plain files that browsers search
    Export(ExportArgs),
    /// Import an archive, and make its generation the live one; or move an index to a cluster
    Import(ImportArgs),
    /// Delete generations that are no longer needed
    Prune(IndexArgs),
    /// Train a model to predict masked tokens
    Train(TrainArgs),
    /// Adapt a model to the language of your documents; keep only changes that do not harm the search
    Adapt(AdaptArgs),
    /// Download and inspect models
    Model {
        /// The command.
        #[command(subcommand)]
        command: ModelCommand,
    },
}

/// `indexer export`.
#[derive(Debug, Args)]
pub struct ExportArgs {
    /// The archive to write; - for standard output
    #[arg(value_name = "FILE", required_unless_present = "static_dir")]
    pub file: Option<PathBuf>,
    /// Write plain files into this folder, for a search without a server
    #[arg(long = "static", value_name = "DIR", conflicts_with = "file")]
    pub static_dir: Option<PathBuf>,
    /// Directory of the index's model, if it has moved; for --static
    #[arg(long, value_name = "MODEL", requires = "static_dir")]
    pub model: Option<String>,
    /// Index directory [default: .cloze]
    #[arg(long, value_name = "DIR")]
    pub index: Option<PathBuf>,
}

/// `indexer import`.
#[derive(Debug, Args)]
pub struct ImportArgs {
    /// The archive to read; - for standard input
    #[arg(value_name = "FILE", required_unless_present = "body")]
    pub file: Option<PathBuf>,
    /// Index directory [default: .cloze]
    #[arg(long, value_name = "DIR")]
    pub index: Option<PathBuf>,
    /// Send the live generation to a cluster, such as https://search.example.org:9200/docs; nothing is encoded again
    #[arg(long, value_name = "URL", value_parser = Address::parse)]
    pub body: Option<Address>,
}

/// `indexer build` and `indexer watch`.
#[derive(Debug, Args)]
pub struct BuildArgs {
    /// Folders or files to index, or addresses of sites: a sitemap.xml, or the page to start from
    #[arg(required = true, value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    /// Also write plain files into this folder, for a search without a server
    #[arg(long = "static", value_name = "DIR")]
    pub static_dir: Option<PathBuf>,
    /// Index directory [default: .cloze]
    #[arg(long, value_name = "DIR")]
    pub index: Option<PathBuf>,
    /// Send the result to a cluster too, such as https://search.example.org:9200/docs
    #[arg(long, value_name = "URL", value_parser = Address::parse)]
    pub body: Option<Address>,
    /// Model: a directory or a hub id [default: all-MiniLM-L6-v2]
    #[arg(long, value_name = "MODEL")]
    pub model: Option<String>,
    /// Number format of the weights: int8 or fp32 [default: int8]
    #[arg(long)]
    pub precision: Option<Precision>,
    /// Token vector codes to store, for the second ranking step of a search [default: small]
    #[arg(long, value_enum, value_name = "CODES")]
    pub token_codes: Option<TokenCodes>,
    /// Text to put before every query, for a model that needs a prefix and does not list it
    #[arg(long, value_name = "TEXT")]
    pub query_prefix: Option<String>,
    /// Text to put before every passage, for a model that needs a prefix and does not list it
    #[arg(long, value_name = "TEXT")]
    pub passage_prefix: Option<String>,
    /// Prefix of the addresses of pages, such as https://example.org/docs
    #[arg(long, value_name = "URL")]
    pub base_url: Option<String>,
    /// How the site generator turns paths into addresses [default: plain]
    #[arg(long, value_enum, value_name = "STYLE")]
    pub urls: Option<UrlStyle>,
    /// Index only files that match (repeatable; like a line of .gitignore)
    #[arg(long, value_name = "PATTERN")]
    pub include: Vec<String>,
    /// Skip files that match (repeatable)
    #[arg(long, value_name = "PATTERN")]
    pub exclude: Vec<String>,
    /// Largest file, and largest record, to read [default: 33554432]
    #[arg(long, value_name = "BYTES")]
    pub max_file_bytes: Option<u64>,
    /// Encoder threads [default: all cores available to this process]
    #[arg(long, value_name = "N")]
    pub threads: Option<usize>,
    /// Print the report as JSON on standard output
    #[arg(long)]
    pub json: bool,
    /// Show no progress
    #[arg(long, short)]
    pub quiet: bool,
    /// Limits of a crawl.
    #[command(flatten)]
    pub crawl: CrawlArgs,
}

/// `indexer train`.
#[derive(Debug, Args)]
pub struct TrainArgs {
    /// UTF-8 text files to train on, or to evaluate on
    #[arg(long = "text", required = true, value_name = "FILE", num_args = 1..)]
    pub text: Vec<PathBuf>,
    /// Model to start from: a directory or a hub id [default: all-MiniLM-L6-v2]
    #[arg(long, value_name = "MODEL")]
    pub from: Option<String>,
    /// Start without the head of the model, if it has one
    #[arg(long)]
    pub fresh_head: bool,
    /// Directory for the trained model
    #[arg(long, value_name = "DIR", required_unless_present = "evaluate")]
    pub out: Option<PathBuf>,
    /// Predict masked tokens of the text, without training
    #[arg(long)]
    pub evaluate: bool,
    /// With --evaluate: write blocks and masked positions to this file, as JSON, to compare with another program
    #[arg(long, value_name = "FILE", requires = "evaluate")]
    pub dump: Option<PathBuf>,
    /// Parts to train: head, encoder (everything), or the number of layers from the top
    #[arg(long, default_value = "3", value_name = "WHAT", value_parser = scope)]
    pub train: cloze_train::Scope,
    /// Share of the tokens to mask
    #[arg(long, default_value_t = 0.15, value_name = "SHARE")]
    pub mask_rate: f64,
    /// Mask all pieces of a word together
    #[arg(long)]
    pub whole_words: bool,
    /// Tokens per block
    #[arg(long, default_value_t = 128, value_name = "TOKENS")]
    pub block: usize,
    /// Blocks per batch
    #[arg(long, default_value_t = 32, value_name = "N")]
    pub batch: usize,
    /// Batches per step
    #[arg(long, default_value_t = 1, value_name = "N")]
    pub accumulate: usize,
    /// Number of steps [default: --passes over the text]
    #[arg(long, value_name = "N")]
    pub steps: Option<u64>,
    /// Passes over the text, if --steps is not given
    #[arg(long, default_value_t = 1.0, value_name = "N")]
    pub passes: f64,
    /// The highest learning rate
    #[arg(long, default_value_t = 5e-4, value_name = "RATE")]
    pub learning_rate: f64,
    /// Share of the steps over which the learning rate rises
    #[arg(long, default_value_t = 0.06, value_name = "SHARE")]
    pub warm_up: f64,
    /// Weight decay
    #[arg(long, default_value_t = 0.01, value_name = "RATE")]
    pub weight_decay: f64,
    /// Maximum length of a gradient; longer ones are clipped
    #[arg(long, default_value_t = 1.0, value_name = "LENGTH")]
    pub clip: f64,
    /// Seed for the order of the text and the choice of masked tokens
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Share of the text to hold out
    #[arg(long, default_value_t = 0.02, value_name = "SHARE")]
    pub held_out: f64,
    /// Seconds between two checkpoints
    #[arg(long, default_value_t = 120.0, value_name = "SECONDS")]
    pub checkpoint_every: f64,
    /// Steps between two evaluations on the held-out text
    #[arg(long, default_value_t = 200, value_name = "STEPS")]
    pub evaluate_every: u64,
    /// Print the result as JSON on standard output
    #[arg(long)]
    pub json: bool,
    /// Show no progress
    #[arg(long, short)]
    pub quiet: bool,
}

/// `indexer adapt`.
#[derive(Debug, Args)]
pub struct AdaptArgs {
    /// Folders or files with your documents
    #[arg(required = true, value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    /// Directory for the adapted model
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
    /// Model to start from: a directory or a hub id [default: all-MiniLM-L6-v2]
    #[arg(long, value_name = "MODEL")]
    pub from: Option<String>,
    /// Use only files that match (repeatable; like a line of .gitignore)
    #[arg(long, value_name = "PATTERN")]
    pub include: Vec<String>,
    /// Skip files that match (repeatable)
    #[arg(long, value_name = "PATTERN")]
    pub exclude: Vec<String>,
    /// Training steps, of 32 blocks each
    #[arg(long, default_value_t = 300, value_name = "N")]
    pub steps: u64,
    /// Tokens per block
    #[arg(long, default_value_t = 128, value_name = "TOKENS")]
    pub block: usize,
    /// The highest learning rate
    #[arg(long, default_value_t = 3e-4, value_name = "RATE")]
    pub learning_rate: f64,
    /// Share of the change to apply to the encoder (repeatable) [default: 1, 0.5, 0.25 and 0.1]
    #[arg(long = "share", value_name = "SHARE")]
    pub shares: Vec<f32>,
    /// Seed for the order of the text and the choice of masked tokens
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Print the report as JSON on standard output
    #[arg(long)]
    pub json: bool,
    /// Show no progress
    #[arg(long, short)]
    pub quiet: bool,
}

fn scope(text: &str) -> Result<cloze_train::Scope, String> {
    match text {
        "head" => Ok(cloze_train::Scope::Head),
        "encoder" => Ok(cloze_train::Scope::Encoder),
        number => match number.parse() {
            Ok(layers) => Ok(cloze_train::Scope::Top(layers)),
            Err(_) => Err(format!("unknown part {number:?}; expected head, encoder or a number of layers")),
        },
    }
}

/// Commands about an index.
#[derive(Debug, Args)]
pub struct IndexArgs {
    /// Index directory [default: .cloze]
    #[arg(long, value_name = "DIR")]
    pub index: Option<PathBuf>,
    /// Address of the index on a cluster, such as https://search.example.org:9200/docs
    #[arg(long, value_name = "URL", value_parser = Address::parse)]
    pub body: Option<Address>,
    /// Print JSON on standard output
    #[arg(long)]
    pub json: bool,
}

/// `indexer model table`.
#[derive(Debug, Args)]
pub struct TableArgs {
    /// Folders or files with your documents, and any other texts
    #[arg(required = true, value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    /// Model that the table is for: a preset, a directory or a hub id [default: all-MiniLM-L6-v2]
    #[arg(long, value_name = "MODEL")]
    pub model: Option<String>,
    /// File to write [default: query_table.safetensors in the model's directory, where searches look for it]
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Use only files that match (repeatable; like a line of .gitignore)
    #[arg(long, value_name = "PATTERN")]
    pub include: Vec<String>,
    /// Skip files that match (repeatable)
    #[arg(long, value_name = "PATTERN")]
    pub exclude: Vec<String>,
    /// Number of short texts to take from the documents
    #[arg(long, default_value_t = 50_000, value_name = "N")]
    pub texts: usize,
    /// The most passes over these texts
    #[arg(long, default_value_t = 12, value_name = "N")]
    pub passes: usize,
    /// The highest learning rate
    #[arg(long, default_value_t = 2e-3, value_name = "RATE")]
    pub learning_rate: f64,
    /// Seed for the choice and the order of the texts
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Write the table even if it finds too little, or if there is too little text to judge it
    #[arg(long)]
    pub force: bool,
    /// Print the report as JSON on standard output
    #[arg(long)]
    pub json: bool,
    /// Show no progress
    #[arg(long, short)]
    pub quiet: bool,
}

/// `indexer model`.
#[derive(Debug, Subcommand)]
pub enum ModelCommand {
    /// Download a model from the hub
    Pull {
        /// Model: owner/name or owner/name@revision [default: all-MiniLM-L6-v2]
        model: Option<String>,
    },
    /// List the models on this machine, with the quality and the speed of the presets
    List {
        /// Measure the speed and the memory of the presets on this machine
        #[arg(long)]
        measure: bool,
    },
    /// Train a lookup table for a model, which encodes queries in microseconds; keep it only if it finds enough
    Table(Box<TableArgs>),
    /// Describe a model: whether it works, and what it costs to build with it
    Info {
        /// Model: a directory or a hub id [default: all-MiniLM-L6-v2]
        model: Option<String>,
    },
}
