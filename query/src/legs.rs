//! What the two legs propose for a request, side by side.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use cloze_index::{Extent, KeywordHits, PassageId, Scored, Selection};
use cloze_models::Encoder;

use crate::{
    Engine, Error, Mode, Request, Result, Timings, json::Relation, parse, plan::Plan, rank::fused_words,
    side_by_side::side_by_side, understand::Understood,
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

/// What the two legs propose for a request.
pub(crate) struct Legs {
    pub(crate) semantic: Option<Semantic>,
    pub(crate) lexical: Option<KeywordHits>,
    /// Scores of the keyword leg's hits as they are fused, as far as they are known.
    pub(crate) scores: Vec<f32>,
    pub(crate) degraded: Option<String>,
    /// Whether the semantic leg found nothing near enough to be an answer.
    pub(crate) abstained: bool,
    pub(crate) timings: Timings,
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
pub(crate) struct Semantic {
    pub(crate) vector: Arc<[f32]>,
    pub(crate) nearest: Vec<Scored>,
    /// Those that count as found.
    pub(crate) counted: Vec<Scored>,
}

impl Engine {
    /// What a request is taken to mean, and what both legs propose. They run side by side: the semantic
    /// one begins with what was typed, before that is understood, because that is nearly always it.
    pub(crate) fn read(&self, request: &Request) -> Result<(Understood, Legs)> {
        let depth = depth(request);
        let words = || {
            let understood = self.understand(request)?;
            let started = Instant::now();
            let hits = self.lexical(request, &understood.plan, depth)?;
            let took = started.elapsed();
            let together = self.together(&understood.plan, hits.as_ref())?;
            // While the query is still being encoded there is time for what fusing will ask for.
            let found: Vec<PassageId> = hits.iter().flat_map(|hits| &hits.hits).map(|h| h.passage).collect();
            let scores = self.generation().keyword_scores(&fused_words(request, &understood.plan, false), &found)?;
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
        let encoder = self.encoder().filter(|_| is_wanted && parse::is_running_text(request.query()))?;
        Some((request.query().to_owned(), self.semantic(encoder, request.query(), None, depth).ok()?))
    }

    /// What the keyword leg proposes, where it was asked for. Without an encoder the words answer, whatever
    /// was asked for.
    fn lexical(&self, request: &Request, plan: &Plan, depth: usize) -> Result<Option<KeywordHits>> {
        let is_wanted = request.mode != Mode::Semantic || self.encoder().is_none();
        let hits = || self.generation().keyword(&plan.words, depth, extent(request), plan.among.as_ref());
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
        let semantic = self.encoder().filter(|_| request.mode != Mode::Keyword).map(|encoder| {
            match ahead.filter(|(text, _)| *text == plan.text && plan.among.is_none()) {
                Some((_, proposed)) => Ok(proposed),
                None => self.semantic(encoder, &plan.text, plan.among.as_ref(), depth),
            }
        });
        let mut degraded = if request.mode == Mode::Keyword { None } else { self.degraded().map(str::to_owned) };
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
        let threshold = self.generation().manifest().calibration.threshold(fence);
        let is_near = |leg: &Semantic| leg.nearest.first().is_some_and(|n| n.score >= threshold);
        if let Some(leg) = semantic.as_ref().filter(|leg| !is_near(leg)) {
            // Words that carry the subject may still occur; "how" and "the" prove nothing. What they
            // find is ordered with the help of the vectors, which propose nothing themselves.
            let lexical = match request.mode {
                Mode::Semantic => KeywordHits::default(),
                _ => self.generation().keyword(&plan.words.subject(), depth, extent(request), plan.among.as_ref())?,
            };
            let semantic = Some(Semantic { vector: leg.vector.clone(), nearest: Vec::new(), counted: Vec::new() });
            let scores = Vec::new();
            return Ok(Legs { semantic, lexical: Some(lexical), scores, degraded, abstained: true, timings });
        }
        let lexical = match lexical {
            None if semantic.is_none() => {
                let among = plan.among.as_ref();
                Some(self.generation().keyword(&plan.words, depth, extent(request), among)?)
            }
            other => other,
        };
        Ok(Legs { semantic, lexical, scores, degraded, abstained: false, timings })
    }

    /// How much of the query's subject the best passage by words has.
    fn together(&self, plan: &Plan, hits: Option<&KeywordHits>) -> Result<Option<f32>> {
        let best = hits.and_then(|hits| hits.hits.first());
        Ok(best.map(|best| self.generation().coverage(&plan.words.subject(), best.passage)).transpose()?)
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
        let Some(encoder) = self.encoder().filter(|_| !plan.words.knows_a_word()) else { return Ok(true) };
        let words = plan.text.split_whitespace().count();
        Ok((encoder.tokenizer().count(&plan.text)? as f64) < MOST_PIECES * words as f64)
    }

    /// The semantic leg.
    fn semantic(&self, encoder: &Encoder, text: &str, among: Option<&Selection>, depth: usize) -> Result<Proposed> {
        let started = Instant::now();
        let vector = self.vectors().get(encoder, text)?;
        let (encoding, searching) = (started.elapsed(), Instant::now());
        let nearest = self.generation().nearest(&vector, depth, among)?;
        let counted = match depth {
            COUNTED => nearest.clone(),
            _ => self.generation().nearest(&vector, COUNTED, among)?,
        };
        let leg = Semantic { vector, nearest, counted };
        Ok(Proposed { leg, encoding, searching: searching.elapsed() })
    }

    /// A passage of every page that counts as found: those with a word of the query, those of the
    /// passages that the semantic leg proposes for the first pages of a list, and exact ones. It is
    /// the same however far down the list somebody looks, where the semantic leg proposes more.
    pub(crate) fn found(&self, plan: &Plan, legs: &Legs) -> (Vec<PassageId>, Relation) {
        let near = legs.semantic.as_ref().map_or(&[][..], |leg| &leg.counted);
        let words = legs.lexical.as_ref().map_or(&[][..], |hits| &hits.pages);
        let is_cut = legs.lexical.as_ref().is_some_and(|hits| hits.is_cut);
        let all = words.iter().copied().chain(near.iter().map(|n| n.passage)).chain(plan.verbatim());
        let relation = if near.len() < COUNTED && !is_cut { Relation::Eq } else { Relation::Gte };
        (self.generation().one_per_page(all), relation)
    }
}

impl Legs {
    pub(crate) fn candidates(&self) -> [&[Scored]; 2] {
        let semantic = self.semantic.as_ref().map_or(&[][..], |leg| &leg.nearest);
        let lexical = self.lexical.as_ref().map_or(&[][..], |hits| &hits.hits);
        [semantic, lexical]
    }
}

/// How much of what matches by words a request has to know: counts of values are over all of it.
fn extent(request: &Request) -> Extent {
    if request.facets.is_empty() { Extent::Best } else { Extent::All }
}

fn depth(request: &Request) -> usize {
    let reach = request.offset() + request.limit();
    DEPTHS.into_iter().find(|(up_to, _)| reach <= *up_to).map_or(0, |(_, depth)| depth)
}
