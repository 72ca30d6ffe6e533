//! From a query to its vector: by the model, or by the model's lookup table.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use cloze_models::{Encoder, LookupTable, Readiness, TextKind};
use quick_cache::sync::Cache;

use crate::{Error, Request, Result, present::json::EncodedBy, request::EncoderChoice};

/// Vectors that are kept: with 384 numbers each, six megabytes.
const KEPT: usize = 4096;

/// Queries that wait for each session of the model, from which on a lookup is the better answer: a query takes
/// the model a few milliseconds.
const MOST_WAITING: usize = 4;

const LOADING: &str = "the model is still being loaded; its lookup table stood in";
const BUSY: &str = "the model has too much to do; its lookup table stood in";
const FAILED: &str = "the model failed; its lookup table stood in";

/// Vectors by query text. They depend on the model alone, so a new generation keeps them.
#[derive(Clone)]
pub(crate) struct QueryVectors {
    cache: Arc<Cache<String, Arc<[f32]>>>,
    hits: Arc<AtomicU64>,
    misses: Arc<AtomicU64>,
}

/// The unit vector of a query.
#[derive(Debug, Clone)]
pub(crate) struct QueryVector {
    pub(crate) vector: Arc<[f32]>,
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
        let of = |vector| QueryVector { vector, by: EncodedBy::Model, instead: None };
        if let Some(vector) = self.cache.get(text) {
            self.hits.fetch_add(1, Ordering::Relaxed);
            return Ok(of(vector));
        }
        self.misses.fetch_add(1, Ordering::Relaxed);
        let vector: Arc<[f32]> = encoder.encode(TextKind::Query, text)?.vector.into();
        self.cache.insert(text.to_owned(), vector.clone());
        Ok(of(vector))
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
    Ok(QueryVector { vector: table.encode(text)?.into(), by: EncodedBy::Table, instead })
}

/// A lookup was asked for that this model has not.
pub(crate) fn no_table() -> Error {
    let expected = "auto or model: the model of this index has no lookup table".to_owned();
    Error::Parameter { parameter: "encoder", found: "table".into(), expected }
}
