//! Headings that only label a part of an entry: "Parameters", "Returns", "Examples" below every function.

use std::collections::HashMap;

use super::{
    piece::Piece,
    words::{Block, letters},
};

/// A heading that a page has so often labels.
const OFTEN: usize = 3;

/// Turns labels into text of the entry that they stand below, so that the entry is one section with one address.
pub(super) fn to_text(pieces: Vec<Piece>) -> Vec<Piece> {
    let mut times: HashMap<String, usize> = HashMap::new();
    for piece in &pieces {
        if let Piece::Heading { text, .. } = piece {
            *times.entry(text.to_lowercase()).or_default() += 1;
        }
    }
    let is_label = labels(&pieces, |text| times.get(&text.to_lowercase()).is_some_and(|n| *n >= OFTEN));
    let change = |(piece, is_label): (Piece, bool)| match piece {
        Piece::Heading { text, is_outside, .. } if is_label => {
            Piece::Block(Block { letters: letters(&text), text, is_outside, ..Block::default() })
        }
        piece => piece,
    };
    pieces.into_iter().zip(is_label).map(change).collect()
}

/// For each piece whether it is a frequent heading right below an entry or another heading with an address, and has
/// nothing below it.
fn labels(pieces: &[Piece], is_frequent: impl Fn(&str) -> bool) -> Vec<bool> {
    let mut is_label = vec![false; pieces.len()];
    // Level of the section that the text belongs to, unless it is frequent itself or has no address.
    let mut above: Option<u8> = None;
    for (at, piece) in pieces.iter().enumerate() {
        match piece {
            Piece::Entry { level, .. } => above = Some(*level),
            Piece::End { level } if above.is_some_and(|a| a >= *level) => above = None,
            Piece::Heading { level, text, anchor, .. } => {
                let is_below = above.is_some_and(|a| *level > a);
                if is_below && is_frequent(text) && is_leaf(&pieces[at + 1..], *level) {
                    is_label[at] = true;
                } else {
                    above = Some(*level).filter(|_| anchor.is_some() && !is_frequent(text));
                }
            }
            _ => {}
        }
    }
    is_label
}

/// Whether the next heading or entry is no deeper.
fn is_leaf(after: &[Piece], level: u8) -> bool {
    let next = after.iter().find(|p| !matches!(p, Piece::Block(_)));
    !matches!(next, Some(Piece::Heading { level: l, .. } | Piece::Entry { level: l, .. }) if *l > level)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frequent_headings_below_a_function_are_its_text() {
        let heading = |level, text: &str| {
            let anchor = Some(text.to_lowercase());
            Piece::Heading { level, text: text.into(), anchor, is_outside: false }
        };
        let mut pieces = Vec::new();
        for name in ["one()", "two()", "three()"] {
            pieces.extend([heading(2, name), Piece::text("What it does."), heading(3, "Returns"), Piece::text("It.")]);
        }
        pieces.push(heading(3, "Rare"));
        let left: Vec<Piece> = to_text(pieces);
        let names: Vec<&str> = left
            .iter()
            .filter_map(|p| if let Piece::Heading { text, .. } = p { Some(text.as_str()) } else { None })
            .collect();
        assert_eq!(names, ["one()", "two()", "three()", "Rare"]);
        assert!(left.contains(&Piece::text("Returns")));
    }
}
