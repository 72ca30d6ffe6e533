//! One fixed rotation of the vector space, and fewer dimensions.
//!
//! After the rotation, every dimension of a vector carries about as much as any other, so a sign each describes the
//! vector well (Charikar, "Similarity Estimation Techniques from Rounding Algorithms", 2002). Before it, vectors lose
//! the dimensions in which the rows of the model's lookup table differ least (Pearson's principal components, 1901).
//! Both depend on the model alone. Browsers never rotate: the rows of the lookup table are stored rotated too.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

/// The seed; another one would make another format.
const SEED: u64 = 1;
/// Dimensions that are kept, of every five; their number is a multiple of eight.
const KEPT: usize = 4;
const OF: usize = 5;
/// Rounds in which the principal components are found.
const ROUNDS: usize = 24;

/// A matrix with orthogonal rows of length one.
pub(crate) struct Rotation {
    rows: Vec<Vec<f32>>,
}

impl Rotation {
    /// The rotation of a space with this many dimensions: normal numbers, made orthogonal.
    fn new(dimension: usize) -> Self {
        Self { rows: orthogonal(normals(dimension, dimension)) }
    }

    /// The rotation of the dimensions in which some vectors differ most.
    pub(crate) fn narrow(vectors: &[Vec<f32>]) -> Self {
        let dimension = vectors.first().map_or(0, Vec::len);
        let kept = dimension * KEPT / OF / 8 * 8;
        if kept == 0 {
            return Self::new(dimension);
        }
        let components = components(&covariance(vectors), kept);
        let rows = Self::new(kept).rows.par_iter().map(|row| combined(row, &components)).collect();
        Self { rows }
    }

    /// A vector in the rotated space.
    pub(crate) fn of(&self, vector: &[f32]) -> Vec<f32> {
        self.rows.iter().map(|row| dot(row, vector)).collect()
    }
}

fn normals(rows: usize, dimension: usize) -> Vec<Vec<f32>> {
    let mut random = ChaCha8Rng::seed_from_u64(SEED);
    (0..rows).map(|_| (0..dimension).map(|_| normal(&mut random)).collect()).collect()
}

/// Rows made orthogonal, one after the other.
fn orthogonal(mut all: Vec<Vec<f32>>) -> Vec<Vec<f32>> {
    for at in 0..all.len() {
        let (before, rest) = all.split_at_mut(at);
        let Some(row) = rest.first_mut() else { break };
        // Twice, because the first pass leaves rounding errors.
        for _ in 0..2 {
            for other in before.iter() {
                let along = dot(row, other);
                row.iter_mut().zip(other).for_each(|(v, o)| *v -= along * o);
            }
        }
        let length = dot(row, row).sqrt().max(f32::MIN_POSITIVE);
        row.iter_mut().for_each(|v| *v /= length);
    }
    all
}

/// The sum of rows, each times a weight.
fn combined(weights: &[f32], rows: &[Vec<f32>]) -> Vec<f32> {
    let mut sum = vec![0f32; rows.first().map_or(0, Vec::len)];
    for (weight, row) in weights.iter().zip(rows) {
        sum.iter_mut().zip(row).for_each(|(sum, v)| *sum += weight * v);
    }
    sum
}

/// How the directions of some vectors vary together, without the mean direction.
fn covariance(vectors: &[Vec<f32>]) -> Vec<Vec<f32>> {
    let unit = |vector: &Vec<f32>| -> Vec<f32> {
        let length = dot(vector, vector).sqrt().max(f32::MIN_POSITIVE);
        vector.iter().map(|v| v / length).collect()
    };
    let directions: Vec<Vec<f32>> = vectors.par_iter().map(unit).collect();
    let each = 1.0 / directions.len().max(1) as f32;
    let mean = combined(&vec![each; directions.len()], &directions);
    // One list for each dimension, so that two dimensions are one inner product.
    let list = |at: usize| directions.iter().map(|v| v[at] - mean[at]).collect::<Vec<f32>>();
    let lists: Vec<Vec<f32>> = (0..mean.len()).into_par_iter().map(list).collect();
    lists.par_iter().map(|a| lists.iter().map(|b| dot(a, b) * each).collect()).collect()
}

/// The space of the first principal components (orthogonal iteration: Golub and Van Loan, "Matrix Computations").
fn components(covariance: &[Vec<f32>], count: usize) -> Vec<Vec<f32>> {
    (0..ROUNDS).fold(orthogonal(normals(count, covariance.len())), |rows, _| {
        orthogonal(rows.par_iter().map(|row| covariance.iter().map(|of| dot(of, row)).collect()).collect())
    })
}

/// A normal number (Box and Muller, "A Note on the Generation of Random Normal Deviates", 1958).
fn normal(random: &mut ChaCha8Rng) -> f32 {
    let share = |value: u32| (f64::from(value) + 1.0) / (f64::from(u32::MAX) + 2.0);
    let (a, b) = (share(random.random()), share(random.random()));
    ((-2.0 * a.ln()).sqrt() * (std::f64::consts::TAU * b).cos()) as f32
}

/// The inner product.
pub(crate) fn dot(a: &[f32], b: &[f32]) -> f32 {
    // Eight sums let the compiler use vector instructions.
    let mut sums = [0f32; 8];
    let (a8, b8) = (a.chunks_exact(8), b.chunks_exact(8));
    let rest: f32 = a8.remainder().iter().zip(b8.remainder()).map(|(x, y)| x * y).sum();
    for (x, y) in a8.zip(b8) {
        (0..8).for_each(|i| sums[i] += x[i] * y[i]);
    }
    sums.iter().sum::<f32>() + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inner_products_stay_the_same() {
        let rotation = Rotation::new(20);
        let vector = |seed: usize| -> Vec<f32> { (0..20).map(|i| ((i * seed) % 7) as f32 - 3.0).collect() };
        for (a, b) in [(1, 2), (3, 3), (4, 5)] {
            let (a, b) = (vector(a), vector(b));
            let rotated = dot(&rotation.of(&a), &rotation.of(&b));
            assert!((dot(&a, &b) - rotated).abs() < 1e-3, "{rotated}");
        }
        assert_ne!(rotation.of(&vector(1)), vector(1));
    }

    #[test]
    fn dimensions_that_say_little_are_left_out() {
        // Sixteen dimensions; the last eight hardly differ.
        let vector = |seed: usize| -> Vec<f32> {
            (0..16).map(|i| ((i * 37 + seed * (i + 5)) % 23) as f32 / if i < 8 { 1.0 } else { 1000.0 } - 0.01).collect()
        };
        let vectors: Vec<Vec<f32>> = (0..200).map(vector).collect();
        let rotation = Rotation::narrow(&vectors);
        assert_eq!((rotation.rows.len(), Rotation::narrow(&[]).rows.len()), (8, 0));
        let (a, b) = (vector(3), vector(8));
        let narrow = dot(&rotation.of(&a), &rotation.of(&b));
        assert!((dot(&a, &b) / narrow - 1.0).abs() < 0.01, "{} {narrow}", dot(&a, &b));
    }
}
