//! Groups of vectors that are near each other.
//!
//! A browser fetches the vectors of a few groups, not of all passages. The groups are found by k-means on the sphere
//! (Dhillon and Modha, "Concept Decompositions for Large Sparse Text Data using Clustering", 2001), on a sample if there
//! are many vectors.

use rayon::prelude::*;

use super::rotation::dot;

/// Vectors in a group, on average, and at most.
const SIZE: usize = 64;
const LARGEST: usize = 128;
/// Rounds of k-means, and vectors for each group in its sample.
const ROUNDS: usize = 8;
const SAMPLE: usize = 48;

/// Numbers of vectors, by group; each group's are ascending.
pub(crate) fn clusters(vectors: &[Vec<f32>]) -> Vec<Vec<u32>> {
    let count = vectors.len().div_ceil(SIZE);
    let step = (vectors.len() / (count * SAMPLE).max(1)).max(1);
    let sample: Vec<&Vec<f32>> = vectors.iter().step_by(step).collect();
    // Neighbours in the list are near each other, so centres are chosen far apart in it; not at equal distances, because
    // pages of a manual repeat their order of sections.
    let start = |k: usize| sample[(k * sample.len() / count + k) % sample.len()].clone();
    let mut centres: Vec<Vec<f32>> = (0..count).map(start).collect();
    for _ in 0..ROUNDS {
        let nearest: Vec<usize> = sample.par_iter().map(|v| nearest(v, &centres)).collect();
        centres = means(&sample, &nearest, &centres);
    }
    let nearest: Vec<usize> = vectors.par_iter().map(|v| nearest(v, &centres)).collect();
    let mut groups = vec![Vec::new(); count];
    (0u32..).zip(nearest).for_each(|(vector, group)| groups[group].push(vector));
    groups.iter().filter(|group| !group.is_empty()).flat_map(|group| parts(group)).collect()
}

fn nearest(vector: &[f32], centres: &[Vec<f32>]) -> usize {
    let similar = centres.iter().map(|centre| dot(vector, centre)).enumerate();
    similar.max_by(|a, b| a.1.total_cmp(&b.1).then(b.0.cmp(&a.0))).map_or(0, |(at, _)| at)
}

/// The unit vector in the direction of each group's mean; a group without vectors keeps its centre.
fn means(sample: &[&Vec<f32>], nearest: &[usize], before: &[Vec<f32>]) -> Vec<Vec<f32>> {
    let mut sums: Vec<Vec<f32>> = before.iter().map(|centre| vec![0.0; centre.len()]).collect();
    for (vector, &group) in sample.iter().zip(nearest) {
        sums[group].iter_mut().zip(*vector).for_each(|(sum, v)| *sum += v);
    }
    let unit = |(sum, centre): (Vec<f32>, &Vec<f32>)| {
        let length = dot(&sum, &sum).sqrt();
        if length > 0.0 { sum.iter().map(|v| v / length).collect() } else { centre.clone() }
    };
    sums.into_iter().zip(before).map(unit).collect()
}

/// A large group in parts of equal size.
fn parts(group: &[u32]) -> Vec<Vec<u32>> {
    let count = group.len().div_ceil(LARGEST).max(1);
    group.chunks(group.len().div_ceil(count).max(1)).map(<[u32]>::to_vec).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_vectors_share_a_group_and_none_is_lost() {
        let vector = |n: usize| {
            let (kind, noise) = (n % 4, (n / 4) as f32 / 1000.0);
            let raw: Vec<f32> = (0..4).map(|i| if i == kind { 1.0 } else { noise }).collect();
            let length = dot(&raw, &raw).sqrt();
            raw.iter().map(|v| v / length).collect::<Vec<f32>>()
        };
        let vectors: Vec<_> = (0..256).map(vector).collect();
        let groups = clusters(&vectors);
        let mut all: Vec<u32> = groups.concat();
        all.sort_unstable();
        assert_eq!(all, (0..256).collect::<Vec<_>>());
        assert!(groups.iter().all(|g| g.iter().all(|n| n % 4 == g[0] % 4)), "{groups:?}");
        assert!(clusters(&[]).is_empty());
    }

    #[test]
    fn large_groups_are_divided() {
        let sizes: Vec<usize> = parts(&(0..300).collect::<Vec<_>>()).iter().map(Vec::len).collect();
        assert_eq!(sizes, [100, 100, 100]);
    }
}
