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

    /// A piece of a listing.
    pub(super) fn listed(self) -> Self {
        match self {
            Self::Block(block) => Self::Block(Block { is_listing: true, ..block }),
            piece => piece,
        }
    }

    /// A block of text without links.
    #[cfg(test)]
    pub(super) fn text(text: &str) -> Self {
        let letters = super::words::letters(text);
        Self::Block(Block { text: text.to_owned(), letters, ..Block::default() })
    }
}

/// Letters before a heading of level 1 that show that the page began without it.
const BEGINNING: usize = 200;

/// The title of a page: its first heading of level 1, unless that is the first of several parts or stands below other
/// parts. Then the title is what the head of the page says, if it says something else.
pub(super) fn title(pieces: &[Piece], head: Option<String>) -> Option<String> {
    let tops = |outside: bool| {
        pieces.iter().filter_map(move |p| match p {
            Piece::Heading { level: 1, text, is_outside, .. } if outside || !is_outside => Some(text.clone()),
            _ => None,
        })
    };
    // A site may show its own name as a heading beside the text.
    let first = tops(false).next().or_else(|| tops(true).next());
    let is_part = |first: &String, head: &String| !head.to_lowercase().contains(&first.to_lowercase());
    match (first, head) {
        (Some(first), Some(head)) if (tops(false).nth(1).is_some() || is_late(pieces)) && is_part(&first, &head) => {
            Some(head)
        }
        (first, head) => first.or(head),
    }
}

/// Whether a page has begun before its first heading of level 1.
fn is_late(pieces: &[Piece]) -> bool {
    let mut letters = 0;
    for piece in pieces {
        match piece {
            Piece::Heading { level: 1, .. } => return false,
            Piece::Heading { is_outside: false, .. } | Piece::Entry { .. } => return true,
            Piece::Block(block) if !block.is_outside => letters += block.letters - block.linked,
            _ => {}
        }
        if letters >= BEGINNING {
            return true;
        }
    }
    false
}
