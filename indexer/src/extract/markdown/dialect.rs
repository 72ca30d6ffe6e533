//! Which markup a page may have.

use super::jsx;

/// What can be markup in a page; what is not named here is unmistakable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Dialect {
    /// Braces are expressions, and indentation is no code.
    pub(super) is_mdx: bool,
    /// `{% %}` are tags.
    pub(super) has_liquid: bool,
    /// `#word` is a tag.
    pub(super) is_wiki: bool,
}

impl Dialect {
    /// By a page's name and text. `has_liquid`: whether its author lets Liquid be.
    pub(super) fn of(source: &str, text: &str, has_liquid: bool) -> Self {
        let is_module = |line: &str| jsx::is_module_line(line) || jsx::is_open_import(line);
        // Modules stand at the top; a script of other generators holds modules too, but begins with its tag.
        let first = text.lines().filter(|line| !line.trim().is_empty()).take(20);
        let is_mdx = source.to_ascii_lowercase().ends_with(".mdx")
            || first.clone().any(is_module) && !first.clone().any(|l| l.starts_with("<script"));
        let is_wiki = text.contains("[[") && text.contains("]]");
        Self { is_mdx, has_liquid: has_liquid && text.contains("{%"), is_wiki }
    }
}
