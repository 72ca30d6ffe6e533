//! What was typed.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

/// Searches an index from the terminal, and measures it.
#[derive(Debug, Parser)]
#[command(name = "query", version, subcommand_precedence_over_arg = true)]
pub struct Cli {
    /// Settings file [default: cloze.toml, if there is one]
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Index directory [default: .cloze]
    #[arg(long, global = true, value_name = "DIR")]
    pub index: Option<PathBuf>,
    /// Where the index's model is [default: where the index says]
    #[arg(long, global = true, value_name = "MODEL")]
    pub model: Option<String>,
    /// Print JSON
    #[arg(long, global = true)]
    pub json: bool,
    /// What else to do.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// What to search for.
    #[command(flatten)]
    pub search: SearchArgs,
}

/// `query "..."`.
#[derive(Debug, Args)]
pub struct SearchArgs {
    /// What to search for
    #[arg(value_name = "WORDS")]
    pub words: Vec<String>,
    /// Which legs answer: hybrid, semantic or keyword [default: hybrid]
    #[arg(long)]
    pub mode: Option<String>,
    /// What snippets mark: keyword, semantic (the best sentence) or none [default: keyword]
    #[arg(long)]
    pub highlight: Option<String>,
    /// Number of pages
    #[arg(long, default_value_t = crate::request::DEFAULT_LIMIT, value_name = "N")]
    pub limit: usize,
    /// Pages to pass by
    #[arg(long, default_value_t = 0, value_name = "N")]
    pub offset: usize,
    /// Share of the semantic leg, 0 to 1
    #[arg(long, value_name = "SHARE")]
    pub semantic_weight: Option<f32>,
    /// Say how every score came about
    #[arg(long)]
    pub explain: bool,
}

impl SearchArgs {
    /// Whether anything but the defaults was given.
    pub(crate) fn is_given(&self) -> bool {
        self.mode.is_some() || self.highlight.is_some() || self.semantic_weight.is_some() || self.explain
    }
}

/// Other commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Measure the index against judged queries (BEIR files)
    Eval(EvalArgs),
    /// Fill the blanks of a text: query fill "the [MASK] of the index"
    Fill(FillArgs),
    /// Say how likely a text is, token by token
    Score(ScoreArgs),
}

/// `query fill`.
#[derive(Debug, Args)]
pub struct FillArgs {
    /// The text, with [MASK] for every blank
    #[arg(value_name = "TEXT")]
    pub text: String,
    /// Predictions for each blank, and filled texts
    #[arg(long, default_value_t = 5, value_name = "N")]
    pub top_k: usize,
    /// A word whose probability is wanted in every blank (repeatable)
    #[arg(long = "target", value_name = "WORD")]
    pub targets: Vec<String>,
}

/// `query score`.
#[derive(Debug, Args)]
pub struct ScoreArgs {
    /// The text
    #[arg(value_name = "TEXT")]
    pub text: String,
}

/// `query eval`.
#[derive(Debug, Args)]
pub struct EvalArgs {
    /// Queries: JSON Lines with "_id" and "text"
    #[arg(long, value_name = "FILE")]
    pub queries: PathBuf,
    /// Judgments: query-id, corpus-id and score, separated by tabs
    #[arg(long, value_name = "FILE")]
    pub qrels: PathBuf,
    /// Which legs answer: hybrid, semantic or keyword; all shows the three side by side
    #[arg(long, default_value = "hybrid")]
    pub mode: String,
    /// Share of the semantic leg, 0 to 1
    #[arg(long, value_name = "SHARE")]
    pub semantic_weight: Option<f32>,
    /// Compare with an earlier run: what --json printed then
    #[arg(long, value_name = "FILE", conflicts_with_all = ["against_index", "against_mode", "against_weight"])]
    pub against: Option<PathBuf>,
    /// Compare with the same queries on another index
    #[arg(long, value_name = "DIR")]
    pub against_index: Option<PathBuf>,
    /// Compare with the same queries in another mode: hybrid, semantic or keyword
    #[arg(long, value_name = "MODE")]
    pub against_mode: Option<String>,
    /// Compare with the same queries with another share of the semantic leg, 0 to 1, or auto for the engine's own
    #[arg(long, value_name = "SHARE")]
    pub against_weight: Option<String>,
    /// Show the N queries that went worst, with their lists
    #[arg(long, value_name = "N")]
    pub worst: Option<usize>,
    /// Say how well the scores of first hits predict that those are right
    #[arg(long)]
    pub scores: bool,
    /// Take only the first N queries of the file
    #[arg(long, value_name = "N")]
    pub first: Option<usize>,
    /// Judgments name pages by their address instead of their id
    #[arg(long)]
    pub by_url: bool,
}

impl EvalArgs {
    /// Whether the run is compared with another one that is made now.
    pub(crate) fn compares(&self) -> bool {
        self.against.is_some()
            || self.against_index.is_some()
            || self.against_mode.is_some()
            || self.against_weight.is_some()
    }
}
