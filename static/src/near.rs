//! Files of vectors.
//!
//! A file `c` holds the vectors of one group of passages, as one bit for each dimension. The file `n` holds the middle of
//! each group in the same form, and the group of each passage, so a browser chooses the groups to fetch. The other bits of
//! [`super::codes`] stand beside the texts of a passage, for the second look at the best passages.

use cloze_index::Generation;
use rayon::prelude::*;

use super::{
    bytes::Bytes,
    clusters,
    codes::{Code, steps},
    files::DataFile,
    passages::Page,
    rotation::Rotation,
};

/// The vectors of an export.
pub(crate) struct Near {
    /// All files.
    pub(crate) files: Vec<DataFile>,
    /// The mean of all vectors, rotated.
    pub(crate) mean: Vec<f32>,
    /// The codes of all passages.
    pub(crate) codes: Vec<Code>,
}

/// Writes the vectors of all pages.
pub(crate) fn near(generation: &Generation, pages: &[Page], rotation: &Rotation) -> Near {
    let ids: Vec<_> = pages.iter().flat_map(|page| &page.passages).map(|(id, _)| *id).collect();
    let vectors: Vec<Vec<f32>> = ids.par_iter().map(|&id| rotation.of(&generation.vector(id))).collect();
    let mean = mean(vectors.iter(), vectors.first().map_or(0, Vec::len));
    let centred = |v: &Vec<f32>| -> Vec<f32> { v.iter().zip(&mean).map(|(v, m)| v - m).collect() };
    let codes: Vec<Code> = vectors.par_iter().map(|v| Code::of(&centred(v))).collect();
    let groups = clusters::clusters(&vectors);
    let middle = |group: &Vec<u32>| {
        let of_group = group.iter().map(|&p| &vectors[p as usize]);
        Code::of(&centred(&self::mean(of_group, mean.len())))
    };
    let middles: Vec<Code> = groups.iter().map(middle).collect();
    let mut files: Vec<DataFile> =
        (0..).zip(&groups).map(|(k, group)| DataFile::new('c', k, listed(group, &codes))).collect();
    files.push(DataFile::new('n', 0, overview(&groups, &middles, codes.len())));
    Near { files, mean, codes }
}

fn mean<'v>(vectors: impl Iterator<Item = &'v Vec<f32>>, dimension: usize) -> Vec<f32> {
    let (mut sum, mut count) = (vec![0f64; dimension], 0usize);
    for vector in vectors {
        count += 1;
        sum.iter_mut().zip(vector).for_each(|(sum, v)| *sum += f64::from(*v));
    }
    sum.iter().map(|sum| (sum / count.max(1) as f64) as f32).collect()
}

/// One group: its passages, their sizes, their signs.
fn listed(group: &[u32], codes: &[Code]) -> Vec<u8> {
    let codes = group.iter().map(|&p| &codes[p as usize]);
    let mut bytes = Bytes::default();
    bytes.ascending(group);
    let (largest, shares) = steps(codes.clone().map(|code| code.by_signs));
    bytes.float(largest);
    bytes.raw(&shares);
    codes.for_each(|code| bytes.raw(&code.signs));
    bytes.into_inner()
}

/// For each group its number of passages, size and signs; then the group of each passage, low bytes before high bytes.
fn overview(groups: &[Vec<u32>], middles: &[Code], passages: usize) -> Vec<u8> {
    let mut bytes = Bytes::default();
    bytes.number(groups.len());
    for (group, middle) in groups.iter().zip(middles) {
        bytes.number(group.len());
        bytes.float(middle.by_signs);
        bytes.raw(&middle.signs);
    }
    let mut of = vec![0usize; passages];
    (0..).zip(groups).for_each(|(k, group)| group.iter().for_each(|&p| of[p as usize] = k));
    for shift in [0, 8, 16] {
        bytes.raw(&of.iter().map(|k| (k >> shift) as u8).collect::<Vec<_>>());
    }
    bytes.into_inner()
}
