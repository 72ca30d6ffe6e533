//! The operations of a BERT layer, each fused and with its own backward pass.
//!
//! candle composes such operations of smaller ones, which cost a pass over memory each, on one thread.
//! These do the same arithmetic in one pass, on all threads of rayon's pool.

mod attention;
mod gelu;
mod linear;
mod loss;
mod norm;

use candle_core::{CpuStorage, Layout, Result, bail};
use rayon::prelude::*;

pub(crate) use attention::{Attention, attention};
pub(crate) use gelu::gelu;
pub(crate) use linear::{Linear, linear};
pub(crate) use loss::{CrossEntropy, Prediction};
pub(crate) use norm::layer_norm;

/// Rows that one task takes: enough to hide the cost of handing it out.
const ROWS_A_TASK: usize = 64;

/// The values of a contiguous f32 tensor.
fn values<'a>(storage: &'a CpuStorage, layout: &Layout, name: &str) -> Result<&'a [f32]> {
    let CpuStorage::F32(all) = storage else { bail!("{name}: expected f32 values") };
    match layout.contiguous_offsets() {
        Some((from, to)) => Ok(&all[from..to]),
        None => bail!("{name}: expected contiguous values"),
    }
}

/// The values of a contiguous f32 tensor, for the optimiser.
pub(crate) fn plain<'a>(storage: &'a CpuStorage, layout: &Layout) -> Result<&'a [f32]> {
    values(storage, layout, "AdamW")
}

/// Number of columns: the last dimension.
fn columns(layout: &Layout) -> usize {
    layout.dims().last().copied().unwrap_or(1)
}

/// The sum of each column of a row-major matrix. Partial sums are added in a fixed order, so the
/// result does not depend on the number of threads.
fn column_sums(matrix: &[f32], columns: usize) -> Vec<f32> {
    let partial: Vec<Vec<f32>> = matrix
        .par_chunks(ROWS_A_TASK * columns)
        .map(|rows| {
            let mut sums = vec![0f32; columns];
            for row in rows.chunks_exact(columns) {
                sums.iter_mut().zip(row).for_each(|(s, v)| *s += v);
            }
            sums
        })
        .collect();
    let mut total = vec![0f32; columns];
    for sums in partial {
        total.iter_mut().zip(sums).for_each(|(t, s)| *t += s);
    }
    total
}
