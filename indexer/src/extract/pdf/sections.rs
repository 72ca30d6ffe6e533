//! Sections of a PDF file: its pages, cut at the titles of bookmarks.

use super::{
    bookmarks::Bookmark,
    layout::{Line, text},
};
use crate::document::Section;

/// Maximum number of lines of a title.
const TITLE_LINES: usize = 4;

/// The sections of all pages, from top to bottom.
pub(super) fn sections(pages: &[Vec<Line>], bookmarks: &[Bookmark], title: &str) -> Vec<Section> {
    let mut writer = Writer { open: Vec::new(), title, sections: Vec::new() };
    let mut marks = bookmarks.to_vec();
    // Outlines usually follow the order of the pages; the exceptions must not lose their lines.
    marks.sort_by_key(|mark| mark.page);
    let mut marks = marks.into_iter().peekable();
    for (number, lines) in pages.iter().enumerate() {
        let mut from = 0;
        while let Some(mark) = marks.next_if(|mark| mark.page <= number) {
            // A title that its page does not contain stands above the rest of the page.
            let (begin, end) = find(&lines[from..], &mark.title).map_or((from, from), |(b, e)| (from + b, from + e));
            writer.section(number, &lines[from..begin]);
            writer.heading(&mark, number);
            from = end;
        }
        writer.section(number, &lines[from..]);
    }
    writer.finish()
}

struct Writer<'t> {
    open: Vec<(u8, String)>,
    title: &'t str,
    sections: Vec<Section>,
}

impl Writer<'_> {
    fn heading(&mut self, mark: &Bookmark, number: usize) {
        self.open.retain(|(level, _)| *level < mark.level);
        if mark.title != self.title {
            self.open.push((mark.level, mark.title.clone()));
        }
        // A title without text of its own remains searchable by its words.
        self.add(number, String::new());
    }

    fn section(&mut self, number: usize, lines: &[Line]) {
        let text = text(lines);
        if !text.trim().is_empty() {
            self.add(number, text);
        }
    }

    fn add(&mut self, number: usize, text: String) {
        let headings: Vec<_> = self.open.iter().map(|(_, heading)| heading.clone()).collect();
        let anchor = Some(format!("page={}", number + 1));
        match self.sections.last_mut() {
            // The text of a heading that has just begun.
            Some(last) if last.text.is_empty() && last.headings == headings && last.anchor == anchor => {
                last.text = text
            }
            _ => self.sections.push(Section { headings, anchor, text, names: Vec::new(), is_links: false }),
        }
    }

    /// Headings without text are dropped if the path of the next one contains them.
    fn finish(self) -> Vec<Section> {
        let next = self.sections.iter().skip(1).map(|s| s.headings.clone()).chain([Vec::new()]).collect::<Vec<_>>();
        let is_kept =
            |(section, next): &(Section, Vec<String>)| !section.text.is_empty() || !next.starts_with(&section.headings);
        self.sections.into_iter().zip(next).filter(is_kept).map(|(section, _)| section).collect()
    }
}

/// The lines that form a title, with any number before it.
fn find(lines: &[Line], title: &str) -> Option<(usize, usize)> {
    let title = squeezed(title);
    if title.is_empty() {
        return None;
    }
    (0..lines.len()).find_map(|begin| {
        let mut so_far = String::new();
        for (end, line) in lines.iter().enumerate().skip(begin).take(TITLE_LINES) {
            so_far.push_str(&line.text);
            let here = squeezed(&so_far);
            if here == title {
                return Some((begin, end + 1));
            }
            // A line with only a number may have its title on the next line.
            if !title.starts_with(&here) {
                return None;
            }
        }
        None
    })
}

/// The letters of a text in lower case, from the first letter on.
fn squeezed(text: &str) -> String {
    let lower = text.to_lowercase();
    let from = lower.find(char::is_alphabetic).unwrap_or(lower.len());
    // `A.2 Title`, `Chapter 3 Title`: a number with its letter or word.
    let rest = match lower[from..].split_once(|c: char| c.is_whitespace() || c == '.') {
        Some((word, rest)) if (word == "chapter" || word == "appendix") || word.chars().count() == 1 => {
            let number = rest.trim_start_matches(|c: char| c.is_numeric() || matches!(c, '.' | ':' | ' '));
            if number.len() < rest.len() && !number.is_empty() { number } else { &lower[from..] }
        }
        _ => &lower[from..],
    };
    rest.chars().filter(|c| c.is_alphanumeric()).collect()
}
