//! Titles of sections: text with a line of punctuation below, and optionally another above.

use super::{
    heading::cut,
    line::{Line, adornment},
    reader::Reader,
};

/// Maximum level of a section; entries are below all sections, terms of a glossary below all entries.
const DEEPEST_SECTION: u8 = 90;

impl<'a> Reader<'a> {
    /// Lines, adornment and text of the title that begins here, if any.
    pub(super) fn section_title(&self, line: Line<'a>) -> Option<(usize, (char, bool), &'a str)> {
        let next = self.lines.get(self.at + 1).filter(|l| !l.text.is_empty())?;
        if let Some(above) = adornment(line.text) {
            let below = self.lines.get(self.at + 2)?;
            let is_closed = below.text == line.text && below.indent == line.indent;
            let is_title = is_closed && adornment(next.text).is_none() && fits(next.text, line.text);
            return is_title.then_some((3, (above, true), next.text));
        }
        let below = adornment(next.text).filter(|_| next.indent == line.indent)?;
        fits(line.text, next.text).then_some((2, (below, false), line.text))
    }

    pub(super) fn section(&mut self, style: (char, bool), title: &str) {
        let seen = self.styles.iter().position(|s| *s == style);
        let level = seen.unwrap_or_else(|| {
            if self.styles.len() < usize::from(DEEPEST_SECTION) {
                self.styles.push(style);
            }
            self.styles.len() - 1
        });
        let text = self.words(title);
        let target = self.target.take();
        let implicit = self.ids.of_name(&text);
        if self.title.is_none() {
            self.title = Some(cut(&text).to_owned());
        }
        self.begun = true;
        self.open.clear();
        self.outline.heading(level as u8 + 1, cut(&text), Some(target.unwrap_or(implicit)));
    }
}

/// Whether a title is at most as wide as its adornment, or the adornment is long enough to be deliberate.
fn fits(title: &str, adornment: &str) -> bool {
    adornment.len() >= 4 || adornment.len() >= title.chars().count()
}
