//! Combines several signals into one score per passage.
//!
//! Both legs score every candidate of the union, not only their own, because a passage that one leg ranks low
//! differs from one that the leg never saw. The second look adds two signals for the best candidates: their tokens are
//! compared with those of the query, and the words of the query that they have are counted. Each signal is scaled:
//! similarities by their deviation from the mean of the list or from its smallest to its largest, because all of them
//! are high if all passages are about one subject; scores by words from zero to their largest, because no shared word
//! means a score of zero. A signal that carries no information takes no part, so the only hit of another signal is
//! never lost.

use cloze_index::{PassageId, Scored};

use super::signal::{Parts, Signal, Signals};
use crate::request::tier::Tier;

/// Share of meaning in the fused score: the passage's vector and its tokens together. The rest belongs to the words.
pub(crate) const SEMANTIC_WEIGHT: f32 = 0.6 / 1.1;
/// Share of the tokens in the share of meaning, after a second look.
pub(crate) const TOKENS_OF_MEANING: f32 = 0.25 / 0.6;
/// Share of coverage in the share of the words, after a second look.
pub(crate) const COVERAGE_OF_WORDS: f32 = 0.1 / 0.5;

/// A passage with its fused score.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Fused {
    pub(crate) tier: Tier,
    pub(crate) passage: PassageId,
    pub(crate) score: f32,
    pub(crate) parts: Parts,
}

/// All candidates of both legs and other passages, in ascending order.
pub(crate) fn union(legs: [&[Scored]; 2], others: impl IntoIterator<Item = PassageId>) -> Vec<PassageId> {
    let mut passages: Vec<_> = legs.into_iter().flatten().map(|s| s.passage).chain(others).collect();
    passages.sort_unstable();
    passages.dedup();
    passages
}

/// Fuses the signals over `passages`, their union. Best first; ties by the lower number.
pub(crate) fn fuse(passages: &[PassageId], signals: &Signals<'_>) -> Vec<Fused> {
    let all = [&signals.semantic, &signals.lexical, &signals.tokens, &signals.coverage];
    let weights = all.map(|signal| signal.as_ref().map_or(0.0, Signal::effective_weight));
    let sum = weights.iter().sum::<f32>().max(f32::MIN_POSITIVE);
    let views = [0, 1, 2, 3].map(|i| all[i].as_ref().map(|signal| signal.views(passages, weights[i] / sum)));
    let one = |(i, &passage): (usize, &PassageId)| {
        let [semantic, lexical, tokens, coverage] = [0, 1, 2, 3].map(|s| views[s].as_ref().map(|v| v[i]));
        let parts = Parts { semantic, lexical, tokens, coverage, neighbours: None };
        Fused { tier: Tier::default(), passage, score: parts.sum(), parts }
    };
    let mut fused: Vec<Fused> = passages.iter().enumerate().map(one).collect();
    sort(&mut fused);
    fused
}

/// Sorts by score, best first; ties by the lower number.
pub(crate) fn sort(fused: &mut [Fused]) {
    fused.sort_by(|a, b| b.score.total_cmp(&a.score).then(a.passage.cmp(&b.passage)));
}

/// Share of its score that a list of links keeps. Such a list contains only the titles of other pages, so it looks
/// like the answer that it links to.
const LINKS_KEEP: f32 = 0.6;

/// Moves lists of links behind the content that they link to.
pub(crate) fn lower_links(fused: &mut [Fused], is_links: impl Fn(PassageId) -> bool) {
    for hit in fused.iter_mut().filter(|hit| is_links(hit.passage)) {
        hit.score *= LINKS_KEEP;
        hit.parts.scale(LINKS_KEEP);
    }
    sort(fused);
}

/// Moves the candidates for later pages behind those for the first pages.
pub(crate) fn first_pages_first(fused: &mut [Fused], is_first: impl Fn(PassageId) -> bool) {
    fused.sort_by_key(|f| !is_first(f.passage));
}

/// Moves the higher tiers to the front. Within a tier the order stays; a hit of a higher tier gets the score of the
/// best of the list.
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
    use super::{super::signal::Scale, *};

    fn scored(list: &[(PassageId, f32)]) -> Vec<Scored> {
        list.iter().map(|&(passage, score)| Scored { passage, score }).collect()
    }

    fn order(semantic: &[(PassageId, f32)], lexical: &[(PassageId, f32)], weight: f32) -> Vec<PassageId> {
        let (s, l) = (scored(semantic), scored(lexical));
        let passages = union([&s, &l], []);
        let of = |list: &[Scored]| -> Vec<Option<f32>> {
            let score = |p: &PassageId| list.iter().find(|x| x.passage == *p).map_or(0.0, |x| x.score);
            passages.iter().map(|p| Some(score(p))).collect()
        };
        let (sv, lv) = (of(&s), of(&l));
        let first = vec![true; passages.len()];
        let signals = Signals {
            semantic: Some(Signal { candidates: &s, scores: sv, scale: Scale::Range, is_first: &first, weight }),
            lexical: Some(Signal {
                candidates: &l,
                scores: lv,
                scale: Scale::Largest,
                is_first: &first,
                weight: 1.0 - weight,
            }),
            ..Signals::default()
        };
        fuse(&passages, &signals).into_iter().map(|f| f.passage).collect()
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
    fn candidates_for_later_pages_come_last_and_do_not_set_the_scale() {
        let all = scored(&[(1, 5.0), (2, 4.0), (3, 9.0)]);
        let is_first = [true, true, false];
        let scores = vec![Some(5.0), Some(4.0), Some(9.0)];
        let lexical =
            Some(Signal { candidates: &all, scores, scale: Scale::Largest, is_first: &is_first, weight: 1.0 });
        let mut fused = fuse(&[1, 2, 3], &Signals { lexical, ..Signals::default() });
        first_pages_first(&mut fused, |p| p != 3);
        assert_eq!(fused.iter().map(|f| (f.passage, f.score)).collect::<Vec<_>>(), [(1, 1.0), (2, 0.8), (3, 1.0)]);
    }

    #[test]
    fn ties_go_to_the_lower_number() {
        assert_eq!(order(&[(9, 0.5), (3, 0.5)], &[], 0.5), [3, 9]);
    }

    #[test]
    fn a_list_of_links_comes_after_content_that_is_nearly_as_good() {
        let all = scored(&[(1, 1.0), (2, 0.8), (3, 0.1)]);
        let scores = vec![Some(1.0), Some(0.8), Some(0.1)];
        let lexical =
            Some(Signal { candidates: &all, scores, scale: Scale::Largest, is_first: &[true; 3], weight: 1.0 });
        let mut fused = fuse(&[1, 2, 3], &Signals { lexical, ..Signals::default() });
        lower_links(&mut fused, |p| p == 1);
        assert_eq!(fused.iter().map(|f| f.passage).collect::<Vec<_>>(), [2, 1, 3]);
        assert!(fused.iter().all(|f| (f.score - f.parts.sum()).abs() < 1e-6), "shares add up");
    }

    #[test]
    fn passages_without_a_second_look_get_nothing_of_it() {
        let all = scored(&[(1, 0.5), (2, 0.5), (3, 0.5)]);
        let signal =
            |scores, scale, weight| Some(Signal { candidates: &all, scores, scale, is_first: &[true; 3], weight });
        let signals = Signals {
            semantic: signal(vec![Some(0.5); 3], Scale::Range, 0.5),
            lexical: None,
            tokens: signal(vec![None, Some(0.2), Some(0.4)], Scale::Range, 0.5),
            coverage: None,
        };
        let fused = fuse(&[1, 2, 3], &signals);
        assert_eq!(fused.iter().map(|f| (f.passage, f.score)).collect::<Vec<_>>(), [(3, 1.0), (1, 0.5), (2, 0.5)]);
    }

    #[test]
    fn half_of_the_words_count_as_a_quarter_of_them() {
        let all = scored(&[(1, 0.5), (2, 0.5), (3, 0.5)]);
        let signal =
            |scores, scale, weight| Some(Signal { candidates: &all, scores, scale, is_first: &[true; 3], weight });
        let signals = Signals {
            lexical: signal(vec![Some(2.0); 3], Scale::Largest, 0.5),
            coverage: signal(vec![Some(0.5), Some(1.0), None], Scale::Squared, 0.5),
            ..Signals::default()
        };
        let fused = fuse(&[1, 2, 3], &signals);
        assert_eq!(fused.iter().map(|f| (f.passage, f.score)).collect::<Vec<_>>(), [(2, 1.0), (1, 0.625), (3, 0.5)]);
    }
}
