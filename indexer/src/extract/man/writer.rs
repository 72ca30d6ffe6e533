//! Text of a manual page, filled into paragraphs as roff would fill lines.

use std::collections::HashMap;

use super::anchor;
use crate::{
    document::{LEVELS, Outline},
    extract::html,
};

/// Deeper indentation adds no levels.
const DEEPEST: u8 = 30;
/// Maximum length of a name in characters; a longer one is text.
const LONGEST: usize = 100;
/// Maximum number of words of a name above indented text.
const WORDS: usize = 3;

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
    /// The first word of the next name, if its macro sets it off.
    pub(super) first_word: Option<String>,
    /// Names that wait for their text, each with its first word if that is set off.
    names: Vec<(String, Option<String>)>,
    /// Open indentations: whether each is the text of a name above it.
    indents: Vec<bool>,
    /// How often each anchor has occurred.
    anchors: HashMap<String, usize>,
}

impl Writer {
    /// Adds words.
    pub(super) fn words(&mut self, words: &str) {
        if let Some(level) = self.heading.take() {
            self.head(level, words);
            return;
        }
        if !self.is_tag {
            self.open_entry();
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
        if self.is_tag {
            self.name();
        } else if self.is_literal {
            self.line();
        }
    }

    /// The text of the current paragraph is a name: what follows is about it.
    pub(super) fn name(&mut self) {
        self.is_tag = false;
        let text = std::mem::take(&mut self.text);
        self.names.push((text.trim().to_owned(), self.first_word.take()));
    }

    /// The next words are one more name, of the same text or, after some text, of the next.
    pub(super) fn another_name(&mut self) {
        if !self.text.is_empty() {
            self.paragraph();
        }
        self.is_tag = true;
    }

    /// Begins the entry of the waiting names. A name that cannot have an address is a line of text.
    fn open_entry(&mut self) {
        let names = std::mem::take(&mut self.names);
        let Some((first, word)) = names.first() else { return };
        let shown = names.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(", ");
        match tag(first, word.as_deref()).filter(|_| shown.chars().count() <= LONGEST) {
            Some(tag) => {
                let anchor = self.numbered(&tag);
                self.entry(&shown, Some(anchor));
            }
            None => {
                self.text.push_str(&shown);
                self.line();
            }
        }
    }

    fn entry(&mut self, name: &str, anchor: Option<String>) {
        let names = html::names_of_entry(name, anchor.as_deref().unwrap_or_default());
        self.outline.named_heading(self.level(), name, anchor, names);
    }

    /// The level of an entry at the current indentation.
    fn level(&self) -> u8 {
        let depth = u8::try_from(self.indents.len()).unwrap_or(DEEPEST).min(DEEPEST);
        depth * LEVELS + LEVELS - 1
    }

    /// The second entry with an anchor has `~2` after it.
    fn numbered(&mut self, anchor: &str) -> String {
        let count = self.anchors.entry(anchor.to_owned()).or_default();
        *count += 1;
        if *count == 1 { anchor.to_owned() } else { format!("{anchor}~{count}") }
    }

    /// Ends the paragraph and the entry at the current indentation.
    pub(super) fn end_entry(&mut self) {
        self.paragraph();
        self.outline.end(self.level());
    }

    /// Begins deeper indentation. A short line above it is a name, though without an address of its own.
    pub(super) fn indent(&mut self) {
        let text = self.text.trim().to_owned();
        let is_option = text.starts_with('-') || text.split_whitespace().count() <= WORDS;
        let is_name = !text.is_empty() && !text.contains('\n') && !text.ends_with(['.', ':', ';', ',']);
        let is_name = is_name && is_option && text.chars().count() <= LONGEST && self.names.is_empty();
        if is_name {
            self.text.clear();
            self.entry(&text, None);
        } else {
            self.open_entry();
            self.line();
        }
        self.indents.push(is_name);
    }

    /// Ends the innermost indentation, with all entries in it.
    pub(super) fn outdent(&mut self) {
        self.end_entry();
        if self.indents.pop() == Some(true) {
            self.outline.end(self.level());
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
        self.open_entry();
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
        self.indents.clear();
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        if text.is_empty() {
            self.heading = Some(level);
        } else {
            let anchor = self.numbered(&anchor(&text));
            self.outline.heading(level, &text, Some(anchor));
        }
    }
}

/// The anchor that mandoc gives to a name in HTML: its first word without dashes. The word ends where the font
/// changes; `word` is that part, if it is known.
fn tag(name: &str, word: Option<&str>) -> Option<String> {
    let word = word.unwrap_or_else(|| name.split([',', '=', '[']).next().unwrap_or_default());
    let word = word.trim_start_matches('-').split(char::is_whitespace).next().unwrap_or_default();
    word.starts_with(|c: char| c.is_ascii_alphabetic()).then(|| anchor(word))
}
