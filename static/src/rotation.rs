//! One fixed rotation of the vector space.
//!
//! After it, every dimension of a vector carries about as much as any other, so a sign each describes the vector well
//! (Charikar, "Similarity Estimation Techniques from Rounding Algorithms", 2002). Inner products stay the same. Browsers
//! never rotate: the rows of the lookup table are stored rotated too.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// The seed; another one would make another format.
const SEED: u64 = 1;

/// An orthogonal matrix.
pub(crate) struct Rotation {
    rows: Vec<Vec<f32>>,
}

impl Rotation {
    /// The rotation of a space with this many dimensions: normal numbers, made orthogonal one row after the other.
    pub(crate) fn new(dimension: usize) -> Self {
        let mut random = ChaCha8Rng::seed_from_u64(SEED);
        let mut rows: Vec<Vec<f32>> = Vec::with_capacity(dimension);
        for _ in 0..dimension {
            let mut row: Vec<f32> = (0..dimension).map(|_| normal(&mut random)).collect();
            // Twice, because the first pass leaves rounding errors.
            for _ in 0..2 {
                for other in &rows {
                    let along = dot(&row, other);
                    row.iter_mut().zip(other).for_each(|(v, o)| *v -= along * o);
                }
            }
            let length = dot(&row, &row).sqrt().max(f32::MIN_POSITIVE);
            row.iter_mut().for_each(|v| *v /= length);
            rows.push(row);
        }
        Self { rows }
    }

    /// A vector in the rotated space.
    pub(crate) fn of(&self, vector: &[f32]) -> Vec<f32> {
        self.rows.iter().map(|row| dot(row, vector)).collect()
    }
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
}
