//! Weights as 8-bit integers, one scale per output channel.

/// The storage format of the integers. Both formats hold the same numbers. The processor decides which one
/// multiplies exactly and fast.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Storage {
    /// Signed, zero point 0. For processors with VNNI instructions, and for ARM.
    Signed,
    /// Unsigned, zero point 128. x86 without VNNI adds pairs of unsigned-times-signed products in
    /// 16 bits and saturates; unsigned-times-unsigned goes through 32 bits and is exact.
    Unsigned,
}

impl Storage {
    /// The exact format for this processor.
    pub(crate) fn for_this_cpu() -> Self {
        #[cfg(target_arch = "x86_64")]
        if !is_x86_feature_detected!("avx512vnni") && !is_x86_feature_detected!("avxvnni") {
            return Self::Unsigned;
        }
        Self::Signed
    }
}

/// A matrix of `rows` inputs by `columns` outputs, quantised per output.
pub(crate) struct Quantized {
    /// Row-major, `rows * columns`, in -127..=127.
    pub(crate) values: Vec<i8>,
    /// One per column: value * scale is the weight.
    pub(crate) scales: Vec<f32>,
}

/// Quantises symmetrically: the largest magnitude of a column becomes 127.
pub(crate) fn per_column(matrix: &[f32], columns: usize) -> Quantized {
    let mut scales = vec![0f32; columns];
    for row in matrix.chunks_exact(columns) {
        for (scale, w) in scales.iter_mut().zip(row) {
            *scale = scale.max(w.abs());
        }
    }
    // A column of zeros keeps a harmless scale.
    scales.iter_mut().for_each(|s| *s = if *s > 0.0 { *s / 127.0 } else { 1.0 });
    let values = matrix
        .chunks_exact(columns)
        .flat_map(|row| row.iter().zip(&scales).map(|(w, s)| (w / s).round().clamp(-127.0, 127.0) as i8))
        .collect();
    Quantized { values, scales }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_weight_is_within_half_a_step() {
        let matrix: Vec<f32> = (0..60).map(|i| ((i * 37 % 101) as f32 - 50.0) / 17.0).collect();
        let q = per_column(&matrix, 5);
        for (i, w) in matrix.iter().enumerate() {
            let back = f32::from(q.values[i]) * q.scales[i % 5];
            assert!((back - w).abs() <= q.scales[i % 5] * 0.5001, "{back} for {w}");
        }
    }

    #[test]
    fn a_column_of_zeros_stays_zero() {
        let q = per_column(&[0.0, 1.0, 0.0, -2.0], 2);
        assert_eq!(q.values, [0, 64, 0, -127]);
    }
}
