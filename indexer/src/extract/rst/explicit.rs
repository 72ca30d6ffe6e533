//! Explicit markup: targets, footnotes, directives and comments, all after `.. `.

use serde_json::Value;

use super::{
    directive::{Directive, Treatment, directive, field, head, treatment},
    heading::cut,
    id::of_term,
    inline::unescaped,
    line::Line,
    reader::{DEEPEST_ENTRY, ENTRY, Kind, Open, Reader, TERM},
    table,
};

impl<'a> Reader<'a> {
    pub(super) fn explicit(&mut self, line: Line<'a>) {
        let rest = line.text.strip_prefix("..").unwrap_or_default().trim_start();
        if let Some(name) = rest.strip_prefix('_') {
            self.target(line, name);
        } else if line.text.starts_with("__ ") {
            self.ids.next();
            self.skip_block(line.indent);
        } else if let Some(rest) = rest.strip_prefix('[') {
            self.footnote(line, rest);
        } else if let (Some((name, argument)), false) = (head(rest), rest.starts_with('|')) {
            let directive = directive(&self.lines[self.at..], name, argument);
            self.at += directive.len;
            self.directive(line, &directive);
        } else if rest.is_empty() && self.lines.get(self.at + 1).is_none_or(|next| next.text.is_empty()) {
            // An empty comment ends the construct above it.
            self.at += 1;
        } else {
            self.skip_block(line.indent);
        }
    }

    /// `.. _name:` gives an address to the next element; with text after the colon the target is elsewhere.
    fn target(&mut self, line: Line<'a>, rest: &str) {
        let quoted = rest.strip_prefix('`').and_then(|r| r.split_once("`:"));
        let plain = || {
            let mut colons = rest.match_indices(':').map(|(at, _)| at);
            let end = colons
                .find(|at| !rest[..*at].ends_with('\\') && matches!(rest.as_bytes().get(at + 1), None | Some(b' ')))?;
            Some((&rest[..end], &rest[end + 1..]))
        };
        let named = quoted.or_else(plain);
        let at = self.at;
        self.skip_block(line.indent);
        let is_alone = self.lines[at + 1..self.at].iter().all(|l| l.text.is_empty());
        match named {
            Some((name, url)) if !name.starts_with('_') => {
                let id = self.ids.of_name(&unescaped(name));
                if url.trim().is_empty() && is_alone {
                    self.target = Some(id);
                }
            }
            _ => drop(self.ids.next()),
        }
    }

    fn footnote(&mut self, line: Line<'a>, rest: &'a str) {
        match rest.split_once(']').filter(|(label, _)| !label.is_empty() && !label.contains(' ')) {
            Some((label, text)) => {
                if label.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '#' | '*')) {
                    self.ids.next();
                }
                self.lines[self.at] = Line { indent: line.indent + 3, text: text.trim() };
            }
            None => self.skip_block(line.indent),
        }
    }

    fn directive(&mut self, line: Line<'a>, directive: &Directive<'a>) {
        if self.changes_scope(directive) {
            return;
        }
        let kind = self.scope.kind(directive.name).map(|(domain, kind)| (domain.to_owned(), kind.to_owned()));
        if let Some((domain, kind)) = kind.filter(|_| !directive.argument.is_empty()) {
            return self.entry(line.indent, directive, &domain, &kind);
        }
        self.treat(line.indent, directive, treatment(directive.name));
    }

    /// The owner of later entries.
    fn changes_scope(&mut self, directive: &Directive<'a>) -> bool {
        let argument = directive.argument.first().copied().unwrap_or_default();
        let value = (!argument.is_empty() && argument != "None").then(|| argument.to_owned());
        match directive.name {
            "module" | "py:module" | "automodule" | "js:module" => {
                self.ids.of_entry(of_term("module", argument));
                self.scope.module = value;
            }
            "currentmodule" | "py:currentmodule" => self.scope.module = value,
            "program" => self.scope.program = value,
            "default-domain" => self.scope.domain = argument.to_owned(),
            name => return name.ends_with(":namespace") || name.contains(":namespace-"),
        }
        true
    }

    fn entry(&mut self, indent: usize, directive: &Directive<'a>, domain: &str, kind: &str) {
        let signatures = signatures(&directive.argument);
        if self.open.len() < DEEPEST_ENTRY {
            self.headings(indent, directive, (domain, kind), &signatures);
            self.add(signatures.get(1..).unwrap_or_default().join("\n").as_str());
        } else {
            self.add(&signatures.join("\n"));
        }
        for (name, value) in &directive.options {
            if matches!(*name, "type" | "value" | "default") && !value.is_empty() {
                self.say(&format!("{name}: {value}"));
            }
        }
    }

    /// Begins a section for each signature. They share the text below, which goes with the first.
    fn headings(&mut self, indent: usize, directive: &Directive<'a>, kind: (&str, &str), signatures: &[String]) {
        let outer = self.open.iter().rev().find_map(|o| match &o.kind {
            Kind::Entry(prefix) => prefix.clone(),
            Kind::Glossary(_) => None,
        });
        let mut scope = self.scope.clone();
        if let Some(module) = directive.option("module") {
            scope.module = Some(module.to_owned());
        }
        let has_ids = ["noindex", "no-index"].iter().all(|o| directive.option(o).is_none());
        let level = ENTRY + self.open.len() as u8;
        let above = self.outline.anchor();
        let mut prefix = None;
        for signature in signatures.iter().rev() {
            let entry = scope.entry(kind.0, kind.1, signature, outer.as_deref());
            let id = entry.id.filter(|id| !id.is_empty() && has_ids);
            let id = id.map(|id| self.ids.of_entry(id)).or_else(|| above.clone());
            self.outline.heading(level, cut(&entry.name), id);
            self.add(signature);
            prefix = entry.prefix.filter(|p| cut(p) == p);
        }
        self.open.push(Open { indent, level, kind: Kind::Entry(prefix) });
    }

    fn treat(&mut self, indent: usize, directive: &Directive<'a>, treatment: Treatment) {
        let argument = directive.argument.join(" ");
        match treatment {
            Treatment::Skip => self.skip_rest(indent),
            Treatment::Image => self.say(directive.option("alt").unwrap_or_default()),
            Treatment::Literal => self.literal_block(indent),
            Treatment::Formula => {
                self.add(&argument);
                self.literal_block(indent);
            }
            Treatment::Content => {}
            Treatment::Unknown if !self.has_content(indent) && !is_prose(&argument) => {}
            Treatment::Text | Treatment::Unknown => self.prose(&argument, indent),
            Treatment::Labelled(label) => self.labelled(indent, label, &argument),
            Treatment::ListTable | Treatment::CsvTable => self.table(indent, directive, treatment, &argument),
            Treatment::Meta => self.meta(indent, directive),
            Treatment::Glossary => self.open.push(Open { indent, level: TERM, kind: Kind::Glossary(None) }),
        }
    }

    /// The lines below a directive that have a deeper indentation.
    fn content(&self, indent: usize) -> &[Line<'a>] {
        let rest = &self.lines[self.at..];
        &rest[..rest.iter().take_while(|l| l.text.is_empty() || l.indent > indent).count()]
    }

    fn skip_rest(&mut self, indent: usize) {
        self.at += self.content(indent).len();
    }

    fn has_content(&self, indent: usize) -> bool {
        self.lines[self.at..].iter().find(|l| !l.text.is_empty()).is_some_and(|l| l.indent > indent)
    }

    /// `Changed in version 2: why`.
    fn labelled(&mut self, indent: usize, label: &str, argument: &str) {
        let (version, why) = argument.split_once(' ').unwrap_or((argument, ""));
        let next = self.lines.get(self.at).filter(|l| l.indent > indent && !l.text.is_empty());
        let more = match next {
            Some(first) if why.is_empty() => {
                let column = first.indent;
                let block = &self.lines[self.at..];
                let len = block.iter().take_while(|l| !l.text.is_empty() && l.indent == column).count();
                self.at += len;
                block_text(&self.lines[self.at - len..self.at])
            }
            _ => why.to_owned(),
        };
        let separator = if more.is_empty() { "" } else { ": " };
        self.prose(&format!("{label} {version}{separator}{more}"), indent);
    }

    fn table(&mut self, indent: usize, directive: &Directive<'a>, treatment: Treatment, title: &str) {
        self.say(title);
        let content = self.content(indent);
        let mut rows = match treatment {
            Treatment::ListTable => table::list(content),
            _ => table::csv(content),
        };
        if let (Some(header), Treatment::CsvTable) = (directive.option("header"), treatment) {
            rows.splice(0..0, table::csv(&[Line { indent: 0, text: header }]));
        }
        self.rows(self.content(indent).len(), rows);
    }

    /// Fields right below the directive look like its options.
    fn meta(&mut self, indent: usize, directive: &Directive<'a>) {
        let fields: Vec<_> = self.content(indent).iter().filter_map(|l| field(l.text)).collect();
        for &(name, value) in directive.options.iter().chain(&fields) {
            let name = name.split(' ').next().unwrap_or(name).to_lowercase();
            self.meta.insert(name, Value::String(value.to_owned()));
        }
        self.skip_rest(indent);
    }
}

fn block_text(lines: &[Line<'_>]) -> String {
    lines.iter().map(|l| l.text).collect::<Vec<_>>().join(" ")
}

/// Signatures of an entry: one per line, unless a line ends with a backslash.
fn signatures(argument: &[&str]) -> Vec<String> {
    let joined = argument.join("\n").replace("\\\n", " ");
    joined.lines().map(|l| unescaped(l.trim())).collect()
}

/// Whether an argument is a sentence, and not a name or path.
fn is_prose(argument: &str) -> bool {
    argument.split_whitespace().count() > 2
}
