//! Vectors as one or three bits for each dimension.
//!
//! After the rotation, the values of a vector minus the mean vector are about normal. A first bit says the sign; two
//! more say which of four cells the size is in. The cells and their values are the best for normal numbers (Max,
//! "Quantizing for Minimum Distortion", 1960), in units of the vector's deviation.
//!
//! A cell's value is nearer to zero than most values in it. So each code has a factor that gives a vector its own
//! inner product with itself; inner products with other vectors are then right on average (Gao and Long, "RaBitQ:
//! Quantizing High-Dimensional Vectors with a Theoretical Error Bound", 2024).

/// Where the second, third and fourth cell begin, in deviations.
const EDGES: [f32; 3] = [0.500_6, 1.050, 1.748];
/// The values of the four cells, in deviations.
pub(crate) const LEVELS: [f32; 4] = [0.245_1, 0.756_0, 1.344, 2.152];

/// A vector in three bits for each dimension.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Code {
    /// A bit for each dimension: whether the value is positive. The first dimension is the lowest bit of the first byte.
    pub(crate) signs: Vec<u8>,
    /// The low and the high bit of the number of each value's cell.
    pub(crate) cells: [Vec<u8>; 2],
    /// The size of all values, if only signs are known.
    pub(crate) by_signs: f32,
    /// The factor of [`LEVELS`], if cells are known too.
    pub(crate) by_cells: f32,
}

impl Code {
    /// The code of a rotated vector from which the mean is subtracted.
    pub(crate) fn of(centred: &[f32]) -> Self {
        let square = centred.iter().map(|v| v * v).sum::<f32>();
        let deviation = (square / centred.len().max(1) as f32).sqrt().max(f32::MIN_POSITIVE);
        let cell = |v: f32| EDGES.iter().filter(|edge| v.abs() > **edge * deviation).count();
        let bits = |is_set: &dyn Fn(f32) -> bool| {
            let byte = |values: &[f32]| (0u8..).zip(values).map(|(bit, v)| u8::from(is_set(*v)) << bit).sum();
            centred.chunks(8).map(byte).collect()
        };
        // The vector's inner product with what its code stands for.
        let along = |size: &dyn Fn(f32) -> f32| centred.iter().map(|v| v.abs() * size(*v)).sum::<f32>();
        let factor = |along: f32| square / along.max(f32::MIN_POSITIVE);
        Self {
            signs: bits(&|v| v > 0.0),
            cells: [bits(&|v| cell(v) & 1 == 1), bits(&|v| cell(v) & 2 == 2)],
            by_signs: factor(along(&|_| 1.0)),
            by_cells: factor(along(&|v| LEVELS[cell(v)])),
        }
    }
}

/// Numbers as shares of the largest, in 255 steps; and the largest.
pub(crate) fn steps(numbers: impl Iterator<Item = f32> + Clone) -> (f32, Vec<u8>) {
    let largest = numbers.clone().fold(f32::MIN_POSITIVE, f32::max);
    (largest, numbers.map(|number| (number / largest * 255.0).round() as u8).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_say_sign_and_size() {
        let code = Code::of(&[2.0, -0.1, 0.9, -1.4, 0.0, 0.0, 0.0, 0.0, 1.1]);
        assert_eq!(code.signs, [0b101, 1]);
        assert_eq!(code.cells, [[0b0101, 0], [0b1001, 1]].map(Vec::from));
    }

    #[test]
    fn a_code_gives_a_vector_its_inner_product_with_itself() {
        let vector: Vec<f32> = (0..16).map(|n| ((n * 7) % 11) as f32 / 5.0 - 1.0).collect();
        let code = Code::of(&vector);
        let square: f32 = vector.iter().map(|v| v * v).sum();
        let bit = |bits: &[u8], i: usize| usize::from(bits[i / 8] >> (i % 8) & 1);
        let value = |i: usize, size: f32| if bit(&code.signs, i) == 1 { size } else { -size };
        let level = |i: usize| code.by_cells * LEVELS[bit(&code.cells[0], i) + 2 * bit(&code.cells[1], i)];
        let by_signs: f32 = (0..16).map(|i| vector[i] * value(i, code.by_signs)).sum();
        let by_cells: f32 = (0..16).map(|i| vector[i] * value(i, level(i))).sum();
        assert!((by_signs - square).abs() < 1e-4 && (by_cells - square).abs() < 1e-4, "{by_signs} {by_cells}");
        assert_eq!(steps([1.0, 0.5].into_iter()), (1.0, vec![255, 128]));
    }
}
