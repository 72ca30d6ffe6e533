//! The files `v` and `r`: a query's vector from its word pieces.

use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

use super::{Folder, overview::place, vectors::Cells};
use crate::{Result, bytes::Reader};

/// The word pieces of a model, and their rows.
pub(super) struct Pieces<'r> {
    folder: &'r Folder,
    dimension: usize,
    firsts: Vec<String>,
}

/// The pieces of one file with their rows.
type Rows = Vec<(String, Vec<f64>)>;

/// Steps of the size of a row.
const STEPS: f64 = 65_535.0;

impl<'r> Pieces<'r> {
    pub(super) fn open(folder: &'r Folder, dimension: usize) -> Result<Self> {
        let data = folder.read('v', 0)?;
        Ok(Self { folder, dimension, firsts: Reader::new(&data).strings()? })
    }

    /// The unit vector of a text, in the rotated space.
    pub(super) fn encode(&self, text: &str) -> Result<Vec<f64>> {
        let mut vector = vec![0f64; self.dimension];
        for word in words(text) {
            for row in self.rows_of(&word)? {
                vector.iter_mut().zip(row).for_each(|(sum, v)| *sum += v);
            }
        }
        Ok(unit(&vector))
    }

    /// The rows of the longest pieces of a word, from left to right; none if a part is unknown.
    fn rows_of(&self, word: &str) -> Result<Vec<Vec<f64>>> {
        // Sizes are rounded file by file, so the row of a frequent piece is the one in its file, as in a browser.
        if let Some((_, row)) = self.file(0)?.into_iter().find(|(known, _)| known == word) {
            return Ok(vec![row]);
        }
        let (mut rest, mut rows) = (word, Vec::new());
        while !rest.is_empty() {
            let mark = if rows.is_empty() { "" } else { "##" };
            let ends = rest.char_indices().map(|(at, c)| at + c.len_utf8()).rev();
            let mut found = None;
            for end in ends {
                let piece = format!("{mark}{}", &rest[..end]);
                if let Some(row) = self.row(&piece)? {
                    found = Some((end, row));
                    break;
                }
            }
            let Some((end, row)) = found else { return Ok(Vec::new()) };
            rows.push(row);
            rest = &rest[end..];
        }
        Ok(rows)
    }

    fn row(&self, piece: &str) -> Result<Option<Vec<f64>>> {
        let rows = self.file(place(&self.firsts, piece) + 1)?;
        Ok(rows.into_iter().find(|(known, _)| known == piece).map(|(_, row)| row))
    }

    fn file(&self, number: usize) -> Result<Rows> {
        let data = self.folder.read('r', number)?;
        let mut reader = Reader::new(&data);
        let pieces = reader.strings()?;
        let largest = f64::from(reader.float()?);
        let (fine, bytes) = (reader.raw(pieces.len().div_ceil(8))?, self.dimension.div_ceil(8));
        let row = |(at, piece): (usize, String)| -> Result<(String, Vec<f64>)> {
            let share = reader.raw(2)?;
            let size = (f64::from(u16::from_le_bytes([share[0], share[1]])) / STEPS) * largest;
            let signs = reader.raw(bytes)?.to_vec();
            let is_fine = (fine[at >> 3] >> (at & 7)) & 1 == 1;
            let cells = match is_fine {
                true => Some((reader.raw(bytes)?.to_vec(), reader.raw(bytes)?.to_vec())),
                false => None,
            };
            Ok((piece, Cells { signs, cells, size }.values()))
        };
        pieces.into_iter().enumerate().map(row).collect()
    }
}

/// Words of a text in Latin letters as the model's tokenizer sees them: lower case, without accents, marks apart.
fn words(text: &str) -> Vec<String> {
    let mut spaced = String::new();
    for c in text.nfd().filter(|c| !is_combining_mark(*c)).flat_map(char::to_lowercase) {
        match c.is_ascii_punctuation() {
            true => spaced.extend([' ', c, ' ']),
            false => spaced.push(c),
        }
    }
    spaced.split_whitespace().map(str::to_owned).collect()
}

/// The unit vector in a direction.
pub(super) fn unit(vector: &[f64]) -> Vec<f64> {
    let length = vector.iter().fold(0.0, |sum, v| sum + v * v).sqrt();
    vector.iter().map(|v| v / if length > 0.0 { length } else { 1.0 }).collect()
}
