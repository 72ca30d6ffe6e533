//! The passages of a generation with all that an index stores of them, for a body that lies elsewhere.

use crate::{Encoded, Generation, Passage, PassageId, PassageTerms, Result, body::Carried, lexical::Analyzers};

/// A passage, ready to be stored.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// Its number.
    pub id: PassageId,
    /// The passage.
    pub passage: Passage,
    /// Its terms.
    pub terms: PassageTerms,
    /// Its vector, and the codes of its tokens.
    pub encoded: Encoded,
}

impl Entry {
    /// What scores the passage as a candidate, as [`Carried::parse`] reads it.
    #[must_use]
    pub fn carried(&self) -> Vec<u8> {
        Carried::bytes(&self.terms, &self.encoded, self.passage.is_links)
    }
}

impl Generation {
    /// All live passages, in the order of their numbers. Their texts are analysed again, and nothing is encoded.
    ///
    /// # Errors
    /// [`crate::Error::Elsewhere`] if this generation has no files; each entry as for reading a passage.
    pub fn entries(&self) -> Result<impl Iterator<Item = Result<Entry>> + '_> {
        let vectors = self.vector_search()?;
        let mut analyzers = Analyzers::default();
        Ok(self.ids().map(move |id| {
            let passage = self.passage(id)?;
            Ok(Entry { id, terms: analyzers.terms(&passage), passage, encoded: vectors.encoded(id) })
        }))
    }
}
