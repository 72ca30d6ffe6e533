//! Substitution definitions: names that stand for text everywhere on the page.

use std::collections::HashMap;

use super::{
    directive::{directive, field, head},
    line::Line,
};

/// Maximum length of a replacement text; authors do not repeat longer ones.
const LONGEST: usize = 500;

/// All definitions of a page.
pub(super) fn definitions(lines: &[Line<'_>]) -> HashMap<String, String> {
    let defined = lines.iter().enumerate().filter(|(_, l)| l.text.starts_with(".. |"));
    defined.filter_map(|(at, _)| definition(&lines[at..])).collect()
}

fn definition(lines: &[Line<'_>]) -> Option<(String, String)> {
    let (name, rest) = lines[0].text.strip_prefix(".. |")?.split_once('|')?;
    let (kind, argument) = head(rest.trim_start())?;
    let directive = directive(lines, kind, argument);
    let text = match kind {
        "replace" => {
            let more = lines[1..].iter().take_while(|l| !l.text.is_empty() && l.indent > lines[0].indent);
            let more: Vec<_> = std::iter::once(argument).chain(more.map(|l| l.text)).collect();
            more.join(" ")
        }
        "unicode" => directive.argument.join(" ").split_whitespace().map(character).collect(),
        "image" => directive.option("alt").unwrap_or_default().to_owned(),
        _ => return None,
    };
    (text.len() <= LONGEST && field(name).is_none()).then(|| (name.to_owned(), text))
}

/// `0x2014`, `U+2014` or the text itself.
fn character(word: &str) -> String {
    let code = ["0x", "U+", "u+", "\\u", "x"].iter().find_map(|p| word.strip_prefix(p));
    let named = code.and_then(|c| u32::from_str_radix(c, 16).ok()).and_then(char::from_u32);
    named.map_or_else(|| word.to_owned(), String::from)
}

#[cfg(test)]
mod tests {
    use super::{super::line::lines, *};

    #[test]
    fn text_characters_and_images_are_defined() {
        let text = ".. |a| replace:: one\n   two\n.. |b| unicode:: 0xA9\n.. |c| image:: x.png\n   :alt: A cup\n";
        let all = definitions(&lines(text));
        assert_eq!([&all["a"], &all["b"], &all["c"]], ["one two", "©", "A cup"]);
    }
}
