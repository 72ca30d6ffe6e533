//! Takes up a new generation while the old one goes on answering.
//!
//! A request holds the engine it began with, so no answer mixes two generations, and the old one is
//! let go when its last request is done. One that cannot be opened is passed by: the server goes on
//! with what it has, and says so in `/ready`. Why it was, with the names of files, is for the log.

use std::{
    thread,
    time::{Duration, Instant},
};

use cloze_models::ModelSource;
use cloze_query::Place;

use crate::State;

/// How long after a failure the same generation is tried again.
const RETRY_AFTER: Duration = Duration::from_secs(10);
/// Longest name of a generation that is repeated.
const LONGEST_NAME: usize = 32;

/// Why the newest generation on disk does not answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ReloadError {
    /// Whether the machines that hold the index do not answer.
    pub(crate) is_unreachable: bool,
    /// Public: a sentence of ours, and perhaps the name of a generation.
    pub(crate) public: String,
    /// For the log: what failed, and where.
    pub(crate) detail: String,
}

impl ReloadError {
    /// There is no telling which generation is the newest.
    fn unreadable(detail: String, is_unreachable: bool) -> Self {
        Self { is_unreachable, public: "the server cannot read the index; the log shows the reason".into(), detail }
    }

    /// The generation cannot be opened. Its name comes from a file, so only a name is repeated.
    fn not_taken_up(name: &str, detail: String) -> Self {
        let is_name = name.len() <= LONGEST_NAME && name.bytes().all(|b| b.is_ascii_alphanumeric());
        let name = if is_name { name } else { "with an invalid name" };
        let public = format!("the server cannot open generation {name}; the log shows the reason");
        Self { is_unreachable: false, public, detail }
    }
}

/// Looks whether there is another generation, and takes it up.
pub(crate) struct Follower {
    place: Place,
    model: Option<ModelSource>,
    /// The generation that could not be taken up, and when that was tried.
    failed: Option<(String, Instant)>,
}

impl Follower {
    pub(crate) fn new(place: Place, model: Option<ModelSource>) -> Self {
        Self { place, model, failed: None }
    }

    /// How often the name of the live generation is looked at.
    pub(crate) fn every(&self) -> Duration {
        self.place.every()
    }

    pub(crate) fn step(&mut self, state: &State) {
        let engine = state.engine();
        let live = match self.place.overtakes(engine.generation()) {
            Ok(Some(live)) => live,
            Ok(None) => return state.set_reload_error(None),
            Err(error) => {
                return state
                    .set_reload_error(Some(ReloadError::unreadable(error.to_string(), error.is_unreachable())));
            }
        };
        if self.failed.as_ref().is_some_and(|(name, at)| *name == live && at.elapsed() < RETRY_AFTER) {
            return;
        }
        let started = Instant::now();
        let next = self.place.open().and_then(|generation| engine.reopen_on(generation, self.model.as_ref()));
        match next {
            Ok(next) => {
                let generation = next.generation().manifest().generation.clone();
                state.swap(next);
                tracing::info!(
                    generation,
                    took_ms = started.elapsed().as_millis() as u64,
                    "switched to a new generation"
                );
                self.failed = None;
            }
            Err(error) => {
                state.set_reload_error(Some(ReloadError::not_taken_up(&live, format!("generation {live}: {error}"))));
                self.failed = Some((live, Instant::now()));
            }
        }
    }
}

/// Follows an index from a thread of its own, for as long as the process lives.
///
/// # Errors
/// If there is no starting a thread.
pub(crate) fn follow(state: State) -> std::io::Result<()> {
    let every = state.place_every();
    let run = move || {
        loop {
            thread::sleep(every);
            state.reload();
        }
    };
    thread::Builder::new().name("reload".into()).spawn(run).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_but_a_name_is_made_public() {
        let error = ReloadError::not_taken_up("000009", "/srv/index/generations/000009/manifest.json: no".into());
        assert_eq!(error.public, "the server cannot open generation 000009; the log shows the reason");
        assert!(!ReloadError::not_taken_up("../../etc", String::new()).public.contains("etc"));
        assert!(!ReloadError::unreadable("/srv/index/CURRENT: no".into(), false).public.contains('/'));
    }
}
