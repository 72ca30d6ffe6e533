//! Links of a page to itself.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

/// The anchor that a link leads to, if it is on the page of this name: `#a`, or `b.html#a` on `x/b.html`.
pub(super) fn target<'h>(source: &str, href: &'h str) -> Option<Cow<'h, str>> {
    let (path, anchor) = href.split_once('#')?;
    let name = |path: &str| path.rsplit('/').next().map(str::to_owned);
    let is_own = path.is_empty() || (name(path) == name(source) && resolved(source, path) == source);
    // Browsers decode an anchor before they look for it.
    (is_own && !anchor.is_empty()).then(|| percent_decode_str(anchor).decode_utf8().unwrap_or(Cow::Borrowed(anchor)))
}

/// The path that a relative path leads to from a page.
fn resolved(source: &str, path: &str) -> String {
    let mut parts: Vec<&str> = source.split('/').collect();
    parts.pop();
    for part in path.split('/') {
        match part {
            ".." => drop(parts.pop()),
            "." => {}
            part => parts.push(part),
        }
    }
    parts.join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_knows_the_links_to_itself() {
        for (href, expected) in [
            ("#a", Some("a")),
            ("#a%20%C3%A4%2", Some("a ä%2")),
            ("b.html#a", Some("a")),
            ("../x/b.html#a", Some("a")),
            ("./b.html#", None),
            ("y/b.html#a", None),
            ("b.html", None),
            ("https://other.example/b.html#a", None),
        ] {
            assert_eq!(target("x/b.html", href).as_deref(), expected, "{href}");
        }
    }
}
