//! Elements that readers do not see or do not read.

use scraper::node::Element;

/// Elements whose text is never shown.
const UNSEEN: [&str; 17] = [
    "script", "style", "noscript", "template", "nav", "footer", "aside", "svg", "iframe", "form", "button", "select",
    "head", "dialog", "object", "canvas", "map",
];

/// Whether to skip an element with all its content. The `header` of a page is a banner. The `header` of an article
/// holds its title, so it is skipped only if the whole body is read.
pub(super) fn is_unseen(element: &Element, at_body: bool) -> bool {
    let role = element.attr("role").unwrap_or_default();
    UNSEEN.contains(&element.name())
        || (at_body && element.name() == "header")
        || element.attr("data-cloze-ignore").is_some()
        || is_translation(element)
        || element.attr("hidden").is_some_and(|h| h != "until-found")
        || element.attr("aria-hidden") == Some("true")
        || element.attr("style").is_some_and(hides)
        || matches!(role, "navigation" | "search" | "banner" | "contentinfo" | "complementary" | "menu")
        || element.classes().any(|c| matches!(c, "headerlink" | "hash-link" | "sr-only" | "visually-hidden"))
}

/// A link to the same page in another language.
fn is_translation(element: &Element) -> bool {
    let is_alternate = || element.attr("rel").is_some_and(|rel| rel.split_ascii_whitespace().any(|r| r == "alternate"));
    element.name() == "a" && element.attr("hreflang").is_some() && is_alternate()
}

fn hides(style: &str) -> bool {
    let declarations = style.split(';').filter_map(|d| d.split_once(':'));
    declarations.into_iter().any(|(property, value)| {
        let value = value.trim().trim_end_matches("!important").trim_end();
        let is = |p: &str, v: &str| property.trim().eq_ignore_ascii_case(p) && value.eq_ignore_ascii_case(v);
        is("display", "none") || is("visibility", "hidden")
    })
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
pub(super) fn is_named_furniture(element: &Element) -> bool {
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
    fn hidden_is_what_a_style_hides() {
        assert!(hides("color: red; DISPLAY : none !important"));
        assert!(hides("visibility:hidden"));
        assert!(!hides("display:block;overflow:hidden"));
    }

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
