//! When a build merges segments.
//!
//! A build folds small segments into its own one when there are many of them; that is cheap. It writes all of a
//! generation anew only when many of its passages are deleted.

use crate::{Counts, publish::Contents};

/// Maximum number of segments of a generation, for vectors and for postings each.
pub(crate) const MOST_SEGMENTS: usize = 8;
/// A generation is compacted when more than one in this many of its numbers is a tombstone.
const TOMBSTONES_IN: u64 = 10;

/// Whether a generation is worth compacting.
pub(crate) fn is_worn(contents: &Contents) -> bool {
    let Counts { passages, numbers, .. } = contents.counts;
    (numbers - passages) * TOMBSTONES_IN > numbers
}

/// The segments that a build folds into its own: all but the largest, if there are many. `sizes` are their sizes.
pub(crate) fn folded(sizes: &[usize]) -> Vec<usize> {
    let largest = (0..sizes.len()).max_by_key(|&i| sizes[i]);
    if sizes.len() < MOST_SEGMENTS { Vec::new() } else { (0..sizes.len()).filter(|i| Some(*i) != largest).collect() }
}
