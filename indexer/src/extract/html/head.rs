//! The metadata of a page before its text begins: its address, and whether it may be in a search.

use scraper::{ElementRef, Html, Selector};

/// Maximum length of the title in a header, in characters.
const LONGEST: usize = 120;

pub(super) fn select<'a>(html: &'a Html, selector: &str) -> Vec<ElementRef<'a>> {
    Selector::parse(selector).map(|s| html.select(&s).collect()).unwrap_or_default()
}

/// The text of the first match, with white space collapsed.
pub(super) fn first_text(html: &Html, selector: &str) -> Option<String> {
    let text = select(html, selector).first()?.text().collect::<String>();
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    (!text.is_empty()).then_some(text)
}

/// The title of a page without a heading of level 1: that of its header, or what browsers show.
pub(super) fn title(html: &Html) -> Option<String> {
    let has_heading = !select(html, "h1").is_empty();
    let header = || first_text(html, "header .title, [class*=header] .title").filter(|t| t.chars().count() <= LONGEST);
    let shown = first_text(html, "title");
    if has_heading { shown } else { header().or(shown) }
}

/// The reason why the page asks not to be indexed: `noindex`, or a redirect.
pub(super) fn left_out(html: &Html) -> Option<String> {
    robots(html).or_else(|| refresh(html).map(|target| format!("redirects to {target}")))
}

fn robots(html: &Html) -> Option<String> {
    let metas = select(html, "meta[name]");
    metas.into_iter().find_map(|meta| {
        let name = meta.attr("name")?.to_ascii_lowercase();
        let content = meta.attr("content").unwrap_or_default().to_ascii_lowercase();
        (matches!(name.as_str(), "robots" | "cloze") && content.contains("noindex")).then(|| format!("{name}: noindex"))
    })
}

/// The target of `<meta http-equiv=refresh content="0; url=...">`. Without an address the page reloads itself.
fn refresh(html: &Html) -> Option<String> {
    // A redirect inside <noscript> is for browsers without scripts: the page itself is still valid.
    let metas = select(html, "meta[http-equiv]").into_iter();
    let refresh = metas.filter(|m| m.attr("http-equiv").is_some_and(|h| h.eq_ignore_ascii_case("refresh")));
    refresh.filter(|m| !m.ancestors().any(|a| a.value().as_element().is_some_and(|e| e.name() == "noscript"))).find_map(
        |meta| {
            let content = meta.attr("content")?;
            let (_, rest) = content.split_once([';', ','])?;
            let target = rest.split_once('=').filter(|(key, _)| key.trim().eq_ignore_ascii_case("url"))?.1;
            let target = target.trim().trim_matches(['"', '\'']);
            (!target.is_empty() && !target.starts_with('#')).then(|| target.to_owned())
        },
    )
}

/// The canonical address that the page declares.
pub(super) fn canonical(html: &Html) -> Option<String> {
    let href = select(html, "link[rel=canonical]").first()?.attr("href")?.trim().to_owned();
    (!href.is_empty()).then_some(href)
}
