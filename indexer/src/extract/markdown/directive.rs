//! Lines that are markup as a whole: containers between colons or slashes, placeholders for a file or a table of
//! contents, abbreviations, ids of blocks, lists of tags.

/// Placeholders for a table of contents.
const CONTENTS: [&str; 5] = ["[[toc]]", "[toc]", "[[_toc_]]", "${toc}", "{{toc}}"];

/// The result for a line of markup.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Directive<'l> {
    /// Nothing.
    Gone,
    /// A paragraph of its own.
    Paragraph(&'l str),
    /// A paragraph; indented options for a program may follow.
    Generated(&'l str),
    /// File names follow, up to the next such line.
    Files,
    /// A line without markup.
    Line(String),
}

/// Reads a line outside of code.
pub(super) fn read(line: &str) -> Option<Directive<'_>> {
    let line = line.trim();
    match line.as_bytes().first()? {
        b':' | b'/' => container(line),
        b'-' | b';' => snippet(line.trim_start_matches(';')),
        b'<' if line.starts_with("<<< ") => Some(Directive::Gone),
        b'[' | b'$' | b'{' if CONTENTS.iter().any(|c| c.eq_ignore_ascii_case(line)) => Some(Directive::Gone),
        b'{' if is_include(line) => Some(Directive::Gone),
        b'*' => abbreviation(line),
        b'^' if block_id(line) == Some(line.len()) => Some(Directive::Gone),
        b'#' => tags(line),
        _ => None,
    }
}

/// `:::tip[Title]`, `::: details Title`, `:::{note} Title`, `/// tab | Title`; also their closing lines.
fn container(line: &str) -> Option<Directive<'_>> {
    let mark = line.chars().next()?;
    let rest = line.trim_start_matches(mark);
    if line.len() - rest.len() < 3 {
        return None;
    }
    let rest = rest.trim();
    if rest.is_empty() {
        return Some(Directive::Gone);
    }
    if mark == '/' {
        let (kind, title) = rest.split_once('|').unwrap_or((rest, ""));
        let is_kind = !kind.trim().is_empty() && kind.trim().bytes().all(|b| b.is_ascii_lowercase() || b == b'-');
        return is_kind.then_some(Directive::Paragraph(title.trim()));
    }
    let rest = rest.trim_end_matches(':').trim_end();
    let is_name = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.' | ':');
    let (name, title) = match rest.strip_prefix('{') {
        Some(braced) => braced.split_once('}')?,
        None => rest.split_at(rest.find(|c| !is_name(c)).unwrap_or(rest.len())),
    };
    if name.is_empty() {
        return None;
    }
    let title = title.trim();
    if title.is_empty() && !rest.starts_with('{') && name.contains('.') {
        // The name of an object that a program documents here.
        return Some(Directive::Generated(name));
    }
    let bracketed = title.strip_prefix('[').and_then(|t| t.rsplit_once(']')).map(|(title, _)| title);
    let plain = || title.rfind('{').filter(|_| title.ends_with('}')).map_or(title, |at| title[..at].trim_end());
    Some(Directive::Paragraph(bracketed.unwrap_or_else(plain)))
}

/// `--8<-- "file"`; without a file, file names follow.
fn snippet(line: &str) -> Option<Directive<'_>> {
    let rest = line.trim_start_matches('-').strip_prefix("8<")?.trim_start_matches('-');
    Some(if rest.trim().is_empty() { Directive::Files } else { Directive::Gone })
}

/// `{!file!}`, `{* file *}`: include lines of other programs.
fn is_include(line: &str) -> bool {
    [("{!", "!}"), ("{*", "*}")].iter().any(|(a, b)| line.len() > 4 && line.starts_with(a) && line.ends_with(b))
}

/// `*[HTML]: Hypertext …`.
fn abbreviation(line: &str) -> Option<Directive<'_>> {
    let (short, long) = line.strip_prefix("*[")?.split_once("]:")?;
    Some(Directive::Line(format!("{short}: {}\n", long.trim())))
}

/// `#one #two`, and nothing else.
fn tags(line: &str) -> Option<Directive<'_>> {
    let tag = |word| tag(word).filter(|tag| tag.len() + 1 == word.len());
    let words = line.split_whitespace().map(tag).collect::<Option<Vec<_>>>()?;
    Some(Directive::Line(format!("{}\n", words.join(" "))))
}

/// The tag at the start of a text, without its `#`. A number alone is not a tag.
pub(super) fn tag(text: &str) -> Option<&str> {
    let rest = text.strip_prefix('#')?;
    let tag = &rest[..rest.find(|c: char| !c.is_alphanumeric() && !matches!(c, '-' | '_' | '/')).unwrap_or(rest.len())];
    tag.contains(char::is_alphabetic).then_some(tag)
}

/// Length of a block id at the start of a text, `^block-1`.
pub(super) fn block_id(text: &str) -> Option<usize> {
    let rest = text.strip_prefix('^')?;
    let id = &rest[..rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '-').unwrap_or(rest.len())];
    (id.len() > 1 && id.contains(|c: char| c.is_ascii_alphabetic())).then_some(id.len() + 1)
}

#[cfg(test)]
mod tests {
    use super::Directive::{Files, Generated, Gone, Line, Paragraph};
    use super::*;

    #[test]
    fn lines_of_markup_keep_their_words() {
        for (line, directive) in [
            (":::", Gone),
            ("::::", Gone),
            (":::tip", Paragraph("")),
            ("::: details Show *it*", Paragraph("Show *it*")),
            (":::warning[Mind the `[x]`]{.c}", Paragraph("Mind the `[x]`")),
            (":::{note} Title {#id}", Paragraph("Title")),
            ("::: package.Class", Generated("package.Class")),
            ("/// tab | Two words", Paragraph("Two words")),
            ("///", Gone),
            ("--8<-- \"a.md\"", Gone),
            ("--8<--", Files),
            ("<<< @/a.js{2}", Gone),
            ("[TOC]", Gone),
            ("{* ../a.py hl[1] *}", Gone),
            ("*[PSI]: pounds", Line("PSI: pounds\n".into())),
            ("^block-1", Gone),
            ("#tea #tea/green", Line("tea tea/green\n".into())),
        ] {
            assert_eq!(read(line), Some(directive), "{line}");
        }
    }

    #[test]
    fn lines_of_text_stay() {
        for line in [
            ": a",
            "::",
            "/// <summary> of C#",
            "//",
            "--8",
            "- a",
            "* [a]: b",
            "^2",
            "# Title",
            "#1",
            "#tea is",
            "<<<",
            "{}",
        ] {
            assert_eq!(read(line), None, "{line}");
        }
    }
}
