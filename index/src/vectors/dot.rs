//! The inner product of two vectors, on the widest registers that the processor has.

/// Independent sums, so that the compiler can keep them in vector registers.
const LANES: usize = 32;

/// Inner product of two vectors of the same length.
#[inline]
pub(crate) fn dot(a: &[f32], b: &[f32]) -> f32 {
    #[cfg(target_arch = "x86_64")]
    {
        if is_x86_feature_detected!("avx512f") {
            // SAFETY: the processor has the instructions.
            return unsafe { dot_avx512(a, b) };
        }
        if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
            // SAFETY: the processor has the instructions.
            return unsafe { dot_avx2(a, b) };
        }
    }
    dot_lanes(a, b)
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f")]
fn dot_avx512(a: &[f32], b: &[f32]) -> f32 {
    dot_lanes_fma(a, b)
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
fn dot_avx2(a: &[f32], b: &[f32]) -> f32 {
    dot_lanes_fma(a, b)
}

#[inline(always)]
fn dot_lanes(a: &[f32], b: &[f32]) -> f32 {
    sum_lanes(a, b, |acc, x, y| acc + x * y)
}

#[cfg(target_arch = "x86_64")]
#[inline(always)]
fn dot_lanes_fma(a: &[f32], b: &[f32]) -> f32 {
    sum_lanes(a, b, |acc, x, y| x.mul_add(y, acc))
}

#[inline(always)]
fn sum_lanes(a: &[f32], b: &[f32], step: impl Fn(f32, f32, f32) -> f32) -> f32 {
    let mut sums = [0f32; LANES];
    let (a_blocks, a_rest) = a.as_chunks::<LANES>();
    let (b_blocks, b_rest) = b.as_chunks::<LANES>();
    for (x, y) in a_blocks.iter().zip(b_blocks) {
        for i in 0..LANES {
            sums[i] = step(sums[i], x[i], y[i]);
        }
    }
    let rest: f32 = a_rest.iter().zip(b_rest).map(|(x, y)| x * y).sum();
    sums.iter().sum::<f32>() + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_path_agrees_with_a_plain_sum() {
        for n in [0, 1, 31, 32, 33, 384, 1000] {
            let a: Vec<f32> = (0..n).map(|i| ((i * 7 % 23) as f32 - 11.0) / 13.0).collect();
            let b: Vec<f32> = (0..n).map(|i| ((i * 5 % 19) as f32 - 9.0) / 11.0).collect();
            let plain: f64 = a.iter().zip(&b).map(|(x, y)| f64::from(*x) * f64::from(*y)).sum();
            for got in [dot(&a, &b), dot_lanes(&a, &b)] {
                assert!((f64::from(got) - plain).abs() < 1e-3, "{got} for {plain} at {n}");
            }
        }
    }
}
