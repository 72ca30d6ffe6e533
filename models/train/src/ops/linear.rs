//! `x W' + b`.

use candle_core::{CpuStorage, CustomOp3, Layout, Result, Shape, Tensor, bail};
use gemm::Parallelism;
use rayon::prelude::*;

use super::{column_sums, values};

/// A dense layer's weights, `[outputs, inputs]`, and bias, `[outputs]`.
#[derive(Debug, Clone)]
pub(crate) struct Linear {
    pub(crate) weight: Tensor,
    pub(crate) bias: Tensor,
}

/// Applies a dense layer to `[rows, inputs]`. Only trained parameters get gradients.
pub(crate) fn linear(x: &Tensor, layer: &Linear) -> Result<Tensor> {
    let op = Op { input: x.track_op(), weight: layer.weight.track_op(), bias: layer.bias.track_op() };
    x.apply_op3(&layer.weight, &layer.bias, op)
}

/// Which arguments need a gradient.
struct Op {
    input: bool,
    weight: bool,
    bias: bool,
}

impl CustomOp3 for Op {
    fn name(&self) -> &'static str {
        "linear"
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
        let (x, w, b) = (values(s1, l1, "linear")?, values(s2, l2, "linear")?, values(s3, l3, "linear")?);
        let ([rows, inputs], [outputs, width]) = (l1.dims(), l2.dims()) else { bail!("linear: expected matrices") };
        if inputs != width || b.len() != *outputs {
            bail!("linear: {inputs} inputs do not match weights [{outputs}, {width}] and a bias of {}", b.len());
        }
        let mut out = vec![0f32; rows * outputs];
        out.par_chunks_mut(super::ROWS_A_TASK * outputs).for_each(|chunk| {
            chunk.chunks_exact_mut(*outputs).for_each(|row| row.copy_from_slice(b));
        });
        let (k, n) = (*inputs as isize, *outputs as isize);
        // SAFETY: the three matrices are as large as their shapes say, and nothing else refers to `out`.
        unsafe {
            gemm::gemm(
                *rows,
                *outputs,
                *inputs,
                out.as_mut_ptr(),
                1,
                n,
                true,
                x.as_ptr(),
                1,
                k,
                w.as_ptr(),
                k,
                1,
                1.0,
                1.0,
                false,
                false,
                false,
                Parallelism::Rayon(0),
            );
        }
        Ok((CpuStorage::F32(out), Shape::from((*rows, *outputs))))
    }

    fn bwd(
        &self,
        x: &Tensor,
        weight: &Tensor,
        bias: &Tensor,
        _: &Tensor,
        grad: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>, Option<Tensor>)> {
        let grad = grad.contiguous()?;
        let dx = if self.input { Some(grad.matmul(&weight.detach())?) } else { None };
        let dw = if self.weight { Some(grad.t()?.matmul(&x.detach())?) } else { None };
        let db = if self.bias { Some(sum_of_columns(&grad, bias)?) } else { None };
        Ok((dx, dw, db))
    }
}

fn sum_of_columns(grad: &Tensor, like: &Tensor) -> Result<Tensor> {
    let (storage, layout) = grad.storage_and_layout();
    let candle_core::Storage::Cpu(cpu) = &*storage else { bail!("linear: expected a tensor on the CPU") };
    let sums = column_sums(values(cpu, layout, "linear")?, like.elem_count());
    Tensor::from_vec(sums, like.shape(), like.device())
}
