//! One score a passage from two legs.
//!
//! Both legs score every candidate of the union, not only their own: a passage that one leg ranks
//! low is not the same as one it never saw. Within a leg, scores are divided by the largest, which
//! keeps the gaps. Between the legs, weight goes to the one that is surer of this query: the one
//! whose best score stands out more from the spread of its scores over the whole index. A leg that
//! finds nothing takes no part, so a lone hit of the other one is never lost.

use cloze_index::{PassageId, Scored};

use crate::request::tier::Tier;

/// Share of the semantic leg where nothing is said.
pub(crate) const SEMANTIC_WEIGHT: f32 = 0.55;
/// How much of a leg's sureness goes into its weight: 0 is none of it.
const SURENESS: f32 = 0.75;

/// A leg that takes part: what it proposes, and what it makes of everything proposed.
pub(crate) struct Leg<'a> {
    /// In any order.
    pub(crate) candidates: &'a [Scored],
    /// Aligned with the union.
    pub(crate) scores: Vec<f32>,
    /// Standard deviation of its scores over the whole index.
    pub(crate) spread: f32,
    /// Its share in the fused score, before the query has its say.
    pub(crate) weight: f32,
}

impl Leg<'_> {
    fn largest(&self) -> f32 {
        self.scores.iter().copied().fold(0.0, f32::max)
    }

    /// The weight for this query. The exponent lies between trusting both legs alike (0, dividing by
    /// the largest) and trusting how far the best stands out (1, dividing by the spread): it holds
    /// up where either end fails; `docs/relevance.md` has the figures.
    /// A leg that gives nothing to anyone leaves the whole score to the other one.
    fn effective_weight(&self) -> f32 {
        let largest = self.largest();
        if largest > 0.0 { self.weight * (largest / self.spread.max(f32::EPSILON)).powf(SURENESS) } else { 0.0 }
    }

    /// What the leg makes of each passage; `part` of the fused score is its.
    fn views(&self, passages: &[PassageId], part: f32) -> Vec<View> {
        let largest = self.largest();
        let share = |score: f32| if largest > 0.0 { part * score.max(0.0) / largest } else { 0.0 };
        let view = |&score: &f32| View { rank: None, score, share: share(score) };
        let mut views: Vec<View> = self.scores.iter().map(view).collect();
        for (place, rank) in self.order(passages).into_iter().zip(1..) {
            views[place].rank = Some(rank);
        }
        views
    }

    /// Places of its own candidates in the union, best first; ties by the lower number.
    fn order(&self, passages: &[PassageId]) -> Vec<usize> {
        let mut own: Vec<usize> =
            self.candidates.iter().filter_map(|c| passages.binary_search(&c.passage).ok()).collect();
        own.sort_unstable_by(|&a, &b| self.scores[b].total_cmp(&self.scores[a]).then(a.cmp(&b)));
        own
    }
}

/// One leg's view of a passage.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct View {
    pub(crate) rank: Option<u32>,
    pub(crate) score: f32,
    pub(crate) share: f32,
}

/// A passage with its fused score.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Fused {
    pub(crate) tier: Tier,
    pub(crate) passage: PassageId,
    pub(crate) score: f32,
    pub(crate) semantic: Option<View>,
    pub(crate) lexical: Option<View>,
}

impl Fused {
    /// What the legs make of it, whatever its tier.
    pub(crate) fn own_score(&self) -> f32 {
        [self.semantic, self.lexical].into_iter().flatten().map(|v| v.share).sum()
    }
}

/// All candidates of both legs and other passages, in ascending order.
pub(crate) fn union(legs: [&[Scored]; 2], others: impl IntoIterator<Item = PassageId>) -> Vec<PassageId> {
    let mut passages: Vec<_> = legs.into_iter().flatten().map(|s| s.passage).chain(others).collect();
    passages.sort_unstable();
    passages.dedup();
    passages
}

/// Fuses the legs over `passages`, their union. Best first; ties by the lower number.
pub(crate) fn fuse(passages: &[PassageId], semantic: Option<&Leg<'_>>, lexical: Option<&Leg<'_>>) -> Vec<Fused> {
    let [s_weight, l_weight] = [semantic, lexical].map(|leg| leg.map_or(0.0, Leg::effective_weight));
    let sum = (s_weight + l_weight).max(f32::MIN_POSITIVE);
    let semantic = semantic.map(|leg| leg.views(passages, s_weight / sum));
    let lexical = lexical.map(|leg| leg.views(passages, l_weight / sum));
    let mut fused: Vec<Fused> = passages
        .iter()
        .enumerate()
        .map(|(i, &passage)| {
            let [semantic, lexical] = [&semantic, &lexical].map(|views| views.as_ref().map(|v| v[i]));
            let fused = Fused { tier: Tier::default(), passage, score: 0.0, semantic, lexical };
            Fused { score: fused.own_score(), ..fused }
        })
        .collect();
    fused.sort_by(|a, b| b.score.total_cmp(&a.score).then(a.passage.cmp(&b.passage)));
    fused
}

/// Puts the higher tiers first. Within a tier the order stays; a hit of a higher tier is as certain
/// as the best of the list.
pub(crate) fn raise(fused: &mut [Fused], tier: impl Fn(PassageId) -> Tier) {
    let best = fused.first().map_or(0.0, |f| f.score);
    for hit in fused.iter_mut() {
        hit.tier = tier(hit.passage);
        if hit.tier > Tier::Scored {
            hit.score = best;
        }
    }
    fused.sort_by_key(|f| std::cmp::Reverse(f.tier));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scored(list: &[(PassageId, f32)]) -> Vec<Scored> {
        list.iter().map(|&(passage, score)| Scored { passage, score }).collect()
    }

    fn order(semantic: &[(PassageId, f32)], lexical: &[(PassageId, f32)], weight: f32) -> Vec<PassageId> {
        let (s, l) = (scored(semantic), scored(lexical));
        let passages = union([&s, &l], []);
        let of = |list: &[Scored]| -> Vec<f32> {
            passages.iter().map(|p| list.iter().find(|x| x.passage == *p).map_or(0.0, |x| x.score)).collect()
        };
        let (sv, lv) = (of(&s), of(&l));
        let s = Leg { candidates: &s, scores: sv, spread: 1.0, weight };
        let l = Leg { candidates: &l, scores: lv, spread: 10.0, weight: 1.0 - weight };
        fuse(&passages, Some(&s), Some(&l)).into_iter().map(|f| f.passage).collect()
    }

    #[test]
    fn agreement_wins_over_either_leg_alone() {
        assert_eq!(order(&[(1, 0.9), (2, 0.8)], &[(3, 9.0), (2, 8.0)], 0.5)[0], 2);
    }

    #[test]
    fn a_leg_without_results_changes_nothing() {
        assert_eq!(order(&[], &[(5, 3.0), (4, 1.0)], 0.5), [5, 4]);
        assert_eq!(order(&[(7, 0.4)], &[], 0.5), [7]);
        assert!(order(&[], &[], 0.5).is_empty());
    }

    #[test]
    fn weights_at_the_ends_are_one_leg_alone() {
        let (s, l) = ([(1, 0.9), (2, 0.8)], [(2, 9.0), (1, 8.0)]);
        assert_eq!(order(&s, &l, 1.0)[0], 1);
        assert_eq!(order(&s, &l, 0.0)[0], 2);
    }

    #[test]
    fn ties_go_to_the_lower_number() {
        assert_eq!(order(&[(9, 0.5), (3, 0.5)], &[], 0.5), [3, 9]);
    }
}
