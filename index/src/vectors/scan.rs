//! Exhaustive scans of rows.

use rayon::prelude::*;

use super::{kernels, segment::Segment, walk::Near};
use crate::{PassageId, Selection, calibration::Standing};

/// Number of vectors in the sample for the spread of similarities; the error of the estimate is about 2 %.
const SAMPLE: usize = 2048;

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

/// A representative sample of rows. The content of a row decides whether it is chosen, so that an index answers like
/// one built from scratch, regardless of the order in which its passages came.
#[derive(Debug, Default)]
pub(super) struct Sample {
    /// Row-major.
    pub(super) rows: Vec<u16>,
    /// One live passage of each row.
    pub(super) passages: Vec<PassageId>,
}

impl Sample {
    /// About [`SAMPLE`] of the rows that live passages have; all of them, if there are no more.
    pub(super) fn of(segments: &[Segment], live: &Selection) -> Self {
        let alive = |s: &Segment, row| s.passages(row).iter().copied().find(|p| live.contains(*p));
        let each = segments.iter().flat_map(|s| (0..s.len()).map(move |row| (s, row)));
        let rows: Vec<_> = each.filter_map(|(s, row)| Some((hash(s.row(row)), s.row(row), alive(s, row)?))).collect();
        let most = if rows.len() <= SAMPLE { u64::MAX } else { u64::MAX / rows.len() as u64 * SAMPLE as u64 };
        let mut chosen: Vec<_> = rows.into_iter().filter(|(hash, ..)| *hash <= most).collect();
        chosen.sort_unstable_by_key(|(hash, _, passage)| (*hash, *passage));
        // Successive builds may have stored the same row twice.
        chosen.dedup_by(|a, b| a.1 == b.1);
        let passages = chosen.iter().map(|(.., passage)| *passage).collect();
        Self { rows: chosen.iter().flat_map(|(_, row, _)| *row).copied().collect(), passages }
    }
}

/// Hash of a row's first values, well mixed (Steele, Lea and Flood, "Fast Splittable Pseudorandom Number Generators",
/// 2014, the finaliser).
fn hash(row: &[u16]) -> u64 {
    let start = row.iter().take(8).fold(0u64, |all, value| all.rotate_left(13) ^ u64::from(*value));
    let mixed = (start ^ (start >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}
