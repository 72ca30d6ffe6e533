//! Codes of token vectors, for a second look at the best candidates.
//!
//! A text has one vector, but its encoder also computes one for each token. Each token of a query is compared with
//! its nearest token of a passage, and the score of a passage is the mean of these similarities (Khattab and Zaharia,
//! "ColBERT: Efficient and Effective Passage Search via Contextualized Late Interaction over BERT", 2020). A stored
//! token has one bit for each dimension: the sign of its distance from the mean token (Charikar, "Similarity
//! Estimation Techniques from Rounding Algorithms", 2002). Neighbouring tokens share a code, which costs little and
//! makes the file small.
//!
//! `tokens.u8` holds the codes of all rows, one after the other; `tokens.u32` holds `rows + 1` offsets, in codes.

use std::{
    fs::File,
    io::{BufWriter, Write},
    path::{Path, PathBuf},
};

use memmap2::Mmap;

use super::kernels;
use crate::{Error, Result, files, layout};

/// Number of bytes of a code of `dimension` bits.
pub(crate) const fn code_bytes(dimension: usize) -> usize {
    dimension.div_ceil(8)
}

/// Codes of a text's token vectors: `rows` are unit vectors of `mean.len()` values each, and every `neighbours` of
/// them share a code. Bit `i` of a code is bit `i % 8` of its byte `i / 8`. Empty, if `neighbours` is 0.
#[must_use]
pub fn token_codes(rows: &[f32], mean: &[f32], neighbours: usize) -> Vec<u8> {
    let dimension = mean.len();
    if neighbours == 0 || dimension == 0 {
        return Vec::new();
    }
    let mut codes = Vec::new();
    for group in rows.chunks(dimension * neighbours) {
        let count = (group.len() / dimension) as f32;
        let mut code = vec![0u8; code_bytes(dimension)];
        for (i, mean) in mean.iter().enumerate() {
            let sum: f32 = group.iter().skip(i).step_by(dimension).sum();
            if sum > mean * count {
                code[i / 8] |= 1 << (i % 8);
            }
        }
        codes.extend(code);
    }
    codes
}

/// The tokens of a query, in the form for comparison with codes.
#[derive(Debug, Clone)]
pub struct QueryTokens {
    /// Row-major, eight bits for each value.
    rows: Vec<i8>,
    /// For each row: the sum of its values, and the factor that makes a sum of signed values a cosine.
    sums: Vec<(i32, f32)>,
    dimension: usize,
}

impl QueryTokens {
    /// Takes token vectors, row-major, of `dimension` values each; any length.
    #[must_use]
    pub fn new(vectors: &[f32], dimension: usize) -> Self {
        let mut tokens = Self { rows: Vec::with_capacity(vectors.len()), sums: Vec::new(), dimension };
        for row in vectors.chunks_exact(dimension.max(1)) {
            let largest = row.iter().fold(0f32, |all, v| all.max(v.abs())).max(f32::MIN_POSITIVE);
            let length = row.iter().map(|v| v * v).sum::<f32>().sqrt().max(f32::MIN_POSITIVE);
            let unit = largest / f32::from(i8::MAX);
            let codes = row.iter().map(|v| (v / unit).round() as i8);
            let start = tokens.rows.len();
            tokens.rows.extend(codes);
            let sum = tokens.rows[start..].iter().map(|v| i32::from(*v)).sum();
            tokens.sums.push((sum, unit / (length * (dimension as f32).sqrt())));
        }
        tokens
    }

    /// For each of the query's tokens, its similarity to the nearest of a passage's codes, as [`token_codes`] made
    /// them; `None` if either side has none.
    #[must_use]
    pub fn nearest(&self, codes: &[u8]) -> Option<Vec<f32>> {
        if self.sums.is_empty() || codes.is_empty() {
            return None;
        }
        let nearest = |(row, (sum, factor)): (&[i8], &(i32, f32))| {
            let all = codes.chunks_exact(code_bytes(self.dimension)).map(|code| kernels::signs(row, code));
            all.max().map_or(0.0, |most| (2 * most - sum) as f32 * factor)
        };
        Some(self.rows.chunks_exact(self.dimension).zip(&self.sums).map(nearest).collect())
    }

    /// For each of the query's tokens, its similarity to each code, in their order.
    #[must_use]
    pub fn similarities(&self, codes: &[u8]) -> Vec<Vec<f32>> {
        let to_codes = |(row, (sum, factor)): (&[i8], &(i32, f32))| {
            let signs = codes.chunks_exact(code_bytes(self.dimension)).map(|code| kernels::signs(row, code));
            signs.map(|set| (2 * set - sum) as f32 * factor).collect()
        };
        self.rows.chunks_exact(self.dimension.max(1)).zip(&self.sums).map(to_codes).collect()
    }
}

/// The codes of a segment, mapped.
#[derive(Debug)]
pub(super) struct Tokens {
    codes: Mmap,
    offsets: Mmap,
    bytes: usize,
}

impl Tokens {
    /// Opens the codes of `rows` rows, if the segment has any.
    pub(super) fn open(dir: &Path, rows: usize, dimension: usize) -> Result<Option<Self>> {
        let path = dir.join(layout::TOKENS);
        if !path.is_file() {
            return Ok(None);
        }
        let codes = files::map(&path)?;
        let offsets_path = dir.join(layout::TOKEN_OFFSETS);
        let offsets = files::map(&offsets_path)?;
        let words = files::as_u32(&offsets_path, &offsets)?;
        let bytes = code_bytes(dimension);
        let fits = words.len() == rows + 1 && words[0] == 0 && words.is_sorted();
        if !fits || words[rows] as usize * bytes != codes.len() {
            let expected = format!("offsets of {rows} rows into {} codes", codes.len() / bytes.max(1));
            return Err(Error::damaged(offsets_path, "the offsets do not match the codes", expected));
        }
        Ok(Some(Self { codes, offsets, bytes }))
    }

    /// The codes of a row.
    pub(super) fn of(&self, row: usize) -> &[u8] {
        // SAFETY: alignment and length were checked in `open`; every bit pattern is a u32.
        let offsets = unsafe { self.offsets.align_to::<u32>() }.1;
        &self.codes[offsets[row] as usize * self.bytes..offsets[row + 1] as usize * self.bytes]
    }
}

/// Writes the codes of a segment, row by row. Segments without codes have no such files.
pub(super) struct TokenWriter {
    dir: PathBuf,
    bytes: usize,
    out: Option<BufWriter<File>>,
    offsets: Vec<u32>,
}

impl TokenWriter {
    pub(super) fn new(dir: &Path, dimension: usize) -> Self {
        Self { dir: dir.to_owned(), bytes: code_bytes(dimension), out: None, offsets: vec![0] }
    }

    /// Appends the codes of the next row.
    pub(super) fn add(&mut self, codes: &[u8]) -> Result<()> {
        if !codes.len().is_multiple_of(self.bytes.max(1)) {
            let (found, expected) = (format!("{} bytes", codes.len()), format!("a multiple of {} bytes", self.bytes));
            return Err(Error::Mismatch { what: "token codes", found, expected });
        }
        let path = self.dir.join(layout::TOKENS);
        if self.out.is_none() && !codes.is_empty() {
            self.out = Some(BufWriter::with_capacity(1 << 20, files::create(&path)?));
        }
        if let Some(out) = &mut self.out {
            out.write_all(codes).map_err(Error::io("write", &path))?;
        }
        let last = self.offsets.last().copied().unwrap_or_default();
        let count = (codes.len() / self.bytes.max(1)) as u32;
        let limit = u64::from(u32::MAX);
        self.offsets.push(last.checked_add(count).ok_or(Error::TooMany { what: "token codes", limit })?);
        Ok(())
    }

    /// Writes the remaining data.
    pub(super) fn finish(&mut self) -> Result<()> {
        let Some(out) = &mut self.out else { return Ok(()) };
        out.flush().map_err(Error::io("write", self.dir.join(layout::TOKENS)))?;
        let bytes: Vec<u8> = self.offsets.iter().flat_map(|o| o.to_le_bytes()).collect();
        files::write(&self.dir.join(layout::TOKEN_OFFSETS), &bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DIMENSION: usize = 20;

    fn row(seed: u32) -> Vec<f32> {
        (0..DIMENSION as u32).map(|i| ((seed * 31 + i * 17) % 23) as f32 - 11.0).collect()
    }

    #[test]
    fn a_code_is_nearest_to_the_token_it_was_made_of() {
        let rows: Vec<f32> = (0..6).flat_map(row).collect();
        let codes = token_codes(&rows, &[0.0; DIMENSION], 1);
        assert_eq!(codes.len(), 6 * code_bytes(DIMENSION));
        for (i, code) in (0..6).zip(codes.chunks(code_bytes(DIMENSION))) {
            let of = |code: &[u8]| QueryTokens::new(&row(i), DIMENSION).nearest(code).expect("a code")[0];
            let exact: f32 = {
                let signs = row(i).iter().map(|v| v.abs()).sum::<f32>();
                signs / (row(i).iter().map(|v| v * v).sum::<f32>().sqrt() * (DIMENSION as f32).sqrt())
            };
            assert!((of(code) - exact).abs() < 0.02, "{} {exact}", of(code));
            assert!(of(&codes) >= of(code));
            let query = QueryTokens::new(&row(i), DIMENSION);
            let each = query.similarities(&codes);
            assert_eq!((each.len(), each[0].len()), (1, 6));
            assert!((each[0][i as usize] - of(code)).abs() < 1e-6, "similarities keep the order of the codes");
        }
    }

    #[test]
    fn neighbours_share_a_code() {
        let rows: Vec<f32> = (0..7).flat_map(row).collect();
        let mean = row(3);
        assert_eq!(token_codes(&rows, &mean, 3).len(), 3 * code_bytes(DIMENSION));
        assert!(token_codes(&rows, &mean, 0).is_empty());
        let same: Vec<f32> = [row(1), row(1), row(1)].concat();
        assert_eq!(token_codes(&same, &mean, 3), token_codes(&row(1), &mean, 1));
    }

    #[test]
    fn codes_come_back_and_wrong_offsets_are_refused() {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let mut writer = TokenWriter::new(dir.path(), DIMENSION);
        let codes = token_codes(&[row(1), row(2)].concat(), &[0.0; DIMENSION], 1);
        [&codes[..], &[], &codes[..3]].into_iter().for_each(|c| writer.add(c).expect("writable"));
        assert!(writer.add(&codes[..2]).is_err(), "half a code");
        writer.finish().expect("writable");
        let tokens = Tokens::open(dir.path(), 3, DIMENSION).expect("whole").expect("codes");
        assert_eq!((tokens.of(0), tokens.of(1), tokens.of(2)), (&codes[..], &[][..], &codes[..3]));
        assert!(Tokens::open(dir.path(), 2, DIMENSION).is_err());
        assert!(Tokens::open(&dir.path().join("none"), 2, DIMENSION).expect("nothing").is_none());
    }
}
