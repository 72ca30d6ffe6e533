//! How much may go on at once, and how much one client may ask for.

use std::{
    net::IpAddr,
    num::NonZeroU32,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use governor::{
    DefaultKeyedRateLimiter, Quota,
    clock::{Clock, DefaultClock},
};

use rayon::{ThreadPool, ThreadPoolBuilder};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::error::ApiError;

/// Clients that are remembered before those that have been quiet are forgotten.
const REMEMBERED: usize = 10_000;
/// Requests for embeddings that run or wait at once.
const EMBEDDINGS_AT_ONCE: usize = 4;

/// Counts the requests in flight; refuses those over the limit at once instead of queueing them without end. A few run
/// at once, and the others wait for their turn.
#[derive(Debug, Clone)]
pub(crate) struct InFlight {
    count: Arc<AtomicUsize>,
    limit: usize,
    turns: Arc<Semaphore>,
}

/// One request; gives its place back on drop.
#[derive(Debug)]
pub(crate) struct Place(Arc<AtomicUsize>);

impl InFlight {
    /// At most `limit` requests, which all run at once.
    pub(crate) fn new(limit: usize) -> Self {
        Self::in_turns(limit, limit)
    }

    /// At most `limit` requests. `at_once` of them run, and the others wait in the order in which they came: if all
    /// shared the cores, all would end late.
    pub(crate) fn in_turns(limit: usize, at_once: usize) -> Self {
        let turns = Arc::new(Semaphore::new(at_once.clamp(1, Semaphore::MAX_PERMITS)));
        Self { count: Arc::default(), limit: limit.max(1), turns }
    }

    /// Waits until a request may run; it may do so as long as it keeps the turn. Only a closed semaphore gives none,
    /// and nobody closes this one.
    pub(crate) async fn turn(&self) -> Option<OwnedSemaphorePermit> {
        self.turns.clone().acquire_owned().await.ok()
    }

    /// Takes a place, or says that all are taken.
    pub(crate) fn enter(&self) -> Result<Place, ApiError> {
        let place = Place(self.count.clone());
        if self.count.fetch_add(1, Ordering::AcqRel) < self.limit {
            return Ok(place);
        }
        Err(ApiError::busy())
    }

    /// Requests that run or wait now.
    pub(crate) fn now(&self) -> usize {
        self.count.load(Ordering::Acquire)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

/// Encodes texts for others in threads of its own: half of the cores, so that searches keep the rest.
#[derive(Clone)]
pub(crate) struct Embeddings {
    pub(crate) places: InFlight,
    pub(crate) threads: Arc<ThreadPool>,
}

impl Embeddings {
    pub(crate) fn new() -> std::io::Result<Self> {
        let threads = (cloze_models::available_threads() / 2).max(1);
        let pool = ThreadPoolBuilder::new().num_threads(threads).thread_name(|i| format!("embed-{i}"));
        let pool = pool.build().map_err(std::io::Error::other)?;
        Ok(Self { places: InFlight::new(EMBEDDINGS_AT_ONCE), threads: Arc::new(pool) })
    }
}

/// Requests of each client, evened out over time (the generic cell rate algorithm).
pub(crate) struct RateLimit {
    limiter: DefaultKeyedRateLimiter<IpAddr>,
    clock: DefaultClock,
}

impl RateLimit {
    /// Lets a client ask `per_minute` times a minute, a fifth of that (at least ten) in one burst.
    pub(crate) fn new(per_minute: NonZeroU32) -> Self {
        let burst = NonZeroU32::new((per_minute.get() / 5).max(10)).unwrap_or(per_minute);
        Self {
            limiter: DefaultKeyedRateLimiter::keyed(Quota::per_minute(per_minute).allow_burst(burst)),
            clock: DefaultClock::default(),
        }
    }

    /// Counts a request, or says when the next one will be let through.
    pub(crate) fn check(&self, client: IpAddr) -> Result<(), ApiError> {
        if self.limiter.len() > REMEMBERED {
            self.limiter.retain_recent();
        }
        self.limiter.check_key(&client).map_err(|until| {
            let wait = until.wait_time_from(self.clock.now());
            ApiError::too_many(wait.max(Duration::from_secs(1)))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_bounded_and_come_back() {
        let in_flight = InFlight::new(2);
        let (a, _b) = (in_flight.enter().expect("first"), in_flight.enter().expect("second"));
        assert!(in_flight.enter().is_err());
        assert_eq!(in_flight.now(), 2);
        drop(a);
        assert!(in_flight.enter().is_ok());
    }

    #[test]
    fn a_client_that_asks_too_much_does_not_stop_the_others() {
        let limit = RateLimit::new(NonZeroU32::new(60).expect("60"));
        let (loud, quiet) = ("1.2.3.4".parse().expect("ip"), "5.6.7.8".parse().expect("ip"));
        let refused = (0..100).filter(|_| limit.check(loud).is_err()).count();
        assert!((80..=88).contains(&refused), "{refused} of 100 refused, 12 in a burst allowed");
        assert!(limit.check(quiet).is_ok());
    }
}
