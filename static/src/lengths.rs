//! Lengths of passages in one byte, in the steps that the keyword index uses.
//!
//! Lengths up to 40 are exact; above, a length keeps its three highest bits after the first (the small floats of Apache
//! Lucene, which tantivy uses too). BM25 of the exported files then equals BM25 of the index.

/// The length that a byte stands for, in terms.
pub(crate) fn length(code: u8) -> u32 {
    match u32::from(code) {
        small @ 0..24 => small,
        code => 24 + small_float(code - 24),
    }
}

fn small_float(code: u32) -> u32 {
    let bits = code & 7;
    match (code >> 3).checked_sub(1) {
        None => bits,
        Some(shift) => u32::try_from(u64::from(bits | 8) << shift).unwrap_or(u32::MAX),
    }
}

/// The largest byte that stands for no more than a length.
pub(crate) fn code(terms: usize) -> u8 {
    let terms = u32::try_from(terms).unwrap_or(u32::MAX);
    (0..=u8::MAX).rev().find(|&code| length(code) <= terms).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_grow_with_the_length() {
        assert!((0..=40).all(|n| length(code(n)) as usize == n));
        let found: Vec<u32> = (40..58).map(length).collect();
        assert_eq!(found, [40, 42, 44, 46, 48, 50, 52, 54, 56, 60, 64, 68, 72, 76, 80, 84, 88, 96]);
        assert_eq!((length(code(95)), length(code(usize::MAX))), (88, length(255)));
    }
}
