//! The rarity of a word.

/// BM25's inverse document frequency of a word that `frequency` of `passages` have.
pub(super) fn rarity(passages: usize, frequency: u64) -> f32 {
    let (n, f) = (passages as f32, frequency as f32);
    (1.0 + (n - f + 0.5).max(0.0) / (f + 0.5)).ln()
}
