//! A dictionary for the files of texts.
//!
//! A file of texts is small, so compression alone finds little in it that repeats. The pages of a site repeat much of
//! each other. The dictionary holds such parts of them; every file of texts is compressed after it. Its parts are chosen
//! as in Liao et al., "Effective Construction of Relative Lempel-Ziv Dictionaries", 2016: of each stretch of all texts
//! the segment whose short strings are in the most files, where each string counts once.

/// Bytes of a dictionary at most, and the share of the texts that it may be.
const LARGEST: usize = 30 << 10;
const SHARE: usize = 24;
/// Bytes of a short string, and of a segment.
const STRING: usize = 6;
const SEGMENT: usize = 64;
/// Bytes of texts that are looked at.
const SAMPLE: usize = 16 << 20;
/// Strings are counted by this many bits of a hash.
const BITS: u32 = 21;

/// The dictionary of the contents of some files.
pub(crate) fn dictionary(texts: &[&[u8]]) -> Vec<u8> {
    let all: usize = texts.iter().map(|text| text.len()).sum();
    let texts: Vec<&[u8]> = texts.iter().copied().step_by(all.div_ceil(SAMPLE).max(1)).collect();
    let size = LARGEST.min(all / SHARE);
    let mut counts = counts(&texts);
    let joined = texts.concat();
    let stretch = joined.len() / (size / SEGMENT).max(1);
    let mut segments: Vec<(u64, &[u8])> =
        joined.chunks_exact(stretch.max(SEGMENT)).map(|part| best(part, &mut counts)).collect();
    // What is nearest to the text has the shortest references.
    segments.sort_by_key(|(worth, _)| *worth);
    let joined: Vec<u8> = segments.into_iter().flat_map(|(_, segment)| segment).copied().collect();
    joined[joined.len().saturating_sub(size)..].to_vec()
}

fn place(string: &[u8]) -> usize {
    let number = string.iter().fold(0u64, |number, byte| number << 8 | u64::from(*byte));
    (number.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> (64 - BITS)) as usize
}

/// In how many texts a string is; strings of one text count nothing.
fn counts(texts: &[&[u8]]) -> Vec<u32> {
    let (mut counts, mut last) = (vec![0u32; 1 << BITS], vec![0u32; 1 << BITS]);
    for (number, text) in (1..).zip(texts) {
        for at in text.windows(STRING).map(place) {
            if last[at] != number {
                last[at] = number;
                counts[at] += 1;
            }
        }
    }
    counts.into_iter().map(|count| if count > 1 { count } else { 0 }).collect()
}

/// The best segment of a part of the texts, and its worth. Its strings are worth nothing from now on.
fn best<'t>(part: &'t [u8], counts: &mut [u32]) -> (u64, &'t [u8]) {
    let worth: Vec<u64> = part.windows(STRING).map(|string| u64::from(counts[place(string)])).collect();
    let strings = SEGMENT - STRING + 1;
    let mut sum: u64 = worth.iter().take(strings).sum();
    let (mut most, mut from) = (sum, 0);
    for at in strings..worth.len() {
        sum = sum + worth[at] - worth[at - strings];
        if sum > most {
            (most, from) = (sum, at + 1 - strings);
        }
    }
    let segment = &part[from..(from + SEGMENT).min(part.len())];
    segment.windows(STRING).for_each(|string| counts[place(string)] = 0);
    (most, segment)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_many_texts_have_is_in_it_and_comes_last() {
        let common = "Every page ends with this sentence about the licence of all examples.";
        let text = |n: usize| {
            let own: String = (0..300).map(|k| char::from(b'a' + ((n * 31 + k * k * 7 + k * n) % 26) as u8)).collect();
            format!("{own}{common}").into_bytes()
        };
        let texts: Vec<Vec<u8>> = (0..60).map(text).collect();
        let views: Vec<&[u8]> = texts.iter().map(Vec::as_slice).collect();
        let found = String::from_utf8(dictionary(&views)).expect("text");
        assert!(found.len() <= texts.concat().len() / SHARE);
        assert!(found[found.len() - SEGMENT..].contains("ends with this sentence"), "{found}");
        assert!(dictionary(&[]).is_empty() && dictionary(&[b"short"]).is_empty());
    }
}
