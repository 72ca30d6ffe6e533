//! The memory of a build for the next one: the result of each source, and the vectors of texts.
//!
//! The keys depend on the inputs. The fingerprint of a source covers its name, its content and every setting that
//! affects its result; the key of a vector covers the model and the token ids.

use std::collections::HashSet;

use cloze_index::{Key, Ledger};
use serde::{Deserialize, Serialize};

use crate::{BuildConfig, Result};

/// Increase this when the same text yields different passages than before.
const EXTRACTION: u32 = 5;
/// The ledger drops unused entries when it holds this many times as many entries as are in use.
const SLACK: usize = 2;

/// The page found in a source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Outcome {
    pub(crate) id: String,
    pub(crate) passages: Vec<Key>,
    /// Keys of the passages' vectors.
    pub(crate) vectors: Vec<Key>,
    pub(crate) split_sections: u64,
    pub(crate) shortened_contexts: u64,
    pub(crate) warnings: Vec<String>,
    /// Key of the content of the page, which detects a second page with the same content; records have none.
    pub(crate) content: Option<Key>,
}

/// Makes the keys of one build.
pub(crate) struct Memory {
    sources: blake3::Hasher,
    vectors: blake3::Hasher,
}

impl Memory {
    /// For a build with these settings and this model (its record as JSON).
    pub(crate) fn new(config: &BuildConfig, model: &serde_json::Value) -> Self {
        let mut vectors = blake3::Hasher::new();
        vectors.update(model.to_string().as_bytes());
        let mut sources = vectors.clone();
        let settings = (EXTRACTION, &config.base_url, format!("{:?}", config.url_style));
        sources.update(serde_json::to_string(&settings).unwrap_or_default().as_bytes());
        Self { sources, vectors }
    }

    /// The fingerprint of a source: its name, the title from the navigation file, the mark of its version, its text.
    /// `repeated` lists the blocks that the site repeats.
    pub(crate) fn fingerprint(&self, parts: [&[u8]; 4], repeated: &[u64]) -> [u8; 32] {
        let mut hasher = self.sources.clone();
        hasher.update(&(repeated.len() as u64).to_le_bytes());
        repeated.iter().for_each(|block| {
            hasher.update(&block.to_le_bytes());
        });
        // Lengths separate each part from the next.
        for part in parts {
            hasher.update(&(part.len() as u64).to_le_bytes());
            hasher.update(part);
        }
        *hasher.finalize().as_bytes()
    }

    /// The key of the sketch of a page.
    pub(crate) fn sketch_key(&self, text: &str) -> [u8; 32] {
        let mut hasher = self.sources.clone();
        hasher.update(b"sketch");
        hasher.update(text.as_bytes());
        *hasher.finalize().as_bytes()
    }

    /// The key of the vector of some token ids.
    pub(crate) fn vector_key(&self, ids: &[u32]) -> Key {
        let mut hasher = self.vectors.clone();
        ids.iter().for_each(|id| {
            hasher.update(&id.to_le_bytes());
        });
        Key::of(hasher.finalize().as_bytes())
    }

    /// The remembered result of a source, if any. An unreadable ledger remembers nothing.
    pub(crate) fn recall(&self, ledger: &Ledger, fingerprint: &[u8; 32]) -> Option<Outcome> {
        let bytes = ledger.source(fingerprint).ok()??;
        serde_json::from_slice(&bytes).ok()
    }
}

/// The ledger entries that a build used.
#[derive(Default)]
pub(crate) struct Used {
    pub(crate) sources: HashSet<[u8; 32]>,
    pub(crate) vectors: HashSet<Key>,
}

impl Used {
    /// Drops the unused entries of the ledger, once there are many.
    pub(crate) fn tidy(&self, ledger: &Ledger) -> Result<()> {
        let (vectors, sources) = ledger.counts()?;
        if vectors > SLACK * self.vectors.len() || sources > SLACK * self.sources.len() {
            ledger.retain(|fingerprint| self.has_source(fingerprint), |key| self.has_vector(key))?;
        }
        Ok(ledger.flush()?)
    }

    fn has_source(&self, fingerprint: &[u8]) -> bool {
        <[u8; 32]>::try_from(fingerprint).is_ok_and(|f| self.sources.contains(&f))
    }

    fn has_vector(&self, key: &[u8]) -> bool {
        Key::try_from(key).is_ok_and(|k| self.vectors.contains(&k))
    }
}
