//! The forms for AVX-512 and AVX2. A remainder that does not fill a register goes through the plain forms.

/// AVX-512 with its instructions for products of bytes.
#[inline]
pub(super) fn has_avx512() -> bool {
    is_x86_feature_detected!("avx512f")
        && is_x86_feature_detected!("avx512bw")
        && is_x86_feature_detected!("avx512vnni")
}

/// AVX2 with fused products and half floats.
#[inline]
pub(super) fn has_avx2() -> bool {
    is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") && is_x86_feature_detected!("f16c")
}

pub(super) mod avx512 {
    use std::arch::x86_64::*;

    use super::super::plain;

    #[target_feature(enable = "avx512f")]
    pub(in super::super) fn halves(a: &[f32], row: &[u16]) -> f32 {
        let (a_blocks, a_rest) = a.as_chunks::<16>();
        let (b_blocks, b_rest) = row.as_chunks::<16>();
        let mut sums = [_mm512_setzero_ps(); 2];
        for (i, (x, y)) in a_blocks.iter().zip(b_blocks).enumerate() {
            // SAFETY: each block is 16 values long.
            let (x, y) = unsafe { (_mm512_loadu_ps(x.as_ptr()), _mm256_loadu_si256(y.as_ptr().cast())) };
            sums[i % 2] = _mm512_fmadd_ps(x, _mm512_cvtph_ps(y), sums[i % 2]);
        }
        _mm512_reduce_add_ps(_mm512_add_ps(sums[0], sums[1])) + plain::halves(a_rest, b_rest)
    }

    #[target_feature(enable = "avx512f,avx512bw,avx512vnni")]
    pub(in super::super) fn query_codes(query: &[i8], row: &[u8]) -> i32 {
        let (q_blocks, q_rest) = query.as_chunks::<64>();
        let (r_blocks, r_rest) = row.as_chunks::<64>();
        let mut sums = [_mm512_setzero_si512(); 2];
        for (i, (q, r)) in q_blocks.iter().zip(r_blocks).enumerate() {
            // SAFETY: each block is 64 bytes long.
            let (q, r) = unsafe { (_mm512_loadu_si512(q.as_ptr().cast()), _mm512_loadu_si512(r.as_ptr().cast())) };
            sums[i % 2] = _mm512_dpbusd_epi32(sums[i % 2], r, q);
        }
        _mm512_reduce_add_epi32(_mm512_add_epi32(sums[0], sums[1])) + plain::query_codes(q_rest, r_rest)
    }

    /// The instruction multiplies unsigned bytes by signed bytes. So `a` stays 128 too high, and 128 times the codes
    /// of `b` are subtracted.
    #[target_feature(enable = "avx512f,avx512bw,avx512vnni")]
    pub(in super::super) fn row_codes(a: &[u8], b: &[u8]) -> i32 {
        let (a_blocks, a_rest) = a.as_chunks::<64>();
        let (b_blocks, b_rest) = b.as_chunks::<64>();
        let shift = _mm512_set1_epi8(i8::MIN);
        let (mut sum, mut excess) = (_mm512_setzero_si512(), _mm512_setzero_si512());
        for (x, y) in a_blocks.iter().zip(b_blocks) {
            // SAFETY: each block is 64 bytes long.
            let (x, y) = unsafe { (_mm512_loadu_si512(x.as_ptr().cast()), _mm512_loadu_si512(y.as_ptr().cast())) };
            let y = _mm512_xor_si512(y, shift);
            sum = _mm512_dpbusd_epi32(sum, x, y);
            excess = _mm512_dpbusd_epi32(excess, shift, y);
        }
        _mm512_reduce_add_epi32(_mm512_sub_epi32(sum, excess)) + plain::row_codes(a_rest, b_rest)
    }

    /// The signs are a mask over the codes; a product with ones sums the remaining codes.
    #[target_feature(enable = "avx512f,avx512bw,avx512vnni")]
    pub(in super::super) fn signs(query: &[i8], row: &[u8]) -> i32 {
        let (q_blocks, q_rest) = query.as_chunks::<64>();
        let (r_blocks, _) = row.as_chunks::<8>();
        let ones = _mm512_set1_epi8(1);
        let mut sum = _mm512_setzero_si512();
        for (q, r) in q_blocks.iter().zip(r_blocks) {
            // SAFETY: the block is 64 bytes long.
            let kept = unsafe { _mm512_maskz_loadu_epi8(u64::from_le_bytes(*r), q.as_ptr()) };
            sum = _mm512_dpbusd_epi32(sum, ones, kept);
        }
        _mm512_reduce_add_epi32(sum) + plain::signs(q_rest, &row[q_blocks.len() * 8..])
    }
}

pub(super) mod avx2 {
    use std::arch::x86_64::*;

    use super::super::plain;

    // Four sums at once: one addition takes as long as four independent ones.

    #[target_feature(enable = "avx2,fma,f16c")]
    pub(in super::super) fn halves(a: &[f32], row: &[u16]) -> f32 {
        let (a_blocks, a_rest) = a.as_chunks::<32>();
        let (b_blocks, b_rest) = row.as_chunks::<32>();
        let mut sums = [_mm256_setzero_ps(); 4];
        for (x, y) in a_blocks.iter().zip(b_blocks) {
            for (i, sum) in sums.iter_mut().enumerate() {
                // SAFETY: each block is four times 8 values long.
                let (x, y) =
                    unsafe { (_mm256_loadu_ps(&raw const x[8 * i]), _mm_loadu_si128((&raw const y[8 * i]).cast())) };
                *sum = _mm256_fmadd_ps(x, _mm256_cvtph_ps(y), *sum);
            }
        }
        sum_floats(sums) + plain::halves(a_rest, b_rest)
    }

    /// Widens to 16 bits, because the instruction for bytes saturates.
    #[target_feature(enable = "avx2")]
    pub(in super::super) fn query_codes(query: &[i8], row: &[u8]) -> i32 {
        let (q_blocks, q_rest) = query.as_chunks::<64>();
        let (r_blocks, r_rest) = row.as_chunks::<64>();
        let mut sums = [_mm256_setzero_si256(); 4];
        for (q, r) in q_blocks.iter().zip(r_blocks) {
            for (i, sum) in sums.iter_mut().enumerate() {
                // SAFETY: each block is four times 16 bytes long.
                let [q, r] = unsafe {
                    [(&raw const q[16 * i]).cast(), (&raw const r[16 * i]).cast()].map(|p| _mm_loadu_si128(p))
                };
                let products = _mm256_madd_epi16(_mm256_cvtepi8_epi16(q), _mm256_cvtepu8_epi16(r));
                *sum = _mm256_add_epi32(*sum, products);
            }
        }
        sum_numbers(sums) + plain::query_codes(q_rest, r_rest)
    }

    #[target_feature(enable = "avx2")]
    pub(in super::super) fn row_codes(a: &[u8], b: &[u8]) -> i32 {
        let (a_blocks, a_rest) = a.as_chunks::<64>();
        let (b_blocks, b_rest) = b.as_chunks::<64>();
        let shift = _mm_set1_epi8(i8::MIN);
        let mut sums = [_mm256_setzero_si256(); 4];
        for (x, y) in a_blocks.iter().zip(b_blocks) {
            for (i, sum) in sums.iter_mut().enumerate() {
                // SAFETY: each block is four times 16 bytes long.
                let [x, y] = unsafe { [&raw const x[16 * i], &raw const y[16 * i]].map(|p| _mm_loadu_si128(p.cast())) };
                let [x, y] = [x, y].map(|v| _mm256_cvtepi8_epi16(_mm_xor_si128(v, shift)));
                *sum = _mm256_add_epi32(*sum, _mm256_madd_epi16(x, y));
            }
        }
        sum_numbers(sums) + plain::row_codes(a_rest, b_rest)
    }

    #[target_feature(enable = "avx2")]
    fn sum_floats([a, b, c, d]: [__m256; 4]) -> f32 {
        let v = _mm256_add_ps(_mm256_add_ps(a, b), _mm256_add_ps(c, d));
        let four = _mm_add_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps::<1>(v));
        let two = _mm_add_ps(four, _mm_movehl_ps(four, four));
        _mm_cvtss_f32(_mm_add_ss(two, _mm_movehdup_ps(two)))
    }

    #[target_feature(enable = "avx2")]
    fn sum_numbers([a, b, c, d]: [__m256i; 4]) -> i32 {
        let v = _mm256_add_epi32(_mm256_add_epi32(a, b), _mm256_add_epi32(c, d));
        let four = _mm_add_epi32(_mm256_castsi256_si128(v), _mm256_extracti128_si256::<1>(v));
        let two = _mm_add_epi32(four, _mm_unpackhi_epi64(four, four));
        _mm_cvtsi128_si32(_mm_add_epi32(two, _mm_shuffle_epi32::<1>(two)))
    }

    /// Four bytes of signs become 32 bytes, each the byte that holds its bit; the bit decides whether a code stays.
    #[target_feature(enable = "avx2")]
    pub(in super::super) fn signs(query: &[i8], row: &[u8]) -> i32 {
        let (q_blocks, q_rest) = query.as_chunks::<32>();
        let (r_blocks, _) = row.as_chunks::<4>();
        let spread = _mm256_setr_epi8(
            0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2, 2, 2, 3, 3, 3, 3, 3, 3, 3, 3,
        );
        let bits = _mm256_set1_epi64x(0x8040_2010_0804_0201_u64 as i64);
        let (ones, pairs) = (_mm256_set1_epi8(1), _mm256_set1_epi16(1));
        let mut sum = _mm256_setzero_si256();
        for (q, r) in q_blocks.iter().zip(r_blocks) {
            let bytes = _mm256_shuffle_epi8(_mm256_set1_epi32(i32::from_le_bytes(*r)), spread);
            let is_set = _mm256_cmpeq_epi8(_mm256_and_si256(bytes, bits), bits);
            // SAFETY: the block is 32 bytes long.
            let kept = _mm256_and_si256(is_set, unsafe { _mm256_loadu_si256(q.as_ptr().cast()) });
            sum = _mm256_add_epi32(sum, _mm256_madd_epi16(_mm256_maddubs_epi16(ones, kept), pairs));
        }
        let sum = _mm_add_epi32(_mm256_castsi256_si128(sum), _mm256_extracti128_si256::<1>(sum));
        let sum = _mm_add_epi32(sum, _mm_shuffle_epi32::<0b01_00_11_10>(sum));
        let sum = _mm_add_epi32(sum, _mm_shuffle_epi32::<0b10_11_00_01>(sum));
        _mm_cvtsi128_si32(sum) + plain::signs(q_rest, &row[q_blocks.len() * 4..])
    }
}
