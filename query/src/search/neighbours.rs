//! Good neighbours raise a passage.
//!
//! Passages whose vectors are close to each other tend to answer the same queries (van Rijsbergen, "Information
//! Retrieval", 1979, on the cluster hypothesis). Diaz, "Regularizing Ad Hoc Retrieval Scores" (2005), smooths the
//! scores of a list over such neighbours. Here a passage only rises: one that stands alone, as the only answer often
//! does, keeps its score.

use cloze_index::{PassageId, body::Candidates};

use super::{
    fuse::{self, Fused},
    signal::View,
};
use crate::Result;

/// The number of the best passages among which neighbours are looked for.
pub(crate) const AMONG: usize = 50;
/// The number of neighbours of a passage.
const NEIGHBOURS: usize = 5;
/// The share of the distance to its neighbours' mean score that a passage rises.
const RISE: f32 = 0.5;

/// The similarity of each passage to each of the others. Two passages are compared once.
pub(crate) fn similarities(among: &[PassageId], candidates: &dyn Candidates) -> Result<Vec<Vec<f32>>> {
    let mut similar = vec![vec![1.0; among.len()]; among.len()];
    for (at, passage) in among.iter().enumerate() {
        let others = &among[at + 1..];
        for (other, similarity) in (at + 1..).zip(candidates.similarities(&candidates.vector(*passage), others)?) {
            similar[at][other] = similarity;
            similar[other][at] = similarity;
        }
    }
    Ok(similar)
}

/// Raises passages with better neighbours, and sorts the list again. `fused` is sorted, best first; `similar` has a row
/// for each of its first passages: the similarities of its vector to those of all of them.
pub(crate) fn raise(fused: &mut [Fused], similar: &[Vec<f32>]) {
    let scores: Vec<f32> = fused.iter().take(similar.len()).map(|f| f.score).collect();
    for (at, (hit, row)) in fused.iter_mut().zip(similar).enumerate() {
        let Some(mean) = mean_of_nearest(at, &scores, row) else { continue };
        let share = RISE * (mean - hit.score).max(0.0);
        hit.parts.neighbours = Some(View { rank: None, score: mean, share });
        hit.score += share;
    }
    fuse::sort(fused);
}

/// The mean score of the passages nearest to one; `None` if there are no others.
fn mean_of_nearest(of: usize, scores: &[f32], similar: &[f32]) -> Option<f32> {
    let others = similar.iter().zip(scores).enumerate().filter(|(other, _)| *other != of);
    let mut near: Vec<(f32, f32)> = others.map(|(_, (similarity, score))| (*similarity, *score)).collect();
    if near.len() > NEIGHBOURS {
        near.select_nth_unstable_by(NEIGHBOURS, |a, b| b.0.total_cmp(&a.0));
        near.truncate(NEIGHBOURS);
    }
    (!near.is_empty()).then(|| near.iter().map(|(_, score)| score).sum::<f32>() / near.len() as f32)
}

#[cfg(test)]
mod tests {
    use super::{super::signal::Parts, *};
    use crate::request::tier::Tier;

    fn list(scores: &[f32]) -> Vec<Fused> {
        let one = |(passage, score): (u32, &f32)| {
            let lexical = Some(View { rank: None, score: *score, share: *score });
            let parts = Parts { lexical, ..Parts::default() };
            Fused { tier: Tier::Scored, passage, score: *score, parts }
        };
        (0..).zip(scores).map(one).collect()
    }

    #[test]
    fn a_passage_among_good_ones_rises_and_one_that_stands_alone_stays() {
        // Six passages close together, and two far away that are no worse than the last of the six.
        let mut fused = list(&[0.9, 0.8, 0.8, 0.8, 0.8, 0.4, 0.4, 0.3]);
        let angles = [0.0, 0.01, 0.02, 0.03, 0.04, 0.02, 1.5, 1.6];
        let similar = angles.map(|one| angles.map(|other: f32| (one - other).cos()).to_vec());
        raise(&mut fused, &similar);
        let score = |passage: u32| fused.iter().find(|f| f.passage == passage).expect("in the list").score;
        assert!((score(0) - 0.9).abs() < 1e-6, "the best keeps its score");
        assert!((score(5) - (0.4 + RISE * (0.82 - 0.4))).abs() < 1e-6, "{}", score(5));
        assert!(score(6) < score(5) && fused.is_sorted_by(|a, b| a.score >= b.score));
        assert!(fused.iter().all(|f| (f.score - f.parts.sum()).abs() < 1e-6), "shares add up");
    }

    #[test]
    fn a_passage_without_others_or_without_a_vector_stays() {
        let mut one = list(&[0.7]);
        raise(&mut one, &[vec![1.0]]);
        assert_eq!((one[0].score, one[0].parts.neighbours), (0.7, None));
        let mut none = list(&[0.7, 0.1]);
        raise(&mut none, &[]);
        assert_eq!(none, list(&[0.7, 0.1]));
    }
}
