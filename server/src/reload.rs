//! Takes up a new generation while the old one goes on answering.
//!
//! A request holds the engine it began with, so no answer mixes two generations, and the old one is
//! let go when its last request is done. One that cannot be opened is passed by: the server goes on
//! with what it has, and says so in `/ready` and in the log.

use std::{
    path::PathBuf,
    thread,
    time::{Duration, Instant},
};

use cloze_models::ModelSource;

use crate::State;

/// How often the name of the live generation is looked at: one small file.
const EVERY: Duration = Duration::from_millis(200);
/// How long after a failure the same generation is tried again.
const RETRY_AFTER: Duration = Duration::from_secs(10);

/// Follows an index from a thread of its own, for as long as the process lives.
///
/// # Errors
/// If there is no starting a thread.
pub(crate) fn follow(state: State, index: PathBuf, model: Option<ModelSource>) -> std::io::Result<()> {
    let mut failed: Option<(String, Instant)> = None;
    let step = move || {
        let engine = state.engine();
        let live = match engine.generation().overtaken_by(&index) {
            Ok(Some(live)) => live,
            Ok(None) => return state.set_reload_error(None),
            Err(error) => return state.set_reload_error(Some(error.to_string())),
        };
        if failed.as_ref().is_some_and(|(name, at)| *name == live && at.elapsed() < RETRY_AFTER) {
            return;
        }
        let started = Instant::now();
        match engine.reopen(&index, model.as_ref()) {
            Ok(next) => {
                let generation = next.generation().manifest().generation.clone();
                state.swap(next);
                tracing::info!(generation, took_ms = started.elapsed().as_millis() as u64, "new generation");
                failed = None;
            }
            Err(error) => {
                state.set_reload_error(Some(format!("generation {live} was not taken up: {error}")));
                failed = Some((live, Instant::now()));
            }
        }
    };
    let mut step = step;
    let run = move || {
        loop {
            thread::sleep(EVERY);
            step();
        }
    };
    thread::Builder::new().name("reload".into()).spawn(run).map(drop)
}
