//! Inner products, on the widest registers that the processor has.
//!
//! Each product exists for AVX-512, AVX2 and NEON beside a plain form that defines its result. The choice between
//! them is made at run time. The forms on whole numbers agree to the last bit, so a graph and a walk do not depend on
//! the machine.

#[cfg(target_arch = "aarch64")]
mod neon;
mod plain;
#[cfg(target_arch = "x86_64")]
mod x86;

/// Calls the first form whose instructions the processor has, else the plain one.
macro_rules! dispatch {
    ($name:ident($a:expr, $b:expr)) => {{
        #[cfg(target_arch = "x86_64")]
        {
            if x86::has_avx512() {
                // SAFETY: the processor has the instructions.
                return unsafe { x86::avx512::$name($a, $b) };
            }
            if x86::has_avx2() {
                // SAFETY: the processor has the instructions.
                return unsafe { x86::avx2::$name($a, $b) };
            }
        }
        #[cfg(target_arch = "aarch64")]
        return neon::$name($a, $b);
        #[cfg(not(target_arch = "aarch64"))]
        plain::$name($a, $b)
    }};
}

/// Inner product of a vector and a row of IEEE 754 half floats of the same length.
#[inline]
pub(crate) fn halves(a: &[f32], row: &[u16]) -> f32 {
    dispatch!(halves(a, row))
}

/// The sum of products of a query's codes and a row's codes of the same length. A row's codes are stored 128 too
/// high, so the sum is too high by 128 times the sum of the query's codes: the same for all rows.
#[inline]
pub(crate) fn query_codes(query: &[i8], row: &[u8]) -> i32 {
    dispatch!(query_codes(query, row))
}

/// Inner product of two rows of codes of the same length, each stored 128 too high.
#[inline]
pub(crate) fn row_codes(a: &[u8], b: &[u8]) -> i32 {
    dispatch!(row_codes(a, b))
}

/// The sum of the query's codes whose bit is set in a row of signs: bit `i % 8` of byte `i / 8` belongs to code `i`.
#[inline]
pub(crate) fn signs(query: &[i8], row: &[u8]) -> i32 {
    dispatch!(signs(query, row))
}

/// Prefetches memory ahead of its use.
#[inline]
pub(crate) fn prefetch<T>(memory: &[T]) {
    #[cfg(target_arch = "x86_64")]
    for line in memory.chunks(64 / size_of::<T>().clamp(1, 64)) {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        // SAFETY: this is a hint about valid memory; it reads nothing.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(line.as_ptr().cast()) };
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = memory;
}

#[cfg(test)]
mod tests {
    use half::f16;

    use super::*;

    type Form<A, B, R> = fn(&[A], &[B]) -> R;

    /// Every form that this processor can run, by name.
    macro_rules! forms {
        ($name:ident) => {{
            let mut forms: Vec<(&str, Form<_, _, _>)> = vec![("dispatched", $name), ("plain", plain::$name)];
            #[cfg(target_arch = "x86_64")]
            {
                // SAFETY: the processor has the instructions.
                if x86::has_avx512() {
                    forms.push(("AVX-512", |a, b| unsafe { x86::avx512::$name(a, b) }));
                }
                if x86::has_avx2() {
                    forms.push(("AVX2", |a, b| unsafe { x86::avx2::$name(a, b) }));
                }
            }
            #[cfg(target_arch = "aarch64")]
            forms.push(("NEON", neon::$name));
            forms
        }};
    }

    const LENGTHS: [usize; 12] = [0, 1, 7, 16, 31, 64, 65, 127, 128, 384, 400, 1000];

    fn numbers(n: usize, step: usize) -> Vec<f32> {
        (0..n).map(|i| ((i * step % 23) as f32 - 11.0) / 13.0).collect()
    }

    #[test]
    fn every_form_of_halves_agrees_with_a_plain_sum() {
        for n in LENGTHS {
            let (a, b) = (numbers(n, 7), numbers(n, 5));
            let row: Vec<u16> = b.iter().map(|v| f16::from_f32(*v).to_bits()).collect();
            let exact = |bits: &u16| f64::from(f16::from_bits(*bits).to_f32());
            let plain: f64 = a.iter().zip(&row).map(|(x, y)| f64::from(*x) * exact(y)).sum();
            for (form, product) in forms!(halves) {
                let got = product(&a, &row);
                assert!((f64::from(got) - plain).abs() < 1e-3, "{form}: {got} for {plain} at {n}");
            }
        }
    }

    /// Values that include the extremes: no form may saturate.
    #[test]
    fn every_form_of_codes_gives_the_same_number() {
        for n in LENGTHS {
            for extreme in [false, true] {
                let code = |i: usize, step: usize| if extreme { 127 } else { (i * step % 255) as i16 - 127 };
                let query: Vec<i8> = (0..n).map(|i| code(i, 7) as i8).collect();
                let [a, b] = [11, 5].map(|step| (0..n).map(|i| (code(i, step) + 128) as u8).collect::<Vec<u8>>());
                let by_query: i32 = query.iter().zip(&a).map(|(x, y)| i32::from(*x) * i32::from(*y)).sum();
                let signed = |v: &u8| i32::from(*v) - 128;
                let by_row: i32 = a.iter().zip(&b).map(|(x, y)| signed(x) * signed(y)).sum();
                for (form, product) in forms!(query_codes) {
                    assert_eq!(product(&query, &a), by_query, "{form} at {n}");
                }
                for (form, product) in forms!(row_codes) {
                    assert_eq!(product(&a, &b), by_row, "{form} at {n}");
                }
            }
        }
    }
}
