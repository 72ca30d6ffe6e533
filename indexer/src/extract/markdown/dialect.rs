//! Decides which markup a page may have.

use super::jsx;
use crate::source::urls::UrlStyle;

/// Ambiguous markup; all other markup is unmistakable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Dialect {
    /// Braces are expressions, and indentation is not code.
    pub(super) is_mdx: bool,
    /// `{% %}` are tags.
    pub(super) has_liquid: bool,
    /// `#word` is a tag.
    pub(super) is_wiki: bool,
    /// A link of a wiki has its text before its page: `[[text|page]]`.
    pub(super) is_text_first: bool,
}

impl Dialect {
    /// Decides by the name and text of a page. `has_liquid`: whether its author leaves Liquid on.
    pub(super) fn of(source: &str, text: &str, has_liquid: bool) -> Self {
        let is_module = |line: &str| jsx::is_module_line(line) || jsx::is_open_import(line);
        // Modules stand at the top; a script of other generators also holds modules, but begins with its tag.
        let first = text.lines().filter(|line| !line.trim().is_empty()).take(20);
        let is_mdx = source.to_ascii_lowercase().ends_with(".mdx")
            || first.clone().any(is_module) && !first.clone().any(|l| l.starts_with("<script"));
        let is_wiki = text.contains("[[") && text.contains("]]");
        Self { is_mdx, has_liquid: has_liquid && text.contains("{%"), is_wiki, is_text_first: false }
    }

    /// The dialect on a site with such addresses. A repository's wiki has no tags.
    pub(super) fn on(self, style: UrlStyle) -> Self {
        let is_text_first = style == UrlStyle::Wiki;
        Self { is_text_first, is_wiki: self.is_wiki && !is_text_first, ..self }
    }
}
