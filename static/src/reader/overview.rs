//! The file `h`.

use std::collections::BTreeSet;

use crate::{Result, bytes::Reader, lengths};

/// What every search needs to know of the passages.
pub(super) struct Overview {
    pub(super) passages: usize,
    pub(super) page_of: Vec<u32>,
    pub(super) links: BTreeSet<u32>,
    pub(super) text_starts: Vec<u32>,
    pub(super) bounds: Vec<String>,
    lengths: Vec<u8>,
    /// The part of BM25 that depends on the length alone, by its byte.
    norms: Vec<f64>,
}

impl Overview {
    pub(super) fn parse(data: &[u8], average_length: f64) -> Result<Self> {
        let mut reader = Reader::new(data);
        let mut page_of = Vec::new();
        for page in 0..reader.number()? as u32 {
            page_of.extend(std::iter::repeat_n(page, reader.number()?));
        }
        let links = reader.ascending()?.into_iter().collect();
        let _superseded = reader.ascending()?;
        let (text_starts, bounds) = (reader.ascending()?, reader.strings()?);
        let _letters = reader.strings()?;
        let lengths = reader.raw(page_of.len())?.to_vec();
        // k1 = 1.2, b = 0.75.
        let norm = |code: u8| 1.2 * (0.25 + (0.75 * f64::from(lengths::length(code))) / average_length);
        let norms = (0..=u8::MAX).map(norm).collect();
        Ok(Self { passages: page_of.len(), page_of, links, text_starts, bounds, lengths, norms })
    }

    pub(super) fn norm(&self, passage: u32) -> f64 {
        self.norms[usize::from(self.lengths[passage as usize])]
    }
}

/// The place of the last bound that is not after a text.
pub(super) fn place(bounds: &[String], text: &str) -> usize {
    bounds.partition_point(|bound| bound.as_str() <= text).saturating_sub(1)
}
