//! Attribute lists: `{#id .class key=value}`, and kramdown's and Python-Markdown's `{: #id }`.

/// Maximum length of an attribute list, in bytes.
const LONGEST: usize = 400;

/// An attribute list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Attributes<'t> {
    /// Its `#id`.
    pub(super) id: Option<&'t str>,
    /// Its length in bytes, including the braces.
    pub(super) length: usize,
    /// Whether a colon marks it, which makes it unambiguous.
    pub(super) is_marked: bool,
    /// Whether it begins with an id or a class.
    pub(super) is_named: bool,
}

/// The attribute list at the start of a text.
pub(super) fn parse(text: &str) -> Option<Attributes<'_>> {
    let inner = text.strip_prefix('{')?;
    let end = inner.bytes().take(LONGEST).position(|b| matches!(b, b'}' | b'{' | b'\n'))?;
    let inner = inner[..end].strip_suffix('\n').unwrap_or(&inner[..end]);
    if text.as_bytes()[end + 1] != b'}' {
        return None;
    }
    let marked = inner.strip_prefix(':');
    let list = marked.unwrap_or(inner).trim();
    if marked.is_some_and(|rest| rest.starts_with([':', '/'])) || marked.is_none() && !is_list(list) {
        return None;
    }
    let id = list.split_whitespace().find_map(|token| token.strip_prefix('#')).filter(|id| !id.is_empty());
    let is_named = list.starts_with(['#', '.']);
    Some(Attributes { id, length: end + 2, is_marked: marked.is_some(), is_named })
}

/// Whether a text consists only of ids, classes and pairs.
fn is_list(text: &str) -> bool {
    let is_name = |name: &str| {
        let is_kept = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | ':' | '.' | '/');
        !name.is_empty() && name.chars().all(is_kept) && !name.starts_with(['.', '/', ':'])
    };
    let mut rest = text;
    while !rest.is_empty() {
        let end = rest.find(|c: char| c.is_whitespace() || c == '=').unwrap_or(rest.len());
        let (token, after) = rest.split_at(end);
        if let Some(value) = after.strip_prefix('=') {
            let Some(after) = value_end(value).filter(|_| is_name(token)) else { return false };
            rest = after.trim_start();
        } else if token.strip_prefix(['#', '.']).is_some_and(is_name) {
            rest = after.trim_start();
        } else {
            return false;
        }
    }
    !text.is_empty()
}

/// The text after a value, quoted or not.
fn value_end(text: &str) -> Option<&str> {
    let quote = text.chars().next().filter(|c| matches!(c, '"' | '\''));
    match quote {
        Some(quote) => text[1..].split_once(quote).map(|(_, after)| after),
        None => Some(&text[text.find(char::is_whitespace).unwrap_or(text.len())..]).filter(|after| *after != text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_told_from_other_braces() {
        for (text, id) in [
            ("{#a}", Some("a")),
            ("{ #a-b .c data-x=\"y z\" }", Some("a-b")),
            ("{: .c #d}", Some("d")),
            ("{.c width=300}", None),
            ("{:toc}", None),
        ] {
            let found = parse(text).expect(text);
            assert_eq!((found.id, found.length), (id, text.len()), "{text}");
        }
        for other in
            ["{}", "{a}", "{1,3}", "{a b}", "{{#a}}", "{#a", "{#a\n}", "{::comment}", "{# x #}", "{a=}", "{..}"]
        {
            assert_eq!(parse(other), None, "{other}");
        }
    }
}
