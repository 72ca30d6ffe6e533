//! A cache of earlier answers.
//!
//! A generation does not change, so the answer to a request does not change either. Each engine has its own cache,
//! and a new generation starts with an empty one.

use std::{
    hash::{Hash, Hasher},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use quick_cache::{Weighter, sync::Cache};

use crate::{Answer, Request};

/// The most memory that cached answers may take, in bytes.
const MOST_BYTES: u64 = 8 << 20;
/// The number of answers that the cache is sized for.
const EXPECTED: usize = 1024;

/// The cached answers of one engine.
pub(crate) struct Answers {
    cache: Cache<Request, Arc<Answer>, Bytes>,
    hits: Arc<AtomicU64>,
    misses: Arc<AtomicU64>,
}

#[derive(Clone)]
struct Bytes;

impl Weighter<Request, Arc<Answer>> for Bytes {
    fn weight(&self, _: &Request, answer: &Arc<Answer>) -> u64 {
        answer.bytes() as u64
    }
}

impl Answers {
    pub(crate) fn new() -> Self {
        let cache = Cache::with_weighter(EXPECTED, MOST_BYTES, Bytes);
        Self { cache, hits: Arc::default(), misses: Arc::default() }
    }

    /// The cache of the next generation: it has no answers and keeps the counts.
    pub(crate) fn renewed(&self) -> Self {
        Self { hits: self.hits.clone(), misses: self.misses.clone(), ..Self::new() }
    }

    pub(crate) fn get(&self, request: &Request) -> Option<Arc<Answer>> {
        let found = self.cache.get(request);
        let counter = if found.is_some() { &self.hits } else { &self.misses };
        counter.fetch_add(1, Ordering::Relaxed);
        found
    }

    pub(crate) fn keep(&self, request: &Request, answer: &Arc<Answer>) {
        self.cache.insert(request.clone(), answer.clone());
    }

    /// The number of hits and of misses.
    pub(crate) fn counts(&self) -> (u64, u64) {
        (self.hits.load(Ordering::Relaxed), self.misses.load(Ordering::Relaxed))
    }
}

/// A request has two fractional numbers, which their setters check: they are never NaN, so it equals itself.
impl Eq for Request {}

impl Hash for Request {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (self.query(), self.limit(), self.offset(), self.prefix, self.explain, self.encoder).hash(state);
        (&self.filters, &self.facets).hash(state);
    }
}
