//! Text of headings.

/// Maximum length of a heading: each section below repeats it.
const LONGEST_HEADING: usize = 1000;

/// A heading of bounded length.
pub(super) fn cut(heading: &str) -> &str {
    &heading[..heading.floor_char_boundary(LONGEST_HEADING)]
}
