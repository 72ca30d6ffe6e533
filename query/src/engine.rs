//! Holds the live generation and the encoder; answers requests.

use std::{
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use cloze_index::{Extent, Generation, KeywordHits, KeywordQuery, PassageId, Scored, Selection};
use cloze_models::{Artifact, Encoder, ModelRecord, ModelSource, available_threads, mask::MaskModel};

use crate::{
    Answer, Error, Highlight, Mode, Request, Result,
    answers::Answers,
    confidence::{self, Evidence},
    fuse::{self, Fused, Leg, SEMANTIC_WEIGHT},
    json::{Relation, Total},
    masks::Masks,
    pages::{self, PageHit},
    parse,
    plan::Plan,
    understand::Understood,
    vectors::QueryVectors,
};

/// Candidates of each leg for the first pages of a list, and for pages further down. The steps are
/// few so that paging through a list does not change it under the reader.
const DEPTHS: [(usize, usize); 3] = [(20, COUNTED), (100, 1000), (usize::MAX, 4000)];

/// Passages that count as found for being near.
const COUNTED: usize = 100;

/// Pieces of the encoder's vocabulary that a word has at most, on average, in a query that means something.
const MOST_PIECES: f64 = 2.5;

/// How far beyond queries without an answer the nearest passage has to be, in distances between
/// their quartiles. Words answer where meaning does not, so a hybrid search can be strict, the more so
/// the smaller a part of the query the best passage by words has: a question about something else shares
/// a word or two. If it shares none, the words say nothing either way. A search by meaning alone has
/// nothing to fall back on; a query that seems to mean nothing gets no benefit of doubt.
const FENCE_HYBRID: f32 = 0.8;
const FENCE_MISSING_WORDS: f32 = 1.5;
const FENCE_NO_WORDS: f32 = 1.2;
const FENCE_SEMANTIC: f32 = 0.3;
const FENCE_UNREADABLE: f32 = 2.0;

/// Passages that the query is drawn to, and how much they count together beside the query.
const FEEDBACK: usize = 3;
const FEEDBACK_WEIGHT: f32 = 0.2;

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

/// What the two legs propose for a request.
struct Legs {
    semantic: Option<Semantic>,
    lexical: Option<KeywordHits>,
    /// Scores of the keyword leg's hits as they are fused, as far as they are known.
    scores: Vec<f32>,
    degraded: Option<String>,
    /// Whether the semantic leg found nothing near enough to be an answer.
    abstained: bool,
    timings: Timings,
}

/// The keyword leg, if it was asked for, with the time that it took.
struct Words {
    hits: Option<KeywordHits>,
    took: Duration,
    /// Share of the query's subject that the best passage has.
    together: Option<f32>,
    /// Scores of what was found, neighbours counted, as they are fused.
    scores: Vec<f32>,
}

/// The semantic leg, with the time that the vector and the search took.
struct Proposed {
    leg: Semantic,
    encoding: Duration,
    searching: Duration,
}

/// What the semantic leg proposes: the query's vector and the passages nearest to it.
struct Semantic {
    vector: Arc<[f32]>,
    nearest: Vec<Scored>,
    /// Those that count as found.
    counted: Vec<Scored>,
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

    /// Passages grouped by page, each with the estimate that it is an answer.
    fn pages(&self, fused: &[Fused], plan: &Plan, legs: &Legs) -> Result<Vec<PageHit>> {
        let mut pages = pages::group(fused, |p| self.generation.page_of(p));
        let evidence = match (&legs.semantic, &legs.lexical) {
            (Some(_), Some(_)) => Evidence::Both,
            (Some(_), None) => Evidence::Meaning,
            (None, _) => Evidence::Words,
        };
        // Where the meaning is nowhere near, a page is no surer than the words that it has.
        let coverage = match pages.first().filter(|_| legs.abstained) {
            Some(best) => self.generation.coverage(&plan.words.subject(), best.best.passage)?,
            None => 1.0,
        };
        confidence::estimate(&mut pages, evidence, coverage);
        Ok(pages)
    }

    /// What a request is taken to mean, and what both legs propose. They run side by side: the semantic
    /// one begins with what was typed, before that is understood, because that is nearly always it.
    fn read(&self, request: &Request) -> Result<(Understood, Legs)> {
        let depth = depth(request);
        let words = || {
            let understood = self.understand(request)?;
            let started = Instant::now();
            let hits = self.lexical(request, &understood.plan, depth)?;
            let took = started.elapsed();
            let together = self.together(&understood.plan, hits.as_ref())?;
            // While the query is still being encoded there is time for what fusing will ask for.
            let found: Vec<PassageId> = hits.iter().flat_map(|hits| &hits.hits).map(|h| h.passage).collect();
            let scores = self.generation.keyword_scores(&fused_words(request, &understood.plan, false), &found)?;
            Ok::<_, Error>((understood, Words { hits, took, together, scores }))
        };
        let (ahead, words) = side_by_side(|| self.semantic_ahead(request, depth), words);
        let (understood, words) = words?;
        let legs = self.legs(request, &understood.plan, words, ahead)?;
        Ok((understood, legs))
    }

    /// What the semantic leg proposes for what was typed, where that can only be running text and is
    /// searched for everywhere. Where it fails, the leg itself will say so.
    fn semantic_ahead(&self, request: &Request, depth: usize) -> Option<(String, Proposed)> {
        let is_wanted = request.mode != Mode::Keyword && request.filters.is_empty();
        let encoder = self.encoder.as_ref().filter(|_| is_wanted && parse::is_running_text(request.query()))?;
        Some((request.query().to_owned(), self.semantic(encoder, request.query(), None, depth).ok()?))
    }

    /// What the keyword leg proposes, where it was asked for. Without an encoder the words answer, whatever
    /// was asked for.
    fn lexical(&self, request: &Request, plan: &Plan, depth: usize) -> Result<Option<KeywordHits>> {
        let is_wanted = request.mode != Mode::Semantic || self.encoder.is_none();
        let hits = || self.generation.keyword(&plan.words, depth, extent(request), plan.among.as_ref());
        Ok((is_wanted && !plan.is_list()).then(hits).transpose()?)
    }

    /// Both legs, each with the time that it took.
    fn legs(&self, request: &Request, plan: &Plan, words: Words, ahead: Option<(String, Proposed)>) -> Result<Legs> {
        let mut timings = Timings::default();
        if plan.is_list() {
            let lexical = Some(KeywordHits::default());
            return Ok(Legs { semantic: None, lexical, scores: Vec::new(), degraded: None, abstained: false, timings });
        }
        let Words { hits: lexical, took, together, scores } = words;
        timings.lexical = lexical.is_some().then_some(took);
        let depth = depth(request);
        let semantic = self.encoder.as_ref().filter(|_| request.mode != Mode::Keyword).map(|encoder| {
            match ahead.filter(|(text, _)| *text == plan.text && plan.among.is_none()) {
                Some((_, proposed)) => Ok(proposed),
                None => self.semantic(encoder, &plan.text, plan.among.as_ref(), depth),
            }
        });
        let mut degraded = if request.mode == Mode::Keyword { None } else { self.degraded.clone() };
        let semantic = match semantic {
            Some(Err(error)) => {
                tracing::error!(%error, "the semantic leg failed");
                degraded = Some("the semantic leg failed; keywords alone answered".into());
                None
            }
            other => other.and_then(Result::ok).map(|proposed| {
                (timings.encode, timings.semantic) = (Some(proposed.encoding), Some(proposed.searching));
                proposed.leg
            }),
        };
        // A query that nothing here answers gets no semantic noise.
        let fence = self.fence(request, plan, together)?;
        let threshold = self.generation.manifest().calibration.threshold(fence);
        let is_near = |leg: &Semantic| leg.nearest.first().is_some_and(|n| n.score >= threshold);
        if let Some(leg) = semantic.as_ref().filter(|leg| !is_near(leg)) {
            // Words that carry the subject may still occur; "how" and "the" prove nothing. What they
            // find is ordered with the help of the vectors, which propose nothing themselves.
            let lexical = match request.mode {
                Mode::Semantic => KeywordHits::default(),
                _ => self.generation.keyword(&plan.words.subject(), depth, extent(request), plan.among.as_ref())?,
            };
            let semantic = Some(Semantic { vector: leg.vector.clone(), nearest: Vec::new(), counted: Vec::new() });
            let scores = Vec::new();
            return Ok(Legs { semantic, lexical: Some(lexical), scores, degraded, abstained: true, timings });
        }
        let lexical = match lexical {
            None if semantic.is_none() => {
                let among = plan.among.as_ref();
                Some(self.generation.keyword(&plan.words, depth, extent(request), among)?)
            }
            other => other,
        };
        Ok(Legs { semantic, lexical, scores, degraded, abstained: false, timings })
    }

    /// How much of the query's subject the best passage by words has.
    fn together(&self, plan: &Plan, hits: Option<&KeywordHits>) -> Result<Option<f32>> {
        let best = hits.and_then(|hits| hits.hits.first());
        Ok(best.map(|best| self.generation.coverage(&plan.words.subject(), best.passage)).transpose()?)
    }

    fn fence(&self, request: &Request, plan: &Plan, together: Option<f32>) -> Result<f32> {
        let least = if self.is_readable(plan)? { 0.0 } else { FENCE_UNREADABLE };
        Ok(match request.mode {
            Mode::Semantic => FENCE_SEMANTIC.max(least),
            Mode::Hybrid | Mode::Keyword => least.max(match together {
                Some(share) if share > 0.0 => FENCE_HYBRID + FENCE_MISSING_WORDS * (1.0 - share),
                _ => FENCE_NO_WORDS,
            }),
        })
    }

    /// Whether a query is made of words: the index knows one of them, or the encoder's vocabulary has
    /// most of them in one or two pieces. Random letters take three pieces and more a word.
    fn is_readable(&self, plan: &Plan) -> Result<bool> {
        let Some(encoder) = self.encoder.as_ref().filter(|_| !plan.words.knows_a_word()) else { return Ok(true) };
        let words = plan.text.split_whitespace().count();
        Ok((encoder.tokenizer().count(&plan.text)? as f64) < MOST_PIECES * words as f64)
    }

    /// The semantic leg.
    fn semantic(&self, encoder: &Encoder, text: &str, among: Option<&Selection>, depth: usize) -> Result<Proposed> {
        let started = Instant::now();
        let vector = self.vectors.get(encoder, text)?;
        let (encoding, searching) = (started.elapsed(), Instant::now());
        let nearest = self.generation.nearest(&vector, depth, among)?;
        let counted = match depth {
            COUNTED => nearest.clone(),
            _ => self.generation.nearest(&vector, COUNTED, among)?,
        };
        let leg = Semantic { vector, nearest, counted };
        Ok(Proposed { leg, encoding, searching: searching.elapsed() })
    }

    fn fuse(&self, request: &Request, plan: &Plan, legs: &Legs) -> Result<Vec<Fused>> {
        // Where the query is a title, the title's page is an answer whatever the vectors say.
        let passages: Vec<PassageId> = fuse::union(legs.candidates(), plan.verbatim());
        let words = fused_words(request, plan, legs.abstained);
        // A share only means something where there are two legs.
        let weight = match request.mode {
            Mode::Hybrid if legs.semantic.is_some() => request.fixed_semantic_weight().unwrap_or(SEMANTIC_WEIGHT),
            Mode::Hybrid | Mode::Semantic | Mode::Keyword => SEMANTIC_WEIGHT,
        };
        let lexical = || {
            let lexical = legs.lexical.as_ref().map(|hits| {
                let scores = self.keyword_scores(&words, &passages, legs)?;
                Ok::<_, Error>(Leg { candidates: &hits.hits, scores, spread: hits.spread, weight: 1.0 - weight })
            });
            lexical.transpose()
        };
        let semantic = |vector: &[f32], candidates| {
            let scores = self.generation.similarities(vector, &passages)?;
            let spread = self.generation.similarity_spread(vector)?;
            Ok::<_, Error>(Leg { candidates, scores, spread, weight })
        };
        let as_typed = || legs.semantic.as_ref().map(|leg| semantic(&leg.vector, &leg.nearest)).transpose();
        let (as_typed, lexical) = side_by_side(as_typed, lexical);
        let (lexical, as_typed) = (lexical?, as_typed?);
        let mut fused = match &legs.semantic {
            None => fuse::fuse(&passages, None, lexical.as_ref()),
            Some(Semantic { vector, nearest, .. }) => {
                let fused = fuse::fuse(&passages, as_typed.as_ref(), lexical.as_ref());
                match request.mode {
                    Mode::Hybrid => {
                        let drawn = self.with_feedback(vector, &fused);
                        fuse::fuse(&passages, Some(&semantic(&drawn, nearest)?), lexical.as_ref())
                    }
                    Mode::Semantic | Mode::Keyword => fused,
                }
            }
        };
        fuse::raise(&mut fused, |p| plan.tier(p));
        Ok(fused)
    }

    /// Scores of passages by words; those that are known already are not worked out again.
    fn keyword_scores(&self, words: &KeywordQuery, passages: &[PassageId], legs: &Legs) -> Result<Vec<f32>> {
        let hits = legs.lexical.iter().flat_map(|hits| &hits.hits);
        let mut known: Vec<(PassageId, f32)> = hits.map(|h| h.passage).zip(legs.scores.iter().copied()).collect();
        known.sort_unstable_by_key(|(passage, _)| *passage);
        let score = |p: &PassageId| known.binary_search_by_key(p, |(passage, _)| *passage).map(|at| known[at].1);
        let unknown: Vec<PassageId> = passages.iter().copied().filter(|p| score(p).is_err()).collect();
        let mut others = self.generation.keyword_scores(words, &unknown)?.into_iter();
        Ok(passages.iter().map(|p| score(p).unwrap_or_else(|_| others.next().unwrap_or_default())).collect())
    }

    /// The query's vector, drawn a little to the passages that are best so far.
    ///
    /// Rocchio, "Relevance Feedback in Information Retrieval" (1971), with the best of the list for
    /// the relevant ones: words and meaning together choose what each leg alone might miss.
    fn with_feedback(&self, vector: &[f32], fused: &[Fused]) -> Vec<f32> {
        let best: Vec<&Fused> = fused.iter().take(FEEDBACK).filter(|f| f.score > 0.0).collect();
        let mut sum = vector.to_vec();
        for hit in &best {
            let part = FEEDBACK_WEIGHT / best.len() as f32;
            sum.iter_mut().zip(self.generation.vector(hit.passage)).for_each(|(s, v)| *s += part * v);
        }
        let length = sum.iter().map(|s| s * s).sum::<f32>().sqrt().max(f32::MIN_POSITIVE);
        sum.iter().map(|s| s / length).collect()
    }

    /// A passage of every page that counts as found: those with a word of the query, those of the
    /// passages that the semantic leg proposes for the first pages of a list, and exact ones. It is
    /// the same however far down the list somebody looks, where the semantic leg proposes more.
    fn found(&self, plan: &Plan, legs: &Legs) -> (Vec<PassageId>, Relation) {
        let near = legs.semantic.as_ref().map_or(&[][..], |leg| &leg.counted);
        let words = legs.lexical.as_ref().map_or(&[][..], |hits| &hits.pages);
        let is_cut = legs.lexical.as_ref().is_some_and(|hits| hits.is_cut);
        let all = words.iter().copied().chain(near.iter().map(|n| n.passage)).chain(plan.verbatim());
        let relation = if near.len() < COUNTED && !is_cut { Relation::Eq } else { Relation::Gte };
        (self.generation.one_per_page(all), relation)
    }
}

impl Legs {
    fn candidates(&self) -> [&[Scored]; 2] {
        let semantic = self.semantic.as_ref().map_or(&[][..], |leg| &leg.nearest);
        let lexical = self.lexical.as_ref().map_or(&[][..], |hits| &hits.hits);
        [semantic, lexical]
    }
}

/// Does two things at once: one here, the other on a thread of the pool. The caller is no thread of the pool,
/// so moving both there would cost a change of threads before anything is begun.
pub(crate) fn side_by_side<A, B: Send>(here: impl FnOnce() -> A, there: impl FnOnce() -> B + Send) -> (A, B) {
    let mut second = None;
    let first = rayon::in_place_scope(|scope| {
        scope.spawn(|_| second = Some(there()));
        here()
    });
    (first, second.expect("a scope ends when all is done"))
}

/// What the keyword leg's scores are of when they are fused. Where the meaning is nowhere near, words such as
/// "the" prove nothing; the keyword leg alone is plain BM25.
fn fused_words(request: &Request, plan: &Plan, abstained: bool) -> KeywordQuery {
    let words = if abstained { plan.words.subject() } else { plan.words.clone() };
    if request.mode == Mode::Keyword { words.without_order() } else { words }
}

/// How much of what matches by words a request has to know: counts of values are over all of it.
fn extent(request: &Request) -> Extent {
    if request.facets.is_empty() { Extent::Best } else { Extent::All }
}

/// Since then, to the microsecond.
pub(crate) fn milliseconds(since: Instant) -> f64 {
    (since.elapsed().as_secs_f64() * 1e6).round() / 1e3
}

fn depth(request: &Request) -> usize {
    let reach = request.offset() + request.limit();
    DEPTHS.into_iter().find(|(up_to, _)| reach <= *up_to).map_or(0, |(_, depth)| depth)
}
