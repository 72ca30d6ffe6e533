//! Goes through the lines of a page once.

use std::collections::HashMap;

use super::{
    attributes::{Attributes, entry_name},
    block::{self, BlockAttributes, Delimiter},
    id::Ids,
    inline,
    open_entry::Entry,
    table,
};
use crate::document::Outline;

/// Maximum length of a heading: each section below repeats it.
pub(super) const LONGEST_HEADING: usize = 1000;
/// Maximum number of open containers; deeper ones are text.
const DEEPEST: usize = 100;

/// See the module.
#[derive(Debug)]
pub(super) struct Reader<'a> {
    pub(super) lines: Vec<&'a str>,
    pub(super) at: usize,
    /// The last position of each delimiter.
    pub(super) last_delimiters: HashMap<&'a str, usize>,
    pub(super) outline: Outline,
    pub(super) attributes: Attributes,
    /// Title of the document, or else of the first section of level 0.
    pub(super) title: Option<String>,
    pub(super) ids: Ids,
    pub(super) pending: BlockAttributes,
    pub(super) containers: Vec<&'a str>,
    pub(super) entry: Option<Entry>,
    /// The next block belongs to the list item above.
    pub(super) is_attached: bool,
    /// Whether any text was read.
    pub(super) begun: bool,
}

impl<'a> Reader<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        let lines: Vec<_> = text.lines().map(str::trim_end).collect();
        Self {
            last_delimiters: last_delimiters(&lines),
            lines,
            at: 0,
            outline: Outline::default(),
            attributes: Attributes::new(text.len()),
            title: None,
            ids: Ids::default(),
            pending: BlockAttributes::default(),
            containers: Vec::new(),
            entry: None,
            is_attached: false,
            begun: false,
        }
    }

    pub(super) fn read(&mut self) {
        while let Some(&line) = self.lines.get(self.at) {
            self.at += 1;
            if !line.is_empty() {
                self.line(line);
            }
        }
    }

    fn line(&mut self, line: &'a str) {
        if self.is_about(line) {
        } else if let Some(delimiter) = block::delimiter(line).filter(|_| !self.is_underlined(line)) {
            self.delimited(line, delimiter);
        } else if let Some((level, text)) = self.section_title(line) {
            self.section(level, text);
        } else if let Some(title) = block_title(line) {
            self.begun = true;
            self.say(title);
        } else if let Some((name, text)) = block::block_macro(line) {
            self.pending = BlockAttributes::default();
            if matches!(name, "image" | "figure") {
                let alt = text.split(',').next().unwrap_or_default().trim_matches('"');
                self.say(if alt.contains('=') { "" } else { alt });
            }
        } else if let Some((term, mark, text)) = block::term(line.trim_start()) {
            self.term(term, mark, text);
        } else if line.starts_with([' ', '\t']) && block::item(line.trim_start()).is_none() {
            self.literal(line);
        } else {
            self.paragraph(line);
        }
    }

    /// Reads a line of markup.
    pub(super) fn is_about(&mut self, line: &'a str) -> bool {
        let is_break = matches!(line, "'''" | "---" | "***" | "- - -" | "* * *" | "<<<");
        if line == "+" {
            self.is_attached = true;
        } else if let Some(attributes) = block::attributes(line) {
            let id = attributes.id.clone().or(self.pending.id.take());
            let before = std::mem::take(&mut self.pending);
            let attributes = if attributes.list.is_empty() { before } else { attributes };
            self.pending = BlockAttributes { id, ..attributes };
        } else if entry_name(line).is_some() {
            let value = self.entry_value(line);
            self.attributes.read(line, &value);
        } else {
            let is_comment = line.starts_with("//") && !line.starts_with("///");
            return is_break || is_comment || block::is_preprocessor(line);
        }
        true
    }

    /// The value of an attribute, which continues after a backslash.
    fn entry_value(&mut self, line: &str) -> String {
        let mut value = line[1..].split_once(':').map_or("", |(_, v)| v).trim().to_owned();
        while let (Some(shorter), Some(next)) = (value.strip_suffix(" \\"), self.lines.get(self.at)) {
            value = format!("{shorter} {}", next.trim());
            self.at += 1;
            if value.len() > 10_000 {
                break;
            }
        }
        value
    }

    pub(super) fn words(&mut self, text: &str) -> String {
        inline::words(&self.attributes.expand(text))
    }

    pub(super) fn say(&mut self, text: &str) {
        let words = self.words(text);
        self.outline.paragraph(&words);
    }

    fn delimited(&mut self, line: &'a str, delimiter: Delimiter) {
        let pending = std::mem::take(&mut self.pending);
        self.begun |= delimiter != Delimiter::Unread;
        let is_code = matches!(pending.style.as_str(), "source" | "listing" | "literal");
        match delimiter {
            Delimiter::Unread if pending.style != "stem" => drop(self.until(line)),
            Delimiter::Container if pending.style == "comment" => drop(self.until(line)),
            Delimiter::Container if !is_code => self.container(line),
            Delimiter::Table(separator) => self.table(line, separator, &pending),
            _ => {
                self.leave_after_blank();
                let close = if line.starts_with("```") { "```" } else { line };
                let code = self.until(close);
                let kept = code.iter().filter(|l| !block::is_preprocessor(l)).map(|l| block::without_callouts(l));
                let text = kept.collect::<Vec<_>>().join("\n");
                self.outline.paragraph(&text);
            }
        }
    }

    fn container(&mut self, line: &'a str) {
        if self.containers.last() == Some(&line) {
            self.containers.pop();
        } else {
            self.leave_after_blank();
            if self.containers.len() < DEEPEST {
                self.containers.push(line);
            }
        }
    }

    /// The lines up to the closing delimiter.
    fn until(&mut self, close: &str) -> Vec<&'a str> {
        let rest = &self.lines[self.at..];
        let len = rest.iter().position(|l| *l == close).unwrap_or(rest.len());
        let block = rest[..len].to_vec();
        self.at = (self.at + len + 1).min(self.lines.len());
        block
    }

    fn table(&mut self, line: &'a str, separator: char, pending: &BlockAttributes) {
        self.leave_after_blank();
        let lines = self.until(line);
        let is_unread = |l: &str| block::is_preprocessor(l) || l.starts_with("//");
        let lines: Vec<_> = lines.into_iter().filter(|l| !is_unread(l)).map(|l| block::item(l).unwrap_or(l)).collect();
        let rows = match separator {
            '|' if pending.list.contains("format=csv") => table::separated(&lines, ','),
            '|' => table::rows(&lines, table::columns(&pending.list)),
            other => table::separated(&lines, other),
        };
        for row in rows {
            let cells: Vec<_> = row.iter().map(|cell| self.words(cell)).collect();
            self.outline.paragraph(cells.join(" | ").trim_end_matches([' ', '|']));
        }
    }
}

/// Text of a line that is the title of the block below.
fn block_title(line: &str) -> Option<&str> {
    line.strip_prefix('.').filter(|t| !t.starts_with(['.', ' ', '\t']) && !t.is_empty())
}

fn last_delimiters<'a>(lines: &[&'a str]) -> HashMap<&'a str, usize> {
    let delimiters = lines.iter().enumerate().filter(|(_, l)| block::delimiter(l).is_some());
    delimiters.map(|(at, line)| (*line, at)).collect()
}
