//! Identifies the blocks that are lists of links: contents, indexes, "see also".

use super::piece::Piece;

/// This many links in a row are a list; fewer are part of the surrounding text.
const LIST: usize = 4;
/// This many links, each with a description, are a list.
const DESCRIBED: usize = 6;

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
    let test = |is: fn(&super::words::Block) -> bool| -> Vec<bool> {
        pieces.iter().map(|p| matches!(p, Piece::Block(b) if is(b))).collect()
    };
    let links = test(super::words::Block::is_links);
    let described = test(|b| b.is_links() || b.is_described_link());
    // A section that contains nothing else may be shorter, but one link is not a list.
    let shortest = LIST.min(pieces.len()).max(2);
    mark_runs(&links, 0, shortest, is_list);
    // A kind, a link and its description alternate.
    mark_runs(&described, 2, DESCRIBED, is_list);
}

/// Marks runs with at least `shortest` lines, and at most `gap` other lines between two of them.
fn mark_runs(is_line: &[bool], gap: usize, shortest: usize, marks: &mut [bool]) {
    let mut run: Option<(usize, usize, usize)> = None;
    for at in 0..=is_line.len() {
        let is_next = is_line.get(at).copied().unwrap_or(false);
        match &mut run {
            Some((_, last, lines)) if is_next && at - *last <= gap + 1 => (*last, *lines) = (at, *lines + 1),
            _ if is_next || at == is_line.len() => {
                if let Some((first, last, lines)) = run.take()
                    && lines >= shortest
                {
                    // The description of the last line belongs to it.
                    let end = (last + 1 + gap).min(marks.len());
                    marks[first..end].iter_mut().for_each(|m| *m = true);
                }
                run = is_next.then_some((at, at, 1));
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn marked(lines: &str, gap: usize, shortest: usize) -> String {
        let is_line: Vec<bool> = lines.chars().map(|c| c == 'x').collect();
        let mut marks = vec![false; is_line.len()];
        mark_runs(&is_line, gap, shortest, &mut marks);
        marks.into_iter().map(|m| if m { 'x' } else { '.' }).collect()
    }

    #[test]
    fn runs_of_links_are_lists() {
        assert_eq!(marked("..xx.xxxx..", 0, 4), ".....xxxx..");
        assert_eq!(marked("x.x.x...x.", 1, 3), "xxxxxx....");
        assert_eq!(marked("xx", 0, 2), "xx");
    }
}
