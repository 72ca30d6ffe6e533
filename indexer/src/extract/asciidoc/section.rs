//! Titles of sections, and the header below the document title.

use super::{
    block::{self, BlockAttributes},
    reader::{LONGEST_HEADING, Reader},
};

impl<'a> Reader<'a> {
    pub(super) fn is_underlined(&self, line: &str) -> bool {
        self.lines.get(self.at).is_some_and(|below| block::underlined(line, below).is_some())
    }

    pub(super) fn section_title(&mut self, line: &'a str) -> Option<(u8, &'a str)> {
        if !self.containers.is_empty() && self.pending.style != "discrete" && self.is_closed_later() {
            return None;
        }
        if let Some(title) = block::title(line) {
            return Some(title);
        }
        let level = self.lines.get(self.at).and_then(|below| block::underlined(line, below))?;
        self.at += 1;
        Some((level, line))
    }

    /// Whether the innermost container ends further down. A container without an end is plain text.
    fn is_closed_later(&mut self) -> bool {
        let later = |line: &&str| self.last_delimiters.get(line).is_some_and(|at| *at >= self.at);
        self.containers.retain(later);
        !self.containers.is_empty()
    }

    pub(super) fn section(&mut self, level: u8, text: &str) {
        let (inner, text) = inline_id(text);
        let text = self.words(text);
        let own = self.pending.id.take().or(inner.map(str::to_owned));
        self.pending = BlockAttributes::default();
        let is_document = level == 0 && !self.begun;
        self.begun = true;
        self.entry = None;
        self.is_attached = false;
        let id = match own {
            Some(id) => {
                self.ids.own(&id);
                Some(id)
            }
            None if is_document || self.attributes.is_unset("sectids") => None,
            None => Some(self.ids.of_title(&text, &self.attributes)),
        };
        let text = &text[..text.floor_char_boundary(LONGEST_HEADING)];
        if level == 0 && self.title.is_none() {
            self.title = Some(text.to_owned());
        }
        self.outline.heading(level + 1, text, id);
        if is_document {
            self.pass_authors();
        }
    }

    /// An author line and a revision line may follow the title.
    pub(super) fn pass_authors(&mut self) {
        while let Some(&line) = self.lines.get(self.at).filter(|l| !l.is_empty()) {
            self.at += 1;
            if !self.is_about(line) && (block::title(line).is_some() || block::delimiter(line).is_some()) {
                self.at -= 1;
                break;
            }
        }
    }
}

/// The id within a title or term, and the words without it.
pub(super) fn inline_id(text: &str) -> (Option<&str>, &str) {
    let text = text.trim();
    let valid = |id: &&str| !id.is_empty() && !id.contains([' ', '[', ']']);
    if let Some((id, rest)) = text.strip_prefix("[[").and_then(|t| t.split_once("]]"))
        && let Some(id) = id.split(',').next().filter(valid)
    {
        return (Some(id), rest.trim_start());
    }
    if let Some((words, id)) = text.strip_suffix("]]").and_then(|t| t.rsplit_once("[["))
        && let Some(id) = id.split(',').next().filter(valid)
    {
        return (Some(id), words.trim_end());
    }
    (None, text)
}
