//! The man macros: `.TH`, `.SH`, `.TP` and the others of man(7), and the additions of pod2man.

use super::{
    Read,
    source::{Argument, Line},
    table,
    writer::Writer,
};

#[derive(Default)]
struct Reader {
    writer: Writer,
    name: String,
    section: String,
    /// Lines of the current table.
    table: Option<Vec<String>>,
    /// Whether the reader is inside an equation, which it skips.
    is_equation: bool,
    /// Address of the open link.
    link: Option<String>,
}

/// Reads a page.
pub(super) fn read(lines: &[Line]) -> Read {
    let mut reader = Reader::default();
    for line in lines {
        match line {
            Line::Text(text, is_glued) => reader.text(text, *is_glued),
            Line::Macro(name, arguments) => reader.named(name, arguments),
        }
    }
    reader.end_table();
    reader.writer.paragraph();
    Read { outline: reader.writer.outline, name: reader.name, section: reader.section }
}

impl Reader {
    fn text(&mut self, text: &str, is_glued: bool) {
        if self.is_equation {
            return;
        }
        if let Some(table) = &mut self.table {
            table.push(text.to_owned());
        } else if text.trim().is_empty() {
            self.writer.blank();
        } else {
            // roff breaks the line before an indented one.
            if text.starts_with([' ', '\t']) && !self.writer.is_tag {
                self.writer.line();
            }
            self.writer.words(text);
            self.writer.is_glued = is_glued;
        }
    }

    fn named(&mut self, name: &str, arguments: &[Argument]) {
        let all = || join(arguments, " ");
        let writer = &mut self.writer;
        match name {
            "TH" => self.title(arguments),
            "SH" => writer.head(2, &all()),
            "SS" => writer.head(3, &all()),
            "PP" | "P" | "LP" | "HP" => writer.end_entry(),
            "sp" | "Sp" => writer.paragraph(),
            "RS" => writer.indent(),
            "RE" => writer.outdent(),
            "br" => writer.line(),
            "TP" => {
                writer.paragraph();
                writer.is_tag = true;
            }
            "TQ" => writer.another_name(),
            "IP" => self.item(arguments),
            "B" | "I" | "SM" | "SB" | "R" | "CW" => self.words(&all()),
            "BR" | "RB" | "IR" | "RI" | "BI" | "IB" => {
                writer.first_word = arguments.first().map(|a| a.text.clone()).filter(|_| writer.is_tag);
                self.words(&join(arguments, ""));
            }
            "nf" | "EX" | "Vb" => writer.literal(true),
            "fi" | "EE" | "Ve" => writer.literal(false),
            "OP" => self.words(&format!("[{}]", all())),
            "SY" => {
                writer.line();
                self.words(&all());
            }
            "MR" => {
                let at = |i: usize| arguments.get(i).map_or("", |a| a.text.as_str());
                self.words(&format!("{}({}){}", at(0), at(1), at(2)));
            }
            "UR" | "MT" => self.link = arguments.first().map(|a| a.text.clone()),
            "UE" | "ME" => {
                let link = self.link.take().map_or(String::new(), |l| format!("<{l}>"));
                self.words(&format!("{link}{}", all()));
            }
            "TS" => self.table = Some(Vec::new()),
            "TE" => self.end_table(),
            "EQ" => self.is_equation = true,
            "EN" => self.is_equation = false,
            // Index entries, versions of systems, settings of lists.
            "IX" | "AT" | "UC" | "DT" | "PD" | "YS" => {}
            // Macros of the page itself; roff requests have no capitals.
            own if own.starts_with(|c: char| c.is_ascii_uppercase()) => self.words(&all()),
            _ => {}
        }
    }

    fn title(&mut self, arguments: &[Argument]) {
        let at = |i: usize| arguments.get(i).map(|a| a.text.trim().to_owned()).unwrap_or_default();
        (self.name, self.section) = (at(0), at(1));
    }

    fn words(&mut self, words: &str) {
        match &mut self.table {
            Some(table) => table.push(words.to_owned()),
            None if words.trim().is_empty() => {}
            None => self.writer.words(words),
        }
    }

    fn item(&mut self, arguments: &[Argument]) {
        self.writer.paragraph();
        let tag = arguments.first().map_or("", |a| a.text.trim());
        let is_number = tag.starts_with(|c: char| c.is_ascii_digit()) && tag.len() < 5;
        // Bullets carry no meaning.
        if tag.chars().any(char::is_alphanumeric) && tag != "o" || tag.len() > 3 {
            self.writer.is_tag = !is_number;
            self.writer.words(tag);
        }
    }

    fn end_table(&mut self) {
        if let Some(lines) = self.table.take() {
            table::rows(&lines).iter().for_each(|row| self.writer.whole(row));
        }
    }
}

fn join(arguments: &[Argument], between: &str) -> String {
    arguments.iter().map(|a| a.text.as_str()).collect::<Vec<_>>().join(between)
}
