//! Cross-entropy over a vocabulary, with the figures that judge the predictions.

use std::sync::{Arc, Mutex, PoisonError};

use candle_core::{CpuStorage, CustomOp1, Layout, Result, Shape, Tensor, bail};
use rayon::prelude::*;

use super::{columns, gelu::exp_negative, values};

/// The prediction in one place.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) struct Prediction {
    /// Negative log-probability of the right token, in nats.
    pub(crate) loss: f32,
    /// Tokens that were held more likely than the right one: 0 for a right prediction.
    pub(crate) rank: usize,
}

/// Mean negative log-likelihood of `targets`, a token for each row of logits.
#[derive(Clone)]
pub(crate) struct CrossEntropy {
    targets: Arc<[u32]>,
    seen: Arc<Mutex<Vec<Prediction>>>,
}

impl CrossEntropy {
    pub(crate) fn new(targets: Arc<[u32]>) -> Self {
        Self { targets, seen: Arc::default() }
    }

    /// The loss, a scalar, of logits `[targets, vocabulary]`.
    pub(crate) fn loss(&self, logits: &Tensor) -> Result<Tensor> {
        logits.apply_op1(self.clone())
    }

    /// The prediction of each row, once the loss is computed.
    pub(crate) fn predictions(&self) -> Vec<Prediction> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Largest value of a row, and the sum of `e^(value - largest)`.
#[inline(always)]
fn normaliser(row: &[f32]) -> (f32, f32) {
    let largest = row.iter().copied().fold(f32::NEG_INFINITY, |a, b| if b > a { b } else { a });
    const LANES: usize = 16;
    let mut lanes = [0f32; LANES];
    let (blocks, rest) = row.as_chunks::<LANES>();
    for block in blocks {
        for (lane, &x) in lanes.iter_mut().zip(block) {
            *lane += exp_negative(x - largest);
        }
    }
    (largest, lanes.iter().sum::<f32>() + rest.iter().map(|&x| exp_negative(x - largest)).sum::<f32>())
}

impl CustomOp1 for CrossEntropy {
    fn name(&self) -> &'static str {
        "cross-entropy"
    }

    fn cpu_fwd(&self, storage: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let logits = values(storage, layout, "cross-entropy")?;
        let width = columns(layout);
        if logits.len() != self.targets.len() * width || self.targets.iter().any(|&t| t as usize >= width) {
            bail!(
                "cross-entropy: {} logits do not match {} targets of {width} classes",
                logits.len(),
                self.targets.len()
            );
        }
        let judge = |(row, &target): (&[f32], &u32)| {
            pulp::Arch::new().dispatch(
                #[inline(always)]
                || {
                    let (largest, sum) = normaliser(row);
                    let right = row[target as usize];
                    let rank = row.iter().map(|&x| u32::from(x > right)).sum::<u32>() as usize;
                    Prediction { loss: sum.ln() + largest - right, rank }
                },
            )
        };
        let seen: Vec<Prediction> = logits.par_chunks(width).zip(self.targets.par_iter()).map(judge).collect();
        let total: f64 = seen.iter().map(|p| f64::from(p.loss)).sum();
        let mean = (total / seen.len().max(1) as f64) as f32;
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner) = seen;
        Ok((CpuStorage::F32(vec![mean]), Shape::from(())))
    }

    fn bwd(&self, logits: &Tensor, _: &Tensor, grad: &Tensor) -> Result<Option<Tensor>> {
        let scale = grad.to_scalar::<f32>()? / self.targets.len() as f32;
        let backward = Backward { targets: self.targets.clone(), scale };
        logits.detach().apply_op1_no_bwd(&backward).map(Some)
    }
}

/// `(softmax - one at the target) * scale`.
struct Backward {
    targets: Arc<[u32]>,
    scale: f32,
}

impl CustomOp1 for Backward {
    fn name(&self) -> &'static str {
        "cross-entropy-backward"
    }

    fn cpu_fwd(&self, storage: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let logits = values(storage, layout, "cross-entropy")?;
        let width = columns(layout);
        let mut out = vec![0f32; logits.len()];
        let rows = out.par_chunks_mut(width).zip(logits.par_chunks(width)).zip(self.targets.par_iter());
        rows.for_each(|((out, row), &target)| {
            pulp::Arch::new().dispatch(
                #[inline(always)]
                || {
                    let (largest, sum) = normaliser(row);
                    let factor = self.scale / sum;
                    out.iter_mut().zip(row).for_each(|(o, &x)| *o = exp_negative(x - largest) * factor);
                },
            );
            out[target as usize] -= self.scale;
        });
        Ok((CpuStorage::F32(out), layout.shape().clone()))
    }
}
