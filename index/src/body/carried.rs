//! What a body far away sends with a candidate: everything that scores it.

use crate::{CarriedTerms, Encoded, Error, PassageTerms, Result, lexical, vectors};

/// The flag of a passage that is a list of links.
const IS_LINKS: u8 = 1;

/// A candidate's data.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Carried {
    /// Its terms with their positions.
    pub terms: CarriedTerms,
    /// Its vector, in half floats.
    row: Vec<u16>,
    /// Whether it is a list of links.
    pub is_links: bool,
}

impl Carried {
    /// The bytes to store of a passage: a flag, the dimension in two bytes, the vector in half floats, then the terms.
    #[must_use]
    pub fn bytes(terms: &PassageTerms, encoded: &Encoded, is_links: bool) -> Vec<u8> {
        let mut out = vec![if is_links { IS_LINKS } else { 0 }];
        out.extend((encoded.vector.len() as u16).to_le_bytes());
        out.extend(vectors::halved(&encoded.vector).into_iter().flat_map(u16::to_le_bytes));
        out.extend(lexical::carry(&terms.content));
        out
    }

    /// Reads such bytes; `dimension` is that of the index.
    ///
    /// # Errors
    /// [`Error::Mismatch`] if they are something else.
    pub fn parse(bytes: &[u8], dimension: usize) -> Result<Self> {
        let read = || {
            let (&[flag, low, high], rest) = bytes.split_first_chunk()?;
            let length = usize::from(u16::from_le_bytes([low, high]));
            let (row, terms) = rest.split_at_checked(2 * length).filter(|_| length == dimension)?;
            let row = row.chunks_exact(2).map(|b| u16::from_le_bytes([b[0], b[1]])).collect();
            Some(Self { terms: CarriedTerms::parse(terms)?, row, is_links: flag & IS_LINKS != 0 })
        };
        read().ok_or_else(|| Error::Mismatch {
            what: "stored scores of a passage",
            found: format!("{} bytes of another kind", bytes.len()),
            expected: format!("a vector of {dimension} values, and terms"),
        })
    }

    /// Cosine similarity to a unit vector of the same dimension.
    #[must_use]
    pub fn similarity(&self, vector: &[f32]) -> f32 {
        vectors::similarity(vector, &self.row)
    }

    /// The vector, in the precision of its half floats.
    #[must_use]
    pub fn vector(&self) -> Vec<f32> {
        vectors::widened(&self.row)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_candidate_comes_back() {
        let terms = PassageTerms { content: vec![("a".into(), 0), ("b".into(), 1)], ..PassageTerms::default() };
        let encoded: Encoded = vec![0.6, 0.8].into();
        let bytes = Carried::bytes(&terms, &encoded, true);
        let read = Carried::parse(&bytes, 2).expect("whole");
        assert!(read.is_links && (read.similarity(&[0.6, 0.8]) - 1.0).abs() < 1e-3);
        assert!(read.vector().iter().zip(&encoded.vector).all(|(a, b)| (a - b).abs() < 1e-3));
        assert!(Carried::parse(&bytes, 3).is_err() && Carried::parse(&bytes[..7], 2).is_err());
    }
}
