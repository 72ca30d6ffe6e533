//! The rows of a lookup table in training: one for each token of the vocabulary.

use std::collections::HashMap;

use cloze_models::{Artifact, head, table};

use super::Example;
use crate::Result;

/// Weight of a token that makes up this share of the text: one half. A frequent token says little.
///
/// Arora et al., "A Simple but Tough-to-Beat Baseline for Sentence Embeddings" (2017).
const FREQUENT: f32 = 1e-3;
/// Adam: decay of the two moments, and the smallest divisor (Kingma and Ba, 2015).
const BETAS: (f32, f32) = (0.9, 0.98);
const EPSILON: f32 = 1e-8;

/// One vector for each token; the vector of a text is the normalised sum of the rows of its tokens.
pub struct Rows {
    dimension: usize,
    /// Row-major, in the order of the token ids.
    values: Vec<f32>,
    /// The state of the rows that training has moved.
    moments: HashMap<u32, Moments>,
}

/// Adam's running means of one row. A step moves only the rows of its own texts, so each row counts its own steps.
struct Moments {
    first: Vec<f32>,
    second: Vec<f32>,
    steps: i32,
}

impl Moments {
    fn new(dimension: usize) -> Self {
        Self { first: vec![0.0; dimension], second: vec![0.0; dimension], steps: 0 }
    }

    fn step(&mut self, row: &mut [f32], gradient: &[f32], rate: f32) {
        self.steps = self.steps.saturating_add(1);
        let (c1, c2) = (1.0 - BETAS.0.powi(self.steps), 1.0 - BETAS.1.powi(self.steps));
        let moments = self.first.iter_mut().zip(&mut self.second);
        for ((value, g), (first, second)) in row.iter_mut().zip(gradient).zip(moments) {
            *first = BETAS.0 * *first + (1.0 - BETAS.0) * g;
            *second = BETAS.1 * *second + (1.0 - BETAS.1) * g * g;
            *value -= rate * (*first / c1) / ((*second / c2).sqrt() + EPSILON);
        }
    }
}

impl Rows {
    /// The rows before training. `singles` has the encoder's unit vector of each token alone, row-major; its mean is
    /// replaced by `mean`, the mean of the texts' vectors. `counts` says how often each token occurs in the texts.
    #[must_use]
    pub fn start(singles: Vec<f32>, counts: &[u64], mean: &[f32]) -> Self {
        let dimension = mean.len().max(1);
        let alone = mean_of(singles.chunks_exact(dimension), dimension);
        let all = (counts.iter().sum::<u64>() + counts.len() as u64) as f32;
        let mut values = singles;
        for (row, &count) in values.chunks_exact_mut(dimension).zip(counts) {
            let weight = FREQUENT / (FREQUENT + (count + 1) as f32 / all);
            row.iter_mut().zip(mean.iter().zip(&alone)).for_each(|(v, (m, a))| *v = (*v + m - a) * weight);
        }
        Self { dimension, values, moments: HashMap::new() }
    }

    /// Number of values of a row.
    #[must_use]
    pub fn dimension(&self) -> usize {
        self.dimension
    }

    fn place(&self, token: u32) -> std::ops::Range<usize> {
        let start = token as usize * self.dimension;
        start..start + self.dimension
    }

    /// The sums of the rows of each text's tokens, row-major. Tokens without a row are ignored.
    pub(super) fn sums(&self, examples: &[&Example]) -> Vec<f32> {
        let mut sums = vec![0f32; examples.len() * self.dimension];
        for (sum, example) in sums.chunks_exact_mut(self.dimension).zip(examples) {
            for row in example.tokens.iter().filter_map(|&token| self.values.get(self.place(token))) {
                sum.iter_mut().zip(row).for_each(|(s, v)| *s += v);
            }
        }
        sums
    }

    /// Moves the rows of these texts' tokens; `gradients` has the gradient of each text's sum, row-major.
    pub(super) fn step(&mut self, examples: &[&Example], gradients: &[f32], rate: f32) {
        let mut of_token: HashMap<u32, Vec<f32>> = HashMap::new();
        for (gradient, example) in gradients.chunks_exact(self.dimension).zip(examples) {
            for &token in &example.tokens {
                let sum = of_token.entry(token).or_insert_with(|| vec![0.0; self.dimension]);
                sum.iter_mut().zip(gradient).for_each(|(s, g)| *s += g);
            }
        }
        for (token, gradient) in of_token {
            let (place, dimension) = (self.place(token), self.dimension);
            let Some(row) = self.values.get_mut(place) else { continue };
            self.moments.entry(token).or_insert_with(|| Moments::new(dimension)).step(row, &gradient, rate);
        }
    }

    /// The rows that training has moved.
    pub(super) fn moved(&self) -> Vec<(u32, Vec<f32>)> {
        self.moments.keys().map(|&token| (token, self.values[self.place(token)].to_vec())).collect()
    }

    /// Puts rows back.
    pub(super) fn restore(&mut self, rows: &[(u32, Vec<f32>)]) {
        for (token, row) in rows {
            let place = self.place(*token);
            self.values[place].copy_from_slice(row);
        }
    }

    /// The bytes of a table file for the model of `artifact`; `about` describes the training.
    ///
    /// # Errors
    /// If there is no row for every token of the model.
    pub fn to_bytes(self, artifact: &Artifact, about: &str) -> Result<Vec<u8>> {
        let shape = vec![artifact.config.vocab_size, self.dimension];
        let part = head::Part { name: table::ROWS.to_owned(), shape, values: self.values };
        Ok(head::to_bytes(&[part], &artifact.record.weights_sha256, about)?)
    }
}

/// The mean of some vectors.
pub(super) fn mean_of<'a>(vectors: impl Iterator<Item = &'a [f32]>, dimension: usize) -> Vec<f32> {
    let (mut mean, mut count) = (vec![0f32; dimension], 0usize);
    for vector in vectors {
        count += 1;
        mean.iter_mut().zip(vector).for_each(|(m, v)| *m += v);
    }
    mean.iter_mut().for_each(|m| *m /= count.max(1) as f32);
    mean
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frequent_tokens_weigh_little_at_the_start() {
        let rows = Rows::start(vec![1.0, 0.0, 0.0, 1.0], &[1_000_000, 0], &[0.5, 0.5]);
        let [frequent, rare] = [rows.values[0], rows.values[3]];
        assert!(frequent < 0.002 && rare > 0.99, "{frequent} {rare}");
    }

    #[test]
    fn a_step_moves_the_rows_of_its_tokens_only() {
        let mut rows = Rows::start(vec![0.5; 6], &[0, 0, 0], &[0.5, 0.5]);
        let before = rows.values.clone();
        let example = Example { tokens: vec![1, 1, 99], vector: vec![1.0, 0.0] };
        rows.step(&[&example], &[1.0, -1.0], 0.1);
        assert_eq!((&rows.values[..2], &rows.values[4..]), (&before[..2], &before[4..]));
        assert!((rows.values[2] - before[2] + 0.1).abs() < 1e-3 && (rows.values[3] - before[3] - 0.1).abs() < 1e-3);
        let moved = rows.moved();
        rows.step(&[&example], &[1.0, -1.0], 0.1);
        rows.restore(&moved);
        assert_eq!(moved, [(1, rows.values[2..4].to_vec())]);
    }
}
