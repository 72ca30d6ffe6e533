//! From fused scores to an estimate of the probability that a page is an answer.
//!
//! Fused scores only order one list: the best of a good list and the best of a bad list are both
//! near 1. What tells them apart is how far the best page stands ahead of the second. A logistic
//! curve over that lead (Platt, "Probabilistic Outputs for Support Vector Machines", 1999) was
//! fitted once, on judged questions over an encyclopedia, research abstracts and technical
//! documentation alike; `docs/relevance.md` says how well it holds on each of them. Nothing is fitted by
//! an index or a query.

use crate::{fuse::Tier, pages::PageHit};

/// Which legs scored the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Evidence {
    Both,
    Words,
    Meaning,
}

/// Slope and offset of the curve over the square root of the lead.
struct Curve(f32, f32);

impl Evidence {
    fn curve(self) -> Curve {
        match self {
            Self::Both => Curve(6.9, -1.6),
            Self::Words => Curve(7.2, -2.2),
            Self::Meaning => Curve(7.7, -2.3),
        }
    }
}

/// What is exactly what was asked for counts as this sure; it is not estimated.
const VERBATIM: f32 = 0.95;
/// How fast the probability falls from the best page to those with a lower score.
const FALL: f32 = 8.0;

/// Sets the probability of every page; `pages` are in their order, and so are the probabilities.
/// `coverage` is the share of the query that the best page has anything to say about.
pub(crate) fn estimate(pages: &mut [PageHit], evidence: Evidence, coverage: f32) {
    let scored: Vec<f32> = pages.iter().filter(|p| p.best.tier == Tier::Scored).map(|p| p.best.score).take(2).collect();
    let best = scored.first().copied().unwrap_or_default();
    let certain = coverage * first(best, scored.get(1).copied().unwrap_or_default(), &evidence.curve());
    // Where something is exactly what was asked for, the rest is for the case that it is not meant.
    let is_exact = scored.is_empty() || pages.first().is_some_and(|p| p.best.tier > Tier::Scored);
    let certain = if is_exact { certain * (1.0 - VERBATIM) } else { certain };
    let mut last = 1.0f32;
    for page in pages {
        let own = match page.best.tier {
            Tier::Scored if best > 0.0 => certain * (page.best.score / best).clamp(0.0, 1.0).powf(FALL),
            Tier::Scored => 0.0,
            Tier::Title | Tier::Heading | Tier::Phrase => VERBATIM,
        };
        last = last.min(own);
        page.probability = last;
    }
}

/// The probability of the best page, given its score and the second's.
fn first(best: f32, second: f32, Curve(slope, offset): &Curve) -> f32 {
    let lead = if best > 0.0 { ((best - second) / best).clamp(0.0, 1.0) } else { 0.0 };
    1.0 / (1.0 + (-(slope * lead.sqrt() + offset)).exp())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fuse::Fused;

    fn estimates(list: &[(Tier, f32)], coverage: f32) -> Vec<f32> {
        let page = |&(tier, score): &(Tier, f32)| PageHit {
            best: Fused { tier, passage: 0, score, semantic: None, lexical: None },
            others: Vec::new(),
            probability: 0.0,
        };
        let mut pages: Vec<PageHit> = list.iter().map(page).collect();
        estimate(&mut pages, Evidence::Both, coverage);
        pages.iter().map(|p| p.probability).collect()
    }

    #[test]
    fn a_lead_makes_sure() {
        let scored = |list: &[f32]| estimates(&list.iter().map(|s| (Tier::Scored, *s)).collect::<Vec<_>>(), 1.0);
        let (near, far) = (scored(&[0.9, 0.89, 0.2]), scored(&[0.9, 0.5, 0.2]));
        assert!(near[0] < 0.4 && far[0] > 0.9, "{near:?} {far:?}");
        assert!(far.is_sorted_by(|a, b| a >= b) && far.iter().all(|p| (0.0..=1.0).contains(p)));
        assert!(estimates(&[], 1.0).is_empty());
    }

    #[test]
    fn half_a_query_is_half_as_sure() {
        let [whole, half] = [1.0, 0.5].map(|coverage| estimates(&[(Tier::Scored, 0.9)], coverage)[0]);
        assert!((whole - 2.0 * half).abs() < 1e-6);
    }

    #[test]
    fn a_title_is_certain_and_nothing_below_it_is_surer() {
        let list = estimates(&[(Tier::Title, 0.9), (Tier::Scored, 0.9), (Tier::Scored, 0.1)], 1.0);
        assert_eq!(list[0], VERBATIM);
        assert!(list[1] <= 1.0 - VERBATIM && list[2] < 0.01);
    }
}
