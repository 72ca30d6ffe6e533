//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use cloze_cluster::Address;

/// Searches an index from the terminal, and evaluates it.
#[derive(Debug, Parser)]
#[command(name = "query", version, subcommand_precedence_over_arg = true)]
pub struct Cli {
    /// Settings file [default: cloze.toml, if it exists]
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Index directory [default: .cloze]
    #[arg(long, global = true, value_name = "DIR")]
    pub index: Option<PathBuf>,
    /// Address of the index on a cluster, such as https://search.example.org:9200/docs
    #[arg(long, global = true, value_name = "URL", value_parser = Address::parse)]
    pub body: Option<Address>,
    /// Location of the index's model [default: the location in the index]
    #[arg(long, global = true, value_name = "MODEL")]
    pub model: Option<String>,
    /// Print JSON
    #[arg(long, global = true)]
    pub json: bool,
    /// The subcommand, if any.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// The search itself.
    #[command(flatten)]
    pub search: SearchArgs,
}

/// `query "..."`.
#[derive(Debug, Args)]
pub struct SearchArgs {
    /// The query
    #[arg(value_name = "WORDS")]
    pub words: Vec<String>,
    /// Legs to search: hybrid, semantic or keyword [default: hybrid]
    #[arg(long)]
    pub mode: Option<String>,
    /// Matches to mark in snippets: keyword, semantic (the best sentence) or none [default: keyword]
    #[arg(long)]
    pub highlight: Option<String>,
    /// Source of the query's vector: auto, model or table (the model's lookup table) [default: auto]
    #[arg(long)]
    pub encoder: Option<String>,
    /// Number of pages
    #[arg(long, default_value_t = crate::request::DEFAULT_LIMIT, value_name = "N")]
    pub limit: usize,
    /// Number of pages to skip
    #[arg(long, default_value_t = 0, value_name = "N")]
    pub offset: usize,
    /// Share of the semantic leg, 0 to 1
    #[arg(long, value_name = "SHARE")]
    pub semantic_weight: Option<f32>,
    /// Smallest score of a listed page, 0 to 1
    #[arg(long, value_name = "SCORE")]
    pub min_score: Option<f32>,
    /// Explain every score
    #[arg(long)]
    pub explain: bool,
}

impl SearchArgs {
    /// Whether any option differs from its default.
    pub(crate) fn is_given(&self) -> bool {
        let named = [&self.mode, &self.highlight, &self.encoder];
        let numbers = [self.semantic_weight, self.min_score];
        named.iter().any(|name| name.is_some()) || numbers.iter().any(Option::is_some) || self.explain
    }
}

/// The subcommands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Measure the index against judged queries (BEIR files)
    Eval(EvalArgs),
    /// Fill the blanks of a text: query fill "the [MASK] of the index"
    Fill(FillArgs),
    /// Score the likelihood of a text, token by token
    Score(ScoreArgs),
}

/// `query fill`.
#[derive(Debug, Args)]
pub struct FillArgs {
    /// The text, with [MASK] for every blank
    #[arg(value_name = "TEXT")]
    pub text: String,
    /// Number of predictions for each blank, and of filled texts
    #[arg(long, default_value_t = 5, value_name = "N")]
    pub top_k: usize,
    /// A word to score in every blank (repeatable)
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
    /// Legs to search: hybrid, semantic or keyword; all compares the three modes
    #[arg(long, default_value = "hybrid")]
    pub mode: String,
    /// Share of the semantic leg, 0 to 1
    #[arg(long, value_name = "SHARE")]
    pub semantic_weight: Option<f32>,
    /// Source of the queries' vectors: auto, model or table (the model's lookup table) [default: auto]
    #[arg(long)]
    pub encoder: Option<String>,
    /// Compare with an earlier run: a file with its --json output
    #[arg(long, value_name = "FILE", conflicts_with_all = ["against_index", "against_mode", "against_weight"])]
    pub against: Option<PathBuf>,
    /// Compare with the same queries on another index
    #[arg(long, value_name = "DIR")]
    pub against_index: Option<PathBuf>,
    /// Compare with the same queries in another mode: hybrid, semantic or keyword
    #[arg(long, value_name = "MODE")]
    pub against_mode: Option<String>,
    /// Compare with the same queries and another share of the semantic leg: 0 to 1, or auto for the engine's choice
    #[arg(long, value_name = "SHARE")]
    pub against_weight: Option<String>,
    /// Show the N queries with the worst results, with their lists
    #[arg(long, value_name = "N")]
    pub worst: Option<usize>,
    /// Show how well the score of a first hit predicts that the hit is right
    #[arg(long)]
    pub scores: bool,
    /// Use only the first N queries of the file
    #[arg(long, value_name = "N")]
    pub first: Option<usize>,
    /// Read addresses of pages in the judgments, instead of ids
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
