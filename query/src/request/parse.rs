//! The query language: "phrases", -exclusions, field:value; everything else is plain words.
//!
//! Every input is valid. An unpaired quote, a minus before a flag such as `-Recurse` that the index knows, and a
//! colon in `std::io` are plain text.

/// A parsed query.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Parsed {
    /// The remaining plain text, including the words of the phrases. The encoder gets this text.
    pub(crate) text: String,
    /// Quoted phrases.
    pub(crate) phrases: Vec<String>,
    /// Words and phrases that must not occur.
    pub(crate) excluded: Vec<String>,
    /// Values that the page's metadata must have.
    pub(crate) filters: Vec<(String, String)>,
}

impl Parsed {
    /// The whole query as plain text.
    pub(crate) fn plain(query: &str) -> Self {
        Self { text: query.to_owned(), ..Self::default() }
    }
}

/// Whether a query is plain text for every index, because it contains no syntax. Such a query can be encoded before
/// it is parsed.
pub(crate) fn is_running_text(query: &str) -> bool {
    let marks = ['"', '“', '”', '„', '«', '»', ':', '_', '['];
    !query.contains(marks) && query.split_whitespace().all(|word| !word.starts_with('-'))
}

/// Parses a query. `is_key` tells whether pages have metadata with a key, and `is_identifier` whether the index
/// contains a word exactly as written, including its minus.
pub(crate) fn parse<E>(
    query: &str,
    is_key: impl Fn(&str) -> Result<bool, E>,
    is_identifier: impl Fn(&str) -> Result<bool, E>,
) -> Result<Parsed, E> {
    let mut parsed = Parsed::default();
    let mut text: Vec<&str> = Vec::new();
    for (minus, part) in parts(query) {
        match part {
            Part::Phrase(phrase) if minus => parsed.excluded.push(phrase.to_owned()),
            Part::Phrase(phrase) => {
                parsed.phrases.push(phrase.to_owned());
                text.push(phrase);
            }
            Part::Word(word) if minus && !is_identifier(word)? => {
                parsed.excluded.push(word.trim_start_matches('-').to_owned());
            }
            Part::Word(word) => match field(word) {
                Some((key, value)) if is_key(key)? => parsed.filters.push((key.to_lowercase(), value.to_owned())),
                _ => text.push(word),
            },
        }
    }
    // A query with only exclusions and filters is a list, not a search. But a query that is only a word with a
    // minus means that word.
    if text.is_empty() && parsed.filters.is_empty() {
        text = vec![query];
        parsed = Parsed::default();
    }
    parsed.text = text.join(" ");
    Ok(parsed)
}

enum Part<'a> {
    Phrase(&'a str),
    /// A word, with its minus if it has one.
    Word(&'a str),
}

/// Words and quoted phrases, each with a flag that tells whether a single minus precedes it.
fn parts(query: &str) -> Vec<(bool, Part<'_>)> {
    let mut parts = Vec::new();
    let mut rest = query.trim_start();
    while !rest.is_empty() {
        let minus = rest.starts_with('-') && rest[1..].starts_with(|c: char| c.is_alphanumeric() || is_quote(c));
        let body = if minus { &rest[1..] } else { rest };
        match quoted(body) {
            Some((phrase, after)) => {
                parts.push((minus, Part::Phrase(phrase)));
                rest = after.trim_start();
            }
            None => {
                let end = rest.find(char::is_whitespace).unwrap_or(rest.len());
                parts.push((minus, Part::Word(&rest[..end])));
                rest = rest[end..].trim_start();
            }
        }
    }
    parts
}

fn is_quote(c: char) -> bool {
    matches!(c, '"' | '“' | '”' | '„' | '«')
}

/// A quoted phrase at the beginning of `text`, and the rest of the text.
fn quoted(text: &str) -> Option<(&str, &str)> {
    let open = text.chars().next().filter(|c| is_quote(*c))?;
    let inner = &text[open.len_utf8()..];
    let end = inner.find(['"', '”', '“', '»'])?;
    let close = inner[end..].chars().next().map_or(0, char::len_utf8);
    let phrase = inner[..end].trim();
    phrase.contains(char::is_alphanumeric).then_some((phrase, &inner[end + close..]))
}

/// Splits `key:value`. Both must be present, and the value must not start with a second colon or a slash, as in
/// `std::io` or an address.
fn field(word: &str) -> Option<(&str, &str)> {
    let (key, value) = word.split_once(':')?;
    let good = !key.is_empty() && !value.is_empty() && !value.starts_with([':', '/']);
    good.then_some((key, value))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(query: &str) -> Parsed {
        let is_key = |k: &str| Ok::<_, ()>(k == "version" || k == "lang");
        parse(query, is_key, |w: &str| Ok(w == "-Recurse")).expect("never an error")
    }

    #[test]
    fn running_text_is_left_whole() {
        for query in ["how do I set it up?", "don't - no, do", "C++ 1.2", "well-known"] {
            assert_eq!(is_running_text(query), query != "don't - no, do", "{query}");
            if is_running_text(query) {
                let never = |_: &str| -> Result<bool, ()> { panic!("nothing to ask") };
                assert_eq!(parse(query, never, never), Ok(Parsed::plain(query)));
            }
        }
        for query in ["a \"b c\"", "-b a", "lang:en", "a ___ b", "a [MASK] b"] {
            assert!(!is_running_text(query), "{query}");
        }
    }

    #[test]
    fn the_three_forms_are_read() {
        let p = parsed("\"exact words\" plain -not -\"not this\" version:7.4 lang:en");
        assert_eq!(p.text, "exact words plain");
        assert_eq!(
            (p.phrases, p.excluded),
            (vec!["exact words".to_owned()], vec!["not".to_owned(), "not this".to_owned()])
        );
        assert_eq!(p.filters, [("version".to_owned(), "7.4".to_owned()), ("lang".to_owned(), "en".to_owned())]);
    }

    #[test]
    fn anything_else_is_plain_words() {
        for query in [
            "std::io::Read",
            "http://x.org/a",
            "unknown:key",
            "C++ --dry-run",
            "a - b",
            "say \"hi",
            "\"\"",
            "(a AND b) OR *",
            "Get-ChildItem -Recurse",
            "-alone",
            "::",
            "\\ / ^ ~ { ] }",
        ] {
            let p = parsed(query);
            assert_eq!(p, Parsed { text: query.to_owned(), ..Parsed::default() }, "{query}");
        }
    }

    #[test]
    fn typographic_quotes_are_quotes() {
        assert_eq!(parsed("„so etwas“ x").phrases, ["so etwas"]);
        assert_eq!(parsed("“like this”").phrases, ["like this"]);
    }
}
