//! Paragraphs and list items: lines that continue until another block begins.

use super::{
    block::{self, BlockAttributes},
    reader::Reader,
};

impl<'a> Reader<'a> {
    /// An indented paragraph is verbatim.
    pub(super) fn literal(&mut self, line: &'a str) {
        if self.is_below_term() {
            return self.paragraph(line.trim_start());
        }
        self.pending = BlockAttributes::default();
        let rest = self.lines[self.at..].iter().take_while(|l| !ends_code(l));
        let lines: Vec<_> = std::iter::once(&line).chain(rest).copied().collect();
        self.at += lines.len() - 1;
        self.outline.paragraph(&lines.join("\n"));
    }

    /// Whether the line above is a term without text.
    pub(super) fn is_below_term(&self) -> bool {
        let above = self.at.checked_sub(2).and_then(|at| self.lines.get(at));
        above.is_some_and(|l| block::term(l).is_some_and(|(.., text)| text.is_empty()))
    }

    pub(super) fn paragraph(&mut self, line: &'a str) {
        let pending = std::mem::take(&mut self.pending);
        self.begun = true;
        let item = block::item(line.trim_start());
        let above = self.at.checked_sub(2).and_then(|at| self.lines.get(at));
        if item.is_none() && (self.is_attached || above.is_some_and(|l| l.is_empty() || block::delimiter(l).is_some()))
        {
            self.leave_entry();
        }
        let is_code = matches!(pending.style.as_str(), "source" | "listing" | "literal");
        if is_code {
            let len = self.lines[self.at..].iter().take_while(|l| !ends_code(l)).count();
            let text = self.lines[self.at - 1..self.at + len].join("\n");
            self.at += len;
            return self.outline.paragraph(&text);
        }
        let in_list = item.is_some() || self.is_below_term();
        let text = self.gather(item.unwrap_or(line), in_list);
        if pending.style != "comment" {
            self.say(block::without_admonition(&text));
        }
    }

    /// Joins the lines of a paragraph; a final ` +` breaks the line.
    pub(super) fn gather(&mut self, first: &'a str, is_item: bool) -> String {
        let mut text = String::new();
        let mut line = first;
        loop {
            let broken = line.strip_suffix(" +");
            text.push_str(broken.unwrap_or(line));
            while self.lines.get(self.at).is_some_and(|l| block::is_preprocessor(l)) {
                self.at += 1;
            }
            let Some(next) = self.lines.get(self.at).filter(|next| !self.ends_paragraph(next, is_item)) else { break };
            text.push(if broken.is_some() { '\n' } else { ' ' });
            line = next.trim_start();
            self.at += 1;
        }
        text
    }

    pub(super) fn ends_paragraph(&self, line: &str, is_item: bool) -> bool {
        let trimmed = line.trim_start();
        let begins_item = || block::item(trimmed).is_some() || block::term(trimmed).is_some();
        line.is_empty()
            || line == "+"
            || block::delimiter(line).is_some()
            || block::attributes(line).is_some()
            || line.starts_with("//")
            || (is_item && begins_item())
    }
}

fn ends_code(line: &str) -> bool {
    line.is_empty() || line == "+" || block::delimiter(line).is_some()
}
