//! From the proposals of the legs to an ordered list of pages.

use cloze_index::{Head, KeywordQuery, PassageId, Scored, body::Candidates};

use super::{
    asking::COUNTED,
    confidence::{self, Evidence},
    feedback, fence,
    fuse::{self, COVERAGE_OF_WORDS, Fused, SEMANTIC_WEIGHT, TOKENS_OF_MEANING},
    legs::Legs,
    neighbours,
    pages::{self, PageHit},
    second_look::SecondLook,
    signal::{Scale, Signal, Signals},
};
use crate::{
    Mode, Request, Result,
    engine::resources::Resources,
    request::{plan::Plan, tier::Tier},
};

/// Share of the query's subject that the best passage by words needs for the words to count in full. Scores by
/// words are scaled over the list, so without this a single "the" would count as much as the rarest word.
const COVERED: f32 = 0.25;

/// Pages in order, each with the estimated probability that it is an answer.
pub(crate) fn rank(request: &Request, plan: &Plan, legs: &Legs<'_>, with: Resources<'_>) -> Result<Vec<PageHit>> {
    let first = first(legs);
    let fused = fuse(request, plan, legs, &first)?;
    let mut pages = pages::group(&fused, |p| with.head.page_of(p));
    let evidence = match (&legs.proposal.near, &legs.proposal.words) {
        (Some(_), Some(_)) => Evidence::Both,
        (Some(_), None) => Evidence::Meaning,
        (None, _) => Evidence::Words,
    };
    // If no passage is near in meaning, the words of a page limit its probability.
    let coverage = match pages.first().filter(|_| legs.proposal.abstained) {
        Some(best) => covered(&*legs.proposal.candidates, &plan.words.subject(), best.best.passage)?,
        None => 1.0,
    };
    confidence::estimate(&mut pages, evidence, coverage);
    let near = near_enough(request, plan, legs, with)?;
    end(&mut pages, request, near, &first, legs, with.head);
    Ok(pages)
}

/// The similarity from which on a page answers a search by meaning alone; out of reach in the other modes.
fn near_enough(request: &Request, plan: &Plan, legs: &Legs<'_>, with: Resources<'_>) -> Result<f32> {
    match legs.query.as_ref().filter(|_| request.mode == Mode::Semantic) {
        Some(query) => fence::threshold(request, plan, None, query.by, with),
        None => Ok(f32::INFINITY),
    }
}

/// Ends the list. A page stays if it matches exactly, if it has every word, if its similarity is `near` or more, or if
/// it is not much less probable than the best page even without its neighbours. Candidates for later pages of the list
/// need every word, so that the list stays the same while the reader pages through it.
fn end(pages: &mut Vec<PageHit>, request: &Request, near: f32, first: &[PassageId], legs: &Legs<'_>, head: &Head) {
    let words = legs.proposal.words.as_ref();
    let mut every: Vec<u32> = words.iter().flat_map(|w| &w.pages).map(|p| head.page_of(*p)).collect();
    every.sort_unstable();
    let best = pages.iter().find(|p| p.best.tier == Tier::Scored).map_or(0.0, |p| p.best.score);
    let is_cut = words.is_some_and(|w| w.is_cut);
    pages.retain(|page| {
        let has_every = || every.binary_search(&head.page_of(page.best.passage)).is_ok();
        let is_first = || is_cut || first.binary_search(&page.best.passage).is_ok();
        let is_near = page.best.parts.semantic.is_some_and(|view| view.score >= near);
        let is_probable = is_near || confidence::is_listed(page.best.parts.alone(), best);
        page.best.tier > Tier::Scored || has_every() || (is_probable && is_first())
    });
    // A list of filters alone has no scores.
    if let Some(least) = request.least_score().filter(|_| best > 0.0) {
        pages.retain(|page| page.probability >= least);
    }
}

/// The candidates for the first pages of a list, ascending. They are the same for every page of the list.
fn first(legs: &Legs<'_>) -> Vec<PassageId> {
    let near = legs.proposal.near.as_ref().map_or(&[][..], |near| &near.counted);
    let words = legs.proposal.words.as_ref().map_or(&[][..], |words| &words.hits);
    fuse::union([near, &words[..words.len().min(COUNTED)]], legs.exact.candidates())
}

/// One score for every candidate.
fn fuse(request: &Request, plan: &Plan, legs: &Legs<'_>, first: &[PassageId]) -> Result<Vec<Fused>> {
    // If the query is a title, the title's page is an answer regardless of the vectors.
    let passages: Vec<PassageId> = fuse::union(legs.candidates(), legs.exact.candidates());
    let weight = weight(request, legs);
    let is_first: Vec<bool> = passages.iter().map(|p| first.binary_search(p).is_ok()).collect();
    let (subject, candidates) = (plan.words.subject(), &*legs.proposal.candidates);
    let union = Union { passages: &passages, is_first: &is_first, weight, subject, candidates };
    let near = legs.proposal.near.as_ref();
    let semantic = near.map(|leg| union.semantic(&leg.vector, &leg.nearest)).transpose()?;
    let lexical = union.lexical(&plan.scored_words(near.is_none(), legs.proposal.abstained), legs)?;
    let mut signals = Signals { semantic, lexical, ..Signals::default() };
    let mut fused = fuse::fuse(&passages, &signals);
    if let Some(near) = near.filter(|_| request.mode == Mode::Hybrid) {
        let moved = feedback::moved(&near.vector, &fused, union.candidates);
        signals.semantic = Some(union.semantic(&moved, &near.nearest)?);
        fused = fuse::fuse(&passages, &signals);
    }
    if near.is_some() {
        union.look_again(&mut signals, &fused, legs)?;
        fused = fuse::fuse(&passages, &signals);
        fuse::first_pages_first(&mut fused, |p| first.binary_search(&p).is_ok());
        let among = fused.iter().take(neighbours::AMONG).filter(|f| first.binary_search(&f.passage).is_ok());
        let among: Vec<PassageId> = among.map(|f| f.passage).collect();
        neighbours::raise(&mut fused, &neighbours::similarities(&among, union.candidates)?);
    }
    fuse::lower_links(&mut fused, |p| union.candidates.is_links(p));
    fuse::first_pages_first(&mut fused, |p| first.binary_search(&p).is_ok());
    fuse::raise(&mut fused, |p| legs.exact.tier(p));
    Ok(fused)
}

/// The share of meaning; a share set by the request only matters with two legs.
fn weight(request: &Request, legs: &Legs<'_>) -> f32 {
    let has_both = request.mode == Mode::Hybrid && legs.proposal.near.is_some();
    request.fixed_semantic_weight().filter(|_| has_both).unwrap_or(SEMANTIC_WEIGHT)
}

/// All candidates, for each signal to score.
struct Union<'a> {
    /// Ascending.
    passages: &'a [PassageId],
    /// Aligned with the passages: the candidates for the first pages of the list.
    is_first: &'a [bool],
    /// Share of meaning.
    weight: f32,
    /// The words that carry the query's subject.
    subject: KeywordQuery,
    candidates: &'a dyn Candidates,
}

impl<'u> Union<'u> {
    fn semantic<'l>(&self, vector: &[f32], candidates: &'l [Scored]) -> Result<Signal<'l>>
    where
        'u: 'l,
    {
        let scores = self.candidates.similarities(vector, self.passages)?.into_iter().map(Some).collect();
        Ok(Signal { candidates, scores, scale: Scale::Deviations, is_first: self.is_first, weight: self.weight })
    }

    fn lexical<'l>(&self, words: &KeywordQuery, legs: &'l Legs<'_>) -> Result<Option<Signal<'l>>>
    where
        'u: 'l,
    {
        let Some(hits) = &legs.proposal.words else { return Ok(None) };
        let scores = self.keyword_scores(words, legs)?.into_iter().map(Some).collect();
        let covered = match (legs.proposal.covered, hits.hits.first()) {
            (Some(covered), _) => covered,
            (None, Some(best)) => covered(self.candidates, &self.subject, best.passage)?,
            (None, None) => 0.0,
        };
        let weight = (1.0 - self.weight) * (covered / COVERED).min(1.0);
        Ok(Some(Signal { candidates: &hits.hits, scores, scale: Scale::Largest, is_first: self.is_first, weight }))
    }

    /// Adds the signals of the second look. Each takes its share from the signal that it refines.
    fn look_again(&self, signals: &mut Signals<'u>, fused: &[Fused], legs: &Legs<'_>) -> Result<()> {
        let look = SecondLook { passages: self.passages, is_first: self.is_first, candidates: self.candidates };
        if let (Some(tokens), Some(semantic)) =
            (legs.query.as_ref().and_then(|query| query.tokens.as_ref()), &mut signals.semantic)
        {
            let weight = semantic.weight * TOKENS_OF_MEANING;
            signals.tokens = look.tokens(tokens, fused, weight)?;
            semantic.weight -= signals.tokens.as_ref().map_or(0.0, |tokens| tokens.weight);
        }
        if let Some(lexical) = &mut signals.lexical {
            let weight = lexical.weight * COVERAGE_OF_WORDS;
            signals.coverage = Some(look.coverage(&self.subject, fused, weight)?);
            lexical.weight -= weight;
        }
        Ok(())
    }

    /// Scores by words, in the order of the passages. Scores that the keyword leg has computed already are reused.
    fn keyword_scores(&self, words: &KeywordQuery, legs: &Legs<'_>) -> Result<Vec<f32>> {
        let known = legs.known_scores();
        let score = |p: &PassageId| known.binary_search_by_key(p, |(passage, _)| *passage).map(|at| known[at].1);
        let unknown: Vec<PassageId> = self.passages.iter().copied().filter(|p| score(p).is_err()).collect();
        let mut others = self.candidates.keyword_scores(words, &unknown)?.into_iter();
        let one = |p: &PassageId| score(p).unwrap_or_else(|_| others.next().unwrap_or_default());
        Ok(self.passages.iter().map(one).collect())
    }
}

/// The share of the words that one passage has.
fn covered(candidates: &dyn Candidates, words: &KeywordQuery, passage: PassageId) -> Result<f32> {
    Ok(candidates.coverage(words, &[passage])?.first().copied().unwrap_or_default())
}
