//! Goes through the lines of a page once.

use serde_json::{Map, Value};

use super::{
    headline::{Headline, headline, keywords},
    inline,
};
use crate::document::Outline;

/// Maximum level; deeper headlines count as this level.
const DEEPEST: usize = 90;
/// Maximum length of a heading: each section below repeats it.
const LONGEST_HEADING: usize = 1000;

/// See the module.
#[derive(Debug)]
pub(super) struct Reader<'a> {
    lines: Vec<&'a str>,
    at: usize,
    pub(super) outline: Outline,
    /// The metadata of the page: `title`, `description` and similar keywords.
    pub(super) front: Map<String, Value>,
    keywords: Vec<String>,
    /// Tags of trees that are hidden from readers.
    hidden_tags: Vec<String>,
    /// Kinds of blocks that do not end any more.
    unclosed: Vec<String>,
    /// Number of stars of a skipped headline.
    hidden: Option<usize>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self {
            lines: text.lines().map(str::trim_end).collect(),
            at: 0,
            outline: Outline::default(),
            front: Map::new(),
            keywords: Vec::new(),
            hidden_tags: vec!["noexport".into()],
            unclosed: Vec::new(),
            hidden: None,
        }
    }

    pub(super) fn read(&mut self) {
        while let Some(&line) = self.lines.get(self.at) {
            self.at += 1;
            if let Some(found) = headline(line, &self.keywords) {
                self.headline(&found);
            } else if self.hidden.is_none() && !line.is_empty() {
                self.block(line);
            }
        }
    }

    fn headline(&mut self, found: &Headline<'_>) {
        if self.hidden.is_some_and(|level| found.level > level) {
            return;
        }
        let is_hidden = found.is_comment || found.tags.split(':').any(|t| self.hidden_tags.iter().any(|h| h == t));
        self.hidden = is_hidden.then_some(found.level);
        if is_hidden {
            // Text after the tree belongs to none of its sections; the next headline begins one.
            return;
        }
        let text = inline::words(found.text);
        let anchor = self.property_drawer();
        let text = &text[..text.floor_char_boundary(LONGEST_HEADING)];
        self.outline.heading(found.level.min(DEEPEST) as u8, text, anchor);
    }

    /// Skips planning and properties below a headline; the anchor is one of the properties.
    fn property_drawer(&mut self) -> Option<String> {
        let is_planning =
            |l: &&&str| ["SCHEDULED:", "DEADLINE:", "CLOSED:"].iter().any(|p| l.trim_start().starts_with(p));
        if self.lines.get(self.at).filter(is_planning).is_some() {
            self.at += 1;
        }
        if !self.lines.get(self.at).is_some_and(|l| l.trim().eq_ignore_ascii_case(":PROPERTIES:")) {
            return None;
        }
        let rest = &self.lines[self.at..];
        let len = rest.iter().take_while(|l| !l.trim().eq_ignore_ascii_case(":END:") && !l.starts_with("* ")).count();
        let property = |name: &str| {
            rest[..len].iter().find_map(|l| {
                let (key, value) = l.trim().strip_prefix(':')?.split_once(':')?;
                (key.eq_ignore_ascii_case(name) && !value.trim().is_empty()).then(|| value.trim().to_owned())
            })
        };
        let anchor = property("CUSTOM_ID").or_else(|| property("ID").map(|id| format!("ID-{id}")));
        self.at = (self.at + len + 1).min(self.lines.len());
        anchor
    }

    fn block(&mut self, line: &'a str) {
        let text = line.trim_start();
        if let Some(rest) = text.strip_prefix("#+") {
            self.keyword(rest);
        } else if text == "#" || text.starts_with("# ") || text.len() >= 5 && text.bytes().all(|b| b == b'-') {
        } else if is_drawer(text) {
            self.drawer(text);
        } else if text == ":" || text.starts_with(": ") {
            self.fixed_width();
        } else if text.starts_with('|') {
            self.row(text);
        } else if line.starts_with("[fn:") {
            self.paragraph(line.split_once(']').map_or("", |(_, note)| note.trim_start()));
        } else {
            self.paragraph(item(text).unwrap_or(text));
        }
    }

    fn keyword(&mut self, rest: &'a str) {
        let lower = rest.to_ascii_lowercase();
        if let Some(name) = lower.strip_prefix("begin_") {
            let name = name.split_whitespace().next().unwrap_or_default();
            return self.begin(name);
        }
        let Some((key, value)) = rest.split_once(':') else { return };
        let value = value.trim();
        match key.to_ascii_lowercase().as_str() {
            "todo" | "seq_todo" | "typ_todo" => self.keywords.extend(keywords(value).take(50)),
            "exclude_tags" => self.hidden_tags = value.split_whitespace().take(50).map(str::to_owned).collect(),
            "title" | "subtitle" | "description" | "language" | "robots" | "draft" | "slug"
                if self.front.len() < 50 =>
            {
                let value = inline::words(value);
                self.front.entry(key.to_ascii_lowercase()).or_insert(Value::String(value));
            }
            "caption" => self.outline.paragraph(&inline::words(value)),
            _ => {}
        }
    }

    /// Blocks of code and examples are verbatim; the lines of others are text.
    fn begin(&mut self, name: &str) {
        let is_verbatim = matches!(name, "src" | "example");
        let is_unread = matches!(name, "comment" | "export" | "html" | "latex" | "ascii");
        if !is_verbatim && !is_unread || self.unclosed.iter().any(|n| n == name) {
            return;
        }
        let end = format!("#+end_{name}");
        let is_end = |l: &&str| l.trim_start().get(..end.len()).is_some_and(|l| l.eq_ignore_ascii_case(&end));
        let rest = &self.lines[self.at..];
        let Some(len) = rest.iter().position(is_end) else { return self.unclosed.push(name.to_owned()) };
        if is_verbatim {
            self.outline.paragraph(&verbatim(&rest[..len]));
        }
        self.at = (self.at + len + 1).min(self.lines.len());
    }

    /// Properties and the log are not text; the content of other drawers is.
    fn drawer(&mut self, text: &str) {
        if ["PROPERTIES", "LOGBOOK"].iter().any(|name| text.trim_matches(':').eq_ignore_ascii_case(name)) {
            let rest = &self.lines[self.at..];
            let len =
                rest.iter().take_while(|l| !l.trim().eq_ignore_ascii_case(":END:") && !l.starts_with("* ")).count();
            let is_closed = rest.get(len).is_some_and(|l| !l.starts_with("* "));
            self.at += len + usize::from(is_closed);
        }
    }

    fn fixed_width(&mut self) {
        let begin = self.at - 1;
        let is_fixed = |l: &&&str| l.trim_start() == ":" || l.trim_start().starts_with(": ");
        self.at += self.lines[self.at..].iter().take_while(is_fixed).count();
        let lines: Vec<_> = self.lines[begin..self.at].iter().map(|l| &l.trim_start()[1..]).collect();
        self.outline.paragraph(&verbatim(&lines));
    }

    fn row(&mut self, text: &str) {
        if text.starts_with("|-") {
            return;
        }
        let cells: Vec<_> = text.trim_matches('|').split('|').map(|cell| inline::words(cell.trim())).collect();
        let is_format = cells.iter().all(|c| c.is_empty() || c.starts_with('<') && c.ends_with('>') && c.len() < 6);
        if !is_format {
            self.outline.paragraph(cells.join(" | ").trim_end_matches([' ', '|']));
        }
    }

    fn paragraph(&mut self, first: &'a str) {
        let mut text = first.to_owned();
        while let Some(next) = self.lines.get(self.at).filter(|l| !self.ends_paragraph(l)) {
            text.push(' ');
            text.push_str(next.trim_start());
            self.at += 1;
        }
        self.outline.paragraph(&inline::words(&text));
    }

    fn ends_paragraph(&self, line: &str) -> bool {
        let text = line.trim_start();
        text.is_empty()
            || text.starts_with(['|', '#'])
            || text.starts_with(": ")
            || line.starts_with("[fn:")
            || is_drawer(text)
            || item(text).is_some() && !line.starts_with("* ")
            || headline(line, &self.keywords).is_some()
    }
}

/// A line like `:NAME:`.
fn is_drawer(text: &str) -> bool {
    let name = text.strip_prefix(':').and_then(|t| t.strip_suffix(':'));
    name.is_some_and(|n| !n.is_empty() && n.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '_')))
}

/// The text after the bullet of a list item, its check box and counter.
fn item(text: &str) -> Option<&str> {
    let digits = text.bytes().take(9).take_while(u8::is_ascii_digit).count();
    let marker = if digits > 0 { text[digits..].starts_with(['.', ')']).then_some(digits + 1)? } else { 1 };
    if digits == 0 && !text.starts_with(['-', '+', '*']) {
        return None;
    }
    let rest = text[marker..].strip_prefix([' ', '\t'])?.trim_start();
    let rest = match rest.strip_prefix("[@").and_then(|r| r.split_once(']')) {
        Some((_, after)) => after.trim_start(),
        None => rest,
    };
    let unchecked = ["[ ] ", "[X] ", "[x] ", "[-] "].iter().find_map(|check| rest.strip_prefix(check));
    Some(unchecked.unwrap_or(rest))
}

/// Lines without their common indentation, and without the comma that protects a star or `#+`.
fn verbatim(lines: &[&str]) -> String {
    let base = lines.iter().filter(|l| !l.trim().is_empty()).map(|l| indentation(l)).min().unwrap_or_default();
    let mut text = String::new();
    for line in lines {
        let line = line.get(base..).unwrap_or_default();
        let (space, code) = line.split_at(indentation(line));
        let protected = code.strip_prefix(',').filter(|c| c.starts_with(['*', ',']) || c.starts_with("#+"));
        text.push_str(space);
        text.push_str(protected.unwrap_or(code));
        text.push('\n');
    }
    text
}

fn indentation(line: &str) -> usize {
    line.len() - line.trim_start_matches(' ').len()
}
