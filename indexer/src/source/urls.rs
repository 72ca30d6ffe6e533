//! From a file's path to the address that readers open.

use clap::ValueEnum;
use serde::Deserialize;

/// How the site's generator turns paths into addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum UrlStyle {
    /// The path, unchanged.
    #[default]
    Plain,
    /// mdBook: `a/b.md` is `a/b.html`, `README.md` is `index.html`.
    Mdbook,
    /// MkDocs with directory addresses: `a/b.md` is `a/b/`.
    Mkdocs,
    /// Docusaurus: `a/01-b.md` is `a/b`; `slug` and `id` of the front matter count.
    Docusaurus,
    /// Jekyll: `a/b.md` is `a/b.html`; `permalink` of the front matter counts.
    Jekyll,
    /// The wiki of a repository on GitHub: `a/B-c.md` is `B-c`.
    Wiki,
}

/// Address of the page at `path` (relative, with `/`). `slug` is the address that the page states: `url`, `permalink`
/// or `slug` of its front matter.
#[must_use]
pub fn page_url(base: &str, style: UrlStyle, path: &str, slug: Option<&str>) -> String {
    let relative = match slug {
        Some(absolute) if absolute.contains("://") => return absolute.to_owned(),
        Some(s) if s.starts_with('/') || style != UrlStyle::Docusaurus => s.trim_start_matches('/').to_owned(),
        Some(s) => format!("{}{s}", without_numbers(parent(path))),
        None => encode(&by_style(style, path)),
    };
    format!("{}/{relative}", base.trim_end_matches('/'))
}

fn by_style(style: UrlStyle, path: &str) -> String {
    let (stem, extension) = path.rsplit_once('.').unwrap_or((path, ""));
    let is_markdown = matches!(extension, "md" | "mdx" | "markdown");
    let name = stem.rsplit('/').next().unwrap_or(stem);
    let is_index = matches!(name, "index" | "README" | "readme");
    match style {
        UrlStyle::Plain => path.to_owned(),
        UrlStyle::Mdbook if is_markdown && is_index => format!("{}index.html", parent(path)),
        UrlStyle::Mdbook | UrlStyle::Jekyll if is_markdown && !is_index => format!("{stem}.html"),
        UrlStyle::Jekyll if is_index => parent(path).to_owned(),
        UrlStyle::Mkdocs if is_index => parent(path).to_owned(),
        UrlStyle::Mkdocs if is_markdown => format!("{stem}/"),
        UrlStyle::Docusaurus if is_index => without_numbers(parent(path)).trim_end_matches('/').to_owned(),
        UrlStyle::Docusaurus if is_markdown => without_numbers(stem),
        UrlStyle::Wiki if is_markup(extension) => name.to_owned(),
        _ => path.to_owned(),
    }
}

/// Whether a wiki shows files with this extension as pages.
fn is_markup(extension: &str) -> bool {
    matches!(
        extension,
        "md" | "markdown" | "mdown" | "rst" | "adoc" | "asciidoc" | "asc" | "org" | "textile" | "mediawiki"
    )
}

/// Whether a file holds what a wiki repeats around each page: its sidebar, header or footer.
pub(crate) fn is_frame(style: UrlStyle, path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    let stem = name.rsplit_once('.').filter(|(_, extension)| is_markup(extension)).map(|(stem, _)| stem);
    style == UrlStyle::Wiki && matches!(stem, Some("_Sidebar" | "_Header" | "_Footer"))
}

/// The folder of a path, with a `/` at its end unless it is empty.
fn parent(path: &str) -> &str {
    path.rfind('/').map_or("", |at| &path[..=at])
}

/// Docusaurus drops the number that orders a page: `02-install` is `install`.
fn without_numbers(path: &str) -> String {
    let clean = |part: &str| {
        let rest = part.trim_start_matches(|c: char| c.is_ascii_digit());
        match rest.strip_prefix(['-', '_', '.']) {
            Some(name) if rest.len() < part.len() && !name.is_empty() => name.trim_start().to_owned(),
            _ => part.to_owned(),
        }
    };
    path.split('/').map(clean).collect::<Vec<_>>().join("/")
}

/// Percent-encodes characters that are not allowed in an address; slashes stay.
fn encode(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    for c in path.chars() {
        if c.is_ascii_alphanumeric() || "-._~/!$&'()*+,;=:@".contains(c) || !c.is_ascii() {
            out.push(c);
        } else {
            let mut buffer = [0; 4];
            for byte in c.encode_utf8(&mut buffer).bytes() {
                out.push_str(&format!("%{byte:02X}"));
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_those_of_each_generator() {
        use UrlStyle::{Docusaurus, Jekyll, Mdbook, Mkdocs, Plain, Wiki};
        for (style, path, slug, expected) in [
            (Plain, "a/b.md", None, "/a/b.md"),
            (Plain, "a b#1?.md", None, "/a%20b%231%3F.md"),
            (Mdbook, "a/b.md", None, "/a/b.html"),
            (Mdbook, "README.md", None, "/index.html"),
            (Mkdocs, "a/b.md", None, "/a/b/"),
            (Mkdocs, "a/index.md", None, "/a/"),
            (Mkdocs, "index.md", None, "/"),
            (Docusaurus, "01-start/02-install.mdx", None, "/start/install"),
            (Docusaurus, "a/index.md", None, "/a"),
            (Docusaurus, "a/b.md", Some("c"), "/a/c"),
            (Docusaurus, "a/b.md", Some("/c"), "/c"),
            (Docusaurus, "01-a/b.md", Some("c"), "/a/c"),
            (Jekyll, "en/b.md", None, "/en/b.html"),
            (Jekyll, "en/b.html", None, "/en/b.html"),
            (Jekyll, "en/index.html", None, "/en/"),
            (Jekyll, "en/b.md", Some("/x/y/"), "/x/y/"),
            (Wiki, "French-Press.md", None, "/French-Press"),
            (Wiki, "tea/Green-tea.asciidoc", None, "/Green-tea"),
            (Wiki, "pots.png", None, "/pots.png"),
            (Plain, "a.md", Some("https://example.org/a"), "https://example.org/a"),
        ] {
            assert_eq!(page_url("", style, path, slug), expected, "{style:?} {path}");
        }
        assert!(is_frame(Wiki, "a/_Sidebar.md") && !is_frame(Plain, "_Sidebar.md") && !is_frame(Wiki, "Sidebar.md"));
        assert_eq!(page_url("https://x.org/docs/", Mkdocs, "a.md", None), "https://x.org/docs/a/");
    }
}
