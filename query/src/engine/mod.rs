//! Holds the live generation and the encoder; answers requests.

mod answers;
pub(crate) mod resources;
pub(crate) mod timing;
mod vectors;

use std::{path::Path, sync::Arc, time::Instant};

use cloze_index::Generation;
use cloze_models::{Artifact, Encoder, ModelRecord, ModelSource, available_threads, mask::MaskModel};

use crate::{
    Answer, Error, Request, Result, Suggestions,
    present::{
        hits,
        json::{CondensedQuery, Total},
    },
    search::{legs, pages, rank, total},
    suggest,
    understand::{
        self, Understood,
        correct::{Considered, Correction},
        masks::Masks,
    },
};
use answers::Answers;
use resources::Resources;
use timing::{Timings, milliseconds};
use vectors::QueryVectors;

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

    fn resources(&self) -> Resources<'_> {
        Resources {
            head: self.generation.head(),
            body: self.generation.body(),
            encoder: self.encoder.as_ref(),
            degraded: self.degraded.as_deref(),
            vectors: &self.vectors,
            masks: &self.masks,
        }
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
        let (started, with) = (Instant::now(), self.resources());
        let (Understood { plan, corrected, fills }, legs) = legs::propose(request, with)?;
        let mut timings = legs.timings;

        let fusing = Instant::now();
        let pages = rank::rank(request, &plan, &legs, with)?;
        timings.fuse = fusing.elapsed();

        let presenting = Instant::now();
        let first = request.offset().min(pages.len());
        let shown = &pages[first..(first + request.limit()).min(pages.len())];
        let (found, relation) = total::found(&legs, with.head);
        let passages = with.body.show(&pages::passages(shown), &found, &request.facets)?;
        let hits = hits::hits(shown, request, &plan, &*passages, with.encoder)?;
        timings.present = presenting.elapsed();

        let condensed = plan.condensed.map(|c| CondensedQuery { words: c.kept, left_out: c.left_out, text: c.text });
        let answer = Answer {
            condensed_query: condensed,
            query: request.query().to_owned(),
            corrected_query: corrected,
            mode: request.mode,
            degraded: legs.degraded,
            generation: self.generation.manifest().generation.clone(),
            facets: passages.facets().clone(),
            took_ms: milliseconds(started),
            total: Total { value: found.len() as u64, relation },
            no_match: pages.is_empty(),
            fills,
            hits,
        };
        Ok((answer, timings))
    }

    /// Names and scores of the best pages, in order: the list that [`crate::eval`] measures.
    ///
    /// # Errors
    /// As [`Self::search`].
    pub fn ranking(&self, request: &Request, by_url: bool) -> Result<Vec<(String, f32)>> {
        let with = self.resources();
        let (Understood { plan, .. }, legs) = legs::propose(request, with)?;
        let pages = rank::rank(request, &plan, &legs, with)?;
        let passages = with.body.show(&pages::passages(&pages), &[], &[])?;
        let names = pages.iter().skip(request.offset()).take(request.limit()).map(|page| {
            let passage = passages.passage(page.best.passage)?;
            let url = || passage.url.split('#').next().unwrap_or_default().to_owned();
            Ok((if by_url { url() } else { passage.source }, page.probability))
        });
        names.collect()
    }

    /// Completions of a partial query: titles and headings that begin with it, titles and headings that have
    /// its words anywhere, and words that its last word may become. If none begins with it, the words of the
    /// index that are nearest to those typed.
    ///
    /// # Errors
    /// [`Error::Parameter`] unless 1 <= limit <= [`suggest::MAX_SUGGESTIONS`]; if the keyword leg fails.
    pub fn suggest(&self, query: &str, limit: usize) -> Result<Suggestions> {
        suggest::suggest(query, limit, self.resources())
    }

    /// The query with its mistyped words corrected; `None` if no word looks mistyped.
    ///
    /// # Errors
    /// If the index or the model fails.
    pub fn correction(&self, request: &Request) -> Result<Option<Correction>> {
        understand::correction(request, self.resources())
    }

    /// The words of a query that may be mistyped, with all candidates, whether or not one of them wins.
    ///
    /// # Errors
    /// If the index or the model fails.
    pub fn considered(&self, request: &Request) -> Result<Vec<Considered>> {
        understand::considered(request, self.resources())
    }
}
