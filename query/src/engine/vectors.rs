//! From a query to its vector: by the model, or by the model's lookup table.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use cloze_index::QueryTokens;
use cloze_models::{Encoder, LookupTable, Readiness};
use quick_cache::sync::Cache;

use crate::{Error, Request, Result, present::json::EncodedBy, request::EncoderChoice};

/// Vectors that are kept: with 384 numbers each, and as many bytes for each token, some 25 megabytes at most.
const KEPT: usize = 2048;

/// Queries that wait for each session of the model, from which on a lookup is the better answer: a query takes
/// the model a few milliseconds.
const MOST_WAITING: usize = 4;

const LOADING: &str = "the model is still being loaded; its lookup table stood in";
const BUSY: &str = "the model has too much to do; its lookup table stood in";
const FAILED: &str = "the model failed; its lookup table stood in";

/// Vectors by query text. They depend on the model alone, so a new generation keeps them.
#[derive(Clone)]
pub(crate) struct QueryVectors {
    cache: Arc<Cache<String, QueryVector>>,
    hits: Arc<AtomicU64>,
    misses: Arc<AtomicU64>,
}

/// The unit vector of a query.
#[derive(Debug, Clone)]
pub(crate) struct QueryVector {
    pub(crate) vector: Arc<[f32]>,
    /// Its tokens, for the second look; the lookup table makes none.
    pub(crate) tokens: Option<Arc<QueryTokens>>,
    /// What made it.
    pub(crate) by: EncodedBy,
    /// Why it was not the model, where nobody asked for that.
    pub(crate) instead: Option<&'static str>,
}

impl QueryVectors {
    pub(crate) fn new() -> Self {
        Self { cache: Arc::new(Cache::new(KEPT)), hits: Arc::default(), misses: Arc::default() }
    }

    /// The vector of `text`, which is the request's query or what was understood of it.
    pub(crate) fn get(
        &self,
        request: &Request,
        text: &str,
        encoder: &Encoder,
        table: Option<&LookupTable>,
    ) -> Result<QueryVector> {
        let table = match (request.encoder, table) {
            (EncoderChoice::Table, None) => return Err(no_table()),
            (EncoderChoice::Model, _) | (EncoderChoice::Auto, None) => return self.by_model(encoder, text),
            (EncoderChoice::Table, Some(table)) => return by_table(table, text, None),
            (EncoderChoice::Auto, Some(table)) if request.prefix => return by_table(table, text, None),
            (EncoderChoice::Auto, Some(table)) => table,
        };
        match hindrance(encoder).filter(|_| self.cache.get(text).is_none()) {
            Some(reason) => by_table(table, text, Some(reason)),
            None => self.by_model(encoder, text).or_else(|error| {
                tracing::error!(%error, "the query was not encoded by the model");
                by_table(table, text, Some(FAILED))
            }),
        }
    }

    /// The model's vector. It is bit-identical however often it is asked for: a text's vector depends on the text
    /// alone.
    fn by_model(&self, encoder: &Encoder, text: &str) -> Result<QueryVector> {
        if let Some(known) = self.cache.get(text) {
            self.hits.fetch_add(1, Ordering::Relaxed);
            return Ok(known);
        }
        self.misses.fetch_add(1, Ordering::Relaxed);
        let (vector, tokens) = encoder.encode_query(text)?;
        let tokens = Some(Arc::new(QueryTokens::new(&tokens, encoder.record().dimension)));
        let vector = QueryVector { vector: vector.into(), tokens, by: EncodedBy::Model, instead: None };
        self.cache.insert(text.to_owned(), vector.clone());
        Ok(vector)
    }

    /// Queries that were found, and that were not.
    pub(crate) fn counts(&self) -> (u64, u64) {
        (self.hits.load(Ordering::Relaxed), self.misses.load(Ordering::Relaxed))
    }
}

/// Why a request should not wait for the model.
fn hindrance(encoder: &Encoder) -> Option<&'static str> {
    match encoder.readiness() {
        Readiness::Loading => Some(LOADING),
        Readiness::Failed => Some(FAILED),
        Readiness::Ready => (encoder.waiting_a_session() >= MOST_WAITING).then_some(BUSY),
    }
}

/// A lookup costs microseconds, so none is kept.
fn by_table(table: &LookupTable, text: &str, instead: Option<&'static str>) -> Result<QueryVector> {
    Ok(QueryVector { vector: table.encode(text)?.into(), tokens: None, by: EncodedBy::Table, instead })
}

/// A lookup was asked for that this model has not.
pub(crate) fn no_table() -> Error {
    let expected = "auto or model: the model of this index has no lookup table".to_owned();
    Error::Parameter { parameter: "encoder", found: "table".into(), expected }
}
