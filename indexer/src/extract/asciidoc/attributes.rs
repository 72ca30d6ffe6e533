//! Attributes of a document: names that stand for text.

use std::collections::{HashMap, HashSet};

/// Characters with predefined names in every document.
const CHARACTERS: [(&str, &str); 25] = [
    ("empty", ""),
    ("blank", ""),
    ("sp", " "),
    ("nbsp", " "),
    ("zwsp", ""),
    ("wj", ""),
    ("amp", "&"),
    ("lt", "<"),
    ("gt", ">"),
    ("plus", "+"),
    ("asterisk", "*"),
    ("vbar", "|"),
    ("startsb", "["),
    ("endsb", "]"),
    ("backslash", "\\"),
    ("backtick", "`"),
    ("tilde", "~"),
    ("caret", "^"),
    ("apos", "'"),
    ("quot", "\""),
    ("deg", "°"),
    ("cpp", "C++"),
    ("two-colons", "::"),
    ("two-semicolons", ";;"),
    ("rarr", "→"),
];
const LONGEST_NAME: usize = 80;

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Attributes {
    values: HashMap<String, String>,
    /// Names that the document unset.
    unset: HashSet<String>,
    /// Number of bytes that references may still add, so that a page cannot grow without bound.
    room: usize,
}

impl Attributes {
    pub(super) fn new(room: usize) -> Self {
        Self { room, ..Self::default() }
    }

    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.values.get(name).map(String::as_str)
    }

    pub(super) fn is_unset(&self, name: &str) -> bool {
        self.unset.contains(name)
    }

    /// Reads an entry `:name: value` or `:!name:`; false if the line is not an entry.
    pub(super) fn read(&mut self, line: &str, value: &str) -> bool {
        let Some(name) = entry_name(line) else { return false };
        match name.strip_prefix('!').or(name.strip_suffix('!')) {
            Some(name) => {
                self.values.remove(&name.to_lowercase());
                self.unset.insert(name.to_lowercase());
            }
            None => {
                let value = self.expand(value.trim());
                self.values.insert(name.to_lowercase(), value);
            }
        }
        true
    }

    /// The text with values in place of `{name}`. Unknown names stay: braces have other uses, too.
    pub(super) fn expand(&mut self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(at) = rest.find('{') {
            out.push_str(&rest[..at]);
            rest = &rest[at..];
            let end = rest.bytes().take(LONGEST_NAME).position(|b| b == b'}');
            let value = end.filter(|_| !out.ends_with('\\')).and_then(|end| self.value(&rest[1..end]));
            match (value, end) {
                (Some(value), Some(end)) => {
                    self.room = self.room.saturating_sub(value.len());
                    out.push_str(&value);
                    rest = &rest[end + 1..];
                }
                _ => {
                    out.push('{');
                    rest = &rest[1..];
                }
            }
        }
        out.push_str(rest);
        out
    }

    fn value(&self, name: &str) -> Option<String> {
        let own = self.values.get(&name.to_lowercase()).filter(|v| v.len() <= self.room);
        let character = || CHARACTERS.iter().find(|(n, _)| *n == name).map(|(_, c)| (*c).to_owned());
        own.cloned().or_else(character)
    }
}

/// Name of an attribute entry.
pub(super) fn entry_name(line: &str) -> Option<&str> {
    let (name, rest) = line.strip_prefix(':')?.split_once(':')?;
    let bare = name.trim_start_matches('!').trim_end_matches('!');
    let is_name = !bare.is_empty() && bare.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '_'));
    (is_name && (rest.is_empty() || rest.starts_with(' '))).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_replaced_when_defined() {
        let mut attributes = Attributes::new(1000);
        assert!(attributes.read(":Brew: Brew{nbsp}2", "Brew{nbsp}2"));
        assert_eq!(attributes.expand("{brew} at /cups/{id}, \\{brew}{empty}"), "Brew 2 at /cups/{id}, \\{brew}");
        assert!(attributes.read(":!brew:", ""));
        assert_eq!(attributes.expand("{brew}"), "{brew}");
        assert!(!attributes.read(":not an entry", ""));
    }

    #[test]
    fn values_cannot_grow_without_bound() {
        let mut attributes = Attributes::new(1000);
        attributes.read(":a: x", "x");
        for _ in 0..60 {
            attributes.read(":a: ", "{a}{a}");
        }
        assert!(attributes.expand(&"{a}".repeat(100)).len() < 5000);
    }
}
