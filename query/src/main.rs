//! The program `query`: searches an index from the terminal, and evaluates it.

use std::{io::IsTerminal, process::ExitCode};

use clap::Parser;
use cloze_query::{cli::Cli, commands};

fn main() -> ExitCode {
    tracing_subscriber::fmt()
        .with_env_filter(tracing_subscriber::EnvFilter::try_from_env("CLOZE_LOG").unwrap_or_else(|_| "warn".into()))
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none())
        .without_time()
        .init();
    match commands::run(Cli::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("query: {error:#}");
            let is_usage = error.downcast_ref::<cloze_query::Error>().is_some_and(cloze_query::Error::is_usage);
            ExitCode::from(if is_usage { 2 } else { 1 })
        }
    }
}
