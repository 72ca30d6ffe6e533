//! The mdoc macros of the BSDs: they mark the meaning of a word, not its look.

use super::{
    Read,
    source::{Argument, Line},
    writer::{Tight, Writer},
};

/// Macros whose words are shown unchanged.
const PLAIN: [&str; 31] = [
    "Ad", "An", "Cd", "Cm", "Dv", "Em", "Er", "Ev", "Fa", "Fd", "Fr", "Ft", "Hf", "Ic", "Lb", "Li", "Ms", "Mt", "No",
    "Pa", "St", "Sx", "Sy", "Tn", "Va", "Vt", "Lk", "Cl", "At", "Xo", "Xc",
];
/// Kinds of lists whose items begin with a name.
const NAMED: [&str; 5] = ["-tag", "-hang", "-inset", "-diag", "-ohang"];
/// Macros that enclose the rest of the line, or everything up to another macro.
const ENCLOSURES: [(&str, &str, &str, &str, &str); 9] = [
    ("Op", "Oo", "Oc", "[", "]"),
    ("Aq", "Ao", "Ac", "<", ">"),
    ("Bq", "Bo", "Bc", "[", "]"),
    ("Brq", "Bro", "Brc", "{", "}"),
    ("Dq", "Do", "Dc", "“", "”"),
    ("Pq", "Po", "Pc", "(", ")"),
    ("Qq", "Qo", "Qc", "\"", "\""),
    ("Sq", "So", "Sc", "‘", "’"),
    ("Ql", "", "", "‘", "’"),
];
/// Macros that stand for the name of a system.
const SYSTEMS: [(&str, &str); 7] = [
    ("Ux", "UNIX"),
    ("Bx", "BSD"),
    ("Bsx", "BSD/OS"),
    ("Nx", "NetBSD"),
    ("Fx", "FreeBSD"),
    ("Ox", "OpenBSD"),
    ("Dx", "DragonFly"),
];

#[derive(Default)]
struct Reader {
    writer: Writer,
    name: String,
    title: String,
    section: String,
    is_synopsis: bool,
    /// Whether each open list has names in front of its items.
    has_names: Vec<bool>,
    /// Whether the name of an item goes on over several lines.
    in_name: bool,
}

/// Reads a page.
pub(super) fn read(lines: &[Line]) -> Read {
    let mut reader = Reader::default();
    for line in lines {
        match line {
            Line::Text(text, _) if text.trim().is_empty() => reader.writer.blank(),
            Line::Text(text, is_glued) => {
                reader.writer.words(text);
                reader.writer.is_glued = *is_glued;
            }
            Line::Macro(name, arguments) => reader.named(name, arguments),
        }
    }
    reader.writer.paragraph();
    let name = if reader.title.is_empty() { reader.name } else { reader.title };
    Read { outline: reader.writer.outline, name, section: reader.section }
}

impl Reader {
    fn named(&mut self, name: &str, arguments: &[Argument]) {
        let first = arguments.first().map_or("", |a| a.text.as_str());
        match name {
            "Dt" => {
                self.title = first.to_owned();
                self.section = arguments.get(1).map(|a| a.text.clone()).unwrap_or_default();
            }
            "Sh" | "Ss" => {
                let text = self.inline(None, arguments);
                self.is_synopsis = if name == "Sh" { text == "SYNOPSIS" } else { self.is_synopsis };
                self.writer.head(if name == "Sh" { 2 } else { 3 }, &text);
            }
            "Pp" | "Lp" | "Rs" | "Re" | "sp" => self.writer.paragraph(),
            "Bl" => {
                self.writer.paragraph();
                self.writer.indent();
                let is_named = |a: &Argument| NAMED.contains(&a.text.as_str());
                self.has_names.push(arguments.iter().any(is_named));
            }
            "El" => {
                self.writer.outdent();
                self.has_names.pop();
            }
            "It" => self.item(arguments),
            "Bd" => {
                let is_literal = arguments.iter().any(|a| matches!(a.text.as_str(), "-literal" | "-unfilled"));
                self.writer.literal(is_literal);
            }
            "Ed" | "fi" => self.writer.literal(false),
            "nf" => self.writer.literal(true),
            "Dl" | "D1" => {
                let text = self.inline(None, arguments);
                self.writer.whole(&text);
            }
            "Nd" => {
                let text = self.inline(None, arguments);
                self.writer.words(&format!("- {text}"));
            }
            "Nm" if self.is_synopsis => {
                self.writer.line();
                self.line(name, arguments);
            }
            "In" => self.writer.words(&format!("#include <{first}>")),
            "Fo" => {
                self.writer.words(&format!("{first}("));
                self.writer.is_glued = true;
            }
            "Fc" => {
                self.writer.is_glued = true;
                self.writer.words(")");
            }
            "Ex" => {
                let name = arguments.get(1).map_or(self.name.clone(), |a| a.text.clone());
                self.writer.words(&format!("The {name} utility exits 0 on success, and >0 if an error occurs."));
            }
            "Sm" => self.writer.tight = if first == "off" { Tight::Before } else { Tight::No },
            // The end of an item name that took several lines.
            "Xc" => {
                self.line(name, arguments);
                match std::mem::take(&mut self.in_name) {
                    true => self.writer.name(),
                    false => self.writer.line(),
                }
            }
            "br" => self.writer.line(),
            "Dd" | "Os" | "Bk" | "Ek" | "Rv" | "Bf" | "Ef" | "Ud" | "Bt" | "Db" | "Tg" => {}
            // The author, title and other parts of a reference.
            part if part.starts_with('%') => {
                let text = self.inline(None, arguments);
                self.writer.words(&text);
            }
            own if own.starts_with(|c: char| c.is_ascii_uppercase()) => self.line(name, arguments),
            _ => {}
        }
    }

    /// A line of text that begins with a macro.
    fn line(&mut self, name: &str, arguments: &[Argument]) {
        let text = self.inline(Some(name), arguments);
        // A closing mark follows without a space, even on a line of its own.
        let closes = matches!(name, "Ns") || ENCLOSURES.iter().any(|e| e.2 == name);
        self.writer.is_glued |= closes;
        if !text.is_empty() {
            self.writer.words(&text);
        }
        self.writer.is_glued |= name == "Ns" || ENCLOSURES.iter().any(|e| e.1 == name && text == e.3);
    }

    fn item(&mut self, arguments: &[Argument]) {
        self.writer.end_entry();
        let cells = arguments.split(|a| a.text == "Ta" && !a.is_quoted);
        let cells: Vec<_> = cells.map(|cell| self.inline(None, cell)).collect();
        let tag = cells.join(" | ");
        if !tag.is_empty() {
            let goes_on = arguments.iter().any(|a| a.text == "Xo");
            let is_named = self.has_names.last() == Some(&true);
            self.writer.is_tag = is_named && !goes_on;
            self.in_name = is_named && goes_on;
            self.writer.words(&tag);
        }
    }

    /// The text of a line whose words may be macros in turn.
    fn inline(&mut self, name: Option<&str>, arguments: &[Argument]) -> String {
        let first = name.map(|n| Argument { text: n.to_owned(), is_quoted: false });
        let words: Vec<&Argument> = first.iter().chain(arguments).collect();
        let is_closing =
            |a: &&Argument| !a.is_quoted && matches!(a.text.as_str(), "." | "," | ":" | ";" | ")" | "]" | "?" | "!");
        let end = words.len() - words.iter().rev().take_while(|a| is_closing(a)).count();
        let is_tight = self.writer.tight != Tight::No;
        let mut line = Inline {
            name: &mut self.name,
            out: String::new(),
            is_tight,
            is_glued: false,
            kind: Kind::Plain,
            closers: Vec::new(),
        };
        for (at, word) in words[..end].iter().enumerate() {
            let next = words[..end].get(at + 1);
            line.word(word, next.is_some_and(|n| !is_macro(n) && !is_closing(n)), is_closing(word));
        }
        line.finish();
        let Inline { mut out, .. } = line;
        words[end..].iter().for_each(|mark| out.push_str(&mark.text));
        out
    }
}

fn is_macro(word: &Argument) -> bool {
    let name = word.text.as_str();
    let special = ["Fl", "Ar", "Nm", "Xr", "Ns", "Ap", "Pf", "Fn", "Ta"];
    !word.is_quoted
        && (PLAIN.contains(&name)
            || special.contains(&name)
            || SYSTEMS.iter().any(|(n, _)| *n == name)
            || ENCLOSURES.iter().any(|e| !name.is_empty() && (e.0 == name || e.1 == name || e.2 == name)))
}

/// Formats the words after a macro.
#[derive(PartialEq, Eq)]
enum Kind {
    Plain,
    /// Options: each gets a dash.
    Flags,
    /// A page name, then its section.
    Page(u8),
    /// The name of the page itself.
    Name,
    /// A function, then its parameters.
    Function(u8),
    /// Text that the next word follows without a space.
    Prefix,
}

/// A line under construction.
struct Inline<'a> {
    name: &'a mut String,
    out: String,
    is_glued: bool,
    /// Whether words have no spaces between them.
    is_tight: bool,
    kind: Kind,
    /// Closing marks for the end of the line, the outermost first.
    closers: Vec<&'static str>,
}

impl Inline<'_> {
    fn word(&mut self, word: &Argument, has_argument: bool, is_closing: bool) {
        if is_closing {
            self.end_kind();
            self.out.push_str(&word.text);
        } else if is_macro(word) {
            self.begin(&word.text, has_argument);
        } else {
            self.plain(&word.text);
        }
    }

    fn begin(&mut self, name: &str, has_argument: bool) {
        self.end_kind();
        match name {
            "Fl" if has_argument => self.kind = Kind::Flags,
            "Fl" => self.push("-"),
            "Ar" if !has_argument => self.push("file ..."),
            "Nm" if has_argument => self.kind = Kind::Name,
            "Nm" => {
                let own = self.name.clone();
                self.push(&own);
            }
            "Xr" => self.kind = Kind::Page(0),
            "Fn" => self.kind = Kind::Function(0),
            "Ns" => self.is_glued = true,
            "Ap" => {
                self.out.push('\'');
                self.is_glued = true;
            }
            "Pf" => self.kind = Kind::Prefix,
            _ => self.enclosure_or_system(name),
        }
    }

    fn enclosure_or_system(&mut self, name: &str) {
        if let Some((_, system)) = SYSTEMS.iter().find(|(n, _)| *n == name) {
            self.push(system);
        } else if let Some(e) = ENCLOSURES.iter().find(|e| e.0 == name || e.1 == name || e.2 == name) {
            if e.2 == name {
                self.out.push_str(e.4);
                return;
            }
            self.push(e.3);
            self.is_glued = true;
            if e.0 == name {
                self.closers.push(e.4);
            }
        }
    }

    fn plain(&mut self, text: &str) {
        match &mut self.kind {
            Kind::Flags => self.push(&format!("-{text}")),
            Kind::Page(0) => {
                self.kind = Kind::Page(1);
                self.push(text);
            }
            Kind::Page(_) => {
                self.out.push_str(&format!("({text})"));
                self.kind = Kind::Plain;
            }
            Kind::Function(parameters) => {
                let before = ["", "(", ", "][usize::from(*parameters).min(2)];
                *parameters = parameters.saturating_add(1);
                if before.is_empty() {
                    self.push(text);
                } else {
                    self.out.push_str(before);
                    self.out.push_str(text);
                }
            }
            Kind::Name => {
                if self.name.is_empty() {
                    *self.name = text.to_owned();
                }
                self.kind = Kind::Plain;
                self.push(text);
            }
            Kind::Prefix => {
                self.kind = Kind::Plain;
                self.push(text);
                self.is_glued = true;
            }
            Kind::Plain => self.push(text),
        }
    }

    fn end_kind(&mut self) {
        match std::mem::replace(&mut self.kind, Kind::Plain) {
            Kind::Function(0) => {}
            Kind::Function(1) => self.out.push_str("()"),
            Kind::Function(_) => self.out.push(')'),
            _ => {}
        }
    }

    fn push(&mut self, text: &str) {
        let is_glued = self.is_tight || std::mem::take(&mut self.is_glued) || self.out.ends_with(['(', '[']);
        if !is_glued && !self.out.is_empty() {
            self.out.push(' ');
        }
        self.out.push_str(text);
    }

    fn finish(&mut self) {
        self.end_kind();
        while let Some(closer) = self.closers.pop() {
            self.out.push_str(closer);
        }
    }
}
