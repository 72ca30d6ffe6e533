//! A page as its author wrote it: a title, an address and sections of text.

pub mod anchor;
pub(crate) mod front_matter;
pub(crate) mod navigation;
pub mod passage;

use cloze_index::Metadata;

/// A page, extracted from its source.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Document {
    /// Name of the page within its source: a relative path, or the id of a record.
    pub source: String,
    /// Title.
    pub title: String,
    /// Address of the page, without an anchor.
    pub url: String,
    /// Language (BCP 47), if the page declares one.
    pub lang: Option<String>,
    /// Front matter, or the other keys of the record.
    pub metadata: Metadata,
    /// The text, from top to bottom.
    pub sections: Vec<Section>,
}

/// The text below one heading.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Section {
    /// Headings from the top down to this section; empty for the text before the first heading.
    pub headings: Vec<String>,
    /// Anchor of the innermost heading, if it has one.
    pub anchor: Option<String>,
    /// Paragraphs, separated by empty lines.
    pub text: String,
    /// Other names of the innermost heading: short forms of a function's name.
    pub names: Vec<String>,
    /// Whether the text is a list of links: it mostly repeats the words of other pages.
    pub is_links: bool,
}

/// The result of extracting a source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Extracted {
    /// A page.
    Page(Box<Document>),
    /// A page that its author hides: a draft, `noindex`, a redirect.
    LeftOut(String),
}

/// Collects sections while the extractor reads a page from top to bottom.
#[derive(Debug, Default)]
pub(crate) struct Outline {
    /// Open headings, from the top down.
    open: Vec<Heading>,
    /// Number of open headings above the current text.
    above: usize,
    text: String,
    is_links: bool,
    sections: Vec<Section>,
    /// The first heading.
    top: Option<Top>,
}

#[derive(Debug)]
struct Heading {
    level: u8,
    text: String,
    /// Its own anchor, or else that of the heading above it.
    anchor: Option<String>,
    names: Vec<String>,
    /// Its text has ended; further headings may follow below it.
    is_over: bool,
}

/// Levels 1 to 6 are headings, 7 is an entry; headings inside an entry are deeper by that much.
pub(crate) const LEVELS: u8 = 8;

/// Whether this is the level of an entry: a function, a setting, a term of a list.
fn is_entry(level: u8) -> bool {
    level % LEVELS == LEVELS - 1
}

/// The first heading of a page.
#[derive(Debug, Clone, Copy)]
struct Top {
    level: u8,
    /// Whether text comes before it.
    follows_text: bool,
    /// The number of headings of its level or above, itself included.
    count: usize,
}

impl Outline {
    /// Begins a section. A heading without an anchor inherits that of the heading above it.
    pub(crate) fn heading(&mut self, level: u8, text: &str, anchor: Option<String>) {
        self.named_heading(level, text, anchor, Vec::new());
    }

    /// Begins a section whose heading has other names.
    pub(crate) fn named_heading(&mut self, level: u8, text: &str, anchor: Option<String>, names: Vec<String>) {
        self.close();
        let follows_text = self.sections.iter().any(|s| !s.text.is_empty());
        let top = self.top.get_or_insert(Top { level, follows_text, count: 0 });
        top.count += usize::from(level <= top.level);
        self.open.retain(|h| h.level < level);
        if is_entry(level) {
            // A box among the entries, such as a note, belongs to none of them.
            let above = self.above_text();
            self.open.truncate(above);
        }
        let anchor = anchor.or_else(|| self.open.last().and_then(|h| h.anchor.clone()));
        self.open.push(Heading { level, text: text.to_owned(), anchor, names, is_over: false });
        self.above = self.open.len();
    }

    /// Ends the text below the headings of this level and of deeper ones: later text belongs to the heading above.
    pub(crate) fn end(&mut self, level: u8) {
        self.open.iter_mut().filter(|h| h.level >= level).for_each(|h| h.is_over = true);
    }

    /// Adds a paragraph to the current section.
    pub(crate) fn paragraph(&mut self, text: &str) {
        self.add(text, false);
    }

    /// Adds a line of a list of links. Text and such lists become separate sections.
    pub(crate) fn link(&mut self, text: &str) {
        self.add(text, true);
    }

    fn add(&mut self, text: &str, is_links: bool) {
        let text = text.trim_matches(['\n', ' ', '\t']);
        if text.is_empty() {
            return;
        }
        let above = self.above_text();
        if above != self.above || (is_links != self.is_links && !self.text.is_empty()) {
            self.close();
            self.above = above;
        }
        self.is_links = is_links;
        if !self.text.is_empty() {
            self.text.push_str("\n\n");
        }
        self.text.push_str(text);
    }

    /// Ends the sections of this level and of deeper ones: later text and headings belong to the section above.
    pub(crate) fn resume(&mut self, level: u8) {
        self.close();
        self.open.retain(|h| h.level < level);
        self.above = self.open.len();
    }

    /// Anchor of the innermost open heading.
    pub(crate) fn anchor(&self) -> Option<String> {
        self.open.last().and_then(|h| h.anchor.clone())
    }

    /// Number of open headings above the next text.
    fn above_text(&self) -> usize {
        self.open.iter().rposition(|h| !h.is_over).map_or(0, |at| at + 1)
    }

    fn close(&mut self) {
        let text = std::mem::take(&mut self.text);
        let open = &self.open[..self.above.min(self.open.len())];
        let headings: Vec<String> = open.iter().map(|h| h.text.clone()).collect();
        // A heading without text of its own remains searchable by its words; the rest of an outer section needs text.
        let is_new = self.sections.last().is_none_or(|s| !s.headings.starts_with(&headings));
        if !text.is_empty() || (!headings.is_empty() && is_new) {
            let anchor = open.last().and_then(|h| h.anchor.clone());
            let names = open.last().map(|h| h.names.clone()).unwrap_or_default();
            let is_links = std::mem::take(&mut self.is_links);
            self.sections.push(Section { headings, anchor, text, names, is_links });
        }
    }

    /// The text of the first heading if it can be the title of the page: one of level 1, or one at the very top
    /// without another of its level. The first of several parts does not name the page.
    pub(crate) fn first_heading(&self) -> Option<&str> {
        if self.top.is_some_and(|top| top.level > 1 && (top.follows_text || top.count > 1)) {
            return None;
        }
        let read = self.sections.iter().find_map(|s| s.headings.first());
        read.or(self.open.first().map(|h| &h.text)).map(String::as_str)
    }

    /// All sections. A heading that repeats the title of the page is the title, not a section of its own.
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
        // An empty heading above sub-sections is already part of their heading path.
        self.sections.retain(|s| !(keep.next().unwrap_or(false) && s.text.is_empty()));
        self.sections
    }
}
