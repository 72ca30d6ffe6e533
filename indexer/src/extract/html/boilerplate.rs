//! Finds text that a site repeats on its pages: banners, sidebars, "was this page helpful?", footers.
//!
//! A block is boilerplate if most pages with the same template have it, and it is in a typical place: beside the
//! part of the page with most of the text, at the very start or end of that part, or anywhere if it consists only of
//! links. A licence or a warning within the text stays, however often the site repeats it.

use std::collections::HashSet;

use scraper::ElementRef;
use serde::{Deserialize, Serialize};

use super::piece::Piece;

/// Pieces at the start and at the end of the text that may be boilerplate.
const EDGE: usize = 12;
/// Maximum number of characters of such pieces.
const LONGEST: usize = 160;
/// Maximum number of characters of pieces beside the text.
const LONGEST_OUTSIDE: usize = 1000;
/// Maximum number of pieces to examine per page.
const MOST: usize = 400;
/// Other pieces allowed among boilerplate at an edge: a date, a page number.
const AMONG: usize = 3;

/// The blocks of one page, for the search for repetition.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Sketch {
    /// The structure of the page: pages with the same template have the same number.
    pub template: u64,
    /// Hashes of its blocks that may be boilerplate, in ascending order.
    pub blocks: Vec<u64>,
    /// Its declared canonical address.
    pub canonical: Option<String>,
}

/// The template of a page, derived from the boxes in its body.
pub(super) fn template(body: ElementRef<'_>) -> u64 {
    let mut boxes: Vec<String> = Vec::new();
    for child in body.child_elements() {
        let (name, class) = (child.value().name(), child.value().attr("class").unwrap_or_default());
        let shown = format!("{name}.{class}");
        if !matches!(name, "script" | "style" | "link" | "p") && boxes.last() != Some(&shown) && boxes.len() < MOST {
            boxes.push(shown);
        }
    }
    hash(&boxes.join(" "))
}

/// Hashes of the pieces of a page that are boilerplate if the site repeats them.
pub(super) fn candidates(pieces: &[Piece]) -> Vec<u64> {
    let (first, last) = edges(pieces);
    let places = pieces.iter().enumerate();
    let found = places.filter(|(i, p)| *i < first || *i >= last || is_beside(p)).filter_map(|(_, p)| key(p));
    let mut found: Vec<u64> = found.take(MOST).collect();
    found.sort_unstable();
    found.dedup();
    found
}

/// The pieces without the repeated ones.
pub(super) fn remove(pieces: Vec<Piece>, repeated: &[u64]) -> Vec<Piece> {
    if repeated.is_empty() {
        return pieces;
    }
    let repeated: HashSet<u64> = repeated.iter().copied().collect();
    let is_repeated: Vec<bool> = pieces.iter().map(|p| key(p).is_some_and(|k| repeated.contains(&k))).collect();
    let mut is_dropped: Vec<bool> = pieces.iter().zip(&is_repeated).map(|(p, r)| *r && is_beside(p)).collect();
    let (first, last) = edges(&pieces);
    peel((0..first).collect(), &pieces, &is_repeated, &mut is_dropped);
    peel((last..pieces.len()).rev().collect(), &pieces, &is_repeated, &mut is_dropped);
    let is_text = |p: &Piece| matches!(p, Piece::Block(_) | Piece::Entry { .. });
    let has_rest = pieces.iter().zip(&is_dropped).any(|(p, d)| !d && is_text(p));
    if !has_rest {
        return pieces;
    }
    pieces.into_iter().zip(is_dropped).filter(|(_, d)| !d).map(|(p, _)| p).collect()
}

/// Drops repeated pieces from an edge inwards, while few other pieces stand between them.
fn peel(places: Vec<usize>, pieces: &[Piece], is_repeated: &[bool], is_dropped: &mut [bool]) {
    let mut among = 0;
    for at in places {
        // A heading goes only with the text below it: "See also" is on every page, and what stands there is not.
        let has_text = matches!(pieces.get(at + 1), Some(Piece::Block(_))) && !is_dropped[at + 1];
        let heads_text = matches!(pieces[at], Piece::Heading { .. }) && has_text;
        if (is_repeated[at] && !heads_text) || is_dropped[at] {
            is_dropped[at] = true;
        } else if !matches!(pieces[at], Piece::End { .. }) {
            among += 1;
        }
        if among > AMONG {
            return;
        }
    }
}

/// The end of the start area and the start of the end area, in pieces. The first heading of the page is never
/// boilerplate.
fn edges(pieces: &[Piece]) -> (usize, usize) {
    let is_heading = |p: &Piece| matches!(p, Piece::Heading { is_outside: false, .. });
    let heading = pieces.iter().position(is_heading).unwrap_or(pieces.len());
    let inside = pieces.iter().position(is_inside).unwrap_or(0);
    let end = pieces.iter().rposition(is_inside).map_or(pieces.len(), |at| at + 1);
    (heading.min(inside + EDGE), end.saturating_sub(EDGE).max(inside))
}

fn is_inside(piece: &Piece) -> bool {
    match piece {
        Piece::Heading { is_outside, .. } => !is_outside,
        Piece::Block(block) => !block.is_outside,
        Piece::Entry { .. } | Piece::End { .. } => false,
    }
}

/// Whether a piece stands beside the text, or is navigation.
fn is_beside(piece: &Piece) -> bool {
    match piece {
        Piece::Heading { is_outside, .. } => *is_outside,
        Piece::Block(block) => block.is_outside || block.is_links(),
        Piece::Entry { .. } | Piece::End { .. } => false,
    }
}

/// The hash of the words of a piece, without dates, counts and versions.
pub(super) fn key(piece: &Piece) -> Option<u64> {
    let (text, is_outside) = match piece {
        Piece::Heading { level: 1, is_outside: false, .. } | Piece::Entry { .. } | Piece::End { .. } => return None,
        Piece::Heading { text, is_outside, .. } => (text, *is_outside),
        Piece::Block(block) => (&block.text, block.is_outside),
    };
    let longest = if is_outside { LONGEST_OUTSIDE } else { LONGEST };
    if text.len() > longest {
        return None;
    }
    let words: String = text.chars().filter(|c| c.is_alphabetic()).flat_map(char::to_lowercase).collect();
    (!words.is_empty()).then(|| hash(&words))
}

fn hash(text: &str) -> u64 {
    let bytes = *blake3::hash(text.as_bytes()).as_bytes();
    bytes.iter().take(8).fold(0, |hash, byte| hash << 8 | u64::from(*byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(lines: &[&str]) -> Vec<Piece> {
        let heading = Piece::Heading { level: 1, text: "T".into(), anchor: None, is_outside: false };
        std::iter::once(heading).chain(lines.iter().map(|l| Piece::text(l))).collect()
    }

    fn texts(pieces: &[Piece]) -> Vec<&str> {
        pieces.iter().filter_map(|p| if let Piece::Block(b) = p { Some(b.text.as_str()) } else { None }).collect()
    }

    #[test]
    fn what_is_repeated_goes_from_the_edges_and_stays_among_the_text() {
        let lines =
            ["One.", "Handle with care.", "Two.", "Three.", "Four.", "Five.", "Updated in May", "Edit this page"];
        let pieces = page(&lines);
        let repeated = candidates(&page(&["Handle with care.", "Edit this page"]));
        assert_eq!(repeated.len(), 2);
        assert_eq!(texts(&remove(pieces, &repeated)), &lines[..7]);
    }

    #[test]
    fn a_repeated_heading_stays_with_its_text() {
        let heading = Piece::Heading { level: 2, text: "See also".into(), anchor: None, is_outside: false };
        let site = [page(&["One."]), vec![heading.clone(), Piece::text("Edit this page")]].concat();
        let other = [page(&["Two."]), vec![heading.clone(), Piece::text("Only here.")]].concat();
        let repeated = candidates(&site);
        assert_eq!(remove(other.clone(), &repeated), other);
        let left = remove([page(&["Two."]), vec![heading.clone(), Piece::text("Edit this page")]].concat(), &repeated);
        assert!(!left.contains(&heading));
    }

    #[test]
    fn a_page_that_is_all_boilerplate_stays() {
        let pieces = page(&["Edit this page"]);
        assert_eq!(remove(pieces.clone(), &candidates(&pieces)), pieces);
    }

    #[test]
    fn long_paragraphs_are_never_boilerplate() {
        assert!(candidates(&page(&[&"word ".repeat(60)])).is_empty());
    }
}
