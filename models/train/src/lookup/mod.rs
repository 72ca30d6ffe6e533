//! Trains a lookup table: one vector for each token, whose normalised sum comes near to the encoder's vector of a text.
//!
//! The encoder encodes each text once. Then the table makes passes over the stored vectors, until texts that it does
//! not learn from come no nearer. `loss` is computed and differentiated by candle up to the sums of rows; `rows` hands
//! the gradient of a sum to its tokens.

mod loss;
mod rows;

use rand::{Rng, SeedableRng, seq::SliceRandom};
use rand_chacha::ChaCha8Rng;
use serde::Serialize;

use self::loss::{Batch, Cost};
pub use self::rows::Rows;
use crate::{Error, Result, schedule::Schedule};

/// Texts of a step, and other texts that it ranks.
const BATCH: usize = 256;
const OTHERS: usize = 512;
/// Share of the steps over which the learning rate rises.
const WARM_UP: f64 = 0.02;
/// Passes without a gain after which training stops.
const PATIENCE: usize = 2;
/// Texts to learn from, at least, and texts to hold out, at least.
const FEWEST: [usize; 2] = [64, 8];

/// A text that the encoder has encoded.
#[derive(Debug, Clone, PartialEq)]
pub struct Example {
    /// Its token ids, without special tokens and without the prompt.
    pub tokens: Vec<u32>,
    /// The encoder's unit vector.
    pub vector: Vec<f32>,
}

/// How to train.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Settings {
    /// The highest learning rate.
    pub learning_rate: f64,
    /// The most passes over the texts.
    pub passes: usize,
    /// Seed for the order of the texts.
    pub seed: u64,
}

/// The quality on the held-out texts after a pass.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Pass {
    /// The number of the pass; 0 is before the training.
    pub pass: usize,
    /// Mean cosine to the encoder's vectors.
    pub cosine: f32,
    /// The loss, which decides when to stop.
    pub loss: f32,
}

/// The mean of the vectors of some texts.
#[must_use]
pub fn mean(examples: &[Example], dimension: usize) -> Vec<f32> {
    rows::mean_of(examples.iter().map(|e| e.vector.as_slice()), dimension)
}

/// Trains the rows, and leaves them as they were after the best pass; returns that pass and all passes. `report` is
/// called after each.
///
/// # Errors
/// [`Error::TooLittle`] if there are too few texts; [`Error::Diverged`] if the loss is no number any more.
pub fn fit(
    rows: &mut Rows,
    texts: &[Example],
    held_out: &[Example],
    settings: Settings,
    mut report: impl FnMut(&Pass),
) -> Result<(Pass, Vec<Pass>)> {
    enough(texts, held_out)?;
    let mut random = ChaCha8Rng::seed_from_u64(settings.seed);
    let steps = (texts.len().div_ceil(BATCH) * settings.passes) as u64;
    let warm_up = (steps as f64 * WARM_UP).ceil() as u64;
    let schedule = Schedule { peak: settings.learning_rate, warm_up, steps };
    let judge = Judge::new(texts, held_out);
    let mut best = (judge.pass(rows, 0)?, rows.moved());
    report(&best.0);
    let (mut passes, mut step, mut stale) = (vec![best.0], 0, 0);
    let mut order: Vec<usize> = (0..texts.len()).collect();
    for number in 1..=settings.passes {
        order.shuffle(&mut random);
        for chunk in order.chunks(BATCH) {
            step += 1;
            let batch: Vec<&Example> = chunk.iter().map(|&i| &texts[i]).collect();
            let others = some(texts, &mut random);
            learn(rows, &batch, &others, schedule.rate(step) as f32)?;
        }
        let pass = judge.pass(rows, number)?;
        if !pass.loss.is_finite() {
            return Err(Error::Diverged { step, loss: pass.loss, learning_rate: settings.learning_rate });
        }
        report(&pass);
        passes.push(pass);
        stale = if pass.loss < best.0.loss { 0 } else { stale + 1 };
        match stale {
            0 => best = (pass, rows.moved()),
            PATIENCE => break,
            _ => {}
        }
    }
    rows.restore(&best.1);
    Ok((best.0, passes))
}

fn enough(texts: &[Example], held_out: &[Example]) -> Result<()> {
    for (found, expected, purpose) in [
        (texts.len(), FEWEST[0], "train a lookup table on"),
        (held_out.len(), FEWEST[1], "hold out for the training of a lookup table"),
    ] {
        if found < expected {
            return Err(Error::TooFewTexts { purpose, found, expected });
        }
    }
    Ok(())
}

/// The vectors of some texts, chosen at random.
fn some(texts: &[Example], random: &mut ChaCha8Rng) -> Vec<f32> {
    let chosen = (0..OTHERS.min(texts.len())).map(|_| random.random_range(0..texts.len()));
    chosen.flat_map(|i| texts[i].vector.iter().copied()).collect()
}

fn learn(rows: &mut Rows, batch: &[&Example], others: &[f32], rate: f32) -> Result<()> {
    let (sums, wanted) = (rows.sums(batch), vectors(batch));
    let gradient = loss::gradient(&Batch { sums: &sums, wanted: &wanted, others, dimension: rows.dimension() })?;
    rows.step(batch, &gradient, rate);
    Ok(())
}

fn vectors(examples: &[&Example]) -> Vec<f32> {
    examples.iter().flat_map(|e| e.vector.iter().copied()).collect()
}

/// Judges a table by the held-out texts.
struct Judge<'a> {
    held_out: Vec<&'a Example>,
    wanted: Vec<f32>,
    others: Vec<f32>,
}

impl<'a> Judge<'a> {
    fn new(texts: &[Example], held_out: &'a [Example]) -> Self {
        let held_out: Vec<&Example> = held_out.iter().collect();
        let others =
            texts.iter().step_by(texts.len().div_ceil(OTHERS).max(1)).flat_map(|e| e.vector.iter().copied()).collect();
        Self { wanted: vectors(&held_out), held_out, others }
    }

    fn pass(&self, rows: &Rows, pass: usize) -> Result<Pass> {
        let sums = rows.sums(&self.held_out);
        let (wanted, others, dimension) = (&self.wanted, &self.others, rows.dimension());
        let Cost { loss, cosine } = loss::cost(&Batch { sums: &sums, wanted, others, dimension })?;
        Ok(Pass { pass, cosine, loss })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DIMENSION: usize = 8;
    const TOKENS: usize = 40;

    /// Texts whose vectors are sums of hidden rows.
    fn examples(count: usize, seed: u64) -> Vec<Example> {
        let mut hidden = ChaCha8Rng::seed_from_u64(9);
        let rows: Vec<f32> = (0..TOKENS * DIMENSION).map(|_| hidden.random_range(-1.0..1.0)).collect();
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let one = |_| {
            let tokens: Vec<u32> = (0..5).map(|_| random.random_range(0..TOKENS as u32)).collect();
            let mut vector = vec![0f32; DIMENSION];
            for &token in &tokens {
                vector.iter_mut().zip(&rows[token as usize * DIMENSION..]).for_each(|(v, r)| *v += r);
            }
            cloze_models::pooling::normalize(&mut vector);
            Example { tokens, vector }
        };
        (0..count).map(one).collect()
    }

    fn untrained() -> Rows {
        let mut random = ChaCha8Rng::seed_from_u64(3);
        let singles = (0..TOKENS * DIMENSION).map(|_| random.random_range(-1.0..1.0)).collect();
        Rows::start(singles, &[1; TOKENS], &[0.0; DIMENSION])
    }

    #[test]
    fn training_brings_unseen_texts_near_to_the_encoder() {
        let (texts, held_out) = (examples(2000, 1), examples(100, 2));
        let settings = Settings { learning_rate: 0.05, passes: 10, seed: 1 };
        let mut rows = untrained();
        let mut reported = 0;
        let (best, passes) = fit(&mut rows, &texts, &held_out, settings, |_| reported += 1).expect("trained");
        assert!(passes[0].cosine < 0.3 && best.cosine > 0.95, "{passes:?}");
        assert!(passes.iter().all(|p| p.loss >= best.loss) && reported == passes.len());
        let kept = Judge::new(&texts, &held_out).pass(&rows, best.pass).expect("judged");
        assert_eq!(kept, best, "the rows of the best pass are kept");
    }

    #[test]
    fn a_rate_that_harms_ends_early_and_changes_nothing() {
        let (texts, held_out) = (examples(2000, 1), examples(100, 2));
        let good = Settings { learning_rate: 0.05, passes: 10, seed: 1 };
        let mut rows = untrained();
        fit(&mut rows, &texts, &held_out, good, |_| ()).expect("trained");
        let before = Judge::new(&texts, &held_out).pass(&rows, 0).expect("judged");
        let bad = Settings { learning_rate: 100.0, passes: 50, seed: 1 };
        let (best, passes) = fit(&mut rows, &texts, &held_out, bad, |_| ()).expect("trained");
        assert!((best.pass, passes.len()) == (0, 1 + PATIENCE), "{passes:?}");
        assert_eq!(Judge::new(&texts, &held_out).pass(&rows, 0).expect("judged"), before);
    }

    #[test]
    fn too_few_texts_are_refused() {
        let settings = Settings { learning_rate: 0.05, passes: 1, seed: 1 };
        for (texts, held_out) in [(10, 100), (100, 1)] {
            let error = fit(&mut untrained(), &examples(texts, 1), &examples(held_out, 2), settings, |_| ()).err();
            assert!(matches!(error, Some(Error::TooFewTexts { .. })), "{error:?}");
        }
    }
}
