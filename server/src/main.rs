//! The program `server`: an index over HTTP.

use std::{io::IsTerminal, process::ExitCode};

use clap::Parser;
use cloze_server::{ServerConfig, cli::Cli, run};

fn main() -> ExitCode {
    tracing_subscriber::fmt()
        .with_env_filter(tracing_subscriber::EnvFilter::try_from_env("CLOZE_LOG").unwrap_or_else(|_| "info".into()))
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none())
        .init();
    match ServerConfig::resolve(Cli::parse()).and_then(|config| run::run(&config)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("server: {error:#}");
            ExitCode::from(1)
        }
    }
}
