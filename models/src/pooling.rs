//! Pools one vector per token into one unit vector per text.

use serde::{Deserialize, Serialize};

/// The pooling of token vectors into one vector (sentence-transformers' `1_Pooling/config.json`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Pooling {
    /// The average over all tokens, including special tokens.
    Mean,
    /// The vector of the first token, `[CLS]`.
    Cls,
    /// The largest value of each dimension.
    Max,
}

impl Pooling {
    /// Pools `tokens` (row-major, `len / dimension` rows) into one vector of `dimension` values.
    ///
    /// # Panics
    /// If `tokens` is empty or not a whole number of rows: every text has at least its special tokens.
    #[must_use]
    pub fn pool(self, tokens: &[f32], dimension: usize) -> Vec<f32> {
        assert!(!tokens.is_empty() && tokens.len().is_multiple_of(dimension), "whole rows of token vectors");
        let rows = tokens.chunks_exact(dimension);
        match self {
            Self::Cls => tokens[..dimension].to_vec(),
            Self::Mean => {
                let n = rows.len() as f32;
                let mut sum = fold_rows(rows, vec![0.0; dimension], |a, x| a + x);
                sum.iter_mut().for_each(|v| *v /= n);
                sum
            }
            Self::Max => fold_rows(rows, vec![f32::NEG_INFINITY; dimension], f32::max),
        }
    }
}

fn fold_rows<'a>(
    rows: impl Iterator<Item = &'a [f32]>,
    start: Vec<f32>,
    combine: impl Fn(f32, f32) -> f32,
) -> Vec<f32> {
    rows.fold(start, |mut acc, row| {
        for (a, &x) in acc.iter_mut().zip(row) {
            *a = combine(*a, x);
        }
        acc
    })
}

/// Scales a vector to length 1. A vector of zeros stays unchanged.
pub fn normalize(vector: &mut [f32]) {
    let norm = vector.iter().map(|v| v * v).sum::<f32>().sqrt();
    if norm > 0.0 {
        vector.iter_mut().for_each(|v| *v /= norm);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pools_rows_as_named() {
        let rows = [1.0, 5.0, 3.0, -1.0];
        assert_eq!(Pooling::Mean.pool(&rows, 2), [2.0, 2.0]);
        assert_eq!(Pooling::Cls.pool(&rows, 2), [1.0, 5.0]);
        assert_eq!(Pooling::Max.pool(&rows, 2), [3.0, 5.0]);
    }

    #[test]
    fn normalize_gives_unit_length_and_keeps_zero() {
        let mut v = [3.0, 4.0];
        normalize(&mut v);
        assert_eq!(v, [0.6, 0.8]);
        let mut zero = [0.0; 2];
        normalize(&mut zero);
        assert_eq!(zero, [0.0; 2]);
    }
}
