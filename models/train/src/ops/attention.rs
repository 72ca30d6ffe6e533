//! Scaled dot-product attention over sequences of the same length.

use std::sync::Arc;

use candle_core::{CpuStorage, CustomOp3, Layout, Result, Shape, Tensor, bail};
use gemm::Parallelism;
use rayon::prelude::*;

use super::{columns, gelu::exp_negative, values};

/// Shape of the heads, and which rows of the queries belong to which sequence.
#[derive(Debug, Clone)]
pub(crate) struct Attention {
    /// Number of heads; they divide the width among them.
    pub(crate) heads: usize,
    /// Tokens of a sequence: rows of keys and values.
    pub(crate) tokens: usize,
    /// Query rows of each sequence, in order.
    pub(crate) queries: Arc<[usize]>,
}

/// Vaswani et al., "Attention Is All You Need" (2017). `q` is `[queries, width]`, `k` and `v` are
/// `[sequences * tokens, width]`; gives `[queries, width]`. Every query attends to its whole sequence.
/// Probabilities are worked out again in the backward pass: keeping them would take more time than that.
pub(crate) fn attention(q: &Tensor, k: &Tensor, v: &Tensor, shape: &Attention) -> Result<Tensor> {
    q.apply_op3(k, v, Op(shape.clone()))
}

struct Op(Attention);

/// Row-major matrices and their strides, for one head of one sequence.
#[derive(Clone, Copy)]
struct View {
    at: *const f32,
    rows: isize,
    columns: isize,
}

impl View {
    fn of(slice: &[f32], width: usize) -> Self {
        Self { at: slice.as_ptr(), rows: width as isize, columns: 1 }
    }

    fn t(self) -> Self {
        Self { rows: self.columns, columns: self.rows, ..self }
    }
}

/// `out = alpha * a b` (or `+=`), on this thread; `out` has rows of `out_width`.
///
/// # Safety
/// The views must reach `m x k` and `k x n` values, `out` `m` rows of `out_width` with `n` in the last.
#[allow(clippy::too_many_arguments)] // as a matrix product has
unsafe fn product(m: usize, n: usize, k: usize, out: *mut f32, out_width: usize, a: View, b: View, alpha: f32) {
    // SAFETY: promised by the caller.
    unsafe {
        gemm::gemm(
            m,
            n,
            k,
            out,
            1,
            out_width as isize,
            false,
            a.at,
            a.columns,
            a.rows,
            b.at,
            b.columns,
            b.rows,
            0.0,
            alpha,
            false,
            false,
            false,
            Parallelism::None,
        );
    }
}

impl Attention {
    fn check(&self, q: &[f32], k: &[f32], v: &[f32], width: usize) -> Result<()> {
        let rows = self.queries.iter().sum::<usize>();
        let kv = self.queries.len() * self.tokens * width;
        if q.len() != rows * width || k.len() != kv || v.len() != kv || !width.is_multiple_of(self.heads) {
            bail!(
                "attention: {} queries, {} keys and {} values do not match rows of {width}",
                q.len(),
                k.len(),
                v.len()
            );
        }
        Ok(())
    }

    /// Cuts a matrix of query rows into the sequences' parts.
    fn split<'a>(&self, mut rows: &'a mut [f32], width: usize) -> Vec<&'a mut [f32]> {
        let mut parts = Vec::with_capacity(self.queries.len());
        for &n in self.queries.iter() {
            let (part, rest) = rows.split_at_mut(n * width);
            parts.push(part);
            rows = rest;
        }
        parts
    }

    /// First query row of each sequence.
    fn starts(&self) -> Vec<usize> {
        self.queries
            .iter()
            .scan(0, |at, &n| {
                let start = *at;
                *at += n;
                Some(start)
            })
            .collect()
    }

    /// Probabilities of one head: `softmax(q k' / sqrt(d))`, into `[queries, tokens]`.
    fn probabilities(&self, q: &[f32], k: &[f32], width: usize, out: &mut [f32]) {
        let d = width / self.heads;
        let rows = out.len() / self.tokens;
        let scale = 1.0 / (d as f32).sqrt();
        // SAFETY: q has `rows` rows from this head's first column on, k `tokens`.
        unsafe {
            product(
                rows,
                self.tokens,
                d,
                out.as_mut_ptr(),
                self.tokens,
                View::of(q, width),
                View::of(k, width).t(),
                scale,
            );
        }
        pulp::Arch::new().dispatch(
            #[inline(always)]
            || {
                for row in out.chunks_exact_mut(self.tokens) {
                    softmax(row);
                }
            },
        );
    }
}

#[inline(always)]
fn softmax(row: &mut [f32]) {
    let largest = row.iter().copied().fold(f32::NEG_INFINITY, |a, b| if b > a { b } else { a });
    row.iter_mut().for_each(|x| *x = exp_negative(*x - largest));
    let sum: f32 = row.iter().sum();
    row.iter_mut().for_each(|x| *x /= sum);
}

impl CustomOp3 for Op {
    fn name(&self) -> &'static str {
        "attention"
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
        let (q, k, v) = (values(s1, l1, "attention")?, values(s2, l2, "attention")?, values(s3, l3, "attention")?);
        let (shape, width) = (&self.0, columns(l1));
        shape.check(q, k, v, width)?;
        let mut out = vec![0f32; q.len()];
        let d = width / shape.heads;
        let block = shape.tokens * width;
        let parts = shape.split(&mut out, width);
        parts.into_par_iter().zip(shape.starts()).enumerate().for_each(|(sequence, (out, start))| {
            let rows = out.len() / width;
            if rows == 0 {
                return;
            }
            let (k, v) = (&k[sequence * block..], &v[sequence * block..]);
            let mut p = vec![0f32; rows * shape.tokens];
            for head in 0..shape.heads {
                shape.probabilities(&q[start * width + head * d..], &k[head * d..], width, &mut p);
                // SAFETY: `out` has `rows` rows, and this head owns `d` columns of each.
                unsafe {
                    let to = out.as_mut_ptr().add(head * d);
                    let (p, v) = (View::of(&p, shape.tokens), View::of(&v[head * d..], width));
                    product(rows, d, shape.tokens, to, width, p, v, 1.0);
                }
            }
        });
        Ok((CpuStorage::F32(out), l1.shape().clone()))
    }

    fn bwd(
        &self,
        q: &Tensor,
        k: &Tensor,
        v: &Tensor,
        _: &Tensor,
        grad: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>, Option<Tensor>)> {
        let width = q.dim(1)?;
        let [q, k, v, grad] = [q, k, v, grad].map(|t| t.flatten_all().and_then(|t| t.to_vec1::<f32>()));
        let [dq, dk, dv] = self.0.gradients(&q?, &k?, &v?, &grad?, width);
        let tensor = |values: Vec<f32>| {
            let rows = values.len() / width;
            Tensor::from_vec(values, (rows, width), &candle_core::Device::Cpu).map(Some)
        };
        Ok((tensor(dq)?, tensor(dk)?, tensor(dv)?))
    }
}

impl Attention {
    /// Gradients of queries, keys and values.
    fn gradients(&self, q: &[f32], k: &[f32], v: &[f32], grad: &[f32], width: usize) -> [Vec<f32>; 3] {
        let (mut dq, mut dk, mut dv) = (vec![0f32; q.len()], vec![0f32; k.len()], vec![0f32; v.len()]);
        let (d, block) = (width / self.heads, self.tokens * width);
        let parts = self.split(&mut dq, width).into_par_iter().zip(dk.par_chunks_mut(block));
        let parts = parts.zip(dv.par_chunks_mut(block)).zip(self.starts()).enumerate();
        parts.for_each(|(sequence, (((dq, dk), dv), start))| {
            let rows = dq.len() / width;
            if rows == 0 {
                return;
            }
            let (k, v) = (&k[sequence * block..], &v[sequence * block..]);
            let (mut p, mut dp) = (vec![0f32; rows * self.tokens], vec![0f32; rows * self.tokens]);
            for head in 0..self.heads {
                let at = head * d;
                let (q, g) = (&q[start * width + at..], &grad[start * width + at..]);
                let (k, v) = (&k[at..], &v[at..]);
                self.probabilities(q, k, width, &mut p);
                let (g, t) = (View::of(g, width), self.tokens);
                // SAFETY: as in the forward pass; each target is this sequence's own.
                unsafe {
                    product(t, d, rows, dv.as_mut_ptr().add(at), width, View::of(&p, t).t(), g, 1.0);
                    product(rows, t, d, dp.as_mut_ptr(), t, g, View::of(v, width).t(), 1.0);
                }
                pulp::Arch::new().dispatch(
                    #[inline(always)]
                    || softmax_gradient(&p, &mut dp, t),
                );
                let scale = 1.0 / (d as f32).sqrt();
                // SAFETY: as above.
                unsafe {
                    let ds = View::of(&dp, t);
                    product(rows, d, t, dq.as_mut_ptr().add(at), width, ds, View::of(k, width), scale);
                    product(t, d, rows, dk.as_mut_ptr().add(at), width, ds.t(), View::of(q, width), scale);
                }
            }
        });
        [dq, dk, dv]
    }
}

/// `p * (dp - sum(p dp))`, row by row, into `dp`.
#[inline(always)]
fn softmax_gradient(p: &[f32], dp: &mut [f32], tokens: usize) {
    for (p, dp) in p.chunks_exact(tokens).zip(dp.chunks_exact_mut(tokens)) {
        let sum: f32 = p.iter().zip(dp.iter()).map(|(p, d)| p * d).sum();
        dp.iter_mut().zip(p).for_each(|(d, p)| *d = p * (*d - sum));
    }
}
