//! Both legs propose passages for a request, side by side.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use cloze_index::{Extent, KeywordHits, KeywordQuery, PassageId, Scored, Selection};
use cloze_models::Encoder;

use super::{fence, side_by_side::side_by_side};
use crate::{
    Error, Mode, Request, Result, Timings,
    engine::resources::Resources,
    request::{parse, plan::Plan},
    understand::{self, Understood},
};

/// Candidates of each leg for the first pages of a list, and for pages further down. The steps are few, so that
/// paging through a list does not change it under the reader.
const DEPTHS: [(usize, usize); 3] = [(20, COUNTED), (100, 1000), (usize::MAX, 4000)];

/// Passages of the semantic leg that count as found.
pub(crate) const COUNTED: usize = 100;

/// The proposals of both legs for a request.
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

/// The semantic leg's proposal: the query's vector and the passages nearest to it.
pub(crate) struct Semantic {
    pub(crate) vector: Arc<[f32]>,
    pub(crate) nearest: Vec<Scored>,
    /// Those that count as found.
    pub(crate) counted: Vec<Scored>,
}

/// The keyword leg's proposal, if the request wants that leg, with the time that it took.
struct Words {
    hits: Option<KeywordHits>,
    took: Duration,
    /// Share of the query's subject that the best passage has.
    together: Option<f32>,
    /// Scores of the hits, neighbours counted, as they are fused.
    scores: Vec<f32>,
}

/// The semantic leg, with the time that the vector and the search took.
struct Proposed {
    leg: Semantic,
    encoding: Duration,
    searching: Duration,
}

/// Understands a request while its semantic leg already searches for the text as it was typed, because
/// understanding nearly always leaves the text as it is.
pub(crate) fn propose(request: &Request, with: Resources<'_>) -> Result<(Understood, Legs)> {
    let words = || {
        let understood = understand::understand(request, with)?;
        let words = words(request, &understood.plan, with)?;
        Ok::<_, Error>((understood, words))
    };
    let (ahead, words) = side_by_side(|| semantic_ahead(request, with), words);
    let (understood, words) = words?;
    let legs = legs(request, &understood.plan, words, ahead, with)?;
    Ok((understood, legs))
}

fn words(request: &Request, plan: &Plan, with: Resources<'_>) -> Result<Words> {
    let started = Instant::now();
    let hits = lexical(request, plan, with)?;
    let took = started.elapsed();
    let best = hits.as_ref().and_then(|hits| hits.hits.first());
    let coverage = |best: &Scored| with.generation.coverage(&plan.words.subject(), best.passage);
    let together = best.map(coverage).transpose()?;
    // The encoder is still busy with the query, so there is time to compute the scores that fusing needs.
    let found: Vec<PassageId> = hits.iter().flat_map(|hits| &hits.hits).map(|h| h.passage).collect();
    let scores = with.generation.keyword_scores(&fused_words(request, plan, false), &found)?;
    Ok(Words { hits, took, together, scores })
}

/// The keyword leg, where the request wants it. Without an encoder, the words answer in every mode.
fn lexical(request: &Request, plan: &Plan, with: Resources<'_>) -> Result<Option<KeywordHits>> {
    let is_wanted = request.mode != Mode::Semantic || with.encoder.is_none();
    let hits = || keyword(&plan.words, request, plan, with);
    (is_wanted && !plan.is_list()).then(hits).transpose()
}

fn keyword(words: &KeywordQuery, request: &Request, plan: &Plan, with: Resources<'_>) -> Result<KeywordHits> {
    Ok(with.generation.keyword(words, depth(request), extent(request), plan.among.as_ref())?)
}

/// The semantic leg for the text as it was typed, if that can only be running text and no filter narrows the
/// search. Errors are dropped here; the leg itself reports them.
fn semantic_ahead(request: &Request, with: Resources<'_>) -> Option<(String, Proposed)> {
    let is_narrowed = !request.filters.is_empty() || with.generation.has_versions();
    let is_wanted = request.mode != Mode::Keyword && !is_narrowed;
    let encoder = with.encoder.filter(|_| is_wanted && parse::is_running_text(request.query()))?;
    let proposed = semantic(encoder, request.query(), None, depth(request), with).ok()?;
    Some((request.query().to_owned(), proposed))
}

fn semantic(
    encoder: &Encoder,
    text: &str,
    among: Option<&Selection>,
    depth: usize,
    with: Resources<'_>,
) -> Result<Proposed> {
    let started = Instant::now();
    let vector = with.vectors.get(encoder, text)?;
    let (encoding, searching) = (started.elapsed(), Instant::now());
    let nearest = with.generation.nearest(&vector, depth, among)?;
    let counted = match depth {
        COUNTED => nearest.clone(),
        _ => with.generation.nearest(&vector, COUNTED, among)?,
    };
    let leg = Semantic { vector, nearest, counted };
    Ok(Proposed { leg, encoding, searching: searching.elapsed() })
}

/// Puts both legs together, each with the time that it took.
fn legs(
    request: &Request,
    plan: &Plan,
    words: Words,
    ahead: Option<(String, Proposed)>,
    with: Resources<'_>,
) -> Result<Legs> {
    let mut legs = Legs::none(request, with);
    if plan.is_list() {
        return Ok(Legs { lexical: Some(KeywordHits::default()), degraded: None, ..legs });
    }
    legs.timings.lexical = words.hits.is_some().then_some(words.took);
    legs.add_semantic(semantic_of(request, plan, ahead, with));
    let threshold = fence::threshold(request, plan, words.together, with)?;
    if legs.semantic.as_ref().is_some_and(|leg| !leg.reaches(threshold)) {
        return legs.abstain(request, plan, with);
    }
    let lexical = match words.hits {
        None if legs.semantic.is_none() => Some(keyword(&plan.words, request, plan, with)?),
        hits => hits,
    };
    Ok(Legs { lexical, scores: words.scores, ..legs })
}

/// The semantic leg of a request: the one that ran ahead, if it searched for the right text everywhere.
fn semantic_of(
    request: &Request,
    plan: &Plan,
    ahead: Option<(String, Proposed)>,
    with: Resources<'_>,
) -> Option<Result<Proposed>> {
    let encoder = with.encoder.filter(|_| request.mode != Mode::Keyword)?;
    Some(match ahead.filter(|(text, _)| *text == plan.text && plan.among.is_none()) {
        Some((_, proposed)) => Ok(proposed),
        None => semantic(encoder, &plan.text, plan.among.as_ref(), depth(request), with),
    })
}

impl Legs {
    fn none(request: &Request, with: Resources<'_>) -> Self {
        let degraded = with.degraded.filter(|_| request.mode != Mode::Keyword).map(str::to_owned);
        let (scores, timings) = (Vec::new(), Timings::default());
        Self { semantic: None, lexical: None, scores, degraded, abstained: false, timings }
    }

    fn add_semantic(&mut self, proposed: Option<Result<Proposed>>) {
        match proposed {
            Some(Ok(proposed)) => {
                self.timings.encode = Some(proposed.encoding);
                self.timings.semantic = Some(proposed.searching);
                self.semantic = Some(proposed.leg);
            }
            Some(Err(error)) => {
                tracing::error!(%error, "the semantic leg failed");
                self.degraded = Some("the semantic leg failed; keywords alone answered".into());
            }
            None => {}
        }
    }

    /// A query that no passage answers gets no semantic noise. Words that carry its subject may still occur;
    /// "how" and "the" prove nothing. The vectors help to order their pages, but propose none themselves.
    fn abstain(mut self, request: &Request, plan: &Plan, with: Resources<'_>) -> Result<Self> {
        let lexical = match request.mode {
            Mode::Semantic => KeywordHits::default(),
            _ => keyword(&plan.words.subject(), request, plan, with)?,
        };
        if let Some(leg) = &mut self.semantic {
            (leg.nearest, leg.counted) = (Vec::new(), Vec::new());
        }
        Ok(Self { lexical: Some(lexical), abstained: true, ..self })
    }

    /// The candidates of the semantic and of the keyword leg.
    pub(crate) fn candidates(&self) -> [&[Scored]; 2] {
        let semantic = self.semantic.as_ref().map_or(&[][..], |leg| &leg.nearest);
        let lexical = self.lexical.as_ref().map_or(&[][..], |hits| &hits.hits);
        [semantic, lexical]
    }
}

impl Semantic {
    fn reaches(&self, threshold: f32) -> bool {
        self.nearest.first().is_some_and(|n| n.score >= threshold)
    }
}

/// The words whose scores are fused. Where the meaning is nowhere near, words such as "the" prove nothing; the
/// keyword leg alone is plain BM25.
pub(crate) fn fused_words(request: &Request, plan: &Plan, abstained: bool) -> KeywordQuery {
    let words = if abstained { plan.words.subject() } else { plan.words.clone() };
    if request.mode == Mode::Keyword { words.without_order() } else { words }
}

/// How many of the matches by words the keyword leg has to look at: facets count all of them.
fn extent(request: &Request) -> Extent {
    if request.facets.is_empty() { Extent::Best } else { Extent::All }
}

fn depth(request: &Request) -> usize {
    let reach = request.offset() + request.limit();
    DEPTHS.into_iter().find(|(up_to, _)| reach <= *up_to).map_or(0, |(_, depth)| depth)
}
