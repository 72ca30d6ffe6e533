//! Where the time of a request goes.

use std::time::{Duration, Instant};

/// Where the time of a search went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Timings {
    /// The query's vector: encoded, or remembered.
    pub encode: Option<Duration>,
    /// The nearest passages.
    pub semantic: Option<Duration>,
    /// The keyword leg, which runs at the same time.
    pub lexical: Option<Duration>,
    /// Scoring the union of the candidates, fusing, grouping.
    pub fuse: Duration,
    /// Reading the hits, their snippets, highlights and facets.
    pub present: Duration,
}

/// Since then, to the microsecond.
pub(crate) fn milliseconds(since: Instant) -> f64 {
    (since.elapsed().as_secs_f64() * 1e6).round() / 1e3
}
