//! From fused scores to an estimate of the probability that a page is an answer.
//!
//! Fused scores only order one list: the best of a good list and the best of a bad list are both near 1. The lead
//! of the best page over the second tells good lists from bad ones. A logistic curve over that lead (Platt,
//! "Probabilistic Outputs for Support Vector Machines", 1999) was fitted once, on judged questions over an
//! encyclopedia, research abstracts and technical documentation alike; `docs/relevance.md` reports its accuracy on
//! each of them. No index and no query changes the curve.

use super::pages::PageHit;
use crate::request::tier::Tier;

/// The legs that scored the list.
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
            Self::Both => Curve(4.25, -0.66),
            Self::Words => Curve(4.8, -1.35),
            Self::Meaning => Curve(3.7, -0.9),
        }
    }
}

/// The probability that the user means one of the exact matches.
const VERBATIM: f32 = 0.95;
/// The rate at which the probability falls from the best page to pages with a lower score.
const FALL: f32 = 5.0;
/// A page that is less probable than the best one by this factor is not an answer.
const LEAST: f32 = 0.005;

/// Sets the probability of every page. `pages` are in their final order, and the probabilities follow it.
/// `coverage` is the share of the query that the best page covers.
pub(crate) fn estimate(pages: &mut [PageHit], evidence: Evidence, coverage: f32) {
    let curve = evidence.curve();
    let exact = pages.iter().take_while(|p| p.best.tier > Tier::Scored).count();
    let (verbatim, scored) = pages.split_at_mut(exact);
    estimate_verbatim(verbatim, &curve);
    let [best, second] = [0, 1].map(|at: usize| scored.get(at).map_or(0.0, |p| p.best.score));
    let certain = coverage * first(best, second, &curve);
    // If there are exact matches, the other pages share the probability that the user means none of them.
    let certain = if exact > 0 { certain * (1.0 - VERBATIM) } else { certain };
    let mut last = verbatim.last().map_or(1.0, |p| p.probability);
    for page in scored {
        last = last.min(if best > 0.0 { certain * fallen(page.best.score, best) } else { 0.0 });
        page.probability = last;
    }
}

/// Exact matches share the certain part: if n pages have the heading, the user means one of them, and only the lead
/// of the first can tell which.
fn estimate_verbatim(pages: &mut [PageHit], curve: &Curve) {
    let (mut above, mut last) = (0, 1.0f32);
    for group in pages.chunk_by_mut(|a, b| a.best.tier == b.best.tier) {
        let [best, second] = [0, 1].map(|at: usize| group.get(at).map_or(0.0, |p| p.best.parts.sum()));
        let each = 1.0 / (above + group.len()) as f32;
        // The first page does not stand out without a lead, or when another page matches more exactly.
        let none = first(1.0, 1.0, curve);
        let lead = if above == 0 { (first(best, second, curve) - none) / (1.0 - none) } else { 0.0 };
        let certain = VERBATIM * (each + (1.0 - each) * lead.clamp(0.0, 1.0));
        above += group.len();
        for page in group {
            last = last.min(certain * if best > 0.0 { fallen(page.best.parts.sum(), best) } else { 1.0 });
            page.probability = last;
        }
    }
}

/// Whether a page is listed by its score, relative to the best score of its list.
pub(crate) fn is_listed(score: f32, best: f32) -> bool {
    best <= 0.0 || fallen(score, best) >= LEAST
}

/// The share of the best page's probability that a page with a lower score keeps.
fn fallen(score: f32, best: f32) -> f32 {
    (score / best).clamp(0.0, 1.0).powf(FALL)
}

/// The probability of the best page, given its score and the second's.
fn first(best: f32, second: f32, Curve(slope, offset): &Curve) -> f32 {
    let lead = if best > 0.0 { ((best - second) / best).clamp(0.0, 1.0) } else { 0.0 };
    1.0 / (1.0 + (-(slope * lead.sqrt() + offset)).exp())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::search::{
        fuse::Fused,
        signal::{Parts, View},
    };

    fn estimates(list: &[(Tier, f32)], coverage: f32) -> Vec<f32> {
        let view = |share| Some(View { rank: None, score: 0.0, share });
        let page = |&(tier, score): &(Tier, f32)| PageHit {
            best: Fused { tier, passage: 0, score, parts: Parts { lexical: view(score), ..Parts::default() } },
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
        assert!(near[0] < 0.5 && far[0] > 0.85, "{near:?} {far:?}");
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

    #[test]
    fn pages_that_share_a_heading_share_what_is_sure() {
        for tier in [Tier::Title, Tier::Heading, Tier::Phrase] {
            let of = |n: usize| estimates(&vec![(tier, 0.8); n], 1.0);
            assert!((of(1)[0] - VERBATIM).abs() < 1e-6);
            for n in 2..40 {
                let all = of(n);
                assert!(all[0] < of(n - 1)[0] && (all.iter().sum::<f32>() - VERBATIM).abs() < 1e-3, "{n}: {all:?}");
            }
        }
        // A page that stands out among them is more likely.
        let led = estimates(&[(Tier::Heading, 0.9), (Tier::Heading, 0.4), (Tier::Heading, 0.4)], 1.0);
        assert!(led[0] > 0.6 && led[1] < 0.1, "{led:?}");
        let mixed = estimates(&[(Tier::Title, 0.5), (Tier::Heading, 0.9), (Tier::Scored, 0.9)], 1.0);
        assert!(mixed[0] == VERBATIM && mixed[1] <= VERBATIM / 2.0 && mixed[2] < mixed[1], "{mixed:?}");
    }
}
