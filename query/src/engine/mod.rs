//! Holds the live generation and the encoder; answers requests.

mod answers;
pub(crate) mod haste;
mod one_search;
pub(crate) mod resources;
pub(crate) mod timing;
pub(crate) mod vectors;

use std::{path::Path, sync::Arc, time::Instant};

use cloze_index::Generation;
use cloze_models::{
    Artifact, Encoder, LookupTable, ModelRecord, ModelSource, Readiness, available_threads, mask::MaskModel,
};

use crate::{
    Answer, Error, Request, Result, Suggestions,
    search::{legs, pages, rank},
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
pub use vectors::Waiting;

/// An index and its encoder, ready to answer from any number of threads.
pub struct Engine {
    generation: Arc<Generation>,
    encoder: Option<Encoder>,
    table: Option<LookupTable>,
    /// Why the semantic leg cannot answer, if it cannot.
    degraded: Option<String>,
    vectors: QueryVectors,
    masks: Masks,
    answers: Answers,
}

impl Engine {
    /// Opens the index directory and the index's model; `model` overrides the model's directory. It downloads
    /// nothing. If the live generation is damaged, the one before it answers, and [`Generation::stale`] says so.
    ///
    /// # Errors
    /// Any fault of the index or the model; [`Error::ModelMismatch`] names both models.
    pub fn open(index: &Path, model: Option<&ModelSource>) -> Result<Self> {
        let engine = Self::open_unloaded(index, model)?;
        engine.load()?;
        Ok(engine)
    }

    /// The same without the model's sessions: [`Self::load`] loads them, or the first request that needs them. Until
    /// then the model's lookup table answers, if it has one.
    ///
    /// # Errors
    /// As [`Self::open`], except for faults that appear only when the model is loaded.
    pub fn open_unloaded(index: &Path, model: Option<&ModelSource>) -> Result<Self> {
        Self::on(Generation::open_or_previous(index)?, model)
    }

    /// Loads the model, unless it is loaded already.
    ///
    /// # Errors
    /// If the model cannot be loaded.
    pub fn load(&self) -> Result<()> {
        self.encoder.as_ref().map_or(Ok(()), |encoder| Ok(encoder.load()?))
    }

    /// Whether the model has a lookup table, which answers when the model does not.
    #[must_use]
    pub fn has_table(&self) -> bool {
        self.table.is_some()
    }

    /// An engine on an open generation, such as one whose body is stored elsewhere.
    ///
    /// # Errors
    /// As [`Self::open`], about the model.
    pub fn on(generation: Generation, model: Option<&ModelSource>) -> Result<Self> {
        let record: ModelRecord =
            serde_json::from_value(generation.manifest().model.clone()).map_err(|e| Error::ModelMismatch {
                index: format!("a model record that this program cannot read ({e})"),
                model: "unknown".into(),
            })?;
        let source = model.cloned().unwrap_or_else(|| ModelSource::parse(&record.name));
        let artifact =
            Artifact::read(&source.locate()?, &source.to_string(), record.precision)?.with_prefixes_of(&record);
        if !artifact.record.same_space(&record) {
            return Err(Error::ModelMismatch { index: record.describe(), model: artifact.record.describe() });
        }
        let encoder = Encoder::unloaded(&artifact, available_threads())?;
        Ok(Self {
            generation: Arc::new(generation),
            table: LookupTable::of(&artifact, encoder.shared_tokenizer())?,
            masks: Masks::of(artifact, encoder.clone()),
            encoder: Some(encoder),
            degraded: None,
            vectors: QueryVectors::new(),
            answers: Answers::new(),
        })
    }

    /// Opens the index for the keyword leg alone, without a model. Answers report that they are degraded for
    /// `reason`, unless the request asks for keywords alone.
    ///
    /// # Errors
    /// Any fault of the index.
    pub fn open_keyword_only(index: &Path, reason: &str) -> Result<Self> {
        Ok(Self::keyword_only_on(Generation::open_or_previous(index)?, reason))
    }

    /// The same on an open generation.
    #[must_use]
    pub fn keyword_only_on(generation: Generation, reason: &str) -> Self {
        let generation = Arc::new(generation);
        let (vectors, masks, answers) = (QueryVectors::new(), Masks::default(), Answers::new());
        Self { generation, encoder: None, table: None, degraded: Some(reason.to_owned()), vectors, masks, answers }
    }

    /// An engine on the current live generation. It shares this engine's encoder if the model is the same.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn reopen(&self, index: &Path, model: Option<&ModelSource>) -> Result<Self> {
        self.reopen_on(Generation::open(index)?, model)
    }

    /// An engine on another generation. It shares this engine's encoder if the model is the same.
    ///
    /// # Errors
    /// As [`Self::open`], about the model.
    pub fn reopen_on(&self, generation: Generation, model: Option<&ModelSource>) -> Result<Self> {
        if self.encoder.is_some() && generation.manifest().model != self.generation.manifest().model {
            let engine = Self::on(generation, model)?;
            engine.load()?;
            return Ok(engine);
        }
        let (encoder, table) = (self.encoder.clone(), self.table.clone());
        let (vectors, masks) = (self.vectors.clone(), self.masks.clone());
        let (degraded, answers) = (self.degraded.clone(), self.answers.renewed());
        Ok(Self { generation: Arc::new(generation), encoder, table, degraded, vectors, masks, answers })
    }

    /// The generation that answers requests.
    #[must_use]
    pub fn generation(&self) -> &Generation {
        &self.generation
    }

    /// The reason why the model does not answer, if it does not. Then words alone or the model's lookup table
    /// answer.
    #[must_use]
    pub fn degraded(&self) -> Option<&str> {
        let model = || match self.encoder.as_ref()?.readiness() {
            Readiness::Loading => Some("the model is loading"),
            Readiness::Failed => Some("the model failed to load"),
            Readiness::Ready => None,
        };
        self.degraded.as_deref().or_else(model)
    }

    /// The encoder, unless words alone answer.
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
            table: self.table.as_ref(),
            degraded: self.degraded.as_deref(),
            vectors: &self.vectors,
            masks: &self.masks,
            in_haste: false,
        }
    }

    /// The same for a search; whether it is made in haste is decided once.
    fn resources_for(&self, request: &Request) -> Resources<'_> {
        let with = self.resources();
        Resources { in_haste: haste::is_needed(request, with), ..with }
    }

    /// Tells the engine that a search waits for a thread, until the value is dropped. If many wait, the model's lookup
    /// table makes the vectors of their queries.
    #[must_use]
    pub fn wait(&self) -> Waiting {
        self.vectors.wait()
    }

    /// The number of queries whose vector was cached, and of those whose vector was not.
    #[must_use]
    pub fn vector_cache_counts(&self) -> (u64, u64) {
        self.vectors.counts()
    }

    /// The number of requests whose answer was cached, and of those whose answer was not.
    #[must_use]
    pub fn answer_cache_counts(&self) -> (u64, u64) {
        self.answers.counts()
    }

    /// The answer that [`Self::answer`] gave to the same request before, if it is still cached.
    #[must_use]
    pub fn remembered(&self, request: &Request) -> Option<Answer> {
        let started = Instant::now();
        let mut answer = (*self.answers.get(request)?).clone();
        answer.took_ms = milliseconds(started);
        Some(answer)
    }

    /// Answers a request as [`Self::search_timed`] does, and caches the answer.
    ///
    /// # Errors
    /// As [`Self::search`].
    pub fn answer(&self, request: &Request) -> Result<(Arc<Answer>, Timings)> {
        let with = self.resources_for(request);
        let (answer, timings) = one_search::answer(request, with)?;
        let answer = Arc::new(answer);
        // A failed leg may answer the next time, and the crowd may be gone.
        let is_lasting = answer.degraded.is_none() || self.degraded.is_some();
        if is_lasting && (request.prefix || !with.in_haste) {
            self.answers.keep(request, &answer);
        }
        Ok((answer, timings))
    }

    /// Answers a request.
    ///
    /// # Errors
    /// If the keyword leg fails; if the semantic leg fails, the keyword leg answers alone, and the answer reports
    /// that.
    pub fn search(&self, request: &Request) -> Result<Answer> {
        self.search_timed(request).map(|(answer, _)| answer)
    }

    /// Answers a request, and reports the time of each step.
    ///
    /// # Errors
    /// As [`Self::search`].
    pub fn search_timed(&self, request: &Request) -> Result<(Answer, Timings)> {
        one_search::answer(request, self.resources_for(request))
    }

    /// Names and scores of the best pages, in order: the list that [`crate::eval`] measures.
    ///
    /// # Errors
    /// As [`Self::search`].
    pub fn ranking(&self, request: &Request, by_url: bool) -> Result<Vec<(String, f32)>> {
        let with = self.resources();
        let (Understood { plan, .. }, legs) = legs::propose(request, with)?;
        let pages = rank::rank(request, &plan, &legs, with)?;
        let passages = with.body.show(&pages::passages(&pages), &[], &[], false)?;
        let names = pages.iter().skip(request.offset()).take(request.limit()).map(|page| {
            let passage = passages.passage(page.best.passage)?;
            let url = || passage.url.split('#').next().unwrap_or_default().to_owned();
            Ok((if by_url { url() } else { passage.source }, page.probability))
        });
        names.collect()
    }

    /// Completions of a partial query: titles and headings that begin with it, titles and headings that contain its
    /// words anywhere, and words that begin with its last word. If none begins with it, the words of the index that
    /// are nearest to the typed ones.
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

    /// The words of a query that may be mistyped, with all candidates, even if none of them wins.
    ///
    /// # Errors
    /// If the index or the model fails.
    pub fn considered(&self, request: &Request) -> Result<Vec<Considered>> {
        understand::considered(request, self.resources())
    }
}
