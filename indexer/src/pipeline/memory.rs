//! What a build remembers for the next one: what became of a source, and the vectors of texts.
//!
//! Both go by what they were made from. A source's fingerprint takes in its name, its content and
//! every setting that decides what becomes of it; a vector's key the model and the token ids.

use std::collections::HashSet;

use cloze_index::{Key, Ledger};
use serde::{Deserialize, Serialize};

use crate::{BuildConfig, Result};

/// Goes up when the same text becomes other passages than before.
const EXTRACTION: u32 = 3;
/// The ledger is cleared of what is not in use when it holds this many times what is.
const SLACK: usize = 2;

/// A page as it was found in a source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Outcome {
    pub(crate) id: String,
    pub(crate) passages: Vec<Key>,
    /// Keys of the passages' vectors.
    pub(crate) vectors: Vec<Key>,
    pub(crate) split_sections: u64,
    pub(crate) shortened_contexts: u64,
    pub(crate) warnings: Vec<String>,
    /// Key of what the page says, by which a second page that says the same is known; records have none.
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
    /// `repeated` are its blocks that the site repeats.
    pub(crate) fn fingerprint(&self, parts: [&[u8]; 4], repeated: &[u64]) -> [u8; 32] {
        let mut hasher = self.sources.clone();
        hasher.update(&(repeated.len() as u64).to_le_bytes());
        repeated.iter().for_each(|block| {
            hasher.update(&block.to_le_bytes());
        });
        // Lengths keep one part from running into the next.
        for part in parts {
            hasher.update(&(part.len() as u64).to_le_bytes());
            hasher.update(part);
        }
        *hasher.finalize().as_bytes()
    }

    /// The key of what a page shows to those who look for what a site repeats.
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

    /// What became of a source, if that is remembered. A ledger that cannot be read remembers nothing.
    pub(crate) fn recall(&self, ledger: &Ledger, fingerprint: &[u8; 32]) -> Option<Outcome> {
        let bytes = ledger.source(fingerprint).ok()??;
        serde_json::from_slice(&bytes).ok()
    }
}

/// What a build used of the ledger.
#[derive(Default)]
pub(crate) struct Used {
    pub(crate) sources: HashSet<[u8; 32]>,
    pub(crate) vectors: HashSet<Key>,
}

impl Used {
    /// Clears the ledger of what was not used, once there is much of it.
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
