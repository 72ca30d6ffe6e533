//! GELU, exact: `x * Phi(x)` with the normal distribution function by the error function.

use candle_core::{CpuStorage, CustomOp1, CustomOp2, Layout, Result, Shape, Tensor};
use rayon::prelude::*;

use super::values;

/// Values that one task takes.
const VALUES_A_TASK: usize = 1 << 15;

/// Hendrycks and Gimpel, "Gaussian Error Linear Units" (2016).
pub(crate) fn gelu(x: &Tensor) -> Result<Tensor> {
    x.apply_op1(Op)
}

struct Op;

impl CustomOp1 for Op {
    fn name(&self) -> &'static str {
        "gelu"
    }

    fn cpu_fwd(&self, storage: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let x = values(storage, layout, "gelu")?;
        let mut out = vec![0f32; x.len()];
        out.par_chunks_mut(VALUES_A_TASK).zip(x.par_chunks(VALUES_A_TASK)).for_each(|(out, x)| {
            pulp::Arch::new().dispatch(
                #[inline(always)]
                || out.iter_mut().zip(x).for_each(|(o, &x)| *o = x * parts(x).0),
            );
        });
        Ok((CpuStorage::F32(out), layout.shape().clone()))
    }

    fn bwd(&self, x: &Tensor, _: &Tensor, grad: &Tensor) -> Result<Option<Tensor>> {
        x.detach().apply_op2_no_bwd(&grad.contiguous()?, &Backward).map(Some)
    }
}

struct Backward;

impl CustomOp2 for Backward {
    fn name(&self) -> &'static str {
        "gelu-backward"
    }

    fn cpu_fwd(&self, s1: &CpuStorage, l1: &Layout, s2: &CpuStorage, l2: &Layout) -> Result<(CpuStorage, Shape)> {
        let (x, grad) = (values(s1, l1, "gelu")?, values(s2, l2, "gelu")?);
        let mut out = vec![0f32; x.len()];
        let chunks = out.par_chunks_mut(VALUES_A_TASK).zip(x.par_chunks(VALUES_A_TASK));
        chunks.zip(grad.par_chunks(VALUES_A_TASK)).for_each(|((out, x), grad)| {
            pulp::Arch::new().dispatch(
                #[inline(always)]
                || {
                    for ((o, &x), &g) in out.iter_mut().zip(x).zip(grad) {
                        let (distribution, density) = parts(x);
                        *o = g * (distribution + x * density);
                    }
                },
            );
        });
        Ok((CpuStorage::F32(out), l1.shape().clone()))
    }
}

/// Distribution function and density of the normal distribution at `x`. Abramowitz and Stegun, "Handbook
/// of Mathematical Functions" (1964), 7.1.26: within 1.5e-7.
#[inline(always)]
fn parts(x: f32) -> (f32, f32) {
    let z = x.abs() * std::f32::consts::FRAC_1_SQRT_2;
    let e = exp_negative(-z * z);
    let t = 1.0 / (1.0 + 0.327_591_1 * z);
    let poly = t * (0.254_829_6 + t * (-0.284_496_72 + t * (1.421_413_8 + t * (-1.453_152 + t * 1.061_405_4))));
    let erf = 1.0 - poly * e;
    let signed = if x < 0.0 { -erf } else { erf };
    (0.5 * (1.0 + signed), 0.398_942_3 * e)
}

/// `e^x` for `x <= 0`, in arithmetic that the compiler turns into vector instructions: the power of
/// two goes into the exponent, the rest into a polynomial (Cephes, `expf`).
#[inline(always)]
pub(super) fn exp_negative(x: f32) -> f32 {
    let x = if x < -87.0 { -87.0 } else { x };
    // Adding and taking away 1.5 * 2^23 rounds to the nearest integer without a call.
    const ROUND: f32 = 12_582_912.0;
    let n = (x * std::f32::consts::LOG2_E + ROUND) - ROUND;
    let r = x - n * 0.693_359_4 + n * 2.121_944_4e-4;
    let poly = 1.987_569_1e-4;
    let poly = poly * r + 1.398_2e-3;
    let poly = poly * r + 8.333_452e-3;
    let poly = poly * r + 4.166_579_6e-2;
    let poly = poly * r + 1.666_666_6e-1;
    let poly = poly * r + 0.5;
    let value = poly * r * r + r + 1.0;
    value * f32::from_bits(((n as i32 + 127) << 23) as u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_those_of_the_formula() {
        // Phi(x) from tables.
        for (x, phi) in [(0.0, 0.5), (1.0, 0.841_344_7), (-1.0, 0.158_655_3), (2.5, 0.993_790_3), (-4.0, 3.167e-5)] {
            assert!((parts(x).0 - phi).abs() < 3e-7, "{} for {phi} at {x}", parts(x).0);
        }
        for x in [0.0f32, -0.1, -1.0, -20.5, -86.0] {
            assert!((exp_negative(x) / x.exp() - 1.0).abs() < 1e-6, "e^{x}");
        }
    }
}
