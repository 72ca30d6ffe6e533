//! Anchors of headings, as GitHub and mdBook make them.

use std::collections::HashMap;

/// Makes the anchors of one page; the second heading of the same text gets `-1`, the third `-2`.
#[derive(Debug, Default)]
pub struct Anchors {
    used: HashMap<String, usize>,
}

impl Anchors {
    /// Anchor of the next heading with this text.
    pub fn next(&mut self, heading: &str) -> String {
        let base = slug(heading);
        let n = self.used.entry(base.clone()).or_insert(0);
        let anchor = if *n == 0 { base.clone() } else { format!("{base}-{n}") };
        *n += 1;
        anchor
    }
}

/// Lower case; letters, digits, `-` and `_` stay, white space becomes `-`, all else goes.
#[must_use]
pub fn slug(heading: &str) -> String {
    heading
        .trim()
        .chars()
        .filter_map(|c| match c {
            c if c.is_whitespace() => Some('-'),
            c if c.is_alphanumeric() || c == '-' || c == '_' => Some(c),
            _ => None,
        })
        .flat_map(char::to_lowercase)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slugs_are_those_of_github_and_mdbook() {
        for (heading, expected) in [
            ("Quick start", "quick-start"),
            ("What's new in 2.0?", "whats-new-in-20"),
            ("`--dry-run` and `std::io`", "--dry-run-and-stdio"),
            ("C++ & Rust", "c--rust"),
            ("Überblick", "überblick"),
            ("snake_case stays", "snake_case-stays"),
            ("安装", "安装"),
        ] {
            assert_eq!(slug(heading), expected, "{heading}");
        }
    }

    #[test]
    fn repeated_headings_are_numbered() {
        let mut anchors = Anchors::default();
        assert_eq!(anchors.next("Example"), "example");
        assert_eq!(anchors.next("Example"), "example-1");
        assert_eq!(anchors.next("example"), "example-2");
    }
}
