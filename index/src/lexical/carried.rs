//! The terms of a passage with their positions, in the form in which a body far away sends them with a candidate.
//!
//! Numbers have seven bits to a byte, low ones first. The count of terms in the text comes first, then, in the order
//! of the terms, each term with its length in front, and its positions as differences.

use std::{collections::BTreeMap, ops::Range};

/// A term and where its positions are.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Place {
    term: Range<usize>,
    positions: Range<usize>,
}

/// See the module.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CarriedTerms {
    bytes: Vec<u8>,
    /// In the order of the terms.
    places: Vec<Place>,
    positions: Vec<u32>,
    length: u32,
}

impl CarriedTerms {
    /// The number of terms in the text, each as often as it occurs.
    pub(super) fn length(&self) -> u32 {
        self.length
    }

    /// The positions of a term, ascending; none, if the passage does not have it.
    pub(super) fn positions(&self, term: &str) -> &[u32] {
        let place = self.places.binary_search_by(|place| self.bytes[place.term.clone()].cmp(term.as_bytes()));
        place.map_or(&[], |at| &self.positions[self.places[at].positions.clone()])
    }

    /// Reads the bytes of [`carry`]; `None` if they are not whole.
    #[must_use]
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        let mut read = Self { bytes: bytes.to_vec(), ..Self::default() };
        let mut at = 0;
        read.length = number(bytes, &mut at)?;
        for _ in 0..number(bytes, &mut at)? {
            let length = number(bytes, &mut at)? as usize;
            let term = at..at.checked_add(length).filter(|end| *end <= bytes.len())?;
            at = term.end;
            let first = read.positions.len();
            let mut position = 0u32;
            for _ in 0..number(bytes, &mut at)? {
                position = position.checked_add(number(bytes, &mut at)?)?;
                read.positions.push(position);
            }
            read.places.push(Place { term, positions: first..read.positions.len() });
        }
        (at == bytes.len()).then_some(read)
    }
}

/// The bytes of some terms with their positions, which are in ascending order.
pub(crate) fn carry(content: &[(String, usize)]) -> Vec<u8> {
    let mut terms: BTreeMap<&str, Vec<u32>> = BTreeMap::new();
    for (term, position) in content {
        terms.entry(term).or_default().push(*position as u32);
    }
    let mut out = Vec::with_capacity(content.len() * 10);
    put(&mut out, content.len() as u32);
    put(&mut out, terms.len() as u32);
    for (term, positions) in terms {
        put(&mut out, term.len() as u32);
        out.extend(term.as_bytes());
        put(&mut out, positions.len() as u32);
        let mut last = 0;
        for position in positions {
            put(&mut out, position - last);
            last = position;
        }
    }
    out
}

fn put(out: &mut Vec<u8>, mut value: u32) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

fn number(bytes: &[u8], at: &mut usize) -> Option<u32> {
    let mut value = 0u32;
    for shift in (0..32).step_by(7) {
        let byte = *bytes.get(*at)?;
        *at += 1;
        value |= u32::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Some(value);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terms_come_back_with_their_positions() {
        let terms: Vec<(String, usize)> =
            [("b", 0), ("a", 1), ("b", 1), ("b", 300), ("é", 70_000)].map(|(t, p)| (t.to_owned(), p)).into();
        let bytes = carry(&terms);
        let read = CarriedTerms::parse(&bytes).expect("whole");
        assert_eq!(read.length(), 5);
        assert_eq!((read.positions("b"), read.positions("é")), (&[0, 1, 300][..], &[70_000][..]));
        assert_eq!((read.positions("a"), read.positions("c")), (&[1][..], &[][..]));
        assert!((0..bytes.len()).all(|end| CarriedTerms::parse(&bytes[..end]).is_none()), "cut short");
    }
}
