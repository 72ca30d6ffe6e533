//! Relevance feedback: the query's vector moves towards the best passages.

use super::fuse::Fused;
use cloze_index::body::Candidates;

/// The number of passages that the query moves towards, and their joint weight relative to the query.
const PASSAGES: usize = 3;
const WEIGHT: f32 = 0.2;

/// The unit vector of a query, moved slightly towards the best passages so far.
///
/// Rocchio, "Relevance Feedback in Information Retrieval" (1971), with the best of the list as the relevant ones.
/// Words and meaning together find passages that each leg alone might miss.
pub(crate) fn moved(vector: &[f32], fused: &[Fused], candidates: &dyn Candidates) -> Vec<f32> {
    let best: Vec<&Fused> = fused.iter().take(PASSAGES).filter(|f| f.score > 0.0).collect();
    let mut sum = vector.to_vec();
    for hit in &best {
        let part = WEIGHT / best.len() as f32;
        sum.iter_mut().zip(candidates.vector(hit.passage)).for_each(|(s, v)| *s += part * v);
    }
    let length = sum.iter().map(|s| s * s).sum::<f32>().sqrt().max(f32::MIN_POSITIVE);
    sum.iter().map(|s| s / length).collect()
}
