//! The forms for AVX-512 and AVX2. What does not fill a register goes through the plain forms.

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

    /// The instruction multiplies bytes without a sign by bytes with one. So `a` stays 128 too high, and
    /// 128 times the codes of `b` are taken off.
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
}

pub(super) mod avx2 {
    use std::arch::x86_64::*;

    use super::super::plain;

    #[target_feature(enable = "avx2,fma,f16c")]
    pub(in super::super) fn halves(a: &[f32], row: &[u16]) -> f32 {
        let (a_blocks, a_rest) = a.as_chunks::<8>();
        let (b_blocks, b_rest) = row.as_chunks::<8>();
        let mut sums = [_mm256_setzero_ps(); 2];
        for (i, (x, y)) in a_blocks.iter().zip(b_blocks).enumerate() {
            // SAFETY: each block is 8 values long.
            let (x, y) = unsafe { (_mm256_loadu_ps(x.as_ptr()), _mm_loadu_si128(y.as_ptr().cast())) };
            sums[i % 2] = _mm256_fmadd_ps(x, _mm256_cvtph_ps(y), sums[i % 2]);
        }
        sum_floats(_mm256_add_ps(sums[0], sums[1])) + plain::halves(a_rest, b_rest)
    }

    /// Through 16 bits: the instruction for bytes saturates.
    #[target_feature(enable = "avx2")]
    pub(in super::super) fn query_codes(query: &[i8], row: &[u8]) -> i32 {
        let (q_blocks, q_rest) = query.as_chunks::<16>();
        let (r_blocks, r_rest) = row.as_chunks::<16>();
        let mut sums = [_mm256_setzero_si256(); 2];
        for (i, (q, r)) in q_blocks.iter().zip(r_blocks).enumerate() {
            // SAFETY: each block is 16 bytes long.
            let (q, r) = unsafe { (_mm_loadu_si128(q.as_ptr().cast()), _mm_loadu_si128(r.as_ptr().cast())) };
            let products = _mm256_madd_epi16(_mm256_cvtepi8_epi16(q), _mm256_cvtepu8_epi16(r));
            sums[i % 2] = _mm256_add_epi32(sums[i % 2], products);
        }
        sum_numbers(_mm256_add_epi32(sums[0], sums[1])) + plain::query_codes(q_rest, r_rest)
    }

    #[target_feature(enable = "avx2")]
    pub(in super::super) fn row_codes(a: &[u8], b: &[u8]) -> i32 {
        let (a_blocks, a_rest) = a.as_chunks::<16>();
        let (b_blocks, b_rest) = b.as_chunks::<16>();
        let shift = _mm_set1_epi8(i8::MIN);
        let mut sums = [_mm256_setzero_si256(); 2];
        for (i, (x, y)) in a_blocks.iter().zip(b_blocks).enumerate() {
            // SAFETY: each block is 16 bytes long.
            let (x, y) = unsafe { (_mm_loadu_si128(x.as_ptr().cast()), _mm_loadu_si128(y.as_ptr().cast())) };
            let [x, y] = [x, y].map(|v| _mm256_cvtepi8_epi16(_mm_xor_si128(v, shift)));
            sums[i % 2] = _mm256_add_epi32(sums[i % 2], _mm256_madd_epi16(x, y));
        }
        sum_numbers(_mm256_add_epi32(sums[0], sums[1])) + plain::row_codes(a_rest, b_rest)
    }

    #[target_feature(enable = "avx2")]
    fn sum_floats(v: __m256) -> f32 {
        let mut lanes = [0f32; 8];
        // SAFETY: there is room for 8 values.
        unsafe { _mm256_storeu_ps(lanes.as_mut_ptr(), v) };
        lanes.iter().sum()
    }

    #[target_feature(enable = "avx2")]
    fn sum_numbers(v: __m256i) -> i32 {
        let mut lanes = [0i32; 8];
        // SAFETY: there is room for 8 values.
        unsafe { _mm256_storeu_si256(lanes.as_mut_ptr().cast(), v) };
        lanes.iter().sum()
    }
}
