//! Lines that are not text: delimiters, attribute lists, titles, list markers.

/// The content of a delimited block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Delimiter {
    /// Verbatim text.
    Verbatim,
    /// Nothing to read: a comment, or passed-through HTML.
    Unread,
    /// Blocks.
    Container,
    /// Cells separated by this character.
    Table(char),
}

/// The delimiter on a line, if any.
pub(super) fn delimiter(line: &str) -> Option<Delimiter> {
    if line.starts_with("```") && !line[3..].contains('`') {
        return Some(Delimiter::Verbatim);
    }
    let all = |c: char| line.len() >= 4 && line.chars().all(|l| l == c);
    match line {
        "|===" | "!===" => Some(Delimiter::Table('|')),
        ",===" => Some(Delimiter::Table(',')),
        ":===" => Some(Delimiter::Table(':')),
        "--" => Some(Delimiter::Container),
        _ if line.starts_with("|====") && line[1..].bytes().all(|b| b == b'=') => Some(Delimiter::Table('|')),
        _ if all('-') || all('.') => Some(Delimiter::Verbatim),
        _ if all('/') || all('+') => Some(Delimiter::Unread),
        _ if all('=') || all('*') || all('_') => Some(Delimiter::Container),
        _ => None,
    }
}

/// The attributes that a line gives to the block below.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct BlockAttributes {
    pub(super) id: Option<String>,
    pub(super) style: String,
    /// The complete attribute list.
    pub(super) list: String,
}

/// Reads `[[id]]`, `[#id.role]`, `[id=x]` or `[style,more]` on a line of its own.
pub(super) fn attributes(line: &str) -> Option<BlockAttributes> {
    let list = line.strip_prefix('[')?.strip_suffix(']')?;
    if let Some(id) = list.strip_prefix('[') {
        let id = id.strip_suffix(']')?.split(',').next()?.trim();
        return Some(BlockAttributes { id: Some(id.to_owned()).filter(|id| !id.is_empty()), ..Default::default() });
    }
    let begins = |c: char| c.is_alphanumeric() || matches!(c, '.' | '#' | '%' | '{' | '"' | ',' | '_');
    if !list.is_empty() && !list.starts_with(begins) || list.contains("]]") {
        return None;
    }
    let first = list.split(',').next().unwrap_or_default();
    let shorthand = first.split_once('#').map(|(_, id)| id.split(['.', '%', '#']).next().unwrap_or(id));
    let named = list.split(',').find_map(|a| a.trim().strip_prefix("id=")).map(|id| id.trim_matches(['"', '\'']));
    let id = named.or(shorthand.filter(|_| !first.contains('='))).filter(|id| !id.is_empty());
    let style = first.split(['#', '.', '%']).next().unwrap_or_default().trim();
    Some(BlockAttributes { id: id.map(str::to_owned), style: style.to_owned(), list: list.to_owned() })
}

/// Level and text of a one-line section title; the document's title has level 0.
pub(super) fn title(line: &str) -> Option<(u8, &str)> {
    let marker = line.bytes().next().filter(|b| matches!(b, b'=' | b'#'))?;
    let count = line.bytes().take(7).take_while(|b| *b == marker).count();
    let text = line[count..].strip_prefix(' ')?.trim();
    (count <= 6 && !text.is_empty()).then(|| (count as u8 - 1, text.trim_end_matches([char::from(marker), ' '])))
}

/// Level of an underlined title.
pub(super) fn underlined(line: &str, below: &str) -> Option<u8> {
    let first = below.bytes().next()?;
    let level = b"=-~^+".iter().position(|c| *c == first)?;
    let is_line = below.len() >= 2 && below.bytes().all(|b| b == first);
    let is_title = line.chars().any(char::is_alphanumeric) && line.chars().count().abs_diff(below.len()) <= 1;
    (is_line && is_title && !line.starts_with([' ', '.', '|', ':'])).then_some(level as u8)
}

/// The text after the marker of a list item.
pub(super) fn item(line: &str) -> Option<&str> {
    let first = line.chars().next()?;
    let marker = match first {
        '*' | '.' | '-' => {
            let count = line.bytes().take(6).take_while(|b| *b == first as u8).count();
            (first != '-' || count == 1).then_some(count)
        }
        '•' => Some(first.len_utf8()),
        '<' => line[1..]
            .bytes()
            .take(5)
            .position(|b| !(b.is_ascii_digit() || b == b'.'))
            .filter(|n| *n > 0 && line[1 + n..].starts_with('>'))
            .map(|n| n + 2),
        '0'..='9' => {
            let digits = line.bytes().take(9).take_while(u8::is_ascii_digit).count();
            line[digits..].starts_with('.').then_some(digits + 1)
        }
        _ => None,
    }?;
    let text = line[marker..].strip_prefix([' ', '\t'])?.trim_start();
    let unchecked = ["[ ] ", "[x] ", "[*] "].iter().find_map(|check| text.strip_prefix(check));
    (!text.is_empty()).then(|| unchecked.unwrap_or(text))
}

/// Term and text of an entry of a description list.
pub(super) fn term(line: &str) -> Option<(&str, &str, &str)> {
    if line.starts_with("//") || line.starts_with('[') && line.ends_with(']') {
        return None;
    }
    for (at, mark) in line.match_indices("::").chain(line.match_indices(";;")) {
        let rest = &line[at..];
        let len = rest.bytes().take_while(|b| *b == mark.as_bytes()[0]).count();
        let after = &rest[len..];
        let preceded = !line[..at].ends_with([' ', ':', ';']) && at > 0;
        if preceded && len <= 4 && (after.is_empty() || after.starts_with([' ', '\t'])) {
            return Some((&line[..at], &rest[..len], after.trim()));
        }
    }
    None
}

/// Directives for the preprocessor that assembles files.
pub(super) fn is_preprocessor(line: &str) -> bool {
    const NAMES: [&str; 5] = ["include::", "ifdef::", "ifndef::", "ifeval::", "endif::"];
    line.ends_with(']') && NAMES.iter().any(|name| line.starts_with(name))
}

/// Name and text of a block macro: `image::cup.png[A cup]`.
pub(super) fn block_macro(line: &str) -> Option<(&str, &str)> {
    let (name, rest) = line.split_once("::")?;
    let (target, text) = rest.strip_suffix(']')?.split_once('[')?;
    let is_name = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_');
    let valid = !name.is_empty() && name.chars().all(is_name) && !target.starts_with([' ', ':']);
    valid.then_some((name, text))
}

/// The text after `NOTE: `.
pub(super) fn without_admonition(text: &str) -> &str {
    let labels = ["NOTE: ", "TIP: ", "IMPORTANT: ", "WARNING: ", "CAUTION: "];
    labels.iter().find_map(|l| text.strip_prefix(l)).unwrap_or(text)
}

/// A line of code without its callout number.
pub(super) fn without_callouts(line: &str) -> &str {
    let mut line = line.trim_end();
    while let Some(open) = line.rfind('<').filter(|_| line.ends_with('>')) {
        let number = line[open + 1..line.len() - 1].trim_start_matches("!--").trim_end_matches("--");
        if number.is_empty() || number.len() > 3 || !number.bytes().all(|b| b.is_ascii_digit() || b == b'.') {
            break;
        }
        let before = line[..open].trim_end();
        // The comment that hides the number from a compiler.
        line = ["//", "#", ";;", "--"].iter().find_map(|c| before.strip_suffix(c)).unwrap_or(before).trim_end();
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_told_apart() {
        assert_eq!(delimiter("----"), Some(Delimiter::Verbatim));
        assert_eq!((delimiter("---"), delimiter("-----x")), (None, None));
        assert_eq!(title("=== The tap ==="), Some((2, "The tap")));
        assert_eq!((title("##Not"), title("= ")), (None, None));
        assert_eq!((underlined("Tap", "---"), underlined("A longer line", "---")), (Some(1), None));
        assert_eq!(attributes("[[a,b]]").and_then(|a| a.id).as_deref(), Some("a"));
        assert_eq!(attributes("[quote#a.b,c]").map(|a| (a.id, a.style)), Some((Some("a".into()), "quote".into())));
        assert_eq!(attributes("[source,sh,id=\"x\"]").and_then(|a| a.id).as_deref(), Some("x"));
        assert_eq!(attributes("[ ] text]"), None);
        assert_eq!(
            [item("** a"), item("1. b"), item("<2> c"), item("- [x] d")],
            [Some("a"), Some("b"), Some("c"), Some("d")]
        );
        assert_eq!((item("*bold*"), item("--")), (None, None));
        assert_eq!(term("-p, --patch::"), Some(("-p, --patch", "::", "")));
        assert_eq!(term("tap:: lets water out"), Some(("tap", "::", "lets water out")));
        assert_eq!(term("std::vec and a :: b"), None);
        assert_eq!(block_macro("image::a.png[A cup]"), Some(("image", "A cup")));
        assert_eq!(without_callouts("run() // <1> <2>"), "run()");
        assert_eq!(without_callouts("Vec<u8>"), "Vec<u8>");
    }
}
