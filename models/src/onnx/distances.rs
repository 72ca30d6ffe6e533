//! What the distance of two tokens adds to their attention (MPNet).
//!
//! The table has a row of one number a head for each of 32 buckets of distances: one for every distance below 8, then
//! wider ones up to 128, for both directions (Raffel et al., "Exploring the Limits of Transfer Learning with a Unified
//! Text-to-Text Transformer", 2020).

use std::path::Path;

use crate::{Result, artifact::BertConfig, weights::Weights};

const TABLE: &str = "encoder.relative_attention_bias.weight";
/// Number of buckets where `config.json` gives none.
const BUCKETS: usize = 32;
/// All larger distances share a bucket.
const LARGEST: f32 = 128.0;

/// The table of a model.
pub(crate) struct Distances {
    heads: usize,
    buckets: usize,
    /// `[buckets, heads]`, row-major.
    values: Vec<f32>,
}

impl Distances {
    /// Reads the table of the checkpoint `path`.
    ///
    /// # Errors
    /// [`crate::Error::BadWeight`] if it is absent or misshapen.
    pub(crate) fn of(path: &Path, config: &BertConfig) -> Result<Self> {
        let buckets = match config.relative_attention_num_buckets {
            0 => BUCKETS,
            buckets => buckets,
        };
        let heads = config.num_attention_heads;
        let values = Weights::open(path)?.tensor(TABLE, &[buckets, heads])?;
        Ok(Self { heads, buckets, values })
    }

    /// The scores of a text of `n` tokens: `[heads, n, n]`, row-major; for each token that looks, the tokens that it
    /// looks at.
    pub(crate) fn bias(&self, n: usize) -> Vec<f32> {
        let rows: Vec<&[f32]> = (1..2 * n as i64)
            .map(|i| self.bucket(i - n as i64))
            .map(|bucket| &self.values[bucket * self.heads..(bucket + 1) * self.heads])
            .collect();
        let mut bias = Vec::with_capacity(self.heads * n * n);
        for head in 0..self.heads {
            for looks in 0..n {
                // The distances of this token to the first token up to the last.
                bias.extend(rows[n - 1 - looks..2 * n - 1 - looks].iter().map(|row| row[head]));
            }
        }
        bias
    }

    /// The bucket of a distance; tokens to the right have positive ones.
    fn bucket(&self, distance: i64) -> usize {
        let half = self.buckets / 2;
        let (exact, far) = (half / 2, distance.unsigned_abs() as usize);
        let in_half = if far < exact {
            far
        } else {
            let wide = (far as f32 / exact as f32).ln() / (LARGEST / exact as f32).ln() * (half - exact) as f32;
            (exact + wide as usize).min(half - 1)
        };
        in_half + if distance > 0 { half } else { 0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_tokens_have_buckets_of_their_own_and_far_ones_share() {
        let distances = Distances { heads: 2, buckets: 32, values: (0..64).map(|i| i as f32).collect() };
        let buckets = [-200, -128, -8, -7, -1, 0, 1, 7, 8, 9, 16, 127, 300].map(|d| distances.bucket(d));
        assert_eq!(buckets, [15, 15, 8, 7, 1, 0, 17, 23, 24, 24, 26, 31, 31]);
        let bias = distances.bias(2);
        // Head 0 reads the even values: itself 0, the right neighbour bucket 17, the left neighbour bucket 1.
        assert_eq!(bias, [0.0, 34.0, 2.0, 0.0, 1.0, 35.0, 3.0, 1.0]);
    }
}
