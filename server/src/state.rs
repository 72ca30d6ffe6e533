//! What all requests share.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use arc_swap::ArcSwap;
use cloze_query::{Engine, Place};

use crate::{
    ServerConfig,
    analytics::Analytics,
    clients::TrustedProxies,
    keys::Keys,
    limits::{Embeddings, InFlight, RateLimit},
    metrics::Metrics,
    reload::{Follower, ReloadError},
};

/// See the module. Cheap to clone.
#[derive(Clone)]
pub struct State {
    engine: Arc<ArcSwap<Engine>>,
    reload_error: Arc<Mutex<Option<ReloadError>>>,
    follower: Arc<Mutex<Follower>>,
    /// Searches and suggestions.
    pub(crate) in_flight: InFlight,
    /// What takes long has places of its own, so that it never takes those of searches.
    pub(crate) embeddings: Embeddings,
    pub(crate) reloads: InFlight,
    pub(crate) timeout: Duration,
    pub(crate) keys: Arc<Keys>,
    pub(crate) proxies: Arc<TrustedProxies>,
    pub(crate) rate_limit: Option<Arc<RateLimit>>,
    pub(crate) analytics: Option<Arc<Analytics>>,
    pub(crate) metrics: Metrics,
    is_ending: Arc<AtomicBool>,
}

impl State {
    /// The state around an engine.
    ///
    /// # Errors
    /// If the state directory cannot be used, or there is no starting threads.
    pub fn new(engine: Engine, config: &ServerConfig) -> std::io::Result<Self> {
        let analytics = match config.analytics {
            true => Some(Arc::new(Analytics::open(config.state_dir.as_deref())?)),
            false => None,
        };
        let place = Place::of(config.index.clone(), config.body.as_ref()).map_err(std::io::Error::other)?;
        Ok(Self {
            engine: Arc::new(ArcSwap::from_pointee(engine)),
            reload_error: Arc::default(),
            follower: Arc::new(Mutex::new(Follower::new(place, config.model.clone()))),
            in_flight: InFlight::in_turns(config.max_in_flight, searches_at_once(config)),
            embeddings: Embeddings::new()?,
            reloads: InFlight::new(1),
            timeout: config.timeout,
            keys: Arc::new(config.keys.clone()),
            proxies: Arc::new(config.trusted_proxies.clone()),
            rate_limit: config.rate_limit.map(|per_minute| Arc::new(RateLimit::new(per_minute))),
            analytics,
            metrics: Metrics::new(),
            is_ending: Arc::default(),
        })
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

    /// Takes up the newest generation on disk, if there is another one.
    pub(crate) fn reload(&self) {
        self.follower.lock().unwrap_or_else(PoisonError::into_inner).step(self);
    }

    /// From now on load balancers learn that they must send requests elsewhere.
    pub(crate) fn end(&self) {
        self.is_ending.store(true, Ordering::Relaxed);
    }

    /// Whether the server ends soon.
    pub(crate) fn is_ending(&self) -> bool {
        self.is_ending.load(Ordering::Relaxed)
    }

    /// Whether the machines that hold the index did not answer when they were last asked.
    pub(crate) fn is_unreachable(&self) -> bool {
        let known = self.reload_error.lock().unwrap_or_else(PoisonError::into_inner);
        known.as_ref().is_some_and(|error| error.is_unreachable)
    }

    /// How often to look for a newer generation.
    pub(crate) fn place_every(&self) -> Duration {
        self.follower.lock().unwrap_or_else(PoisonError::into_inner).every()
    }

    /// Why the newest generation on disk does not answer, in words for the public.
    pub(crate) fn reload_error(&self) -> Option<String> {
        self.reload_error.lock().unwrap_or_else(PoisonError::into_inner).as_ref().map(|error| error.public.clone())
    }

    /// Remembers it, and logs it once.
    pub(crate) fn set_reload_error(&self, error: Option<ReloadError>) {
        let mut known = self.reload_error.lock().unwrap_or_else(PoisonError::into_inner);
        if *known != error {
            if let Some(ReloadError { detail, .. }) = &error {
                tracing::error!(error = detail, "cannot switch to the new generation; the server keeps the old one");
            }
            *known = error;
        }
    }
}

/// How many searches run at once. Searches of files keep the cores busy; those of a cluster wait for its machines.
fn searches_at_once(config: &ServerConfig) -> usize {
    if config.body.is_some() { config.max_in_flight } else { 2 * cloze_models::available_threads() }
}
