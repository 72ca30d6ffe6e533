//! Boxes around the text: navigation, footers, notes beside it, remarks on a name.

use scraper::{ElementRef, node::Element};

use super::shape::Extent;

/// A box with a furniture name but more text than this is content.
const PROSE: u32 = 400;

/// Whether to skip a box of this extent. `in_main`: within the part of the page with most of the text.
pub(super) fn is_furniture(e: &Element, extent: Extent, in_main: bool) -> bool {
    if e.name() == "aside" {
        return !in_main || extent.linked() * 2 > extent.letters();
    }
    let is_small = extent.headings() == 0 && extent.prose() <= PROSE;
    is_small && extent.letters() > 0 && is_named_furniture(e)
}

/// Whether a link within a name is a remark on it: `[source]`.
pub(super) fn is_source_link(element: ElementRef<'_>) -> bool {
    if element.value().name() != "a" {
        return false;
    }
    let text: String = element.text().flat_map(str::chars).filter(|c| !c.is_whitespace()).take(32).collect();
    text.starts_with('[') && text.ends_with(']')
}

/// Words that authors use to name the surroundings of the text.
const FURNITURE: [&str; 11] = [
    "breadcrumb",
    "breadcrumbs",
    "cookie",
    "cookies",
    "footer",
    "menubar",
    "pager",
    "pagination",
    "prevnext",
    "skiplink",
    "toolbar",
];

/// Whether the name of a box marks navigation or a page footer: `navheader`, `page-footer`.
fn is_named_furniture(element: &Element) -> bool {
    const BOXES: [&str; 8] = ["div", "table", "ul", "ol", "p", "section", "header", "td"];
    let class = element.attr("class").map(words).unwrap_or_default();
    // An anchor may well be called `toolbar` or `cookies`: there the text is about those.
    let id = element.attr("id").filter(|_| element.name() != "p").map(words).unwrap_or_default();
    let is_plain = |word: &&String| word.starts_with("nav") || word.starts_with("breadcrumb") || *word == "footer";
    let mut words = class.iter().chain(id.iter().filter(is_plain));
    BOXES.contains(&element.name()) && words.any(|w| is_furniture_word(w))
}

fn is_furniture_word(word: &str) -> bool {
    FURNITURE.contains(&word)
        || matches!(word, "nav" | "navbar" | "navpath" | "navrow" | "sidenav" | "topnav")
        || ["navhead", "navfoot", "navig"].iter().any(|stem| word.starts_with(stem))
}

/// The words of an attribute: `pageFooter` and `page-footer` have two.
fn words(attribute: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut was_lower = false;
    for c in attribute.chars() {
        if !c.is_alphanumeric() || (c.is_uppercase() && was_lower) {
            words.push(String::new());
        }
        if let Some(word) = words.last_mut().filter(|_| c.is_alphanumeric()) {
            word.extend(c.to_lowercase());
        }
        was_lower = c.is_lowercase();
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn furniture_is_known_by_whole_words() {
        let is_furniture = |name: &str| words(name).iter().any(|w| is_furniture_word(w));
        for name in ["navheader", "page-footer", "pageFooter", "row breadcrumbs", "navigation"] {
            assert!(is_furniture(name), "{name}");
        }
        for name in ["footnotes", "naval-history", "navy", "cookies2", "content"] {
            assert!(!is_furniture(name), "{name}");
        }
    }
}
