//! From what the legs propose to an ordered list of pages.

use cloze_index::{KeywordQuery, PassageId};

use crate::{
    Engine, Error, Mode, Request, Result,
    confidence::{self, Evidence},
    fuse::{self, Fused, Leg, SEMANTIC_WEIGHT},
    legs::{Legs, Semantic},
    pages::{self, PageHit},
    plan::Plan,
    side_by_side::side_by_side,
};

/// Passages that the query is drawn to, and how much they count together beside the query.
const FEEDBACK: usize = 3;
const FEEDBACK_WEIGHT: f32 = 0.2;

impl Engine {
    /// Passages grouped by page, each with the estimate that it is an answer.
    pub(crate) fn pages(&self, fused: &[Fused], plan: &Plan, legs: &Legs) -> Result<Vec<PageHit>> {
        let mut pages = pages::group(fused, |p| self.generation().page_of(p));
        let evidence = match (&legs.semantic, &legs.lexical) {
            (Some(_), Some(_)) => Evidence::Both,
            (Some(_), None) => Evidence::Meaning,
            (None, _) => Evidence::Words,
        };
        // Where the meaning is nowhere near, a page is no surer than the words that it has.
        let coverage = match pages.first().filter(|_| legs.abstained) {
            Some(best) => self.generation().coverage(&plan.words.subject(), best.best.passage)?,
            None => 1.0,
        };
        confidence::estimate(&mut pages, evidence, coverage);
        Ok(pages)
    }

    pub(crate) fn fuse(&self, request: &Request, plan: &Plan, legs: &Legs) -> Result<Vec<Fused>> {
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
            let scores = self.generation().similarities(vector, &passages)?;
            let spread = self.generation().similarity_spread(vector)?;
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
        let mut others = self.generation().keyword_scores(words, &unknown)?.into_iter();
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
            sum.iter_mut().zip(self.generation().vector(hit.passage)).for_each(|(s, v)| *s += part * v);
        }
        let length = sum.iter().map(|s| s * s).sum::<f32>().sqrt().max(f32::MIN_POSITIVE);
        sum.iter().map(|s| s / length).collect()
    }
}

/// What the keyword leg's scores are of when they are fused. Where the meaning is nowhere near, words such as
/// "the" prove nothing; the keyword leg alone is plain BM25.
pub(crate) fn fused_words(request: &Request, plan: &Plan, abstained: bool) -> KeywordQuery {
    let words = if abstained { plan.words.subject() } else { plan.words.clone() };
    if request.mode == Mode::Keyword { words.without_order() } else { words }
}
