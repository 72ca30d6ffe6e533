//! Writes a head as bytes, for searches whose body lies elsewhere.

use crate::{Entry, Manifest, Result, head::MAGIC, lexical::DictionaryWriter};

/// Collects a head from the passages of a generation.
#[derive(Default)]
pub struct HeadWriter {
    words: DictionaryWriter,
}

impl HeadWriter {
    /// Adds a passage. Passages come in the order of their numbers.
    pub fn add(&mut self, entry: &Entry) {
        self.words.add(entry.id, entry.passage.page, entry.passage.lang.as_deref(), &entry.terms);
    }

    /// The bytes that [`crate::Head::parse`] reads: a line that names the format, the length of the manifest in eight
    /// bytes, the manifest, then the words.
    ///
    /// # Errors
    /// [`crate::Error::Mismatch`] if a part cannot be written.
    pub fn finish(self, manifest: &Manifest) -> Result<Vec<u8>> {
        let manifest_bytes = manifest.to_bytes()?;
        let words = self.words.finish(&manifest.languages)?;
        let length = (manifest_bytes.len() as u64).to_le_bytes();
        Ok([MAGIC, &length[..], &manifest_bytes, &words].concat())
    }
}
