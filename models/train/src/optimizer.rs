//! AdamW, with its state in reach so that a run can be resumed exactly.

use candle_core::{CpuStorage, InplaceOp2, InplaceOp3, Layout, Result, Tensor, Var, backprop::GradStore, bail};
use rayon::prelude::*;

/// Values that one task takes.
const VALUES_A_TASK: usize = 1 << 15;

/// Loshchilov and Hutter, "Decoupled Weight Decay Regularization" (2019).
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct AdamW {
    pub(crate) beta1: f32,
    pub(crate) beta2: f32,
    pub(crate) epsilon: f32,
    pub(crate) weight_decay: f32,
}

impl Default for AdamW {
    fn default() -> Self {
        Self { beta1: 0.9, beta2: 0.98, epsilon: 1e-6, weight_decay: 0.01 }
    }
}

/// A trained parameter and its running moments.
#[derive(Debug, Clone)]
pub(crate) struct Parameter {
    pub(crate) name: String,
    pub(crate) value: Var,
    pub(crate) first: Var,
    pub(crate) second: Var,
}

impl Parameter {
    pub(crate) fn new(name: String, value: &Tensor) -> Result<Self> {
        let zeros = || Var::from_tensor(&value.zeros_like()?);
        Ok(Self { name, value: Var::from_tensor(value)?, first: zeros()?, second: zeros()? })
    }

    /// Gains and biases are not drawn to zero, as is usual.
    fn decays(&self) -> bool {
        self.value.rank() > 1
    }
}

/// The Euclidean length of all gradients together.
pub(crate) fn gradient_norm(parameters: &[Parameter], gradients: &GradStore) -> Result<f64> {
    let mut squares = 0f64;
    for gradient in parameters.iter().filter_map(|p| gradients.get(p.value.as_tensor())) {
        let (storage, layout) = gradient.storage_and_layout();
        let candle_core::Storage::Cpu(cpu) = &*storage else { bail!("expected a gradient on the CPU") };
        let partial: Vec<f64> = super::ops::plain(cpu, layout)?
            .par_chunks(VALUES_A_TASK)
            .map(|c| c.iter().map(|g| f64::from(*g) * f64::from(*g)).sum())
            .collect();
        squares += partial.iter().sum::<f64>();
    }
    Ok(squares.sqrt())
}

impl AdamW {
    /// Moves every parameter a step; `scale` is applied to the gradients first, `step` counts from 1.
    pub(crate) fn step(
        &self,
        parameters: &[Parameter],
        gradients: &GradStore,
        learning_rate: f32,
        scale: f32,
        step: u64,
    ) -> Result<()> {
        let exponent = i32::try_from(step).unwrap_or(i32::MAX);
        let (c1, c2) = (1.0 - self.beta1.powi(exponent), 1.0 - self.beta2.powi(exponent));
        for parameter in parameters {
            let Some(gradient) = gradients.get(parameter.value.as_tensor()) else { continue };
            let gradient = gradient.contiguous()?;
            parameter.first.inplace_op2(&gradient, &Moment { beta: self.beta1, scale, square: false })?;
            parameter.second.inplace_op2(&gradient, &Moment { beta: self.beta2, scale, square: true })?;
            let decay = if parameter.decays() { learning_rate * self.weight_decay } else { 0.0 };
            let update = Update { rate: learning_rate / c1, correction: 1.0 / c2, epsilon: self.epsilon, decay };
            parameter.value.inplace_op3(&parameter.first, &parameter.second, &update)?;
        }
        Ok(())
    }
}

fn plain_mut<'a>(storage: &'a mut CpuStorage, layout: &Layout) -> Result<&'a mut [f32]> {
    let CpuStorage::F32(all) = storage else { bail!("AdamW: expected f32 values") };
    match layout.contiguous_offsets() {
        Some((from, to)) => Ok(&mut all[from..to]),
        None => bail!("AdamW: expected contiguous values"),
    }
}

/// `m = beta m + (1 - beta) g`, or with `g` squared.
struct Moment {
    beta: f32,
    scale: f32,
    square: bool,
}

impl InplaceOp2 for Moment {
    fn name(&self) -> &'static str {
        "adamw-moment"
    }

    fn cpu_fwd(&self, s1: &mut CpuStorage, l1: &Layout, s2: &CpuStorage, l2: &Layout) -> Result<()> {
        let (moment, gradient) = (plain_mut(s1, l1)?, super::ops::plain(s2, l2)?);
        let (beta, scale) = (self.beta, self.scale);
        moment.par_chunks_mut(VALUES_A_TASK).zip(gradient.par_chunks(VALUES_A_TASK)).for_each(|(m, g)| {
            pulp::Arch::new().dispatch(
                #[inline(always)]
                || {
                    for (m, &g) in m.iter_mut().zip(g) {
                        let g = g * scale;
                        *m = beta * *m + (1.0 - beta) * if self.square { g * g } else { g };
                    }
                },
            );
        });
        Ok(())
    }
}

/// `w -= rate m / (sqrt(v correction) + epsilon) + decay w`.
struct Update {
    rate: f32,
    correction: f32,
    epsilon: f32,
    decay: f32,
}

impl InplaceOp3 for Update {
    fn name(&self) -> &'static str {
        "adamw-update"
    }

    fn cpu_fwd(
        &self,
        s1: &mut CpuStorage,
        l1: &Layout,
        s2: &CpuStorage,
        l2: &Layout,
        s3: &CpuStorage,
        l3: &Layout,
    ) -> Result<()> {
        let (w, m, v) = (plain_mut(s1, l1)?, super::ops::plain(s2, l2)?, super::ops::plain(s3, l3)?);
        let moments = m.par_chunks(VALUES_A_TASK).zip(v.par_chunks(VALUES_A_TASK));
        w.par_chunks_mut(VALUES_A_TASK).zip(moments).for_each(|(w, (m, v))| {
            pulp::Arch::new().dispatch(
                #[inline(always)]
                || {
                    for ((w, &m), &v) in w.iter_mut().zip(m).zip(v) {
                        *w -= self.rate * m / ((v * self.correction).sqrt() + self.epsilon) + self.decay * *w;
                    }
                },
            );
        });
        Ok(())
    }
}
