//! Looking at every row.

use rayon::prelude::*;

use super::{kernels, segment::Segment, walk::Near};
use crate::Selection;

/// Vectors that the spread of similarities is estimated from; its own error is then about 2 %.
const SAMPLE: usize = 2048;

/// Every row that is accepted.
pub(super) fn rows(segment: &Segment, query: &[f32], accepts: impl Fn(u32) -> bool) -> Vec<Near> {
    let near = |row: u32| Near { similarity: segment.similarity(query, row as usize), row };
    (0..segment.len() as u32).filter(|&row| accepts(row)).map(near).collect()
}

/// For each query, its similarity to the nearest of some rows; nothing if there is none.
pub(super) fn highest(queries: &[Vec<f32>], rows: &[&[u16]]) -> Vec<f32> {
    if rows.is_empty() {
        return Vec::new();
    }
    let nearest = |q: &Vec<f32>| rows.iter().map(|row| kernels::halves(q, row)).fold(f32::NEG_INFINITY, f32::max);
    queries.par_iter().map(nearest).collect()
}

/// An even sample of the rows that live passages have, row-major.
pub(super) fn sample(segments: &[Segment], live: &Selection) -> Vec<u16> {
    let has_life = |segment: &Segment, row| segment.passages(row).iter().any(|p| live.contains(*p));
    let mut rows = Vec::new();
    for segment in segments {
        rows.extend((0..segment.len()).filter(|row| has_life(segment, *row)).map(|row| (segment, row)));
    }
    let step = rows.len().div_ceil(SAMPLE).max(1);
    rows.into_iter().step_by(step).flat_map(|(segment, row)| segment.row(row)).copied().collect()
}
