//! Words of a paragraph without roles, references and emphasis.

use std::collections::HashMap;

/// Maximum length of names of roles and footnotes; longer ones are text.
const LONGEST_NAME: usize = 60;

/// The replacements for references on the page.
#[derive(Debug, Default)]
pub(super) struct Inline {
    /// Text by the name of its substitution.
    substitutions: HashMap<String, String>,
    /// Number of bytes that substitutions may still add, so that a page cannot grow without bound.
    room: usize,
    /// Elements that use up an id: the name of a target within the text, or an unnamed reference to a footnote.
    pub(super) claims: Vec<Option<String>>,
}

impl Inline {
    pub(super) fn new(substitutions: HashMap<String, String>, room: usize) -> Self {
        Self { substitutions, room, claims: Vec::new() }
    }

    /// The words of a text.
    pub(super) fn words(&mut self, text: &str) -> String {
        let mut scan = Scan { text, at: 0, out: String::with_capacity(text.len()), unclosed: HashMap::new() };
        while scan.at < text.len() {
            if !self.step(&mut scan) {
                scan.plain();
            }
        }
        scan.out
    }

    /// Reads one piece of markup, if any starts here.
    fn step(&mut self, scan: &mut Scan<'_>) -> bool {
        let rest = scan.rest();
        match rest.as_bytes()[0] {
            b'\\' => scan.escape(),
            b'`' if rest.starts_with("``") => scan.between("``", |content, out| out.push_str(content)),
            b'`' => self.interpreted(scan),
            b':' => scan.role(),
            b'*' if rest.starts_with("**") => scan.emphasis("**") || scan.emphasis("*"),
            b'*' => scan.emphasis("*"),
            b'|' => self.substitution(scan),
            b'[' => self.footnote(scan),
            b'_' => scan.underscore(),
            _ => false,
        }
    }

    fn substitution(&mut self, scan: &mut Scan<'_>) -> bool {
        let name = scan.rest()[1..].split('|').next().unwrap_or_default();
        let closed = scan.rest()[1 + name.len()..].starts_with('|');
        let spaced = name.is_empty() || name.starts_with(' ') || name.ends_with(' ');
        if !closed || spaced || name.len() > LONGEST_NAME || !scan.at_start() {
            return false;
        }
        scan.at += name.len() + 2;
        scan.skip_underscores();
        match self.substitutions.get(name).filter(|text| text.len() <= self.room) {
            Some(text) => {
                self.room -= text.len();
                scan.out.push_str(text);
            }
            None => scan.out.push_str(name),
        }
        true
    }

    /// A named link also defines a target.
    fn interpreted(&mut self, scan: &mut Scan<'_>) -> bool {
        let from = scan.at;
        if !scan.interpreted("") {
            return false;
        }
        let source = &scan.text[from..scan.at];
        let link = source.strip_suffix(">`_").and_then(|l| l[1..].rsplit_once('<'));
        let is_inline = scan.text[..from].ends_with('_');
        match link {
            Some((name, _)) if !name.trim().is_empty() => self.claims.push(Some(unescaped(name.trim()))),
            None if is_inline => self.claims.push(Some(unescaped(source.trim_matches('`')))),
            _ => {}
        }
        true
    }

    fn footnote(&mut self, scan: &mut Scan<'_>) -> bool {
        let rest = &scan.rest()[1..];
        let label = &rest[..rest.bytes().take(LONGEST_NAME).position(|b| b == b']').unwrap_or_default()];
        if label.is_empty() || !rest[label.len()..].starts_with("]_") || label.contains(char::is_whitespace) {
            return false;
        }
        scan.at += label.len() + 3;
        self.claims.push(None);
        if label.starts_with(|c: char| c.is_alphabetic()) {
            scan.out.push_str(label);
        } else {
            scan.out.truncate(scan.out.trim_end().len());
        }
        true
    }
}

struct Scan<'t> {
    text: &'t str,
    at: usize,
    out: String,
    /// Delimiters that do not occur again: a search for each fails only once.
    unclosed: HashMap<&'static str, usize>,
}

impl<'t> Scan<'t> {
    fn rest(&self) -> &'t str {
        &self.text[self.at..]
    }

    fn plain(&mut self) {
        let Some(c) = self.rest().chars().next() else { return };
        self.out.push(c);
        self.at += c.len_utf8();
    }

    /// Whether markup may begin here.
    fn at_start(&self) -> bool {
        let mut before = self.text[..self.at].chars().rev();
        match before.next() {
            // The mark of an inline target.
            Some('_') => self.rest().starts_with('`') && !before.next().is_some_and(char::is_alphanumeric),
            last => last.is_none_or(|c| !c.is_alphanumeric() && c != '*' && c != '`'),
        }
    }

    fn escape(&mut self) -> bool {
        let mut after = self.rest().chars();
        after.next();
        self.at = self.text.len() - after.as_str().len();
        if let Some(c) = after.next() {
            if !c.is_whitespace() {
                self.out.push(c);
            }
            self.at += c.len_utf8();
        }
        true
    }

    /// Content up to the closing delimiter, which must follow a word.
    fn closed_by(&mut self, delimiter: &'static str) -> Option<&'t str> {
        let from = self.at + delimiter.len();
        if self.unclosed.contains_key(delimiter) || self.text[from..].starts_with(char::is_whitespace) {
            return None;
        }
        let is_end = |at: usize| {
            let content = &self.text[from..at];
            let after = self.text[at + delimiter.len()..].chars().next();
            !content.is_empty()
                && !content.ends_with(char::is_whitespace)
                && (delimiter == "``" || !content.ends_with('\\'))
                && after.is_none_or(|c| !c.is_alphanumeric())
        };
        let end = self.text[from..].match_indices(delimiter).map(|(at, _)| from + at).find(|at| is_end(*at));
        if end.is_none() {
            self.unclosed.insert(delimiter, from);
        }
        // An additional backtick belongs to the content.
        end.map(|end| &self.text[from..end + usize::from(self.text[end + delimiter.len()..].starts_with('`'))])
    }

    fn between(&mut self, delimiter: &'static str, emit: impl Fn(&str, &mut String)) -> bool {
        if !self.at_start() {
            return false;
        }
        let Some(content) = self.closed_by(delimiter) else { return false };
        self.at += content.len() + 2 * delimiter.len();
        emit(content, &mut self.out);
        true
    }

    fn emphasis(&mut self, delimiter: &'static str) -> bool {
        self.between(delimiter, |content, out| out.push_str(&unescaped(content)))
    }

    fn role(&mut self) -> bool {
        let rest = &self.rest()[1..];
        let is_name = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b':' | b'+' | b'-');
        let end = rest.bytes().take(LONGEST_NAME).position(|b| !is_name(b)).unwrap_or_default();
        if end < 2 || rest.as_bytes()[end] != b'`' || !rest[..end].ends_with(':') {
            return false;
        }
        let start = self.at;
        self.at += 1 + end;
        let read = self.interpreted(&rest[..end - 1]);
        if !read {
            self.at = start;
        }
        read
    }

    /// Text between single backticks: of a role before or after it, or a reference.
    fn interpreted(&mut self, role: &str) -> bool {
        if role.is_empty() && !self.at_start() {
            return false;
        }
        let Some(content) = self.closed_by("`") else { return false };
        self.at += content.len() + 2;
        let mut role = role;
        if self.rest().starts_with(':') && role.is_empty() {
            let rest = &self.rest()[1..];
            let end = rest.bytes().take(LONGEST_NAME).position(|b| !b.is_ascii_alphanumeric() && b != b'-');
            if let Some(end) = end.filter(|e| *e > 0 && rest[*e..].starts_with(':')) {
                role = &rest[..end];
                self.at += end + 2;
            }
        }
        self.skip_underscores();
        self.out.push_str(&shown(role, &unescaped(content)));
        true
    }

    fn skip_underscores(&mut self) {
        let count = self.rest().bytes().take(2).take_while(|b| *b == b'_').count();
        let after = self.rest()[count..].chars().next();
        if after.is_none_or(|c| !c.is_alphanumeric() && c != '_') {
            self.at += count;
        }
    }

    /// `name_` refers to a target, and `` _`name` `` is one.
    fn underscore(&mut self) -> bool {
        if self.rest().starts_with("_`") && self.at_start() {
            self.at += 1;
            return true;
        }
        let at = self.at;
        let is_name = |c: &char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.');
        let word = self.text[..at].chars().rev().take(LONGEST_NAME).take_while(is_name);
        if word.last().is_some_and(char::is_alphanumeric) && !self.text[..at].ends_with('_') {
            self.skip_underscores();
        }
        self.at > at
    }
}

/// The visible text of a role.
fn shown(role: &str, content: &str) -> String {
    let role = role.rsplit(':').next().unwrap_or(role);
    match role {
        "math" | "code" => return content.to_owned(),
        "raw" => return String::new(),
        "samp" => return content.replace(['{', '}'], ""),
        "pep" => return format!("PEP {content}"),
        "rfc" => return format!("RFC {content}"),
        _ => {}
    }
    let content = content.trim_start_matches('!');
    if let Some((title, target)) = content.strip_suffix('>').and_then(|c| c.rsplit_once('<')) {
        let title = title.trim();
        return if title.is_empty() { target } else { title }.to_owned();
    }
    if let Some(name) = content.strip_prefix('~') {
        return name.rsplit('.').next().unwrap_or(name).to_owned();
    }
    match role {
        "doc" | "download" => content.rsplit('/').next().unwrap_or(content).to_owned(),
        // The title of the section is on another page; its label consists of the same words.
        "ref" | "numref" => content.replace(['-', '_'], " "),
        _ => content.to_owned(),
    }
}

/// Text without backslashes.
pub(super) fn unescaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => out.extend(chars.next().filter(|c| !c.is_whitespace())),
            other => out.push(other),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> String {
        Inline::new([("brew".to_owned(), "Brew 2".to_owned())].into(), 100).words(text)
    }

    #[test]
    fn markup_leaves_the_words() {
        for (text, expected) in [
            (":ref:`half a minute <bloom-time>` or :py:func:`~kettle.Lid.lift`.", "half a minute or lift."),
            ("``a  * b`` *soft* **loud**, *a b*", "a  * b soft loud, a b"),
            ("see `the site <https://a.b/c_d>`__ and `Bloom`_, Bloom_.", "see the site and Bloom, Bloom."),
            ("|brew| and |unknown|", "Brew 2 and unknown"),
            ("Fact [1]_ of [Smith2000]_.", "Fact of Smith2000."),
            ("*O*\\ (n), 2 * 3 * 4, \\*args, **kwargs and *args", "O(n), 2 * 3 * 4, *args, **kwargs and *args"),
            ("`x`:code: :kbd:`Ctrl-C` at 10:30", "x Ctrl-C at 10:30"),
            ("snake_case, __init__, a_ b", "snake_case, __init__, a b"),
            ("an _`inline target` here", "an inline target here"),
        ] {
            assert_eq!(words(text), expected, "{text}");
        }
    }

    #[test]
    fn substitutions_cannot_grow_without_bound() {
        assert!(words(&"|brew| ".repeat(1000)).len() < 8000);
    }
}
