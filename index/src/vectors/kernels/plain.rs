//! The forms that every processor can run. They define the results of the others.

use half::f16;

/// Independent sums, so that the compiler can keep them in vector registers.
const LANES: usize = 16;

pub(super) fn halves(a: &[f32], row: &[u16]) -> f32 {
    let mut sums = [0f32; LANES];
    let widened = |bits: u16| f16::from_bits(bits).to_f32();
    let (a_blocks, a_rest) = a.as_chunks::<LANES>();
    let (b_blocks, b_rest) = row.as_chunks::<LANES>();
    for (x, y) in a_blocks.iter().zip(b_blocks) {
        for i in 0..LANES {
            sums[i] += x[i] * widened(y[i]);
        }
    }
    let rest: f32 = a_rest.iter().zip(b_rest).map(|(x, y)| x * widened(*y)).sum();
    sums.iter().sum::<f32>() + rest
}

pub(super) fn query_codes(query: &[i8], row: &[u8]) -> i32 {
    query.iter().zip(row).map(|(x, y)| i32::from(*x) * i32::from(*y)).sum()
}

pub(super) fn row_codes(a: &[u8], b: &[u8]) -> i32 {
    a.iter().zip(b).map(|(x, y)| (i32::from(*x) - 128) * (i32::from(*y) - 128)).sum()
}

/// See [`super::signs`].
pub(super) fn signs(query: &[i8], row: &[u8]) -> i32 {
    let is_set = |i: usize| row[i / 8] >> (i % 8) & 1 == 1;
    query.iter().enumerate().filter(|(i, _)| is_set(*i)).map(|(_, code)| i32::from(*code)).sum()
}
