//! Boxes that end the text of a heading.

use ego_tree::NodeId;

use super::{piece::Piece, shape::Shape};
use crate::document::LEVELS;

/// The open boxes, each with its heading and the level of that.
#[derive(Debug, Default)]
pub(super) struct Scopes(Vec<(NodeId, NodeId, u8)>);

impl Scopes {
    pub(super) fn open(&mut self, outer: NodeId, heading: NodeId, level: u8) {
        self.0.push((outer, heading, level));
    }

    /// The level of a heading below the headings whose boxes are still open: that of a note can be the same as that of
    /// the section around it.
    pub(super) fn nested_level(&self, level: u8) -> u8 {
        let is_above = |l: &u8| l / LEVELS == level / LEVELS && l % LEVELS != LEVELS - 1;
        let above = self.0.iter().map(|(.., level)| *level).filter(is_above).max();
        above.map_or(level, |above| level.max((above + 1).min(level / LEVELS * LEVELS + LEVELS - 2)))
    }

    /// Ends the text of the headings that own this box, unless the box holds nothing but the heading.
    pub(super) fn close(&mut self, node: NodeId, shape: &Shape, pieces: &mut Vec<Piece>) {
        while let Some((_, heading, level)) = self.0.pop_if(|(outer, ..)| *outer == node) {
            if shape.has_text_after(node, heading) {
                pieces.push(Piece::End { level });
            }
        }
    }
}
