//! Number formats of stored tensors.

use safetensors::{Dtype, tensor::TensorView};

/// The values of a floating-point tensor; `None` for any other type.
pub(crate) fn to_f32(view: &TensorView<'_>) -> Option<Vec<f32>> {
    read(view.dtype(), view.data())
}

/// Decodes some bytes of such a tensor into values.
pub(crate) fn read(dtype: Dtype, bytes: &[u8]) -> Option<Vec<f32>> {
    let pairs = |f: fn(u16) -> f32| bytes.chunks_exact(2).map(|b| f(u16::from_le_bytes([b[0], b[1]]))).collect();
    match dtype {
        Dtype::F32 => Some(bytes.chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect()),
        Dtype::BF16 => Some(pairs(|h| f32::from_bits(u32::from(h) << 16))),
        Dtype::F16 => Some(pairs(f16_to_f32)),
        _ => None,
    }
}

/// IEEE 754 binary16 to binary32.
fn f16_to_f32(h: u16) -> f32 {
    let sign = if h & 0x8000 == 0 { 1.0 } else { -1.0 };
    let exponent = i32::from((h >> 10) & 0x1f);
    let fraction = f32::from(h & 0x3ff);
    match exponent {
        0 => sign * fraction * 2f32.powi(-24),
        31 if fraction == 0.0 => sign * f32::INFINITY,
        31 => f32::NAN,
        e => sign * (1.0 + fraction / 1024.0) * 2f32.powi(e - 15),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_precision_reads_known_values() {
        for (bits, value) in [(0x3c00, 1.0), (0xc000, -2.0), (0x0001, 5.960_464_5e-8), (0x7bff, 65504.0), (0, 0.0)] {
            assert_eq!(f16_to_f32(bits), value);
        }
        assert!(f16_to_f32(0x7c00).is_infinite() && f16_to_f32(0x7e00).is_nan());
    }
}
