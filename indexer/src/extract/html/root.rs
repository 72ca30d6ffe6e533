//! The element that holds what a page is about.

use scraper::{ElementRef, Html};

use super::{head::select, words::letters};

/// Elements with one mark that are compared.
const FEW: usize = 8;
/// Marks of the content, the surest first.
const MARKS: [&str; 6] = ["[data-cloze-content]", "main article", "main", "[role=main]", "article", "body"];

/// The element that holds what the page is about.
pub(super) fn content(html: &Html) -> ElementRef<'_> {
    for mark in MARKS {
        let found = select(html, mark);
        // Several articles are a list of teasers, not the content of the page.
        if mark.contains("article") && found.len() > 1 {
            continue;
        }
        // Hidden copies are shorter, as a rule. Only a few are measured: they may be nested in each other.
        let few = found.into_iter().take(FEW).rev();
        let longest = few.max_by_key(|e| e.text().map(letters).sum::<usize>());
        if let Some(element) = longest {
            return element;
        }
    }
    html.root_element()
}
