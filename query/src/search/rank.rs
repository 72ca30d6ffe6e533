//! From the proposals of the legs to an ordered list of pages.

use cloze_index::{KeywordQuery, PassageId, Scored};

use super::{
    confidence::{self, Evidence},
    feedback,
    fuse::{self, Fused, Leg, SEMANTIC_WEIGHT},
    legs::{Legs, Semantic, fused_words},
    pages::{self, PageHit},
    side_by_side::side_by_side,
};
use crate::{Mode, Request, Result, engine::resources::Resources, request::plan::Plan};

/// Pages in their order, each with the estimate that it is an answer.
pub(crate) fn rank(request: &Request, plan: &Plan, legs: &Legs, with: Resources<'_>) -> Result<Vec<PageHit>> {
    let fused = fuse(request, plan, legs, with)?;
    let mut pages = pages::group(&fused, |p| with.generation.page_of(p));
    let evidence = match (&legs.semantic, &legs.lexical) {
        (Some(_), Some(_)) => Evidence::Both,
        (Some(_), None) => Evidence::Meaning,
        (None, _) => Evidence::Words,
    };
    // Where the meaning is nowhere near, a page is no surer than the words that it has.
    let coverage = match pages.first().filter(|_| legs.abstained) {
        Some(best) => with.generation.coverage(&plan.words.subject(), best.best.passage)?,
        None => 1.0,
    };
    confidence::estimate(&mut pages, evidence, coverage);
    Ok(pages)
}

/// One score for every candidate.
fn fuse(request: &Request, plan: &Plan, legs: &Legs, with: Resources<'_>) -> Result<Vec<Fused>> {
    // If the query is a title, the title's page is an answer whatever the vectors say.
    let passages: Vec<PassageId> = fuse::union(legs.candidates(), plan.verbatim());
    let union = Union { passages: &passages, weight: weight(request, legs), with };
    let lexical = || union.lexical(&fused_words(request, plan, legs.abstained), legs);
    let typed = || legs.semantic.as_ref().map(|leg| union.semantic(&leg.vector, &leg.nearest)).transpose();
    let (typed, lexical) = side_by_side(typed, lexical);
    let (typed, lexical) = (typed?, lexical?);
    let mut fused = fuse::fuse(&passages, typed.as_ref(), lexical.as_ref());
    if let Some(Semantic { vector, nearest, .. }) = legs.semantic.as_ref().filter(|_| request.mode == Mode::Hybrid) {
        let moved = union.semantic(&feedback::moved(vector, &fused, with), nearest)?;
        fused = fuse::fuse(&passages, Some(&moved), lexical.as_ref());
    }
    fuse::raise(&mut fused, |p| plan.tier(p));
    Ok(fused)
}

/// The share of the semantic leg; a share that the request sets only means something if there are two legs.
fn weight(request: &Request, legs: &Legs) -> f32 {
    let has_both = request.mode == Mode::Hybrid && legs.semantic.is_some();
    request.fixed_semantic_weight().filter(|_| has_both).unwrap_or(SEMANTIC_WEIGHT)
}

/// All candidates, to be scored by each leg.
struct Union<'a> {
    /// Ascending.
    passages: &'a [PassageId],
    /// Share of the semantic leg.
    weight: f32,
    with: Resources<'a>,
}

impl Union<'_> {
    fn semantic<'l>(&self, vector: &[f32], candidates: &'l [Scored]) -> Result<Leg<'l>> {
        let scores = self.with.generation.similarities(vector, self.passages)?;
        let spread = self.with.generation.similarity_spread(vector)?;
        Ok(Leg { candidates, scores, spread, weight: self.weight })
    }

    fn lexical<'l>(&self, words: &KeywordQuery, legs: &'l Legs) -> Result<Option<Leg<'l>>> {
        let leg = |hits: &'l cloze_index::KeywordHits| {
            let scores = self.keyword_scores(words, legs)?;
            Ok(Leg { candidates: &hits.hits, scores, spread: hits.spread, weight: 1.0 - self.weight })
        };
        legs.lexical.as_ref().map(leg).transpose()
    }

    /// Scores by words, in the order of the passages. Scores that the keyword leg has computed already are
    /// taken from it.
    fn keyword_scores(&self, words: &KeywordQuery, legs: &Legs) -> Result<Vec<f32>> {
        let hits = legs.lexical.iter().flat_map(|hits| &hits.hits);
        let mut known: Vec<(PassageId, f32)> = hits.map(|h| h.passage).zip(legs.scores.iter().copied()).collect();
        known.sort_unstable_by_key(|(passage, _)| *passage);
        let score = |p: &PassageId| known.binary_search_by_key(p, |(passage, _)| *passage).map(|at| known[at].1);
        let unknown: Vec<PassageId> = self.passages.iter().copied().filter(|p| score(p).is_err()).collect();
        let mut others = self.with.generation.keyword_scores(words, &unknown)?.into_iter();
        let one = |p: &PassageId| score(p).unwrap_or_else(|_| others.next().unwrap_or_default());
        Ok(self.passages.iter().map(one).collect())
    }
}
