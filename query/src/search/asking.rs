//! One search, in the form in which the index body reads it.

use std::{
    sync::{Arc, OnceLock},
    time::{Duration, Instant},
};

use cloze_index::{
    Extent,
    body::{Ask, Words},
};

use super::fence;
use crate::{
    Error, Mode, Request, Result,
    engine::{
        resources::Resources,
        vectors::{QueryVector, is_by_table},
    },
    present::json::EncodedBy,
    request::{condense, parse, plan::Plan},
    understand::{self, Understood},
};

/// Candidates of each leg for the first pages of a list, and for pages further down. There are only a few sizes, so
/// that a list does not change while the reader pages through it.
const DEPTHS: [(usize, usize); 3] = [(20, COUNTED), (100, 1000), (usize::MAX, 4000)];

/// The same while the user still types, because the next key asks again, or while many searches wait.
const PROVISIONAL: usize = 50;

/// Passages of the semantic leg that count as found.
pub(crate) const COUNTED: usize = 100;

/// A search that encodes and understands its query when the body asks for it.
pub(crate) struct Asking<'a> {
    request: &'a Request,
    with: Resources<'a>,
    understood: OnceLock<Result<Understood>>,
    /// The vector of the query as typed.
    ahead: OnceLock<Encoded>,
    /// The vector of the understood query, or the reason why there is none.
    vector: OnceLock<Result<Encoded>>,
    fence_failed: OnceLock<Error>,
}

/// An encoded query, with the time spent on it.
#[derive(Clone)]
struct Encoded {
    query: QueryVector,
    took: Duration,
}

/// The outcome of encoding a request.
#[derive(Debug, Default)]
pub(crate) struct Encoding {
    /// The time spent.
    pub(crate) took: Option<Duration>,
    /// The encoded query; none if the request needs no vector.
    pub(crate) query: Option<QueryVector>,
    /// Whether the encoding failed.
    pub(crate) failed: bool,
}

impl Encoding {
    fn of(encoded: Option<Result<Encoded>>) -> Self {
        match encoded {
            Some(Ok(Encoded { query, took })) => Self { took: Some(took), query: Some(query), failed: false },
            Some(Err(error)) => {
                tracing::error!(%error, "cannot encode the query");
                Self { failed: true, ..Self::default() }
            }
            None => Self::default(),
        }
    }
}

impl<'a> Asking<'a> {
    pub(crate) fn new(request: &'a Request, with: Resources<'a>) -> Self {
        let (understood, ahead, vector) = (OnceLock::new(), OnceLock::new(), OnceLock::new());
        Self { request, with, understood, ahead, vector, fence_failed: OnceLock::new() }
    }

    /// The understood request, once the body has asked for its words, and the outcome of the encoding.
    ///
    /// # Errors
    /// If the request could not be understood.
    pub(crate) fn finish(self) -> Result<(Understood, Encoding)> {
        if let Some(error) = self.fence_failed.into_inner() {
            return Err(error);
        }
        let understood = self.understood.into_inner().unwrap_or(Err(Error::EmptyQuery { parameter: "q" }))?;
        Ok((understood, Encoding::of(self.vector.into_inner())))
    }

    fn plan(&self) -> Option<&Plan> {
        self.understood.get()?.as_ref().ok().map(|understood| &understood.plan)
    }

    /// Encodes a text, if the request has a semantic leg. In a hybrid search, words alone decide if the model does not
    /// know the language of the pages or the script of the query.
    fn encode(&self, text: &str) -> Option<Result<Encoded>> {
        let encoder = self.with.encoder.filter(|_| self.wants_meaning())?;
        let started = Instant::now();
        let vector = self.with.vectors.get(self.request, text, encoder, self.with.table);
        Some(vector.map(|query| Encoded { query, took: started.elapsed() }))
    }

    fn wants_meaning(&self) -> bool {
        match self.request.mode {
            Mode::Keyword => false,
            Mode::Semantic => true,
            Mode::Hybrid => {
                let calibration = &self.with.head.manifest().calibration;
                let is_foreign = calibration.foreign(self.request.query()).is_some_and(|known| !known.is_known());
                calibration.known.are_in_known_languages() && !is_foreign
            }
        }
    }

    /// Without an encoder, words answer in every mode.
    fn wants_words(&self) -> bool {
        self.request.mode != Mode::Semantic || self.with.encoder.is_none()
    }
}

impl Ask for Asking<'_> {
    fn depth(&self) -> usize {
        let reach = self.request.offset() + self.request.limit();
        if self.is_provisional() {
            return PROVISIONAL;
        }
        DEPTHS.into_iter().find(|(up_to, _)| reach <= *up_to).map_or(0, |(_, depth)| depth)
    }

    fn counted(&self) -> usize {
        if self.is_provisional() { PROVISIONAL } else { COUNTED }
    }

    fn is_provisional(&self) -> bool {
        self.with.in_haste
    }

    fn takes_long(&self) -> bool {
        self.wants_meaning() && !is_by_table(self.request, self.with.table)
    }

    /// Understanding rarely changes the text, so the text is encoded at the same time. Errors are ignored here,
    /// because [`Ask::vector`] reports them again.
    fn ahead(&self) -> Option<Arc<[f32]>> {
        let query = self.request.query();
        if !self.request.filters.is_empty() || !parse::is_running_text(query) || condense::is_long(query) {
            return None;
        }
        let encoded = self.encode(query)?.ok()?;
        Some(self.ahead.get_or_init(|| encoded).query.vector.clone())
    }

    fn words(&self) -> Option<Words> {
        let understood = self.understood.get_or_init(|| understand::understand(self.request, self.with));
        let plan = &understood.as_ref().ok()?.plan;
        Some(Words {
            query: plan.words.clone(),
            subject: plan.words.subject(),
            scored: plan.scored_words(!self.wants_meaning(), false),
            exact: [&*plan.verbatim.titles, &*plan.verbatim.headings].concat(),
            propose: self.wants_words(),
            fall_back: self.request.mode != Mode::Semantic,
            is_list: plan.is_list(),
            // Facets count every match.
            extent: if self.request.facets.is_empty() { Extent::Best } else { Extent::All },
            filters: plan.filters.clone(),
            only_phrases: self.request.mode == Mode::Keyword && plan.is_quoted,
            is_second: understood.as_ref().is_ok_and(|understood| understood.asked),
            all_versions: plan.names_a_version(),
        })
    }

    fn vector(&self) -> Option<Arc<[f32]>> {
        let plan = self.plan()?;
        let encoded = match self.ahead.get().filter(|_| plan.text == self.request.query()) {
            Some(ahead) => Ok(ahead.clone()),
            None => self.encode(&plan.text)?,
        };
        self.vector.get_or_init(|| encoded).as_ref().ok().map(|encoded| encoded.query.vector.clone())
    }

    fn is_near(&self, nearest: Option<f32>, together: Option<f32>) -> bool {
        let (Some(nearest), Some(plan)) = (nearest, self.plan()) else { return false };
        let encoded = self.vector.get().and_then(|encoded| encoded.as_ref().ok());
        let by = encoded.map_or(EncodedBy::Model, |encoded| encoded.query.by);
        match fence::threshold(self.request, plan, together, by, self.with) {
            Ok(threshold) => nearest >= threshold,
            Err(error) => {
                let _ = self.fence_failed.set(error);
                false
            }
        }
    }
}
