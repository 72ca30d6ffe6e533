//! The text of a Word document: paragraphs, tables and notes in document order.

use std::collections::HashMap;

use super::{
    super::xml::{self, Element, Step},
    styles::{Role, Styles, role_of_level},
};
use crate::document::Outline;

/// Elements to skip with all their content: moved text at its old place, and the second form of content stored in two
/// forms.
const UNSEEN: [&str; 3] = ["moveFrom", "Fallback", "del"];

/// The result.
#[derive(Debug, Default)]
pub(super) struct Body {
    pub(super) outline: Outline,
    pub(super) title: Option<String>,
}

/// Reads `document.xml`. `notes` holds the texts of footnotes and endnotes by id.
pub(super) fn read(text: &str, styles: &Styles, notes: &HashMap<String, String>) -> Result<Body, String> {
    let mut reader = Reader {
        styles,
        notes,
        body: Body::default(),
        run: Run::default(),
        open: Vec::new(),
        bookmark: None,
        rows: Vec::new(),
        unseen: 0,
    };
    xml::walk(text, |step| reader.step(step))?;
    while !reader.open.is_empty() {
        reader.end_paragraph();
    }
    while !reader.rows.is_empty() {
        reader.end_row();
    }
    Ok(reader.body)
}

/// Texts of the notes in `footnotes.xml` or `endnotes.xml`, by kind and id.
pub(super) fn notes(text: &str, kind: &str) -> Result<HashMap<String, String>, String> {
    let mut notes = HashMap::new();
    let (mut at, mut is_text) = (None, false);
    xml::walk(text, |step| match step {
        Step::Open(element) => match element.name().as_str() {
            // A note with a type is the separator line above all notes.
            name if name == kind => at = element.attribute("id").filter(|_| element.attribute("type").is_none()),
            "t" => is_text = true,
            "p" | "tab" | "br" => note(&mut notes, kind, &at, " "),
            _ => {}
        },
        Step::Close(name) => is_text &= name != "t",
        Step::Text(text) if is_text => note(&mut notes, kind, &at, &text),
        Step::Text(_) => {}
    })?;
    Ok(notes)
}

fn note(notes: &mut HashMap<String, String>, kind: &str, id: &Option<String>, text: &str) {
    if let Some(id) = id {
        notes.entry(format!("{kind} {id}")).or_default().push_str(text);
    }
}

/// The current paragraph. A text box inside it has paragraphs of its own.
#[derive(Default)]
struct Paragraph {
    text: String,
    style: String,
    level: Option<Role>,
    bookmark: Option<String>,
    notes: Vec<String>,
}

/// The position within a run of text.
#[derive(Default)]
struct Run {
    is_text: bool,
    is_hidden: bool,
}

struct Reader<'a> {
    styles: &'a Styles,
    notes: &'a HashMap<String, String>,
    body: Body,
    run: Run,
    open: Vec<Paragraph>,
    /// The bookmark of the next paragraph.
    bookmark: Option<String>,
    /// Open rows of tables: their cells, each a list of paragraphs.
    rows: Vec<Vec<Vec<String>>>,
    /// Number of open invisible elements.
    unseen: usize,
}

impl Reader<'_> {
    fn step(&mut self, step: Step<'_>) {
        match step {
            Step::Open(element) if UNSEEN.contains(&element.name().as_str()) => self.unseen += 1,
            Step::Close(name) if UNSEEN.contains(&name.as_str()) => self.unseen = self.unseen.saturating_sub(1),
            _ if self.unseen > 0 => {}
            Step::Open(element) => self.open(&element),
            Step::Close(name) => self.close(&name),
            Step::Text(text) if self.run.is_text && !self.run.is_hidden => self.push(&text),
            Step::Text(_) => {}
        }
    }

    fn open(&mut self, element: &Element<'_>) {
        let value = || element.attribute("val").unwrap_or_default();
        match element.name().as_str() {
            "p" => {
                let bookmark = self.bookmark.take();
                self.open.push(Paragraph { bookmark, ..Paragraph::default() });
            }
            "tr" => self.rows.push(Vec::new()),
            "tc" => self.rows.last_mut().into_iter().for_each(|row| row.push(Vec::new())),
            "r" => self.run = Run::default(),
            "t" => self.run.is_text = true,
            "vanish" => self.run.is_hidden = !matches!(value().as_str(), "0" | "false" | "off"),
            "tab" | "ptab" => self.push(" "),
            "br" | "cr" => self.push("\n"),
            "noBreakHyphen" => self.push("-"),
            "pStyle" | "outlineLvl" | "footnoteReference" | "endnoteReference" => self.describe(element),
            // Word generates the names that begin with an underscore; authors choose the others.
            "bookmarkStart" => {
                let name = element.attribute("name").filter(|n| !n.starts_with('_') && !n.is_empty());
                // It may come before the paragraph that it marks.
                let slot = self.open.last_mut().map_or(&mut self.bookmark, |paragraph| &mut paragraph.bookmark);
                *slot = slot.take().or(name);
            }
            _ => {}
        }
    }

    fn close(&mut self, name: &str) {
        match name {
            "p" => self.end_paragraph(),
            "tr" => self.end_row(),
            "t" => self.run.is_text = false,
            _ => {}
        }
    }

    /// Applies the properties of an element to the innermost paragraph.
    fn describe(&mut self, element: &Element<'_>) {
        let Some(paragraph) = self.open.last_mut() else { return };
        let value = |name| element.attribute(name).unwrap_or_default();
        match element.name().as_str() {
            "pStyle" => paragraph.style = value("val"),
            "outlineLvl" => paragraph.level = role_of_level(&value("val")),
            name => paragraph.notes.push(format!("{} {}", name.trim_end_matches("Reference"), value("id"))),
        }
    }

    fn push(&mut self, text: &str) {
        // A tab stop in the settings of a paragraph is not text.
        if let Some(paragraph) = self.open.last_mut()
            && (self.run.is_text || !paragraph.text.is_empty())
        {
            paragraph.text.push_str(text);
        }
    }

    fn end_paragraph(&mut self) {
        let Some(paragraph) = self.open.pop() else { return };
        let role = paragraph.level.unwrap_or_else(|| self.styles.role(&paragraph.style));
        let text = paragraph.text.trim();
        match role {
            _ if text.is_empty() => {}
            Role::Contents => {}
            Role::Title if self.body.title.is_none() => self.body.title = Some(one_line(text)),
            Role::Heading(level) if self.rows.is_empty() => {
                self.body.outline.heading(level, &one_line(text), paragraph.bookmark);
            }
            _ => self.add(text),
        }
        for id in paragraph.notes {
            if let Some(note) = self.notes.get(&id) {
                self.add(&one_line(note));
            }
        }
    }

    /// Adds a paragraph to the innermost cell, or to the document.
    fn add(&mut self, text: &str) {
        match self.rows.last_mut().and_then(|row| row.last_mut()) {
            Some(cell) => cell.push(text.to_owned()),
            None => self.body.outline.paragraph(text),
        }
    }

    fn end_row(&mut self) {
        let Some(row) = self.rows.pop() else { return };
        // A row with one cell is a frame around paragraphs.
        if row.len() == 1 {
            row.iter().flatten().for_each(|paragraph| self.add(paragraph));
            return;
        }
        let cells: Vec<_> = row.iter().map(|cell| one_line(&cell.join(" "))).collect();
        let text = cells.join(" | ");
        if text.chars().any(|c| !matches!(c, ' ' | '|')) {
            self.add(&text);
        }
    }
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
