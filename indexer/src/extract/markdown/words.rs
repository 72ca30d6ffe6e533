//! The visible words in the arguments of a tag, and how they replace the tag.

/// Arguments with visible values.
const SHOWN: [&str; 10] =
    ["title", "label", "caption", "alt", "summary", "header", "heading", "description", "text", "content"];
/// An argument that some tags show and others use as a name: it counts only if it looks like words.
const NAMED: [&str; 1] = ["name"];

/// Values of visible arguments such as `title="..."`. With `positional`, also unnamed strings that look like words.
pub(super) fn shown(arguments: &str, positional: bool) -> Vec<String> {
    let mut words = Vec::new();
    let mut rest = arguments;
    while let Some(at) = rest.find(['"', '\'', '`']) {
        let (before, quoted) = rest.split_at(at);
        let Some((value, after)) = string(quoted) else { break };
        let name = before.strip_suffix('=').map(|b| b.trim_end().rsplit(char::is_whitespace).next().unwrap_or(b));
        let is_shown = match name {
            Some(name) => SHOWN.contains(&name) || NAMED.contains(&name) && is_prose(&value),
            None => positional && before.ends_with(char::is_whitespace) && is_prose(&value),
        };
        if is_shown && value.contains(char::is_alphanumeric) {
            words.push(value);
        }
        rest = after;
    }
    words
}

/// The string at the start of a text, and the text after it.
fn string(text: &str) -> Option<(String, &str)> {
    let quote = text.chars().next()?;
    let mut value = String::new();
    let mut is_escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if is_escaped => {
                is_escaped = false;
                value.push(c);
            }
            '\\' if quote != '`' => is_escaped = true,
            c if c == quote => return Some((value, &text[at + 1..])),
            c => value.push(c),
        }
    }
    None
}

/// Several words, or one with a capital: not a path or an identifier.
fn is_prose(value: &str) -> bool {
    let is_one = value.starts_with(char::is_uppercase) && value.chars().all(char::is_alphabetic);
    (is_one || value.contains(' ')) && !value.contains(['/', '_', '{', '='])
}

/// Replaces a tag with its words: they are paragraphs of their own if nothing precedes the tag on its line.
pub(super) fn put(words: &[String], out: &mut String) {
    let line = out.trim_end_matches([' ', '\t']);
    if line.is_empty() || line.ends_with('\n') {
        out.truncate(line.len());
        words.iter().for_each(|word| [word, "\n\n"].iter().for_each(|part| out.push_str(part)));
    } else if !out.ends_with(['(', '"', '\'', '=', '/']) {
        // In an address or in another argument the words are invisible.
        out.push_str(&words.join(" "));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_that_are_shown_are_kept() {
        let arguments = r#" src="a b.png" alt='a jar' title="Say \"hi\"" id="x" name="tab_1" name="On Linux""#;
        assert_eq!(shown(arguments, true), ["a jar", "Say \"hi\"", "On Linux"]);
        assert_eq!(shown(r#" "Go" "a/b.md" "go" "two words""#, true), ["Go", "two words"]);
        assert!(shown(r#" "Go" title="open"#, false).is_empty());
    }

    #[test]
    fn words_take_the_place_of_their_tag() {
        for (before, after) in [("", "a\n\nb\n\n"), ("x\n  ", "x\na\n\nb\n\n"), ("x ", "x a b"), ("[x](", "[x](")] {
            let mut out = before.to_owned();
            put(&["a".into(), "b".into()], &mut out);
            assert_eq!(out, after);
        }
    }
}
