//! Ids that docutils and Sphinx make from names.

use std::collections::HashSet;

use unicode_normalization::UnicodeNormalization;

/// The ids of a page so far.
#[derive(Debug, Default)]
pub(super) struct Ids {
    used: HashSet<String>,
    automatic: usize,
}

impl Ids {
    /// Id of a section or target. A duplicate name, or one without an ASCII form, gets the next number.
    pub(super) fn of_name(&mut self, name: &str) -> String {
        let id = of_name(name);
        if id.is_empty() || self.used.contains(&id) {
            return self.next();
        }
        self.used.insert(id.clone());
        id
    }

    /// Id of an entry, which may occur twice on the page.
    pub(super) fn of_entry(&mut self, id: String) -> String {
        self.used.insert(id.clone());
        id
    }

    /// A number. References to footnotes use one each, too.
    pub(super) fn next(&mut self) -> String {
        loop {
            self.automatic += 1;
            let id = format!("id{}", self.automatic);
            if self.used.insert(id.clone()) {
                return id;
            }
        }
    }
}

/// docutils: lower case, ASCII letters and digits; each run of other characters becomes one `-`.
fn of_name(name: &str) -> String {
    let ascii = ascii(&name.to_lowercase());
    let id = dashed(&ascii, |c| c.is_ascii_alphanumeric());
    id.trim_start_matches(|c: char| c == '-' || c.is_ascii_digit()).trim_end_matches('-').to_owned()
}

/// Sphinx, for entries: keeps case, dots and underscores.
pub(super) fn of_term(prefix: &str, term: &str) -> String {
    let whole = if prefix.is_empty() { term.to_owned() } else { format!("{prefix}-{term}") };
    let id = dashed(&ascii(&whole), |c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_'));
    let id = id.trim_start_matches(|c: char| matches!(c, '-' | '.' | '_') || c.is_ascii_digit());
    id.trim_end_matches('-').to_owned()
}

fn ascii(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            'ß' => plain.push_str("sz"),
            'æ' => plain.push_str("ae"),
            'œ' => plain.push_str("oe"),
            'ø' => plain.push('o'),
            'đ' => plain.push('d'),
            'ħ' => plain.push('h'),
            'ı' => plain.push('i'),
            'ł' => plain.push('l'),
            'ŧ' => plain.push('t'),
            other => plain.push(other),
        }
    }
    plain.nfkd().filter(char::is_ascii).collect()
}

fn dashed(text: &str, is_kept: impl Fn(char) -> bool) -> String {
    let mut id = String::with_capacity(text.len());
    for c in text.chars() {
        if is_kept(c) {
            id.push(c);
        } else if !id.ends_with('-') {
            id.push('-');
        }
    }
    id
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_ids() {
        let mut ids = Ids::default();
        for (name, id) in [
            ("What's new?", "what-s-new"),
            ("2.1 Größe", "grosze"),
            ("snake_case", "snake-case"),
            ("安装", "id1"),
            ("What's new", "id2"),
        ] {
            assert_eq!(ids.of_name(name), id, "{name}");
        }
        assert_eq!(of_term("", "Lid.__init__"), "Lid.__init__");
        assert_eq!(of_term("cmdoption-pour", "--dry-run"), "cmdoption-pour-dry-run");
        assert_eq!(of_term("", "__import__"), "import__");
    }
}
