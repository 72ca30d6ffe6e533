//! Section ids that Asciidoctor makes from titles.

use std::collections::{HashMap, HashSet};

use super::attributes::Attributes;

/// The ids of a page so far.
#[derive(Debug, Default)]
pub(super) struct Ids {
    used: HashSet<String>,
    /// The number of the last section with a title.
    counts: HashMap<String, usize>,
}

impl Ids {
    /// Records an id that the author gave.
    pub(super) fn own(&mut self, id: &str) {
        self.used.insert(id.to_owned());
    }

    /// The id of a section without an explicit id; `None` if the document turns ids off.
    pub(super) fn of_title(&mut self, title: &str, attributes: &Attributes) -> String {
        let separator = attributes.get("idseparator").unwrap_or("_");
        let separator = separator.chars().next();
        let prefix = attributes.get("idprefix").unwrap_or("_");
        let base = base(title, prefix, separator);
        let count = self.counts.entry(base.clone()).or_insert(1);
        let mut id = base.clone();
        while !self.used.insert(id.clone()) {
            *count += 1;
            let separator = separator.map(String::from).unwrap_or_default();
            id = format!("{base}{separator}{count}");
        }
        id
    }
}

fn base(title: &str, prefix: &str, separator: Option<char>) -> String {
    // These become single characters that are not words.
    let title = title.replace(" -- ", "").replace("(C)", "").replace("(R)", "").replace("(TM)", "");
    let mut id = prefix.to_owned();
    for c in title.to_lowercase().chars() {
        let is_break = matches!(c, ' ' | '.' | '-') || Some(c) == separator;
        match separator {
            _ if !is_break && (c.is_alphanumeric() || c == '_' || is_mark(c)) => id.push(c),
            Some(s) if is_break && !id.ends_with(s) => id.push(s),
            None if is_break && c != ' ' => id.push(c),
            _ => {}
        }
    }
    let end = separator.map_or(id.len(), |s| id.strip_suffix(s).unwrap_or(&id).len());
    id.truncate(end);
    match separator {
        Some(s) if prefix.is_empty() => id.strip_prefix(s).unwrap_or(&id).to_owned(),
        _ => id,
    }
}

/// Combining marks are parts of words, too.
fn is_mark(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36f}' | '\u{900}'..='\u{dff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn titles_become_ids() {
        let mut attributes = Attributes::new(100);
        let mut ids = Ids::default();
        for (title, id) in [
            ("Quick start", "_quick_start"),
            ("What's new in 2.0?", "_whats_new_in_2_0"),
            ("Pour & wait", "_pour_wait"),
            ("Quick start", "_quick_start_2"),
            ("Größe", "_größe"),
        ] {
            assert_eq!(ids.of_title(title, &attributes), id);
        }
        attributes.read(":idprefix:", "");
        attributes.read(":idseparator: -", "-");
        assert_eq!(ids.of_title(".NET and snake_case", &attributes), "net-and-snake_case");
    }
}
