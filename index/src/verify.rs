//! Cross-checks of all parts of a generation.

use std::collections::HashSet;

use crate::{Error, Generation, Key, Result, layout};

/// The numbers of checked items.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verified {
    /// Files with correct checksums.
    pub files: usize,
    /// Passages that both engines and the list of pages agree on.
    pub passages: usize,
}

impl Generation {
    /// Checks a property that opening does not: that the list of pages, the stored passages and the vectors describe
    /// the same passages. Opening has checked every checksum.
    ///
    /// # Errors
    /// [`Error::Damaged`] for the first thing that does not fit.
    pub fn verify(&self) -> Result<Verified> {
        let path = self.dir().join(layout::PAGES);
        let bad = |found: String, expected: &str| Err(Error::damaged(&path, found, expected));
        let mut seen = HashSet::new();
        for page in self.pages()? {
            for (id, key) in page.passages {
                if !self.is_live(id) || !seen.insert(id) {
                    return bad(
                        format!("passage {id} of {} is deleted or listed twice", page.source),
                        "each live passage once",
                    );
                }
                let stored = self.passage(id)?;
                if stored.source != page.source || stored.page != page.number || Key::of_passage(&stored) != key {
                    return bad(
                        format!("passage {id} of {} differs from the stored passage", page.source),
                        "the same passage",
                    );
                }
                let length = self.vector(id).iter().map(|v| v * v).sum::<f32>().sqrt();
                if !(0.99..1.01).contains(&length) {
                    return bad(format!("passage {id} has a vector of length {length}"), "a unit vector");
                }
            }
        }
        if seen.len() != self.passages() || self.ids().count() != self.passages() {
            return bad(format!("{} passages", seen.len()), &format!("{} as in the manifest", self.passages()));
        }
        Ok(Verified { files: self.manifest().files.len(), passages: seen.len() })
    }
}
