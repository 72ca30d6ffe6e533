//! Layer normalisation.

use candle_core::{CpuStorage, CustomOp2, CustomOp3, Layout, Result, Shape, Tensor, bail};
use rayon::prelude::*;

use super::{ROWS_A_TASK, columns, values};

/// Ba, Kiros and Hinton, "Layer Normalization" (2016), over the last dimension of `[rows, width]`.
pub(crate) fn layer_norm(x: &Tensor, gain: &Tensor, bias: &Tensor, epsilon: f32) -> Result<Tensor> {
    x.apply_op3(gain, bias, Op { epsilon, input: x.track_op(), trained: gain.track_op() })
}

struct Op {
    epsilon: f32,
    input: bool,
    trained: bool,
}

/// Mean of a row and one over its standard deviation.
#[inline(always)]
fn moments(row: &[f32], epsilon: f32) -> (f32, f32) {
    let n = row.len() as f32;
    let mean = sum(row, |x| x) / n;
    let variance = sum(row, |x| (x - mean) * (x - mean)) / n;
    (mean, 1.0 / (variance + epsilon).sqrt())
}

/// Sums in independent lanes, which the compiler keeps in vector registers.
#[inline(always)]
fn sum(row: &[f32], value: impl Fn(f32) -> f32) -> f32 {
    const LANES: usize = 16;
    let mut lanes = [0f32; LANES];
    let (blocks, rest) = row.as_chunks::<LANES>();
    for block in blocks {
        for (lane, &x) in lanes.iter_mut().zip(block) {
            *lane += value(x);
        }
    }
    lanes.iter().sum::<f32>() + rest.iter().map(|&x| value(x)).sum::<f32>()
}

impl CustomOp3 for Op {
    fn name(&self) -> &'static str {
        "layer-norm"
    }

    fn cpu_fwd(
        &self,
        s1: &CpuStorage,
        l1: &Layout,
        s2: &CpuStorage,
        l2: &Layout,
        s3: &CpuStorage,
        l3: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let (x, gain, bias) = (values(s1, l1, "norm")?, values(s2, l2, "norm")?, values(s3, l3, "norm")?);
        let width = columns(l1);
        if gain.len() != width || bias.len() != width {
            bail!("layer-norm: {} gains and {} biases do not match rows of {width}", gain.len(), bias.len());
        }
        let mut out = vec![0f32; x.len()];
        let tasks = out.par_chunks_mut(ROWS_A_TASK * width).zip(x.par_chunks(ROWS_A_TASK * width));
        tasks.for_each(|(out, x)| {
            pulp::Arch::new().dispatch(
                #[inline(always)]
                || {
                    for (out, row) in out.chunks_exact_mut(width).zip(x.chunks_exact(width)) {
                        let (mean, scale) = moments(row, self.epsilon);
                        for (((o, &x), &g), &b) in out.iter_mut().zip(row).zip(gain).zip(bias) {
                            *o = (x - mean) * scale * g + b;
                        }
                    }
                },
            );
        });
        Ok((CpuStorage::F32(out), l1.shape().clone()))
    }

    fn bwd(
        &self,
        x: &Tensor,
        gain: &Tensor,
        _: &Tensor,
        _: &Tensor,
        grad: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>, Option<Tensor>)> {
        let (x, grad) = (x.detach(), grad.contiguous()?);
        let dx = match self.input {
            true => Some(x.apply_op3_no_bwd(&gain.detach(), &grad, &InputGradient { epsilon: self.epsilon })?),
            false => None,
        };
        if !self.trained {
            return Ok((dx, None, None));
        }
        let both = x.apply_op2_no_bwd(&grad, &ParameterGradients { epsilon: self.epsilon })?;
        Ok((dx, Some(both.get(0)?), Some(both.get(1)?)))
    }
}

/// `scale * (g - mean(g) - n * mean(g n))`, with `g` the gradient times the gain and `n` the normalised row.
struct InputGradient {
    epsilon: f32,
}

impl CustomOp3 for InputGradient {
    fn name(&self) -> &'static str {
        "layer-norm-input"
    }

    fn cpu_fwd(
        &self,
        s1: &CpuStorage,
        l1: &Layout,
        s2: &CpuStorage,
        l2: &Layout,
        s3: &CpuStorage,
        l3: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let (x, gain, grad) = (values(s1, l1, "norm")?, values(s2, l2, "norm")?, values(s3, l3, "norm")?);
        let width = columns(l1);
        let mut out = vec![0f32; x.len()];
        let task = ROWS_A_TASK * width;
        let tasks = out.par_chunks_mut(task).zip(x.par_chunks(task)).zip(grad.par_chunks(task));
        tasks.for_each(|((out, x), grad)| {
            pulp::Arch::new().dispatch(
                #[inline(always)]
                || {
                    let rows = x.chunks_exact(width).zip(grad.chunks_exact(width));
                    for (out, (row, grad)) in out.chunks_exact_mut(width).zip(rows) {
                        let (mean, scale) = moments(row, self.epsilon);
                        out.iter_mut().zip(grad).zip(gain).for_each(|((o, &d), &g)| *o = d * g);
                        let n = width as f32;
                        let of_gradient = sum(out, |g| g) / n;
                        let mut of_product = 0f32;
                        for (o, &x) in out.iter().zip(row) {
                            of_product += o * (x - mean);
                        }
                        let of_product = of_product * scale / n;
                        for (o, &x) in out.iter_mut().zip(row) {
                            *o = scale * (*o - of_gradient - (x - mean) * scale * of_product);
                        }
                    }
                },
            );
        });
        Ok((CpuStorage::F32(out), l1.shape().clone()))
    }
}

/// Gradients of the gain and the bias, `[2, width]`.
struct ParameterGradients {
    epsilon: f32,
}

impl CustomOp2 for ParameterGradients {
    fn name(&self) -> &'static str {
        "layer-norm-parameters"
    }

    fn cpu_fwd(&self, s1: &CpuStorage, l1: &Layout, s2: &CpuStorage, l2: &Layout) -> Result<(CpuStorage, Shape)> {
        let (x, grad) = (values(s1, l1, "norm")?, values(s2, l2, "norm")?);
        let width = columns(l1);
        let task = ROWS_A_TASK * width;
        let partial: Vec<Vec<f32>> = x
            .par_chunks(task)
            .zip(grad.par_chunks(task))
            .map(|(x, grad)| {
                let mut sums = vec![0f32; 2 * width];
                let (gains, biases) = sums.split_at_mut(width);
                for (row, grad) in x.chunks_exact(width).zip(grad.chunks_exact(width)) {
                    let (mean, scale) = moments(row, self.epsilon);
                    for (((g, b), &x), &d) in gains.iter_mut().zip(biases.iter_mut()).zip(row).zip(grad) {
                        *g += d * (x - mean) * scale;
                        *b += d;
                    }
                }
                sums
            })
            .collect();
        let mut total = vec![0f32; 2 * width];
        for sums in partial {
            total.iter_mut().zip(sums).for_each(|(t, s)| *t += s);
        }
        Ok((CpuStorage::F32(total), Shape::from((2, width))))
    }
}
