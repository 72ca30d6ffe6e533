//! Turns the pieces of a page into its outline.

use super::{links, names, piece::Piece};
use crate::document::Outline;

/// The outline of a page.
pub(super) fn outline(pieces: Vec<Piece>) -> Outline {
    let mut outline = Outline::default();
    let lists = links::lists(&pieces);
    for (piece, is_list) in pieces.into_iter().zip(lists) {
        match piece {
            Piece::Heading { level, text, anchor, .. } => {
                let names = names::of_heading(&text, anchor.as_deref());
                outline.named_heading(level, &text, anchor, names);
            }
            Piece::Entry { level, name, anchor } => {
                let names = names::of_entry(&name, &anchor);
                outline.named_heading(level, &name, Some(anchor), names);
            }
            Piece::End { level } => outline.end(level),
            Piece::Block(block) if is_list || block.is_listing => outline.link(&block.text),
            Piece::Block(block) => outline.paragraph(&block.text),
        }
    }
    outline
}
