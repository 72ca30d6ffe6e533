//! MDX: modules, tags of components with their attributes, and expressions.

use super::words;

/// Maximum length of a tag or expression, in bytes.
const LONGEST: usize = 8192;

/// A tag.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Tag<'t> {
    /// Its name; empty for a fragment.
    pub(super) name: &'t str,
    /// Its length in bytes.
    pub(super) length: usize,
    /// Whether an attribute's value is an expression.
    pub(super) has_expression: bool,
    /// Whether it declares that it contains Markdown, as Python-Markdown requires.
    pub(super) has_markdown: bool,
    attributes: &'t str,
}

impl Tag<'_> {
    /// Whether it belongs to a component: HTML has no names with capitals or dots.
    pub(super) fn is_component(&self) -> bool {
        self.name.starts_with(|c: char| c.is_ascii_uppercase()) || self.name.contains('.')
    }

    /// The visible words in its attributes.
    pub(super) fn words(&self) -> Vec<String> {
        words::shown(self.attributes, false)
    }
}

/// The tag at the start of a text. The error is the distance within which no tag ends.
pub(super) fn tag(text: &str) -> Result<Tag<'_>, usize> {
    let inner = text.strip_prefix('<').ok_or(0usize)?;
    let inner = inner.strip_prefix('/').unwrap_or(inner);
    let is_kept = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    let name = &inner[..inner.find(|c| !is_kept(c)).unwrap_or(inner.len())];
    let attributes = &inner[name.len()..];
    let is_fragment = name.is_empty() && attributes.starts_with('>');
    let is_named = name.starts_with(|c: char| c.is_ascii_alphabetic())
        && attributes.starts_with(|c: char| c.is_whitespace() || matches!(c, '>' | '/'));
    if !is_fragment && !is_named {
        return Err(0);
    }
    let (end, has_expression) = tag_end(attributes)?;
    let attributes = &attributes[..end];
    let length = text.len() - inner.len() + name.len() + end + 1;
    let mut parts = attributes.split_whitespace();
    let has_markdown = parts.any(|a| a == "markdown" || a.starts_with("markdown="));
    Ok(Tag { name, length, has_expression, has_markdown, attributes })
}

/// The position of the closing `>` of a tag, and whether an expression comes before it.
fn tag_end(text: &str) -> Result<(usize, bool), usize> {
    let (mut at, mut has_expression) = (0, false);
    let bytes = text.as_bytes();
    while at < bytes.len().min(LONGEST) {
        match bytes[at] {
            b'>' => return Ok((at, has_expression)),
            b'<' => return Err(0),
            quote @ (b'"' | b'\'') => {
                let rest = &bytes[at + 1..bytes.len().min(LONGEST)];
                at += 1 + rest.iter().position(|b| *b == quote).ok_or(rest.len())?;
            }
            b'{' => {
                has_expression = true;
                at += balanced(&text[at..])? - 1;
            }
            _ => {}
        }
        at += 1;
    }
    Err(at)
}

/// Length of the expression in braces at the start of a text. The error is the distance over which they stay open.
pub(super) fn balanced(text: &str) -> Result<usize, usize> {
    let (mut depth, mut at) = (0usize, 0);
    let bytes = &text.as_bytes()[..text.len().min(LONGEST)];
    while at < bytes.len() {
        match bytes[at] {
            b'{' => depth += 1,
            b'}' if depth <= 1 => return Ok(at + 1),
            b'}' => depth -= 1,
            // An apostrophe in a text does not begin a string, nor does one without an end on its line.
            quote @ (b'"' | b'\'' | b'`') => {
                let end = bytes[at + 1..].iter().position(|b| *b == quote || *b == b'\n' && quote != b'`');
                at += end.filter(|end| bytes[at + 1 + end] == quote).map_or(0, |end| end + 1);
            }
            _ => {}
        }
        at += 1;
    }
    Err(at)
}

/// The visible part of an expression: a literal string, otherwise nothing, because its value is unknown.
pub(super) fn shown(expression: &str) -> &str {
    let inner = expression.trim_start_matches('{').trim_end_matches('}').trim();
    let quote = inner.chars().next().filter(|c| matches!(c, '"' | '\'' | '`'));
    let string = quote.and_then(|quote| inner[1..].strip_suffix(quote).filter(|s| !s.contains([quote, '$'])));
    string.unwrap_or_default()
}

/// Whether a line begins a JavaScript statement, and not a sentence with the same first word.
pub(super) fn is_module_line(line: &str) -> bool {
    let end = line.trim_end().trim_end_matches(';');
    let imports = line.starts_with("import ") && end.ends_with(['\'', '"']);
    let exports = ["export const ", "export default ", "export function ", "export {"];
    imports || (exports.iter().any(|s| line.starts_with(s)) && line.contains(['=', '(', '{']))
}

/// Whether a line begins an import of several lines.
pub(super) fn is_open_import(line: &str) -> bool {
    line.starts_with("import ") && line.contains('{') && !line.contains('}')
}

/// The number of brackets that a line of JavaScript opens, minus those that it closes.
pub(super) fn depth(line: &str) -> i64 {
    line.bytes().map(|b| i64::from(matches!(b, b'(' | b'[' | b'{')) - i64::from(matches!(b, b')' | b']' | b'}'))).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_end_where_they_end() {
        for text in [
            "<Tabs>",
            "</Tabs>",
            "<>",
            "</>",
            "<Tabs.Item a=\"x > y\" b={{c: '}'}} d={() => <b>{x}</b>} />",
            "<div\n  style={{a: 1}}\n>",
        ] {
            assert_eq!(tag(&format!("{text} > more")).expect(text).length, text.len(), "{text}");
        }
        for other in ["< b", "<3", "<T", "<T a=\"", "<T {", "<a:b>", "a", "<T <", "<http://x>"] {
            assert!(tag(other).is_err(), "{other}");
        }
        assert_eq!(tag("<Card title=\"One\" href=\"/two\">").expect("a tag").words(), ["One"]);
    }

    #[test]
    fn an_expression_shows_its_string() {
        for (expression, text) in
            [("{'a b'}", "a b"), ("{\"x\"}", "x"), ("{x.y}", ""), ("{`a ${b}`}", ""), ("{' '}", " ")]
        {
            assert_eq!((balanced(expression), shown(expression)), (Ok(expression.len()), text));
        }
        assert_eq!(balanced("{don't}"), Ok(7));
        assert!(balanced("{{a}").is_err());
    }
}
