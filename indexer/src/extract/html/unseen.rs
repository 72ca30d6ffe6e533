//! Elements that readers do not see or do not read.

use scraper::node::Element;

/// Elements whose text is never shown.
const UNSEEN: [&str; 17] = [
    "script", "style", "noscript", "template", "nav", "footer", "aside", "svg", "iframe", "form", "button", "select",
    "head", "dialog", "object", "canvas", "map",
];

/// Classes of elements that style sheets hide until a pointer is near, or that only screen readers say.
const HIDDEN: [&str; 6] = ["headerlink", "hash-link", "sr-only", "visually-hidden", "tooltiptext", "ttc"];

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
        || matches!(role, "navigation" | "search" | "banner" | "contentinfo" | "complementary" | "menu" | "tooltip")
        || element.classes().any(|c| HIDDEN.contains(&c))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hidden_is_what_a_style_hides() {
        assert!(hides("color: red; DISPLAY : none !important"));
        assert!(hides("visibility:hidden"));
        assert!(!hides("display:block;overflow:hidden"));
    }
}
