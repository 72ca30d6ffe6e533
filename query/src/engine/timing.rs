//! The time that each step of a request takes.

use std::time::{Duration, Instant};

/// The time that each step of a search took.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Timings {
    /// Making the query's vector, or reading it from the cache.
    pub encode: Option<Duration>,
    /// Finding the nearest passages.
    pub semantic: Option<Duration>,
    /// The keyword leg, which runs at the same time.
    pub lexical: Option<Duration>,
    /// Scoring the union of the candidates, fusing, grouping.
    pub fuse: Duration,
    /// Reading the hits, their snippets, highlights and facets.
    pub present: Duration,
}

/// Milliseconds elapsed since then, to the microsecond.
pub(crate) fn milliseconds(since: Instant) -> f64 {
    (since.elapsed().as_secs_f64() * 1e6).round() / 1e3
}
