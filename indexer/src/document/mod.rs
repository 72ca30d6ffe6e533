//! A page as its author wrote it: a title, a place and sections of text.

pub mod anchor;
pub(crate) mod front_matter;
pub(crate) mod navigation;
pub mod passage;

use cloze_index::Metadata;

/// A page, extracted from its source.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Document {
    /// Name of the page inside its source: a relative path, or a record's id.
    pub source: String,
    /// Title.
    pub title: String,
    /// Where the page is, without an anchor.
    pub url: String,
    /// Language (BCP 47), if the page says.
    pub lang: Option<String>,
    /// Front matter or the record's other keys.
    pub metadata: Metadata,
    /// The text, from top to bottom.
    pub sections: Vec<Section>,
}

/// The text below one heading.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Section {
    /// Headings from the top down to this section; empty for the text before the first one.
    pub headings: Vec<String>,
    /// Anchor of the innermost heading, if it has one.
    pub anchor: Option<String>,
    /// Paragraphs, separated by empty lines.
    pub text: String,
}

/// What a source was found to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Extracted {
    /// A page.
    Page(Box<Document>),
    /// A page that its author does not want found: a draft, `noindex`, a redirect.
    LeftOut(String),
}

/// Collects sections while a page is read from top to bottom.
#[derive(Debug, Default)]
pub(crate) struct Outline {
    /// Open headings: level and text.
    open: Vec<(u8, String)>,
    anchor: Option<String>,
    text: String,
    sections: Vec<Section>,
}

impl Outline {
    /// Begins a section.
    pub(crate) fn heading(&mut self, level: u8, text: &str, anchor: Option<String>) {
        self.close();
        self.open.retain(|(l, _)| *l < level);
        self.open.push((level, text.to_owned()));
        self.anchor = anchor;
    }

    /// Adds a paragraph to the section at hand.
    pub(crate) fn paragraph(&mut self, text: &str) {
        let text = text.trim_matches(['\n', ' ', '\t']);
        if text.is_empty() {
            return;
        }
        if !self.text.is_empty() {
            self.text.push_str("\n\n");
        }
        self.text.push_str(text);
    }

    fn close(&mut self) {
        let text = std::mem::take(&mut self.text);
        // A heading without text of its own is still found by its words.
        if !text.is_empty() || !self.open.is_empty() {
            let headings = self.open.iter().map(|(_, h)| h.clone()).collect();
            self.sections.push(Section { headings, anchor: self.anchor.take(), text });
        }
    }

    /// The text of the first heading, of whatever level.
    pub(crate) fn first_heading(&self) -> Option<&str> {
        self.sections.iter().find_map(|s| s.headings.first()).or(self.open.first().map(|(_, h)| h)).map(String::as_str)
    }

    /// All sections. The heading that repeats the page's title is the title, not a section of its own.
    pub(crate) fn finish(mut self, title: &str) -> Vec<Section> {
        self.close();
        for section in &mut self.sections {
            if section.headings.first().is_some_and(|h| h == title) {
                section.headings.remove(0);
                if section.headings.is_empty() {
                    section.anchor = None;
                }
            }
        }
        let has_children: Vec<bool> = (0..self.sections.len())
            .map(|i| {
                let here = &self.sections[i].headings;
                self.sections
                    .get(i + 1)
                    .is_some_and(|next| next.headings.len() > here.len() && next.headings.starts_with(here))
            })
            .collect();
        let mut keep = has_children.into_iter();
        // An empty heading above sub-sections stands in their heading path already.
        self.sections.retain(|s| !(keep.next().unwrap_or(false) && s.text.is_empty()));
        self.sections
    }
}
