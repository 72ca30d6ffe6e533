//! One passage for each page.

use crate::PassageId;

/// The first offered passage of each page.
#[derive(Default)]
pub(super) struct OnePerPage {
    seen: Vec<u64>,
    pub(super) passages: Vec<PassageId>,
}

impl OnePerPage {
    pub(super) fn offer(&mut self, passage: PassageId, page: u32) {
        let (word, bit) = (page as usize / 64, 1u64 << (page % 64));
        if self.seen.len() <= word {
            self.seen.resize(word + 1, 0);
        }
        if self.seen[word] & bit == 0 {
            self.seen[word] |= bit;
            self.passages.push(passage);
        }
    }
}
