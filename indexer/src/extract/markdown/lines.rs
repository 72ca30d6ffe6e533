//! Tells which lines of a page are code. Code stays unchanged, whatever it looks like.

/// Contents of the template tags that mark code in place of a fence.
const CODE_TAGS: [&str; 3] = ["highlight", "code", "codeblock"];

/// The kind of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Line {
    /// Text with markup.
    Prose,
    /// A line of a code block, including its fences.
    Code,
    /// A generator tag before or after code, in place of a Markdown fence.
    Tag,
}

/// The end condition of a code block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Open {
    /// With at least this many of a mark. In a quotation, also with the end of the quotation.
    Fence { mark: char, count: usize, is_quoted: bool },
    /// With the closing tag of a template.
    Tag,
    /// With display mathematics: it has braces, carets and equals signs of its own.
    Math,
}

/// Goes through the lines of a page from the top.
#[derive(Debug, Default)]
pub(super) struct Lines {
    open: Option<Open>,
    /// Whether four spaces begin code; not so in MDX.
    has_indented: bool,
    /// Closing tags of code that are still to come; without one, an opening tag opens nothing.
    closing: usize,
    /// Column of the text of the current list item.
    content: usize,
    is_after_blank: bool,
    is_indented: bool,
}

impl Lines {
    pub(super) fn of(text: &str, has_indented: bool) -> Self {
        let closing = text.lines().filter(|line| code_tag(line) == Some(false)).count();
        Self { has_indented, closing, is_after_blank: true, ..Self::default() }
    }

    /// Whether a code block is open that only its end mark ends.
    pub(super) fn is_open(&self) -> bool {
        self.open.is_some()
    }

    /// Column of the text of the current list item; 0 outside of lists.
    pub(super) fn content(&self) -> usize {
        self.content
    }

    /// The kind of the next line.
    pub(super) fn next(&mut self, line: &str) -> Line {
        self.closing = self.closing.saturating_sub(usize::from(code_tag(line) == Some(false)));
        match self.open {
            Some(open) => self.inside(open, line),
            None => self.outside(line),
        }
    }

    fn inside(&mut self, open: Open, line: &str) -> Line {
        let (bare, is_quoted) = unquoted(line);
        let is_end = match open {
            Open::Fence { mark, count, .. } => {
                let rest = bare.trim_start_matches(mark);
                bare.len() - rest.len() >= count && rest.trim().is_empty()
            }
            Open::Tag => code_tag(bare).is_some_and(|is_opening| !is_opening),
            Open::Math => bare.trim_end().ends_with("$$"),
        };
        if matches!(open, Open::Fence { is_quoted: true, .. }) && !is_quoted {
            self.open = None;
            return self.outside(line);
        }
        if is_end {
            self.open = None;
            self.is_after_blank = false;
        }
        if is_end && open == Open::Tag { Line::Tag } else { Line::Code }
    }

    fn outside(&mut self, line: &str) -> Line {
        if line.trim().is_empty() {
            self.is_after_blank = true;
            return if self.is_indented { Line::Code } else { Line::Prose };
        }
        let indent = columns(line);
        let was_blank = std::mem::replace(&mut self.is_after_blank, false);
        let may_be_indented = self.has_indented && (was_blank || self.is_indented);
        self.is_indented = may_be_indented && indent >= self.content + 4;
        if self.is_indented {
            return Line::Code;
        }
        let (bare, is_quoted) = unquoted(line);
        match item(bare) {
            Some(width) => self.content = indent + width,
            None if was_blank && indent < self.content => self.content = if indent < 2 { 0 } else { indent },
            None => {}
        }
        let bare = &bare[bare.floor_char_boundary(item(bare).unwrap_or(0))..];
        if let Some((mark, count)) = fence(bare.trim_start()) {
            self.open = Some(Open::Fence { mark, count, is_quoted });
            return Line::Code;
        }
        if self.closing > 0 && code_tag(bare) == Some(true) {
            self.open = Some(Open::Tag);
            return Line::Tag;
        }
        if bare.trim() == "$$" {
            self.open = Some(Open::Math);
            return Line::Code;
        }
        Line::Prose
    }
}

/// Width of the leading white space; a tab counts as four.
pub(super) fn columns(line: &str) -> usize {
    let space = line.bytes().take_while(|b| matches!(b, b' ' | b'\t'));
    space.map(|b| if b == b'\t' { 4 } else { 1 }).sum()
}

/// A line without up to this many columns of leading white space.
pub(super) fn dedent(line: &str, most: usize) -> &str {
    let mut left = most;
    let end = line.bytes().position(|b| {
        let width = if b == b'\t' { 4 } else { 1 };
        let goes = matches!(b, b' ' | b'\t') && width <= left;
        left -= if goes { width } else { 0 };
        !goes
    });
    &line[end.unwrap_or(line.len())..]
}

/// A line without quotation marks `>` and the space before it.
fn unquoted(line: &str) -> (&str, bool) {
    let bare = line.trim_start_matches([' ', '\t']);
    let rest = bare.trim_start_matches(['>', ' ']);
    if bare.starts_with('>') { (rest, true) } else { (bare, false) }
}

/// Width of the mark of a list item, a definition or a footnote at the beginning of a line.
fn item(line: &str) -> Option<usize> {
    let digits = line.bytes().take_while(u8::is_ascii_digit).count();
    let mark = match line.as_bytes().get(digits)? {
        b'-' | b'*' | b'+' | b':' if digits == 0 => 1,
        b'.' | b')' if (1..10).contains(&digits) => digits + 1,
        b'[' if line.starts_with("[^") => line.find("]:")? + 2,
        _ => return None,
    };
    let rest = &line[mark..];
    let space = rest.len() - rest.trim_start_matches([' ', '\t']).len();
    match space {
        0 => None,
        _ if line.starts_with("[^") => Some(4),
        1..=4 => Some(mark + space),
        _ => Some(mark + 1),
    }
}

/// Mark and length of the fence at the start of a line.
fn fence(line: &str) -> Option<(char, usize)> {
    let mark = line.chars().next().filter(|c| matches!(c, '`' | '~'))?;
    let rest = line.trim_start_matches(mark);
    let count = line.len() - rest.len();
    (count >= 3 && !(mark == '`' && rest.contains('`'))).then_some((mark, count))
}

/// Whether a line is a template's opening tag (`true`) or closing tag of code.
fn code_tag(line: &str) -> Option<bool> {
    let line = line.trim();
    let ends = [("{{<", ">}}"), ("{{%", "%}}"), ("{%", "%}")];
    let inner = ends.iter().find_map(|(a, b)| line.strip_prefix(a)?.strip_suffix(b))?;
    let inner = inner.trim_matches(['-', ' ']);
    if inner.contains("%}") || inner.contains(">}}") {
        return None;
    }
    let is_code = |name: &str| name.split('-').any(|part| CODE_TAGS.contains(&part));
    let closed = inner.strip_prefix('/').or_else(|| inner.strip_prefix("end"));
    let name = closed.unwrap_or(inner).split_whitespace().next()?;
    (is_code(name) && !inner.ends_with('/')).then_some(closed.is_none())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(text: &str, has_indented: bool) -> String {
        let mut lines = Lines::of(text, has_indented);
        let kind = |line| match lines.next(line) {
            Line::Prose => '.',
            Line::Code => 'c',
            Line::Tag => 't',
        };
        text.split_inclusive('\n').map(kind).collect()
    }

    #[test]
    fn fences_are_told_from_text() {
        assert_eq!(kinds("a\n```sh\n!!! x\n~~~\n````\nb\n", true), ".cccc.");
        assert_eq!(kinds("- ~~~\n  a\n  ~~~\n``` a`b\n", true), "ccc.");
        assert_eq!(kinds("> ```\n> a\nb\n", true), "cc.", "a quotation that ends, ends its code");
        assert_eq!(kinds("{% highlight ruby %}\n# a\n{% endhighlight %}\n{{< tab >}}\n", true), "tct.");
        assert_eq!(
            kinds("{{< code-toggle file=a >}}\n# a\n{{</ code-toggle >}}\n{{< code />}}\n{{< code >}}\n", true),
            "tct.."
        );
        assert_eq!(kinds("$$\na == b\n$$\nc", true), "ccc.");
    }

    #[test]
    fn four_spaces_are_code_where_no_list_claims_them() {
        let text = "a\n    b\n\n    c\n\n    d\ne\n";
        assert_eq!(kinds(text, true), "...ccc.");
        assert_eq!(kinds(text, false), ".......");
        assert_eq!(kinds("1. a\n\n   b\n\n       c\n\nd\n\n    e\n", true), "....cc..c");
        assert_eq!(kinds("[^1]: a\n\n    b\n", true), "...");
    }
}
