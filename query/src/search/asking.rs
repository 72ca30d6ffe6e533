//! One search, as the body of the index asks about it.

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
    engine::resources::Resources,
    request::{condense, parse, plan::Plan},
    understand::{self, Understood},
};

/// Candidates of each leg for the first pages of a list, and for pages further down. The steps are few, so that
/// paging through a list does not change it under the reader.
const DEPTHS: [(usize, usize); 3] = [(20, COUNTED), (100, 1000), (usize::MAX, 4000)];

/// Passages of the semantic leg that count as found.
pub(crate) const COUNTED: usize = 100;

/// A search whose query is encoded and understood when the body asks for it.
pub(crate) struct Asking<'a> {
    request: &'a Request,
    with: Resources<'a>,
    understood: OnceLock<Result<Understood>>,
    /// The vector of the query as it was typed.
    ahead: OnceLock<Encoded>,
    /// The vector of the query as it was understood, or the reason why there is none.
    vector: OnceLock<Result<Encoded>>,
    fence_failed: OnceLock<Error>,
}

#[derive(Clone)]
struct Encoded {
    vector: Arc<[f32]>,
    took: Duration,
}

impl<'a> Asking<'a> {
    pub(crate) fn new(request: &'a Request, with: Resources<'a>) -> Self {
        let (understood, ahead, vector) = (OnceLock::new(), OnceLock::new(), OnceLock::new());
        Self { request, with, understood, ahead, vector, fence_failed: OnceLock::new() }
    }

    /// The request, understood, once the body has asked for its words; with the time of its encoding, and whether
    /// that failed.
    ///
    /// # Errors
    /// If the request could not be understood.
    pub(crate) fn finish(self) -> Result<(Understood, Option<Duration>, bool)> {
        if let Some(error) = self.fence_failed.into_inner() {
            return Err(error);
        }
        let understood = self.understood.into_inner().unwrap_or(Err(Error::EmptyQuery { parameter: "q" }))?;
        let (took, failed) = match self.vector.into_inner() {
            Some(Ok(encoded)) => (Some(encoded.took), false),
            Some(Err(error)) => {
                tracing::error!(%error, "the query was not encoded");
                (None, true)
            }
            None => (None, false),
        };
        Ok((understood, took, failed))
    }

    fn plan(&self) -> Option<&Plan> {
        self.understood.get()?.as_ref().ok().map(|understood| &understood.plan)
    }

    fn encode(&self, text: &str) -> Option<Result<Encoded>> {
        let encoder = self.with.encoder.filter(|_| self.request.mode != Mode::Keyword)?;
        let started = Instant::now();
        let vector = self.with.vectors.get(encoder, text);
        Some(vector.map(|vector| Encoded { vector, took: started.elapsed() }))
    }

    /// Without an encoder, the words answer in every mode.
    fn wants_words(&self) -> bool {
        self.request.mode != Mode::Semantic || self.with.encoder.is_none()
    }
}

impl Ask for Asking<'_> {
    fn depth(&self) -> usize {
        let reach = self.request.offset() + self.request.limit();
        DEPTHS.into_iter().find(|(up_to, _)| reach <= *up_to).map_or(0, |(_, depth)| depth)
    }

    fn counted(&self) -> usize {
        COUNTED
    }

    /// Understanding nearly always leaves the text as it is, so it is encoded meanwhile. Errors are dropped here;
    /// [`Ask::vector`] meets them again.
    fn ahead(&self) -> Option<Arc<[f32]>> {
        let query = self.request.query();
        if !self.request.filters.is_empty() || !parse::is_running_text(query) || condense::is_long(query) {
            return None;
        }
        let encoded = self.encode(query)?.ok()?;
        Some(self.ahead.get_or_init(|| encoded).vector.clone())
    }

    fn words(&self) -> Option<Words> {
        let understood = self.understood.get_or_init(|| understand::understand(self.request, self.with));
        let plan = &understood.as_ref().ok()?.plan;
        Some(Words {
            query: plan.words.clone(),
            subject: plan.words.subject(),
            scored: plan.scored_words(self.request.mode, false),
            propose: self.wants_words(),
            fall_back: self.request.mode != Mode::Semantic,
            is_list: plan.is_list(),
            // Facets count every match.
            extent: if self.request.facets.is_empty() { Extent::Best } else { Extent::All },
            filters: plan.filters.clone(),
        })
    }

    fn vector(&self) -> Option<Arc<[f32]>> {
        let plan = self.plan()?;
        let encoded = match self.ahead.get().filter(|_| plan.text == self.request.query()) {
            Some(ahead) => Ok(ahead.clone()),
            None => self.encode(&plan.text)?,
        };
        self.vector.get_or_init(|| encoded).as_ref().ok().map(|encoded| encoded.vector.clone())
    }

    fn is_near(&self, nearest: Option<f32>, together: Option<f32>) -> bool {
        let (Some(nearest), Some(plan)) = (nearest, self.plan()) else { return false };
        match fence::threshold(self.request, plan, together, self.with) {
            Ok(threshold) => nearest >= threshold,
            Err(error) => {
                let _ = self.fence_failed.set(error);
                false
            }
        }
    }
}
