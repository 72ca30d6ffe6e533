//! Turns the pieces of a page into its outline.

use super::{links, piece::Piece};
use crate::document::Outline;

/// The outline of a page.
pub(super) fn outline(pieces: Vec<Piece>) -> Outline {
    let mut outline = Outline::default();
    let lists = links::lists(&pieces);
    for (piece, is_list) in pieces.into_iter().zip(lists) {
        match piece {
            Piece::Heading { level, text, anchor, .. } => outline.heading(level, &text, anchor),
            Piece::Entry { level, name, anchor } => outline.heading(level, &name, Some(anchor)),
            Piece::End { level } => outline.end(level),
            Piece::Block(block) if is_list => outline.link(&block.text),
            Piece::Block(block) => outline.paragraph(&block.text),
        }
    }
    outline
}
