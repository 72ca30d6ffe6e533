//! Identifies the blocks that are lists of links: contents, indexes, "see also".

use super::piece::Piece;
use crate::extract::link_list::{Line, in_section};

/// Whether each piece is a line of a list of links.
pub(super) fn lists(pieces: &[Piece]) -> Vec<bool> {
    let mut is_list = vec![false; pieces.len()];
    let mut from = 0;
    while from < pieces.len() {
        let blocks = pieces[from..].iter().take_while(|p| matches!(p, Piece::Block(_))).count();
        mark(&pieces[from..from + blocks], &mut is_list[from..from + blocks]);
        from += blocks + 1;
    }
    is_list
}

/// Marks the lists among the blocks of one section.
fn mark(pieces: &[Piece], is_list: &mut [bool]) {
    let lines: Vec<Line> = pieces.iter().map(|p| if let Piece::Block(b) = p { b.line() } else { Line::Text }).collect();
    is_list.copy_from_slice(&in_section(&lines));
}
