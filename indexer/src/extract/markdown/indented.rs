//! Blocks with indented content below an opening line, in the style of MkDocs: `!!! note "Title"`, `??? tip`, `===
//! "Tab"`. Their titles become paragraphs; their content loses the indentation, which would otherwise make it code.

use std::borrow::Cow;

use super::lines::{Line, Lines, columns, dedent};

/// Number of columns of indentation.
const STEP: usize = 4;

/// The text of a page with all such blocks opened.
pub(super) fn open(text: &str) -> Cow<'_, str> {
    if !["!!!", "???", "==="].iter().any(|mark| text.contains(mark)) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut lines = Lines::of(text, true);
    // Columns where the contents of the open blocks begin.
    let mut open: Vec<usize> = Vec::new();
    for line in text.split_inclusive('\n') {
        let indent = columns(line);
        if !lines.is_open() && !line.trim().is_empty() {
            while open.last().is_some_and(|content| *content > indent) {
                open.pop();
            }
        }
        let line = dedent(line, STEP * open.len());
        let is_prose = lines.next(line) == Line::Prose;
        match title(line.trim()).filter(|_| is_prose) {
            Some(title) => {
                open.push(indent + STEP);
                let space = &line[..line.len() - line.trim_start().len()];
                [space, title, "\n\n"].iter().for_each(|part| out.push_str(part));
                // The text behind it is treated like text after an empty line.
                lines.next("\n");
            }
            None => out.push_str(line),
        }
    }
    Cow::Owned(out)
}

/// The title of the block that a line opens; empty if it has none.
fn title(line: &str) -> Option<&str> {
    let mark = ["!!!", "???", "==="].into_iter().find(|mark| line.starts_with(mark))?;
    let rest = line[mark.len()..].trim_start_matches(['+', '!']);
    let (kind, title) = match rest.split_once('"') {
        Some((kind, quoted)) => (kind, quoted.strip_suffix('"')?),
        None => (rest, ""),
    };
    let is_kind = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | ' ');
    let is_word = mark != "===" && !kind.trim().is_empty() && !kind.trim().contains(' ');
    let is_spaced = (rest.starts_with(' ') || is_word) && kind.chars().all(is_kind);
    // A block has a kind; a tab has only a title.
    (is_spaced && (kind.trim().is_empty() == (mark == "===")) && (mark != "===" || !title.is_empty())).then_some(title)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_lose_their_indentation() {
        let text = "a\n\n!!! note \"A *title*\"\n    b\n\n    ??? tip inline end\n        c\n\n    d\ne\n";
        assert_eq!(open(text), "a\n\nA *title*\n\nb\n\n\n\nc\n\nd\ne\n");
        let tabs = "=== \"One\"\n\n    ``` sh\n    x\n      y\n    ```\n\n===+ \"Two\"\n    z\n";
        assert_eq!(open(tabs), "One\n\n\n``` sh\nx\n  y\n```\n\nTwo\n\nz\n");
        assert_eq!(open("!!!note\n    b\n"), "\n\nb\n");
        assert_eq!(open("1. a\n\n    !!! warning\n        b\n"), "1. a\n\n    \n\n    b\n");
    }

    #[test]
    fn what_only_looks_so_stays() {
        for text in ["Really!!! yes\n", "!!!\n    x\n", "Title\n===\n\n    x\n", "=== equal\n", "??? \"x\" y\n"] {
            assert_eq!(open(text), text);
        }
        for code in ["```\n!!! note\n    x\n```\n", "a\n\n    !!! note\n        x\n"] {
            assert_eq!(open(code), code);
        }
    }
}
