//! The forms for NEON, which every 64-bit ARM processor has. A remainder that does not fill a register goes through
//! the plain forms.

use std::arch::aarch64::*;

use super::plain;

/// Works in blocks that fit the stack. The conversion of a block is `half`'s, which has the instruction where the
/// processor does.
pub(super) fn halves(a: &[f32], row: &[u16]) -> f32 {
    use half::slice::{HalfBitsSliceExt, HalfFloatSliceExt};
    const BLOCK: usize = 64;
    let mut widened = [0f32; BLOCK];
    let products = a.chunks(BLOCK).zip(row.chunks(BLOCK)).map(|(a, row)| {
        let widened = &mut widened[..row.len()];
        row.reinterpret_cast::<half::f16>().convert_to_f32_slice(widened);
        floats(a, widened)
    });
    products.sum()
}

pub(super) fn query_codes(query: &[i8], row: &[u8]) -> i32 {
    let (q_blocks, q_rest) = query.as_chunks::<16>();
    let (r_blocks, r_rest) = row.as_chunks::<16>();
    // SAFETY: the processor has NEON, and each block is 16 bytes long.
    let sum = unsafe {
        let mut sum = vdupq_n_s32(0);
        for (q, r) in q_blocks.iter().zip(r_blocks) {
            let (q, r) = (vld1q_s8(q.as_ptr()), vld1q_u8(r.as_ptr()));
            let widened = [
                (vmovl_s8(vget_low_s8(q)), vreinterpretq_s16_u16(vmovl_u8(vget_low_u8(r)))),
                (vmovl_high_s8(q), vreinterpretq_s16_u16(vmovl_high_u8(r))),
            ];
            for (q, r) in widened {
                sum = vmlal_s16(sum, vget_low_s16(q), vget_low_s16(r));
                sum = vmlal_high_s16(sum, q, r);
            }
        }
        vaddvq_s32(sum)
    };
    sum + plain::query_codes(q_rest, r_rest)
}

pub(super) fn row_codes(a: &[u8], b: &[u8]) -> i32 {
    let (a_blocks, a_rest) = a.as_chunks::<16>();
    let (b_blocks, b_rest) = b.as_chunks::<16>();
    // SAFETY: the processor has NEON, and each block is 16 bytes long.
    let sum = unsafe {
        let (mut sum, shift) = (vdupq_n_s32(0), vdupq_n_u8(128));
        for (x, y) in a_blocks.iter().zip(b_blocks) {
            let signed = |bytes: &[u8; 16]| vreinterpretq_s8_u8(veorq_u8(vld1q_u8(bytes.as_ptr()), shift));
            let (x, y) = (signed(x), signed(y));
            sum = vpadalq_s16(sum, vmull_s8(vget_low_s8(x), vget_low_s8(y)));
            sum = vpadalq_s16(sum, vmull_high_s8(x, y));
        }
        vaddvq_s32(sum)
    };
    sum + plain::row_codes(a_rest, b_rest)
}

fn floats(a: &[f32], b: &[f32]) -> f32 {
    let (a_blocks, a_rest) = a.as_chunks::<4>();
    let (b_blocks, b_rest) = b.as_chunks::<4>();
    // SAFETY: the processor has NEON, and each block is 4 values long.
    let sum = unsafe {
        let mut sums = [vdupq_n_f32(0.0); 4];
        for (i, (x, y)) in a_blocks.iter().zip(b_blocks).enumerate() {
            sums[i % 4] = vfmaq_f32(sums[i % 4], vld1q_f32(x.as_ptr()), vld1q_f32(y.as_ptr()));
        }
        vaddvq_f32(vaddq_f32(vaddq_f32(sums[0], sums[1]), vaddq_f32(sums[2], sums[3])))
    };
    sum + a_rest.iter().zip(b_rest).map(|(x, y)| x * y).sum::<f32>()
}

/// The plain form: the compiler vectorises it.
pub(super) fn signs(query: &[i8], row: &[u8]) -> i32 {
    plain::signs(query, row)
}
