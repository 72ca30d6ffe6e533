//! The vectors of queries that were asked before.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use cloze_index::QueryTokens;
use cloze_models::Encoder;
use quick_cache::sync::Cache;

use crate::Result;

/// Vectors that are kept: with 384 numbers each, and as many bytes for each token, some 25 megabytes at most.
const KEPT: usize = 2048;

/// What the encoder makes of a query.
pub(crate) struct QueryVector {
    /// The unit vector.
    pub(crate) vector: Arc<[f32]>,
    /// Its tokens, for the second look.
    pub(crate) tokens: QueryTokens,
}

/// Vectors by query text. They depend on the model alone, so a new generation keeps them.
#[derive(Clone)]
pub(crate) struct QueryVectors {
    cache: Arc<Cache<String, Arc<QueryVector>>>,
    hits: Arc<AtomicU64>,
    misses: Arc<AtomicU64>,
}

impl QueryVectors {
    pub(crate) fn new() -> Self {
        Self { cache: Arc::new(Cache::new(KEPT)), hits: Arc::default(), misses: Arc::default() }
    }

    /// The unit vector of a query. It is bit-identical however often it is asked for: a text's vector
    /// depends on the text alone.
    pub(crate) fn get(&self, encoder: &Encoder, text: &str) -> Result<Arc<QueryVector>> {
        if let Some(vector) = self.cache.get(text) {
            self.hits.fetch_add(1, Ordering::Relaxed);
            return Ok(vector);
        }
        self.misses.fetch_add(1, Ordering::Relaxed);
        let (vector, tokens) = encoder.encode_query(text)?;
        let tokens = QueryTokens::new(&tokens, encoder.record().dimension);
        let vector = Arc::new(QueryVector { vector: vector.into(), tokens });
        self.cache.insert(text.to_owned(), vector.clone());
        Ok(vector)
    }

    /// Queries that were found, and that were not.
    pub(crate) fn counts(&self) -> (u64, u64) {
        (self.hits.load(Ordering::Relaxed), self.misses.load(Ordering::Relaxed))
    }
}
