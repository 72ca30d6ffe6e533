//! Goes through the lines of a page once.

use serde_json::{Map, Value};

use super::{
    directive::field,
    entry::Scope,
    heading::cut,
    id::Ids,
    inline::Inline,
    line::{Line, adornment, lines, verbatim},
    substitution, table,
};
use crate::document::Outline;

/// Level of the outermost entry.
pub(super) const ENTRY: u8 = 100;
/// Maximum nesting depth of an entry.
pub(super) const DEEPEST_ENTRY: usize = 40;
/// Level of a term.
pub(super) const TERM: u8 = 200;

/// A construct that ends with its indentation.
#[derive(Debug)]
pub(super) enum Kind {
    /// A described object, and the prefix of the names inside it.
    Entry(Option<String>),
    /// A glossary, and the column of its terms.
    Glossary(Option<usize>),
}

/// An open entry or glossary.
#[derive(Debug)]
pub(super) struct Open {
    pub(super) indent: usize,
    pub(super) level: u8,
    pub(super) kind: Kind,
}

/// See the module.
#[derive(Debug)]
pub(super) struct Reader<'a> {
    pub(super) lines: Vec<Line<'a>>,
    pub(super) at: usize,
    pub(super) outline: Outline,
    pub(super) inline: Inline,
    pub(super) ids: Ids,
    pub(super) scope: Scope,
    pub(super) open: Vec<Open>,
    /// Id of an explicit target, for the section that follows it.
    pub(super) target: Option<String>,
    /// Text of the first heading.
    pub(super) title: Option<String>,
    /// The metadata of the page.
    pub(super) meta: Map<String, Value>,
    /// The author hides the page from the search.
    pub(super) kept_out: bool,
    /// Adornments by level: the character, and whether the title is also overlined.
    pub(super) styles: Vec<(char, bool)>,
    /// Whether any text was read.
    pub(super) begun: bool,
}

impl<'a> Reader<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        let lines = lines(text);
        let inline = Inline::new(substitution::definitions(&lines), text.len());
        Self {
            lines,
            at: 0,
            outline: Outline::default(),
            inline,
            ids: Ids::default(),
            scope: Scope::default(),
            open: Vec::new(),
            target: None,
            title: None,
            meta: Map::new(),
            kept_out: false,
            styles: Vec::new(),
            begun: false,
        }
    }

    pub(super) fn read(&mut self) {
        while let Some(&line) = self.lines.get(self.at) {
            if line.text.is_empty() {
                self.at += 1;
            } else {
                self.leave(line.indent);
                self.block(line);
            }
        }
    }

    fn block(&mut self, line: Line<'a>) {
        let text = line.text;
        if text == ".." || text.starts_with(".. ") || text.starts_with("__ ") {
            self.explicit(line);
        } else if let Some((len, style, title)) = self.section_title(line) {
            self.at += len;
            self.section(style, title);
        } else if adornment(text).is_some() && text.len() >= 4 {
            self.at += 1;
        } else if table::is_grid(text) {
            let len = table::grid_len(&self.lines[self.at..]);
            let rows = table::grid(&self.lines[self.at..self.at + len]);
            self.rows(len, rows);
        } else if table::is_simple(text) {
            let len = table::simple_len(&self.lines[self.at..]);
            let rows = table::simple(&self.lines[self.at..self.at + len]);
            self.rows(len, rows);
        } else if text.starts_with(">>> ") {
            let len = self.lines[self.at..].iter().position(|l| l.text.is_empty());
            self.literal_lines(len.unwrap_or(self.lines.len() - self.at));
        } else if let Some((name, value)) = field(text) {
            self.field(line, name, value);
        } else if !self.item(line) && !self.term(line) {
            self.paragraph(line);
        }
    }

    /// Closes everything that ends above a line with this indentation.
    fn leave(&mut self, indent: usize) {
        let mut outermost = None;
        while let Some(open) = self.open.pop_if(|o| o.indent >= indent) {
            outermost = Some(open.level);
        }
        if let Some(level) = outermost {
            self.outline.resume(level);
        }
    }

    /// Words of a text. Targets and references to footnotes in it use up ids.
    pub(super) fn words(&mut self, text: &str) -> String {
        let words = self.inline.words(text);
        for claim in std::mem::take(&mut self.inline.claims) {
            match claim {
                Some(name) => self.ids.of_name(&name),
                None => self.ids.next(),
            };
        }
        words
    }

    /// Adds the words of a paragraph.
    pub(super) fn say(&mut self, text: &str) {
        let words = self.words(text);
        self.add(&words);
    }

    /// Adds text unchanged.
    pub(super) fn add(&mut self, text: &str) {
        self.target = None;
        self.begun = true;
        self.outline.paragraph(text);
    }

    pub(super) fn rows(&mut self, len: usize, rows: Vec<table::Row>) {
        self.at += len;
        for row in rows {
            let cells: Vec<_> = row.iter().map(|cell| self.words(cell.trim_start_matches(":: "))).collect();
            self.add(cells.join(" | ").trim_end_matches([' ', '|']));
        }
    }

    fn field(&mut self, line: Line<'a>, name: &str, value: &'a str) {
        if !self.begun && line.indent == 0 {
            // Fields before the title are metadata of the page.
            self.kept_out |= name == "nosearch";
            self.skip_block(line.indent);
        } else {
            let deeper = self.lines.get(self.at + 1).filter(|l| !l.text.is_empty() && l.indent > line.indent);
            let indent = deeper.map_or(line.indent + 1, |l| l.indent);
            let label = self.words(name);
            let len = self.paragraph_len(indent);
            let more: Vec<_> = self.lines[self.at + 1..self.at + len].iter().map(|l| l.text).collect();
            self.at += len;
            let text = format!("{value} {}", more.join(" "));
            let text = self.words(text.trim());
            let is_about_look = name == "meta" || name.starts_with("meta ");
            if !is_about_look {
                self.add(format!("{label}: {text}").trim_end_matches([':', ' ']));
            }
        }
    }

    /// Number of lines of a paragraph whose first line is here and whose others have this indentation.
    fn paragraph_len(&self, indent: usize) -> usize {
        let rest = &self.lines[self.at + 1..];
        1 + rest.iter().take_while(|l| !l.text.is_empty() && l.indent == indent).count()
    }

    /// Reduces an item to the text after its bullet, or a verse to its words.
    fn item(&mut self, line: Line<'a>) -> bool {
        if line.text == "|" || line.text.starts_with("| ") {
            let rest = &self.lines[self.at..];
            let len = rest.iter().take_while(|l| l.text == "|" || l.text.starts_with("| ")).count();
            let verses: Vec<_> = rest[..len].iter().map(|l| l.text[1..].trim()).collect();
            let text = self.words(&verses.join("\n"));
            self.add(&text);
            self.at += len;
            return true;
        }
        let Some(rest) = table::item(line.text).or_else(|| self.enumerated(line)) else { return false };
        let indent = line.indent + line.text.len() - rest.len();
        self.lines[self.at] = Line { indent, text: rest };
        true
    }

    /// The text after `1. `, `#. ` or `(1) `, unless it is a sentence that continues on the next line.
    fn enumerated(&self, line: Line<'a>) -> Option<&'a str> {
        let text = line.text.strip_prefix('(').unwrap_or(line.text);
        let number = text.bytes().take(9).take_while(|b| b.is_ascii_digit() || *b == b'#').count();
        let rest = text[number..].strip_prefix(['.', ')'])?;
        let goes_on = self.lines.get(self.at + 1).is_some_and(|next| {
            !next.text.is_empty()
                && next.indent == line.indent
                && !next.text.starts_with(|c: char| c.is_ascii_digit() || c == '#' || c == '(')
        });
        (number > 0 && !goes_on && rest.starts_with(' ')).then(|| rest.trim_start())
    }

    /// A term of a glossary.
    fn term(&mut self, line: Line<'a>) -> bool {
        let Some(Open { level, kind: Kind::Glossary(column), .. }) = self.open.last_mut() else { return false };
        if *column.get_or_insert(line.indent) != line.indent {
            return false;
        }
        let level = *level;
        let text = line.text.split(" : ").next().unwrap_or(line.text);
        let text = self.words(text);
        let id = self.ids.of_entry(super::id::of_term("term", &text));
        self.outline.heading(level, cut(&text), Some(id));
        self.at += 1;
        true
    }

    fn paragraph(&mut self, line: Line<'a>) {
        let len = self.paragraph_len(line.indent);
        let text: Vec<_> = self.lines[self.at..self.at + len].iter().map(|l| l.text).collect();
        self.at += len;
        self.prose(&text.join(" "), line.indent);
    }

    /// Adds a paragraph, and the literal block after it.
    pub(super) fn prose(&mut self, text: &str, indent: usize) {
        let Some(before) = text.strip_suffix("::") else { return self.say(text) };
        let announcement = before.trim_end();
        if before.len() > announcement.len() || before.is_empty() {
            self.say(announcement);
        } else {
            self.say(&format!("{before}:"));
        }
        let blank = self.lines[self.at..].iter().take_while(|l| l.text.is_empty()).count();
        let Some(first) = self.lines.get(self.at + blank).filter(|_| blank > 0) else { return };
        if first.indent > indent {
            self.literal_block(indent);
        } else if first.indent == indent
            && first.text.starts_with(|c: char| c.is_ascii_punctuation())
            && !first.text.starts_with("..")
        {
            self.at += blank;
            let quote = first.text.chars().next();
            let quoted = self.lines[self.at..].iter().take_while(|l| l.text.chars().next() == quote).count();
            self.literal_lines(quoted);
        }
    }

    /// Adds all lines with a deeper indentation, verbatim.
    pub(super) fn literal_block(&mut self, indent: usize) {
        let len = self.lines[self.at..].iter().take_while(|l| l.text.is_empty() || l.indent > indent).count();
        self.literal_lines(len);
    }

    fn literal_lines(&mut self, len: usize) {
        let block = &self.lines[self.at..self.at + len];
        let begin = block.iter().take_while(|l| l.text.is_empty()).count();
        let text = verbatim(&block[begin..]);
        self.at += len;
        self.add(&text);
    }

    /// Skips this line and all lines with a deeper indentation.
    pub(super) fn skip_block(&mut self, indent: usize) {
        let rest = &self.lines[self.at + 1..];
        self.at += 1 + rest.iter().take_while(|l| l.text.is_empty() || l.indent > indent).count();
    }
}
