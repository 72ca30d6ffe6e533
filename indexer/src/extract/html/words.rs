//! The text of a block for the reader, and the share of links in it.

use std::borrow::Cow;

use scraper::node::Element;

use crate::extract::link_list::Line;

/// A paragraph, a row, a line of a list.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Block {
    pub(super) text: String,
    /// Letters and digits.
    pub(super) letters: usize,
    /// Letters and digits inside links.
    pub(super) linked: usize,
    /// Letters and digits inside links to places on the same page.
    pub(super) linked_here: usize,
    /// Whether its first word is a link.
    pub(super) begins_with_link: bool,
    /// The first place of the same page that it links to.
    pub(super) leads_to: Option<String>,
    /// Whether it is part of a listing of source code that fills its page.
    pub(super) is_listing: bool,
    /// Whether it has a link to the previous page, the next one or the one above.
    pub(super) turns_pages: bool,
    /// Whether it stands beside the part of the page with most of the text.
    pub(super) is_outside: bool,
}

impl Block {
    /// How much of it is links.
    pub(super) fn line(&self) -> Line {
        Line::of(self.letters, self.linked, self.begins_with_link)
    }

    /// Whether it consists almost only of links.
    pub(super) fn is_links(&self) -> bool {
        self.line() == Line::Links
    }

    /// Whether it links to the text of the same page: "skip to the content", a list of the headings.
    pub(super) fn leads_down(&self) -> bool {
        self.is_links() && self.linked_here == self.linked
    }

    /// Whether it consists only of links to neighbouring pages.
    pub(super) fn leads_on(&self) -> bool {
        self.turns_pages && self.letters <= 300 && self.linked * 5 >= self.letters * 2
    }
}

/// Collects the words of one block.
#[derive(Debug, Default)]
pub(super) struct Words {
    block: Block,
    /// Number of open elements with significant white space.
    pub(super) preformatted: usize,
    /// Number of open links.
    in_link: usize,
    /// Whether the last opened link points to a place on the same page.
    in_own_page: bool,
    /// Letters and digits outside links, of the whole page so far.
    pub(super) prose: usize,
}

impl Words {
    /// Adds text of the source.
    pub(super) fn add(&mut self, text: &str) {
        self.count(text);
        let to = &mut self.block.text;
        if self.preformatted > 0 {
            to.push_str(text);
            return;
        }
        // Any white space between words becomes one space.
        let needs_space = |s: &str| !s.is_empty() && !s.ends_with([' ', '\n']);
        if text.starts_with(char::is_whitespace) && needs_space(to) {
            to.push(' ');
        }
        for (i, word) in text.split_whitespace().enumerate() {
            if i > 0 {
                to.push(' ');
            }
            to.push_str(word);
        }
        if text.ends_with(char::is_whitespace) && needs_space(to) {
            to.push(' ');
        }
    }

    fn count(&mut self, text: &str) {
        let letters = letters(text);
        if letters == 0 {
            return;
        }
        // Code links its types; this does not make it a list of links.
        let is_link = self.in_link > 0 && self.preformatted == 0;
        if self.block.letters == 0 {
            self.block.begins_with_link = is_link;
        }
        self.block.letters += letters;
        self.block.linked += if is_link { letters } else { 0 };
        self.block.linked_here += if is_link && self.in_own_page { letters } else { 0 };
        self.prose += if self.in_link > 0 { 0 } else { letters };
    }

    /// Adds a separator, which is not text.
    pub(super) fn separate(&mut self, mark: &str) {
        self.block.text.push_str(mark);
    }

    /// Opens a link; `own` finds the place of the same page that an address leads to.
    pub(super) fn open_link<'h>(&mut self, e: &'h Element, own: impl Fn(&'h str) -> Option<Cow<'h, str>>) {
        let place = e.attr("href").and_then(own);
        self.in_link += 1;
        self.in_own_page = place.is_some();
        self.block.leads_to = self.block.leads_to.take().or_else(|| place.map(Cow::into_owned));
        let rel = e.attr("rel").unwrap_or_default();
        let turns = |r: &str| matches!(r, "next" | "prev" | "previous" | "up");
        let key = e.attr("accesskey").is_some_and(|k| matches!(k, "n" | "p" | "u"));
        self.block.turns_pages |= key || rel.split_ascii_whitespace().any(turns);
    }

    /// Closes a link.
    pub(super) fn close_link(&mut self) {
        self.in_link = self.in_link.saturating_sub(1);
    }

    /// Whether the block is still empty.
    pub(super) fn is_empty(&self) -> bool {
        self.block.letters == 0 && self.block.text.trim_matches([' ', '\n', '|']).is_empty()
    }

    /// Cuts off the last line, and returns it.
    pub(super) fn cut_line(&mut self) -> String {
        let at = self.block.text.rfind('\n').map_or(0, |at| at + 1);
        let line = self.block.text.split_off(at);
        self.block.letters = self.block.letters.saturating_sub(letters(&line));
        line
    }

    /// Returns the block so far and begins a new one.
    pub(super) fn take(&mut self) -> Block {
        std::mem::take(&mut self.block)
    }
}

/// Letters and digits of a text.
pub(super) fn letters(text: &str) -> usize {
    text.chars().filter(|c| c.is_alphanumeric()).count()
}
