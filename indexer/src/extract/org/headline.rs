//! Headlines: stars, a keyword, a priority, the text, tags.

/// See the module.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Headline<'a> {
    /// Number of stars, from 1.
    pub(super) level: usize,
    pub(super) text: &'a str,
    pub(super) tags: &'a str,
    /// The tree below is hidden from readers.
    pub(super) is_comment: bool,
}

/// Reads a headline. `keywords` are those that the file defines besides `TODO` and `DONE`.
pub(super) fn headline<'a>(line: &'a str, keywords: &[String]) -> Option<Headline<'a>> {
    let level = line.bytes().take_while(|b| *b == b'*').count();
    let rest = line[level..].strip_prefix([' ', '\t']).filter(|_| level > 0)?.trim();
    let word = rest.split(' ').next().unwrap_or_default();
    let is_keyword = matches!(word, "TODO" | "DONE") || keywords.iter().any(|k| k == word);
    let rest = if is_keyword { rest[word.len()..].trim_start() } else { rest };
    let rest = match rest.strip_prefix("[#").and_then(|r| r.split_once(']')) {
        Some((priority, rest)) if priority.chars().count() <= 2 => rest.trim_start(),
        _ => rest,
    };
    let comment = rest.strip_prefix("COMMENT").filter(|r| r.is_empty() || r.starts_with(' '));
    let (text, tags) = without_tags(comment.unwrap_or(rest).trim());
    Some(Headline { level, text, tags, is_comment: comment.is_some() })
}

/// Text and tags of `text :a:b:`.
fn without_tags(text: &str) -> (&str, &str) {
    let last = text.rsplit([' ', '\t']).next().unwrap_or(text);
    let is_tag = |c: char| c.is_alphanumeric() || matches!(c, '_' | '@' | '#' | '%' | ':');
    if last.len() > 2 && last.starts_with(':') && last.ends_with(':') && last.chars().all(is_tag) {
        return (text[..text.len() - last.len()].trim_end(), last);
    }
    (text, "")
}

/// Keywords of a `#+TODO:` line; the letters in brackets after them are shortcut keys.
pub(super) fn keywords(value: &str) -> impl Iterator<Item = String> {
    let words = value.split_whitespace().filter(|w| *w != "|");
    words.map(|w| w.split('(').next().unwrap_or(w).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_text_is_left() {
        let own: Vec<_> = keywords("NEXT(n) | GONE(g@)").collect();
        for (line, level, text) in [
            ("* Plain", 1, "Plain"),
            ("** TODO [#A] Pour water :a:b_c:", 2, "Pour water"),
            ("* NEXT Two words", 1, "Two words"),
            ("* LATER is no keyword", 1, "LATER is no keyword"),
            ("* Ratio 1:2:3", 1, "Ratio 1:2:3"),
        ] {
            let found = headline(line, &own).expect("a headline");
            assert_eq!((found.level, found.text), (level, text), "{line}");
        }
        assert!(headline("* COMMENT x", &own).is_some_and(|h| h.is_comment));
        assert_eq!((headline("*bold*", &own), headline("*", &own)), (None, None));
    }
}
