//! Tables that repeat the first sentence of each entry of the page and link to it. The entry itself says more, and
//! has the address, so the rows are left out.

use std::collections::HashMap;

use super::{piece::Piece, words::Block};

/// A page with fewer entries needs no summary.
const FEWEST: usize = 3;
/// Maximum number of letters of a row.
const LONGEST: usize = 400;
/// Maximum number of letters and digits of an entry that are compared.
const COMPARED: usize = 4000;

/// The pieces without such rows.
pub(super) fn remove(pieces: Vec<Piece>) -> Vec<Piece> {
    let leads = pieces.iter().filter(|p| matches!(p, Piece::Block(Block { leads_to: Some(_), .. }))).count();
    if leads < FEWEST {
        return pieces;
    }
    let entries = entries(&pieces);
    let mut is_row = vec![false; pieces.len()];
    let mut here = None;
    for at in 0..pieces.len() {
        match &pieces[at] {
            Piece::Heading { anchor, .. } => here = anchor.as_deref(),
            Piece::Entry { anchor, .. } => here = Some(anchor),
            Piece::Block(block) if !is_row[at] && block.leads_to.as_deref() != here => {
                mark(at, &pieces, &entries, &mut is_row)
            }
            Piece::Block(_) | Piece::End { .. } => {}
        }
    }
    let rows = is_row.iter().filter(|is_row| **is_row).count();
    let blocks = pieces.iter().filter(|p| matches!(p, Piece::Block(_))).count();
    if rows < FEWEST || rows == blocks {
        return pieces;
    }
    pieces.into_iter().zip(is_row).filter(|(_, is_row)| !is_row).map(|(piece, _)| piece).collect()
}

/// Letters and digits of each entry with an address: its name and its text.
fn entries(pieces: &[Piece]) -> HashMap<&str, String> {
    let mut entries: HashMap<&str, String> = HashMap::new();
    let mut open: Option<&str> = None;
    for piece in pieces {
        let text = match piece {
            Piece::Heading { text, anchor: Some(anchor), .. } | Piece::Entry { name: text, anchor, .. } => {
                open = Some(anchor);
                text
            }
            // A label within the entry, or a heading of its own.
            Piece::Heading { text, .. } => text,
            Piece::Block(block) => &block.text,
            Piece::End { .. } => continue,
        };
        if let Some(entry) = open.map(|anchor| entries.entry(anchor).or_default()).filter(|e| e.len() < COMPARED) {
            entry.push_str(&plain(text));
        }
    }
    entries
}

/// Marks the row at a place: the line with the link, the kind before it, and the description after it.
fn mark(at: usize, pieces: &[Piece], entries: &HashMap<&str, String>, is_row: &mut [bool]) {
    let block = |at: usize| pieces.get(at).and_then(|p| if let Piece::Block(b) = p { Some(b) } else { None });
    let Some((row, entry)) = block(at).and_then(|row| Some((row, entries.get(row.leads_to.as_deref()?)?))) else {
        return;
    };
    if !repeats(row, entry) {
        return;
    }
    is_row[at] = true;
    let is_part = |b: &&Block| b.leads_to.is_none() && repeats(b, entry);
    let before = at.checked_sub(1).filter(|i| !is_row[*i] && block(*i).filter(is_part).is_some());
    let after = Some(at + 1).filter(|i| block(*i).filter(is_part).is_some());
    before.into_iter().chain(after).for_each(|i| is_row[i] = true);
}

/// Whether an entry says all that a block says, but for a link at its end such as "More".
fn repeats(block: &Block, entry: &str) -> bool {
    let is_said = |part: &str| {
        let shorter = part.trim_end().rsplit_once(' ').map_or("", |(rest, _)| rest);
        entry.contains(&plain(part)) || (!shorter.is_empty() && entry.contains(&plain(shorter)))
    };
    block.letters <= LONGEST && block.text.split(['|', '\n']).all(is_said)
}

/// Letters and digits in lower case.
fn plain(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(text: &str, place: Option<&str>) -> Piece {
        let letters = plain(text).len();
        Piece::Block(Block { text: text.into(), letters, leads_to: place.map(str::to_owned), ..Block::default() })
    }

    fn entry(name: &str) -> [Piece; 2] {
        let heading = Piece::Heading { level: 3, text: name.into(), anchor: Some(name.into()), is_outside: false };
        let text = format!("public int {name}(int cups) It does {name} well. And then it says much more about it.");
        [heading, Piece::text(&text)]
    }

    #[test]
    fn rows_that_an_entry_repeats_are_left_out() {
        let mut pieces = vec![Piece::text("All about kettles.")];
        for name in ["pour", "fill"] {
            pieces.extend([row("int", None), row(&format!("{name}(int cups)"), Some(name))]);
            pieces.push(row(&format!("It does {name} well."), None));
        }
        pieces.push(row("int | lift(int cups)", Some("lift")));
        pieces.push(row("It does lift well. More...", Some("lift")));
        let kept = row("Lift it before you pour.", Some("lift"));
        pieces.push(kept.clone());
        let all = ["pour", "fill", "lift"].map(entry).concat();
        let expected = [vec![Piece::text("All about kettles."), kept], all.clone()].concat();
        assert_eq!(remove([pieces, all].concat()), expected);
    }

    #[test]
    fn a_page_of_links_to_itself_stays() {
        let pieces: Vec<Piece> = ["a", "b", "c"].map(|a| row(a, Some(a))).to_vec();
        assert_eq!(remove(pieces.clone()), pieces);
    }
}
