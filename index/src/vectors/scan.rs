//! Exhaustive scans of rows.

use rayon::prelude::*;

use super::{kernels, segment::Segment, walk::Near};
use crate::calibration::Standing;

/// Every accepted row.
pub(super) fn rows(segment: &Segment, query: &[f32], accepts: impl Fn(u32) -> bool) -> Vec<Near> {
    let near = |row: u32| Near { similarity: segment.similarity(query, row as usize), row };
    (0..segment.len() as u32).filter(|&row| accepts(row)).map(near).collect()
}

/// The standing of each query among some rows. Each query comes with its own similarity.
pub(super) fn standings(queries: &[(&[f32], f32)], rows: &[&[u16]]) -> Vec<Standing> {
    let standing = |(query, own): &(&[f32], f32)| {
        rows.iter().fold(Standing::NONE, |standing, row| {
            let similarity = kernels::halves(query, row);
            standing.and(Standing { highest: similarity, above: usize::from(similarity > *own), rows: 1 })
        })
    };
    queries.par_iter().map(standing).collect()
}
