//! The program `server`: an index over HTTP.

use std::{io::IsTerminal, process::ExitCode};

use clap::Parser;
use cloze_server::{
    ServerConfig,
    cli::{Cli, LogFormat},
    run,
};
use mimalloc::MiMalloc;
use tracing_subscriber::EnvFilter;

/// A search makes thousands of small allocations on several threads; this allocator serves them faster than the
/// system's.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    let result = ServerConfig::resolve(Cli::parse()).and_then(|config| {
        log(config.log_format);
        run::run(&config)
    });
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("server: {error:#}");
            ExitCode::from(1)
        }
    }
}

fn log(format: LogFormat) {
    let filter = EnvFilter::try_from_env("CLOZE_LOG").unwrap_or_else(|_| "info".into());
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    match format {
        LogFormat::Json => log.json().flatten_event(true).init(),
        LogFormat::Text => {
            let ansi = std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
            log.with_ansi(ansi).init();
        }
    }
}
