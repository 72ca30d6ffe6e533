//! Terms of description lists with an address: these are sections of their own.

use super::{
    block::{self, BlockAttributes},
    open_entry::Entry,
    reader::{LONGEST_HEADING, Reader},
    section::inline_id,
};

/// Level of a term with an address: below all sections.
const TERM: u8 = 200;

impl<'a> Reader<'a> {
    /// Ends the current entry, unless the next block belongs to it.
    pub(super) fn leave_entry(&mut self) {
        let attached = std::mem::take(&mut self.is_attached);
        if !attached && self.entry.as_ref().is_some_and(|e| self.containers.len() <= e.depth) {
            self.entry = None;
            self.outline.resume(TERM);
        }
    }

    /// A block directly below the text of an entry belongs to it; a block after an empty line does not.
    pub(super) fn leave_after_blank(&mut self) {
        let above = self.at.checked_sub(2).and_then(|at| self.lines.get(at));
        if self.is_attached || above.is_some_and(|l| l.is_empty()) {
            self.leave_entry();
        }
    }

    /// A term with an address is a section of its own.
    pub(super) fn term(&mut self, term: &str, mark: &str, text: &'a str) {
        self.begun = true;
        let (inner, term) = inline_id(term);
        let id = self.pending.id.take().or(inner.map(str::to_owned));
        self.pending = BlockAttributes::default();
        self.is_attached = false;
        let term = self.words(block::item(term).unwrap_or(term));
        let depth = self.containers.len();
        if let Some(id) = id {
            self.ids.own(&id);
            self.entry = Some(Entry { depth, mark: mark.to_owned() });
            self.outline.heading(TERM, &term[..term.floor_char_boundary(LONGEST_HEADING)], Some(id));
        } else {
            if self.entry.as_ref().is_some_and(|e| e.mark == mark && e.depth >= depth) {
                self.leave_entry();
            }
            self.outline.paragraph(&term);
        }
        if !text.is_empty() {
            let text = self.gather(text, true);
            self.say(block::without_admonition(&text));
        }
    }
}
