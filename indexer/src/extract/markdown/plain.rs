//! From the dialects of site generators to plain Markdown.

use std::borrow::Cow;

use super::{
    comment::Comments,
    dialect::Dialect,
    directive::{self, Directive},
    indented, inline, jsx,
    lines::{Line, Lines, columns, dedent},
};

/// The page as Markdown that needs no generator.
pub(super) fn plain(text: &str, dialect: Dialect) -> String {
    let text = indented::open(text);
    let mut page = Page {
        dialect,
        lines: Lines::of(&text, !dialect.is_mdx),
        comments: Comments::of(&text),
        out: String::with_capacity(text.len()),
        prose: String::new(),
        module: 0,
        skipped: None,
        shift: 0,
    };
    let mut end = 0;
    for line in text.split_inclusive('\n') {
        end += line.len();
        page.line(line, end);
    }
    page.flush();
    page.out
}

/// The lines to skip.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Skipped {
    /// Up to the line that ends a list of files.
    Files,
    /// While they are indented.
    Options,
}

struct Page {
    dialect: Dialect,
    lines: Lines,
    comments: Comments,
    out: String,
    /// Lines of text since the last code.
    prose: String,
    /// Open brackets of a JavaScript statement.
    module: i64,
    skipped: Option<Skipped>,
    /// Number of columns by which the current code moves to the left.
    shift: usize,
}

impl Page {
    fn line(&mut self, line: &str, end: usize) {
        let shown;
        let mut line = line;
        if self.comments.is_open() {
            shown = self.comments.strip(line, end);
            return match shown.trim().is_empty() {
                true => self.prose.push('\n'),
                false => self.text(&shown),
            };
        }
        if self.dialect.is_mdx {
            line = self.unindented(line);
        }
        match self.lines.next(line) {
            Line::Prose => {
                let shown = self.comments.strip(line, end);
                self.text(&shown);
            }
            Line::Code => {
                self.flush();
                self.out.push_str(line);
            }
            Line::Tag => {
                self.flush();
                self.out.push_str("~~~~~~~~\n");
            }
        }
    }

    /// A line of MDX, where components indent their content and four spaces do not begin code.
    fn unindented<'l>(&mut self, line: &'l str) -> &'l str {
        if !self.lines.is_open() {
            let (indent, content) = (columns(line), self.lines.content());
            self.shift = if indent >= content + 4 { indent - content } else { 0 };
        }
        dedent(line, self.shift)
    }

    /// A line outside of code and comments.
    fn text(&mut self, line: &str) {
        if self.is_module(line) || self.is_skipped(line) {
            return;
        }
        match directive::read(line) {
            None => self.prose.push_str(line),
            Some(Directive::Gone) => self.prose.push('\n'),
            Some(Directive::Paragraph(text)) => self.paragraph(line, text),
            Some(Directive::Generated(name)) => {
                self.skipped = Some(Skipped::Options);
                self.paragraph(line, name);
            }
            Some(Directive::Files) => self.skipped = Some(Skipped::Files),
            Some(Directive::Line(text)) => self.prose.push_str(&text),
        }
    }

    /// A paragraph in place of a line, with the same indentation, so that it stays in its list.
    fn paragraph(&mut self, line: &str, text: &str) {
        let space = &line[..line.len() - line.trim_start().len()];
        ["\n", space, text, "\n\n"].iter().for_each(|part| self.prose.push_str(part));
    }

    /// Whether a line is JavaScript.
    fn is_module(&mut self, line: &str) -> bool {
        if self.module > 0 && !line.starts_with('#') {
            self.module += jsx::depth(line);
            return true;
        }
        self.module = 0;
        if jsx::is_module_line(line) || self.dialect.is_mdx && jsx::is_open_import(line) {
            self.module = if self.dialect.is_mdx { jsx::depth(line).max(0) } else { 0 };
            return true;
        }
        false
    }

    /// Whether to skip a line because of the lines above it.
    fn is_skipped(&mut self, line: &str) -> bool {
        match self.skipped {
            None => false,
            Some(Skipped::Files) => {
                // If the end of the list is missing, the author still meant the text after an empty line to be
                // visible.
                if line.trim().is_empty() || directive::read(line) == Some(Directive::Files) {
                    self.skipped = None;
                }
                true
            }
            Some(Skipped::Options) => {
                let is_option = columns(line) >= 4 && !line.trim().is_empty();
                if !is_option {
                    self.skipped = None;
                }
                is_option
            }
        }
    }

    fn flush(&mut self) {
        if !self.prose.is_empty() {
            let prose = std::mem::take(&mut self.prose);
            self.out.push_str(&inline::clean(&prose, self.dialect));
        }
    }
}

/// Removes mdBook's `{{#include …}}` and similar tags, one line at a time, also inside code.
pub(super) fn without_includes(text: &str) -> Cow<'_, str> {
    if !text.contains("{{#") {
        return Cow::Borrowed(text);
    }
    let is_directive = |line: &str| {
        let line = line.trim();
        line.starts_with("{{#") && line.ends_with("}}") && line.matches("{{").count() == 1
    };
    Cow::Owned(text.split_inclusive('\n').filter(|line| !is_directive(line)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mdx(text: &str) -> String {
        plain(text, Dialect { is_mdx: true, ..Dialect::default() })
    }

    #[test]
    fn includes_of_mdbook_go() {
        assert_eq!(without_includes("a\n{{#include x.rs}}\nb {{#if}} c\n"), "a\nb {{#if}} c\n");
    }

    #[test]
    fn modules_go_and_code_stays() {
        let text = "import A from 'a'\nimport {\n  b,\n} from 'b';\n\nexport const c = {\n  d: [1],\n\n};\n# T\n```js\nimport B from 'b'\n```\n";
        assert_eq!(mdx(text), "\n# T\n```js\nimport B from 'b'\n```\n");
        let prose = "import \"things\" from the old site first\n";
        assert_eq!(plain(prose, Dialect::default()), prose);
        assert_eq!(mdx("export const a = {\n# T\n\nx\n"), "# T\n\nx\n", "a statement that does not end");
    }

    #[test]
    fn indented_content_of_components_is_text() {
        let text = "<Tabs>\n    <Tab>\n\n    *a*\n\n    ```sh\n    b\n      c\n    ```\n    </Tab>\n</Tabs>\n";
        assert_eq!(mdx(text).trim(), "*a*\n\n```sh\nb\n  c\n```");
    }

    #[test]
    fn lines_of_other_programs_go() {
        let text = "a\n--8<--\nb.md\n--8<--\n::: x.Y\n    options:\n        z: 1\nc\n";
        assert_eq!(plain(text, Dialect::default()), "a\n\nx.Y\n\nc\n");
        let text = "a\n\n- ::: tip b\n\n  :::tip c\n  d\n  :::\n";
        assert_eq!(plain(text, Dialect::default()), "a\n\n- ::: tip b\n\n\n  c\n\n  d\n\n");
    }
}
