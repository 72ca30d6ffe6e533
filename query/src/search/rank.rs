//! From the proposals of the legs to an ordered list of pages.

use cloze_index::{
    KeywordHits, KeywordQuery, PassageId, Scored,
    body::{Candidates, Near},
    side_by_side,
};

use super::{
    confidence::{self, Evidence},
    feedback,
    fuse::{self, Fused, Leg, SEMANTIC_WEIGHT},
    legs::Legs,
    pages::{self, PageHit},
};
use crate::{Mode, Request, Result, engine::resources::Resources, request::plan::Plan};

/// Pages in their order, each with the estimate that it is an answer.
pub(crate) fn rank(request: &Request, plan: &Plan, legs: &Legs<'_>, with: Resources<'_>) -> Result<Vec<PageHit>> {
    let fused = fuse(request, plan, legs)?;
    let mut pages = pages::group(&fused, |p| with.head.page_of(p));
    let evidence = match (&legs.proposal.near, &legs.proposal.words) {
        (Some(_), Some(_)) => Evidence::Both,
        (Some(_), None) => Evidence::Meaning,
        (None, _) => Evidence::Words,
    };
    // Where the meaning is nowhere near, a page is no surer than the words that it has.
    let coverage = match pages.first().filter(|_| legs.proposal.abstained) {
        Some(best) => legs.proposal.candidates.coverage(&plan.words.subject(), best.best.passage)?,
        None => 1.0,
    };
    confidence::estimate(&mut pages, evidence, coverage);
    Ok(pages)
}

/// One score for every candidate.
fn fuse(request: &Request, plan: &Plan, legs: &Legs<'_>) -> Result<Vec<Fused>> {
    // If the query is a title, the title's page is an answer whatever the vectors say.
    let passages: Vec<PassageId> = fuse::union(legs.candidates(), legs.exact.candidates());
    let union = Union { passages: &passages, weight: weight(request, legs), candidates: &*legs.proposal.candidates };
    let lexical = || union.lexical(&plan.scored_words(legs.proposal.near.is_none(), legs.proposal.abstained), legs);
    let typed = || legs.proposal.near.as_ref().map(|leg| union.semantic(&leg.vector, &leg.nearest)).transpose();
    let (typed, lexical) = side_by_side(typed, lexical);
    let (typed, lexical) = (typed?, lexical?);
    let mut fused = fuse::fuse(&passages, typed.as_ref(), lexical.as_ref());
    if let Some(Near { vector, nearest, .. }) = &legs.proposal.near
        && request.mode == Mode::Hybrid
    {
        let moved = union.semantic(&feedback::moved(vector, &fused, union.candidates), nearest)?;
        fused = fuse::fuse(&passages, Some(&moved), lexical.as_ref());
    }
    fuse::raise(&mut fused, |p| legs.exact.tier(p));
    Ok(fused)
}

/// The share of the semantic leg; a share that the request sets only means something if there are two legs.
fn weight(request: &Request, legs: &Legs<'_>) -> f32 {
    let has_both = request.mode == Mode::Hybrid && legs.proposal.near.is_some();
    request.fixed_semantic_weight().filter(|_| has_both).unwrap_or(SEMANTIC_WEIGHT)
}

/// All candidates, to be scored by each leg.
struct Union<'a> {
    /// Ascending.
    passages: &'a [PassageId],
    /// Share of the semantic leg.
    weight: f32,
    candidates: &'a dyn Candidates,
}

impl Union<'_> {
    fn semantic<'l>(&self, vector: &[f32], candidates: &'l [Scored]) -> Result<Leg<'l>> {
        let scores = self.candidates.similarities(vector, self.passages)?;
        let spread = self.candidates.similarity_spread(vector)?;
        Ok(Leg { candidates, scores, spread, weight: self.weight })
    }

    fn lexical<'l>(&self, words: &KeywordQuery, legs: &'l Legs<'_>) -> Result<Option<Leg<'l>>> {
        let leg = |hits: &'l KeywordHits| {
            let scores = self.keyword_scores(words, legs)?;
            Ok(Leg { candidates: &hits.hits, scores, spread: hits.spread, weight: 1.0 - self.weight })
        };
        legs.proposal.words.as_ref().map(leg).transpose()
    }

    /// Scores by words, in the order of the passages. Scores that the keyword leg has computed already are
    /// taken from it.
    fn keyword_scores(&self, words: &KeywordQuery, legs: &Legs<'_>) -> Result<Vec<f32>> {
        let known = legs.known_scores();
        let score = |p: &PassageId| known.binary_search_by_key(p, |(passage, _)| *passage).map(|at| known[at].1);
        let unknown: Vec<PassageId> = self.passages.iter().copied().filter(|p| score(p).is_err()).collect();
        let mut others = self.candidates.keyword_scores(words, &unknown)?.into_iter();
        let one = |p: &PassageId| score(p).unwrap_or_else(|_| others.next().unwrap_or_default());
        Ok(self.passages.iter().map(one).collect())
    }
}
