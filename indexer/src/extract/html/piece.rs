//! The pieces of a page before boilerplate removal: headings, entries and blocks, from top to bottom.

use super::words::Block;

/// One piece.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Piece {
    /// A heading.
    Heading { level: u8, text: String, anchor: Option<String>, is_outside: bool },
    /// The name of an entry.
    Entry { level: u8, name: String, anchor: String },
    /// End of the text of headings and entries of this level and of deeper ones.
    End { level: u8 },
    /// Text.
    Block(Block),
}

impl Piece {
    /// The complete form of a shortened name. It does not count as text of the entry.
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
