//! Text of a manual page, filled into paragraphs as roff would fill lines.

use super::anchor;
use crate::document::Outline;

/// Whether to join words without spaces. The first of them still has a space before it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Tight {
    #[default]
    No,
    Before,
    Inside,
}

/// Collects the output of the macros.
#[derive(Debug, Default)]
pub(super) struct Writer {
    pub(super) outline: Outline,
    text: String,
    /// Lines are kept unchanged.
    pub(super) is_literal: bool,
    /// The next words stand on a line of their own, above the text that they name.
    pub(super) is_tag: bool,
    /// The next words are a heading of this level.
    pub(super) heading: Option<u8>,
    /// The next words follow without a space.
    pub(super) is_glued: bool,
    /// Words follow each other without spaces.
    pub(super) tight: Tight,
}

impl Writer {
    /// Adds words.
    pub(super) fn words(&mut self, words: &str) {
        if let Some(level) = self.heading.take() {
            self.head(level, words);
            return;
        }
        let is_glued = std::mem::take(&mut self.is_glued) || self.tight == Tight::Inside;
        if self.tight == Tight::Before {
            self.tight = Tight::Inside;
        }
        if !is_glued && !self.is_literal && !self.text.is_empty() && !self.text.ends_with([' ', '\n']) {
            self.text.push(' ');
        }
        if self.is_literal {
            self.text.push_str(words);
        } else {
            let words = if is_glued { words } else { words.trim_start() };
            self.text.push_str(&words.split([' ', '\t']).filter(|w| !w.is_empty()).collect::<Vec<_>>().join(" "));
        }
        if self.is_literal || self.is_tag {
            self.line();
            self.is_tag = false;
        }
    }

    /// Ends the current line, if any.
    pub(super) fn line(&mut self) {
        self.text.truncate(self.text.trim_end_matches([' ', '\t']).len());
        if !self.text.is_empty() && !self.text.ends_with('\n') {
            self.text.push('\n');
        }
    }

    /// An empty line: literal text keeps it; elsewhere it ends the paragraph.
    pub(super) fn blank(&mut self) {
        if !self.is_literal {
            self.paragraph();
        } else if !self.text.is_empty() {
            self.text.push('\n');
        }
    }

    /// Ends the paragraph.
    pub(super) fn paragraph(&mut self) {
        self.outline.paragraph(&std::mem::take(&mut self.text));
        self.is_tag = false;
        self.is_glued = false;
        self.tight = Tight::No;
    }

    /// Adds a complete paragraph.
    pub(super) fn whole(&mut self, text: &str) {
        self.paragraph();
        self.outline.paragraph(text);
    }

    /// Begins literal text, or ends it.
    pub(super) fn literal(&mut self, is_literal: bool) {
        self.paragraph();
        self.is_literal = is_literal;
    }

    /// Begins a section; without a text, the next words are its heading.
    pub(super) fn head(&mut self, level: u8, text: &str) {
        self.literal(false);
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        if text.is_empty() {
            self.heading = Some(level);
        } else {
            self.outline.heading(level, &text, Some(anchor(&text)));
        }
    }
}
