//! What all requests share.

use std::{sync::Arc, time::Duration};

use cloze_query::Engine;

use crate::limits::InFlight;

/// See the module. Cheap to clone.
#[derive(Clone)]
pub struct State {
    pub(crate) engine: Arc<Engine>,
    pub(crate) in_flight: InFlight,
    pub(crate) timeout: Duration,
}

impl State {
    /// The state around an engine; at most `max_in_flight` searches run or wait, each for at most `timeout`.
    #[must_use]
    pub fn new(engine: Engine, max_in_flight: usize, timeout: Duration) -> Self {
        Self { engine: Arc::new(engine), in_flight: InFlight::new(max_in_flight), timeout }
    }
}
