//! What all requests share.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use arc_swap::ArcSwap;
use cloze_query::Engine;

use crate::limits::InFlight;

/// See the module. Cheap to clone.
#[derive(Clone)]
pub struct State {
    engine: Arc<ArcSwap<Engine>>,
    reload_error: Arc<Mutex<Option<String>>>,
    pub(crate) in_flight: InFlight,
    pub(crate) timeout: Duration,
}

impl State {
    /// The state around an engine; at most `max_in_flight` searches run or wait, each for at most `timeout`.
    #[must_use]
    pub fn new(engine: Engine, max_in_flight: usize, timeout: Duration) -> Self {
        Self {
            engine: Arc::new(ArcSwap::from_pointee(engine)),
            reload_error: Arc::default(),
            in_flight: InFlight::new(max_in_flight),
            timeout,
        }
    }

    /// The engine of the newest generation; whoever holds it keeps it.
    pub(crate) fn engine(&self) -> Arc<Engine> {
        self.engine.load_full()
    }

    /// Answers requests from another engine from now on.
    pub(crate) fn swap(&self, engine: Engine) {
        self.engine.store(Arc::new(engine));
        self.set_reload_error(None);
    }

    /// Why the newest generation on disk does not answer, if it does not.
    pub(crate) fn reload_error(&self) -> Option<String> {
        self.reload_error.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Remembers it, and logs it once.
    pub(crate) fn set_reload_error(&self, error: Option<String>) {
        let mut known = self.reload_error.lock().unwrap_or_else(PoisonError::into_inner);
        if *known != error {
            if let Some(error) = &error {
                tracing::error!(error, "the index on disk was not taken up; the old generation goes on");
            }
            *known = error;
        }
    }
}
