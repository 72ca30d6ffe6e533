//! The program `indexer` turns folders of documents into an index.

use std::{io::IsTerminal, process::ExitCode};

use clap::Parser;
use cloze_indexer::{cli::Cli, commands};

fn main() -> ExitCode {
    tracing_subscriber::fmt()
        .with_env_filter(
            tracing_subscriber::EnvFilter::try_from_env("CLOZE_LOG").unwrap_or_else(|_| "warn,html5ever=error".into()),
        )
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none())
        .without_time()
        .init();
    match commands::run(Cli::parse()) {
        Ok(outcome) => ExitCode::from(outcome),
        Err(error) => {
            eprintln!("indexer: {error:#}");
            ExitCode::from(1)
        }
    }
}
