//! What a page is read into before boilerplate is taken out: headings, entries and blocks, from top to bottom.

use super::{links, names, words::Block};
use crate::document::Outline;

/// One piece.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Piece {
    /// A heading.
    Heading { level: u8, text: String, anchor: Option<String>, is_outside: bool },
    /// The name of an entry.
    Entry { level: u8, name: String, anchor: String },
    /// The text of headings and entries of this level, and of deeper ones, ends.
    End { level: u8 },
    /// Text.
    Block(Block),
}

impl Piece {
    /// The whole of a name that was shortened. It does not count as something to say.
    pub(super) fn repeated_name(text: String) -> Self {
        Self::Block(Block { text, ..Block::default() })
    }

    /// A block of text without links.
    #[cfg(test)]
    pub(super) fn text(text: &str) -> Self {
        let letters = super::words::letters(text);
        Self::Block(Block { text: text.to_owned(), letters, ..Block::default() })
    }
}

/// The text of the first heading of level 1.
pub(super) fn title(pieces: &[Piece]) -> Option<String> {
    pieces.iter().find_map(|p| match p {
        Piece::Heading { level: 1, text, .. } => Some(text.clone()),
        _ => None,
    })
}

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
            Piece::Block(block) if is_list => outline.link(&block.text),
            Piece::Block(block) => outline.paragraph(&block.text),
        }
    }
    outline
}
