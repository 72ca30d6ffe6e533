//! Holds the live generation and the encoder; answers requests.

use std::{
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use cloze_index::{Generation, PassageId};
use cloze_models::{Artifact, Encoder, ModelRecord, ModelSource, available_threads, mask::MaskModel};

use crate::{
    Answer, Error, Highlight, Request, Result, answers::Answers, json::Total, masks::Masks, understand::Understood,
    vectors::QueryVectors,
};

/// An index and its encoder, ready to answer from any number of threads.
pub struct Engine {
    generation: Arc<Generation>,
    encoder: Option<Encoder>,
    /// Why the semantic leg cannot answer, if it cannot.
    degraded: Option<String>,
    vectors: QueryVectors,
    masks: Masks,
    answers: Answers,
}

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

impl Engine {
    /// Opens the index directory and the model it was made with; `model` overrides where that
    /// model is looked for. Nothing is fetched. If the live generation is damaged, the one before it
    /// answers, and [`Generation::stale`] says so.
    ///
    /// # Errors
    /// Whatever is wrong with the index or the model; [`Error::ModelMismatch`] names both models.
    pub fn open(index: &Path, model: Option<&ModelSource>) -> Result<Self> {
        Self::on(Generation::open_or_previous(index)?, model)
    }

    fn on(generation: Generation, model: Option<&ModelSource>) -> Result<Self> {
        let record: ModelRecord = serde_json::from_value(generation.manifest().model.clone()).map_err(|e| {
            Error::ModelMismatch { index: format!("a model that is not understood ({e})"), model: "unknown".into() }
        })?;
        let source = model.cloned().unwrap_or_else(|| ModelSource::parse(&record.name));
        let artifact =
            Artifact::read(&source.locate()?, &source.to_string(), record.precision)?.with_prefixes_of(&record);
        if !artifact.record.same_space(&record) {
            return Err(Error::ModelMismatch { index: record.describe(), model: artifact.record.describe() });
        }
        let encoder = Encoder::from_artifact(&artifact, available_threads())?;
        Ok(Self {
            generation: Arc::new(generation),
            masks: Masks::of(artifact, encoder.clone()),
            encoder: Some(encoder),
            degraded: None,
            vectors: QueryVectors::new(),
            answers: Answers::new(),
        })
    }

    /// Opens the index for the keyword leg alone, without a model; answers say that they are degraded
    /// for `reason` unless keywords alone were asked for.
    ///
    /// # Errors
    /// Whatever is wrong with the index.
    pub fn open_keyword_only(index: &Path, reason: &str) -> Result<Self> {
        let generation = Arc::new(Generation::open_or_previous(index)?);
        let (vectors, masks, answers) = (QueryVectors::new(), Masks::default(), Answers::new());
        Ok(Self { generation, encoder: None, degraded: Some(reason.to_owned()), vectors, masks, answers })
    }

    /// An engine on the generation that is live now, with this one's encoder where the model is the same.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn reopen(&self, index: &Path, model: Option<&ModelSource>) -> Result<Self> {
        let generation = Generation::open(index)?;
        if self.encoder.is_some() && generation.manifest().model != self.generation.manifest().model {
            return Self::on(generation, model);
        }
        let (encoder, vectors, masks) = (self.encoder.clone(), self.vectors.clone(), self.masks.clone());
        let (degraded, answers) = (self.degraded.clone(), self.answers.renewed());
        Ok(Self { generation: Arc::new(generation), encoder, degraded, vectors, masks, answers })
    }

    /// The generation that answers.
    #[must_use]
    pub fn generation(&self) -> &Generation {
        &self.generation
    }

    /// Why only words are answered, if that is so.
    #[must_use]
    pub fn degraded(&self) -> Option<&str> {
        self.degraded.as_deref()
    }

    /// The encoder, unless words alone are answered.
    #[must_use]
    pub fn encoder(&self) -> Option<&Encoder> {
        self.encoder.as_ref()
    }

    /// The model that predicts masked tokens; loaded at the first call. `None` if there is none.
    #[must_use]
    pub fn mask_model(&self) -> Option<&MaskModel> {
        self.masks.get()
    }

    pub(crate) fn masks(&self) -> &Masks {
        &self.masks
    }

    pub(crate) fn vectors(&self) -> &QueryVectors {
        &self.vectors
    }

    /// How many queries had been asked before and kept their vector, and how many had not.
    #[must_use]
    pub fn vector_cache_counts(&self) -> (u64, u64) {
        self.vectors.counts()
    }

    /// How many requests had been made before and kept their answer, and how many had not.
    #[must_use]
    pub fn answer_cache_counts(&self) -> (u64, u64) {
        self.answers.counts()
    }

    /// The answer to a request that [`Self::answer`] was asked before, if it is still kept.
    #[must_use]
    pub fn remembered(&self, request: &Request) -> Option<Answer> {
        let started = Instant::now();
        let mut answer = (*self.answers.get(request)?).clone();
        answer.took_ms = milliseconds(started);
        Some(answer)
    }

    /// Answers a request as [`Self::search_timed`] does, and keeps the answer.
    ///
    /// # Errors
    /// As [`Self::search`].
    pub fn answer(&self, request: &Request) -> Result<(Arc<Answer>, Timings)> {
        let (answer, timings) = self.search_timed(request)?;
        let answer = Arc::new(answer);
        // A leg that failed may answer the next time.
        if answer.degraded.is_none() || self.degraded.is_some() {
            self.answers.keep(request, &answer);
        }
        Ok((answer, timings))
    }

    /// Answers a request.
    ///
    /// # Errors
    /// If the keyword leg fails; if the semantic leg fails, the keyword leg answers alone and says so.
    pub fn search(&self, request: &Request) -> Result<Answer> {
        self.search_timed(request).map(|(answer, _)| answer)
    }

    /// Answers a request, and says where the time went.
    ///
    /// # Errors
    /// As [`Self::search`].
    pub fn search_timed(&self, request: &Request) -> Result<(Answer, Timings)> {
        let started = Instant::now();
        let (Understood { plan, corrected, fills }, legs) = self.read(request)?;
        let mut timings = legs.timings;
        let fusing = Instant::now();
        let fused = self.fuse(request, &plan, &legs)?;
        let pages = self.pages(&fused, &plan, &legs)?;
        timings.fuse = fusing.elapsed();
        let presenting = Instant::now();
        let first = request.offset().min(pages.len());
        let shown = &pages[first..(first + request.limit()).min(pages.len())];
        let mut hits = self.hits(shown, &plan.words, request)?;
        if request.highlight == Highlight::Semantic {
            let passages: Vec<PassageId> = shown.iter().map(|p| p.best.passage).collect();
            // Without it the words are marked, as they are by default.
            if let Err(error) = self.focus(&plan, &passages, &mut hits) {
                tracing::error!(%error, "semantic highlighting failed");
            }
        }
        let (one_each, relation) = self.found(&plan, &legs);
        let facets = self.generation.facets(&one_each, &request.facets)?;
        timings.present = presenting.elapsed();
        let answer = Answer {
            query: request.query().to_owned(),
            corrected_query: corrected,
            mode: request.mode,
            degraded: legs.degraded,
            generation: self.generation.manifest().generation.clone(),
            facets,
            took_ms: milliseconds(started),
            total: Total { value: one_each.len() as u64, relation },
            no_match: pages.is_empty(),
            fills,
            hits,
        };
        Ok((answer, timings))
    }

    /// Names and scores of the best pages, in order: what [`crate::eval`] measures.
    ///
    /// # Errors
    /// As [`Self::search`].
    pub fn ranking(&self, request: &Request, by_url: bool) -> Result<Vec<(String, f32)>> {
        let (Understood { plan, .. }, legs) = self.read(request)?;
        let pages = self.pages(&self.fuse(request, &plan, &legs)?, &plan, &legs)?;
        let names = pages.iter().skip(request.offset()).take(request.limit()).map(|page| {
            let passage = self.generation.passage(page.best.passage)?;
            let url = || passage.url.split('#').next().unwrap_or_default().to_owned();
            Ok((if by_url { url() } else { passage.source }, page.probability))
        });
        names.collect()
    }
}

/// Since then, to the microsecond.
pub(crate) fn milliseconds(since: Instant) -> f64 {
    (since.elapsed().as_secs_f64() * 1e6).round() / 1e3
}
