//! Lines with their indentation.

/// A line without surrounding white space.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Line<'a> {
    /// Columns of white space before the text; a tab goes to the next multiple of 8.
    pub(super) indent: usize,
    /// Empty if the line is blank.
    pub(super) text: &'a str,
}

/// All lines of a text.
pub(super) fn lines(text: &str) -> Vec<Line<'_>> {
    text.lines().map(line).collect()
}

fn line(line: &str) -> Line<'_> {
    let text = line.trim();
    let mut indent = 0;
    for c in line.chars().take_while(|c| c.is_whitespace()) {
        indent = if c == '\t' { (indent / 8 + 1) * 8 } else { indent + 1 };
    }
    Line { indent, text }
}

/// Verbatim lines without their common indentation.
pub(super) fn verbatim(lines: &[Line<'_>]) -> String {
    let base = lines.iter().filter(|l| !l.text.is_empty()).map(|l| l.indent).min().unwrap_or_default();
    let mut text = String::new();
    for line in lines {
        if !line.text.is_empty() {
            text.extend(std::iter::repeat_n(' ', line.indent - base));
            text.push_str(line.text);
        }
        text.push('\n');
    }
    text
}

/// The punctuation of a line that underlines a title or separates.
pub(super) fn adornment(text: &str) -> Option<char> {
    let first = text.chars().next().filter(char::is_ascii_punctuation)?;
    text.chars().all(|c| c == first).then_some(first)
}
