//! Finds the element with the main content of a page.

use scraper::{ElementRef, Html};

use super::{head::select, words::letters};

/// Maximum number of elements with one mark to compare.
const FEW: usize = 8;
/// Marks of the content, the most reliable first.
const MARKS: [&str; 6] = ["[data-cloze-content]", "main article", "main", "[role=main]", "article", "body"];

/// The element with the main content.
pub(super) fn content(html: &Html) -> ElementRef<'_> {
    for mark in MARKS {
        let found = select(html, mark);
        // Several articles are a list of teasers, not the content of the page.
        if mark.contains("article") && found.len() > 1 {
            continue;
        }
        // Hidden copies are usually shorter. Only a few are measured: they may be nested in each other.
        let few = found.into_iter().take(FEW).rev();
        let longest = few.max_by_key(|e| e.text().map(letters).sum::<usize>());
        if let Some(element) = longest {
            return element;
        }
    }
    html.root_element()
}
