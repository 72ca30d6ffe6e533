//! Terms at positions as text, which the cluster's analyser takes apart again without changing a term.
//!
//! A space separates positions, and a control character the terms of one position. Another control character fills a
//! position without terms.

/// Separates the terms of one position.
pub(crate) const TOGETHER: char = '\u{1}';
/// Stands at a position without terms.
pub(crate) const GAP: char = '\u{3}';
/// Positions without terms in a row that are kept; a longer gap says nothing more.
const WIDEST: usize = 100;

/// The text of terms, which are in the order of their positions.
pub(crate) fn of<'a>(terms: impl IntoIterator<Item = (&'a str, usize)>) -> String {
    let mut out = String::new();
    let mut last: Option<usize> = None;
    for (term, position) in terms {
        match last {
            Some(last) if last == position => out.push(TOGETHER),
            Some(last) => {
                let gap = (position.saturating_sub(last + 1)).min(WIDEST);
                (0..gap).for_each(|_| out.extend([' ', GAP]));
                out.push(' ');
            }
            None => {}
        }
        last = Some(position);
        out.push_str(term);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_and_gaps_are_written() {
        assert_eq!(of([("a", 3), ("b", 3), ("c", 4), ("d", 6)]), "a\u{1}b c \u{3} d");
        assert_eq!(of([]), "");
    }
}
