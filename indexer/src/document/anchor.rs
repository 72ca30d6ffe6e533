//! Anchors of headings, as the site generator makes them.

use std::collections::{HashMap, HashSet};

use unicode_normalization::UnicodeNormalization;

use crate::source::urls::UrlStyle;

/// Makes the anchors of one page.
#[derive(Debug, Default)]
pub struct Anchors {
    style: UrlStyle,
    /// How often each heading has occurred.
    seen: HashMap<String, usize>,
    used: HashSet<String>,
}

impl Anchors {
    /// Makes anchors in the manner of this generator.
    #[must_use]
    pub fn new(style: UrlStyle) -> Self {
        Self { style, ..Self::default() }
    }

    /// Anchor of the next heading with this text.
    pub fn next(&mut self, heading: &str) -> String {
        let base = slug(self.style, heading);
        let anchor = match self.style {
            UrlStyle::Jekyll => self.counted(base),
            UrlStyle::Mkdocs => self.underscored(base),
            UrlStyle::Plain | UrlStyle::Docusaurus | UrlStyle::Mdbook | UrlStyle::Wiki => self.numbered(base),
        };
        self.used.insert(anchor.clone());
        anchor
    }

    /// Appends `-1`, `-2` to the second and third heading of a text, or the first number that is free.
    fn numbered(&mut self, base: String) -> String {
        if !self.used.contains(&base) {
            return base;
        }
        let count = self.seen.entry(base.clone()).or_default();
        loop {
            *count += 1;
            let anchor = format!("{base}-{count}");
            if !self.used.contains(&anchor) {
                return anchor;
            }
        }
    }

    /// kramdown counts the headings of a text, and does not check whether another heading already has the result.
    fn counted(&mut self, base: String) -> String {
        let count = self.seen.entry(base.clone()).or_default();
        *count += 1;
        if *count == 1 { base } else { format!("{base}-{}", *count - 1) }
    }

    /// Python-Markdown increments the number after a final `_`, if there is one.
    fn underscored(&self, base: String) -> String {
        let mut anchor = base;
        while anchor.is_empty() || self.used.contains(&anchor) {
            let number = anchor.rsplit_once('_').and_then(|(text, n)| Some((text, n.parse::<u64>().ok()?)));
            anchor = match number {
                Some((text, n)) => format!("{text}_{}", n + 1),
                None => format!("{anchor}_1"),
            };
        }
        anchor
    }
}

/// The anchor that a generator makes of one heading.
#[must_use]
pub fn slug(style: UrlStyle, heading: &str) -> String {
    let heading = heading.trim();
    match style {
        // GitHub's rule; Docusaurus and Jekyll (kramdown) follow it.
        UrlStyle::Plain | UrlStyle::Docusaurus | UrlStyle::Jekyll | UrlStyle::Wiki => {
            let dashed = |c| if c == ' ' || c == '\t' { '-' } else { c };
            heading.to_lowercase().chars().map(dashed).filter(|c| *c == '-' || is_word(*c)).collect()
        }
        // Only A to Z become lower case; marks that are no letters are dropped.
        UrlStyle::Mdbook => {
            let is_kept = |c: &char| c.is_alphanumeric() || matches!(c, '-' | '_') || c.is_whitespace();
            let kept = heading.chars().filter(is_kept);
            kept.map(|c| if c.is_whitespace() { '-' } else { c.to_ascii_lowercase() }).collect()
        }
        // Python-Markdown drops characters without an ASCII form, and merges white space and dashes.
        UrlStyle::Mkdocs => {
            let is_kept = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_') || c.is_ascii_whitespace();
            let kept: String = heading.nfkd().filter(is_kept).collect();
            let mut slug = String::new();
            for c in kept.trim().chars().map(|c| if c.is_ascii_whitespace() { '-' } else { c.to_ascii_lowercase() }) {
                if c != '-' || !slug.ends_with('-') {
                    slug.push(c);
                }
            }
            slug
        }
    }
}

/// Letters, marks, digits and connecting punctuation: Unicode's word characters (UTS #18, annex C).
fn is_word(c: char) -> bool {
    regex_syntax::try_is_word_character(c).unwrap_or_else(|_| c.is_alphanumeric())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slugs_are_those_of_each_generator() {
        use UrlStyle::{Docusaurus, Jekyll, Mdbook, Mkdocs, Plain};
        for (heading, github, mdbook, mkdocs) in [
            ("Quick start", "quick-start", "quick-start", "quick-start"),
            ("What's new in 2.0?", "whats-new-in-20", "whats-new-in-20", "whats-new-in-20"),
            ("--dry-run and std::io", "--dry-run-and-stdio", "--dry-run-and-stdio", "-dry-run-and-stdio"),
            ("C++ & Rust", "c--rust", "c--rust", "c-rust"),
            ("Überblick", "überblick", "Überblick", "uberblick"),
            ("ÉCOLE", "école", "École", "ecole"),
            ("snake_case stays", "snake_case-stays", "snake_case-stays", "snake_case-stays"),
            ("安装", "安装", "安装", ""),
            // A mark on its own, and one that is part of the script.
            ("e\u{301}cole", "e\u{301}cole", "ecole", "ecole"),
            ("हिन्दी", "हिन्दी", "हिनदी", ""),
            // A superscript is no digit.
            ("x² + y", "x--y", "x²--y", "x2-y"),
        ] {
            for style in [Plain, Docusaurus, Jekyll] {
                assert_eq!(slug(style, heading), github, "{style:?} {heading}");
            }
            assert_eq!(slug(Mdbook, heading), mdbook, "{heading}");
            assert_eq!(slug(Mkdocs, heading), mkdocs, "{heading}");
        }
    }

    #[test]
    fn repeated_headings_are_told_apart() {
        let all = |style, headings: &[&str]| {
            let mut anchors = Anchors::new(style);
            headings.iter().map(|h| anchors.next(h)).collect::<Vec<_>>().join(" ")
        };
        let twice = ["Example", "Example", "Example 1", "example"];
        for style in [UrlStyle::Plain, UrlStyle::Docusaurus, UrlStyle::Mdbook] {
            assert_eq!(all(style, &twice), "example example-1 example-1-1 example-2", "{style:?}");
        }
        assert_eq!(all(UrlStyle::Plain, &["Example 1", "Example", "Example"]), "example-1 example example-2");
        assert_eq!(all(UrlStyle::Jekyll, &twice), "example example-1 example-1 example-2");
        assert_eq!(all(UrlStyle::Mkdocs, &twice), "example example_1 example-1 example_2");
        assert_eq!(all(UrlStyle::Mkdocs, &["安装", "运行", "a_1", "a_1"]), "_1 _2 a_1 a_2");
    }
}
