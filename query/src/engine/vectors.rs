//! Turns a query into its vector, with the model or with the model's lookup table.

use std::{
    ops::Range,
    sync::{
        Arc,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
};

use cloze_index::{QueryTokens, is_stop_word};
use cloze_models::{Encoder, LookupTable, Readiness};
use quick_cache::sync::Cache;
use unicode_segmentation::UnicodeSegmentation;

use crate::{Error, Request, Result, present::json::EncodedBy, request::EncoderChoice};

/// The number of cached vectors. With 384 numbers each, and as many bytes for each token, they take about 25
/// megabytes at most.
const KEPT: usize = 2048;

/// The number of waiting queries for each session of the model from which a lookup is the better answer. The model
/// takes a few milliseconds for a query.
const MOST_WAITING: usize = 4;

const LOADING: &str = "the model is still loading; its lookup table was used instead";
const BUSY: &str = "the model is busy; its lookup table was used instead";
const FAILED: &str = "the model failed; its lookup table was used instead";

/// Vectors by query text. They depend on the model alone, so a new generation keeps them.
#[derive(Clone)]
pub(crate) struct QueryVectors {
    cache: Arc<Cache<String, QueryVector>>,
    hits: Arc<AtomicU64>,
    misses: Arc<AtomicU64>,
    /// Searches that wait for a thread.
    waiting: Arc<AtomicUsize>,
}

/// A search that waits for a thread; dropped when it has one.
#[derive(Debug)]
pub struct Waiting(Arc<AtomicUsize>);

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// The unit vector of a query.
#[derive(Debug, Clone)]
pub(crate) struct QueryVector {
    pub(crate) vector: Arc<[f32]>,
    /// Its tokens, for the second look; the lookup table gives none.
    pub(crate) tokens: Option<Arc<QueryTokens>>,
    /// Its source.
    pub(crate) by: EncodedBy,
    /// The reason why the lookup table made it, unless the request asked for that.
    pub(crate) instead: Option<&'static str>,
}

impl QueryVectors {
    pub(crate) fn new() -> Self {
        let cache = Arc::new(Cache::new(KEPT));
        Self { cache, hits: Arc::default(), misses: Arc::default(), waiting: Arc::default() }
    }

    /// Counts a search that waits for a thread.
    pub(crate) fn wait(&self) -> Waiting {
        self.waiting.fetch_add(1, Ordering::Relaxed);
        Waiting(self.waiting.clone())
    }

    /// The vector of `text`, which is the request's query or the understood form of it.
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
        match self.hindrance(encoder).filter(|_| self.cache.get(text).is_none()) {
            Some(reason) => by_table(table, text, Some(reason)),
            None => self.by_model(encoder, text).or_else(|error| {
                tracing::error!(%error, "the model cannot encode the query");
                by_table(table, text, Some(FAILED))
            }),
        }
    }

    /// The model's vector. It is bit-identical every time, because a text's vector depends on the text alone.
    fn by_model(&self, encoder: &Encoder, text: &str) -> Result<QueryVector> {
        if let Some(known) = self.cache.get(text) {
            self.hits.fetch_add(1, Ordering::Relaxed);
            return Ok(known);
        }
        self.misses.fetch_add(1, Ordering::Relaxed);
        let subject = subject(text);
        let is_kept = |token: Range<usize>| subject.iter().any(|w| w.start < token.end && token.start < w.end);
        let (vector, tokens) = encoder.encode_query(text, is_kept)?;
        let tokens = Some(Arc::new(QueryTokens::new(&tokens, encoder.record().dimension)));
        let vector = QueryVector { vector: vector.into(), tokens, by: EncodedBy::Model, instead: None };
        self.cache.insert(text.to_owned(), vector.clone());
        Ok(vector)
    }

    /// Whether many texts wait for the model or many searches for a thread.
    pub(crate) fn is_busy(&self, encoder: &Encoder) -> bool {
        encoder.waiting() + self.waiting.load(Ordering::Relaxed) >= MOST_WAITING * encoder.sessions()
    }

    /// The reason why a request should not wait for the model, if there is one.
    fn hindrance(&self, encoder: &Encoder) -> Option<&'static str> {
        match encoder.readiness() {
            Readiness::Loading => Some(LOADING),
            Readiness::Failed => Some(FAILED),
            Readiness::Ready => self.is_busy(encoder).then_some(BUSY),
        }
    }

    /// The number of hits and of misses.
    pub(crate) fn counts(&self) -> (u64, u64) {
        (self.hits.load(Ordering::Relaxed), self.misses.load(Ordering::Relaxed))
    }
}

/// Whether the lookup table makes the vector of a request even if the model could.
pub(crate) fn is_by_table(request: &Request, table: Option<&LookupTable>) -> bool {
    let wants = match request.encoder {
        EncoderChoice::Table => true,
        EncoderChoice::Auto => request.prefix,
        EncoderChoice::Model => false,
    };
    wants && table.is_some()
}

/// The words of a query that carry its subject, or the whole query if none does. Tokens of words such as "the" are
/// near tokens of every passage.
fn subject(text: &str) -> Vec<Range<usize>> {
    let words = || text.unicode_word_indices().map(|(at, word)| (at..at + word.len(), word));
    let carrying: Vec<_> = words().filter(|(_, word)| !is_stop_word(word)).map(|(bytes, _)| bytes).collect();
    if carrying.is_empty() { std::iter::once(0..text.len()).collect() } else { carrying }
}

/// The vector from the lookup table. A lookup costs microseconds, so it is not cached.
fn by_table(table: &LookupTable, text: &str, instead: Option<&'static str>) -> Result<QueryVector> {
    Ok(QueryVector { vector: table.encode(text)?.into(), tokens: None, by: EncodedBy::Table, instead })
}

/// The error for a request that wants a lookup table when the model has none.
pub(crate) fn no_table() -> Error {
    let expected = "auto or model, because the model of this index has no lookup table".to_owned();
    Error::Parameter { parameter: "encoder", found: "table".into(), expected }
}
