//! Vectors with eight bits for each value. A walk over the graph compares these codes.
//!
//! All rows of a segment share one scale, the largest magnitude of a value among them, so sums of products of codes
//! order rows as their similarities do, apart from rounding. The search scores the rows that a walk finds again, from
//! the rows themselves.

use half::f16;

const STEPS: f32 = 127.0;
/// Added to a row's code so that it has no sign.
const SHIFT: f32 = 128.0;

/// The scale that converts a segment's values to codes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Scale(f32);

impl Scale {
    /// The scale for some rows.
    pub(crate) fn of(rows: &[u16]) -> Self {
        // For half floats without their sign, the larger bit pattern is the larger value.
        let largest = rows.iter().map(|bits| bits & 0x7fff).max().unwrap_or_default();
        Self(STEPS / f16::from_bits(largest).max(f16::MIN_POSITIVE).to_f32())
    }

    /// Codes of rows: `round(127 v / largest) + 128`.
    pub(crate) fn row(self, row: &[u16]) -> impl Iterator<Item = u8> {
        row.iter().map(move |bits| ((f16::from_bits(*bits).to_f32() * self.0).round() + SHIFT) as u8)
    }

    /// The inner product of two rows' codes for rows that are equal and of length 1.
    pub(crate) fn unit(self) -> f32 {
        self.0 * self.0
    }
}

/// Codes of a query, with a scale of its own: only the order of its products matters.
pub(crate) fn query(query: &[f32]) -> Vec<i8> {
    let largest = query.iter().fold(f32::MIN_POSITIVE, |most, v| most.max(v.abs()));
    query.iter().map(|v| (v / largest * STEPS).round() as i8).collect()
}

/// A vector as half floats.
pub(crate) fn halved(vector: &[f32]) -> Vec<u16> {
    vector.iter().map(|v| f16::from_f32(*v).to_bits()).collect()
}

/// The vector of a row of half floats.
pub(crate) fn widened(row: &[u16]) -> Vec<f32> {
    row.iter().map(|bits| f16::from_bits(*bits).to_f32()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vectors::kernels;

    #[test]
    fn products_of_codes_follow_those_of_values() {
        let vector = |seed: usize| -> Vec<f32> {
            let raw: Vec<f32> = (0..384).map(|i| ((i * i * seed + 17 * i) % 101) as f32 - 50.0).collect();
            let length = raw.iter().map(|v| v * v).sum::<f32>().sqrt();
            raw.iter().map(|v| v / length).collect()
        };
        let rows: Vec<Vec<f32>> = (1..40).map(vector).collect();
        let halves: Vec<u16> = rows.iter().flat_map(|r| halved(r)).collect();
        let scale = Scale::of(&halves);
        let codes: Vec<Vec<u8>> = halves.chunks_exact(384).map(|r| scale.row(r).collect()).collect();
        assert!(codes.iter().flatten().all(|c| (1..=255).contains(c)));
        for (a, x) in rows.iter().zip(&codes) {
            for (b, y) in rows.iter().zip(&codes) {
                let exact: f32 = a.iter().zip(b).map(|(v, w)| v * w).sum();
                let coded = kernels::row_codes(x, y) as f32 / scale.unit();
                assert!((exact - coded).abs() < 0.01, "{coded} for {exact}");
            }
        }
    }

    #[test]
    fn nothing_but_zeros_has_codes_too() {
        let zeros = halved(&[0.0; 8]);
        assert_eq!(Scale::of(&zeros).row(&zeros).collect::<Vec<_>>(), [128; 8]);
        assert_eq!(query(&[0.0; 8]), [0; 8]);
    }

    #[test]
    fn widening_undoes_halving_of_what_was_halved() {
        let halves = halved(&[0.1, -0.25, 1.0, 0.0, -3e-6]);
        assert_eq!(halved(&widened(&halves)), halves);
    }
}
