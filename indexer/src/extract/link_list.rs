//! Tells lists of links from text, in any format: contents, indexes, "see also".

/// This many links in a row are a list; fewer are part of the surrounding text.
const LIST: usize = 4;
/// This many links, each with a description, are a list.
const DESCRIBED: usize = 6;
/// Maximum number of letters of a line of an index.
const REFERENCE: usize = 100;

/// How much of a line is links.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Line {
    /// Nearly all of it.
    Links,
    /// A link and its description, or a term and where an index leads from it.
    Described,
    /// Little.
    Text,
}

impl Line {
    /// The kind of a line with so many letters, of which so many are in links.
    pub(super) fn of(letters: usize, linked: usize, begins_with_link: bool) -> Self {
        match linked {
            0 => Self::Text,
            _ if linked * 5 >= letters * 3 => Self::Links,
            _ if begins_with_link && linked * 5 >= letters => Self::Described,
            _ if letters <= REFERENCE && linked * 5 >= letters * 2 => Self::Described,
            _ => Self::Text,
        }
    }
}

/// Whether each line of a section is a line of a list of links.
pub(super) fn in_section(lines: &[Line]) -> Vec<bool> {
    let mut is_list = vec![false; lines.len()];
    let links: Vec<bool> = lines.iter().map(|l| *l == Line::Links).collect();
    let described: Vec<bool> = lines.iter().map(|l| *l != Line::Text).collect();
    // A section that contains nothing else may be shorter, but one link is not a list.
    mark_runs(&links, 0, LIST.min(lines.len()).max(2), &mut is_list);
    // A kind, a link and its description alternate.
    mark_runs(&described, 2, DESCRIBED, &mut is_list);
    is_list
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

    #[test]
    fn the_terms_of_an_index_are_a_list() {
        let line = |letters, linked| Line::of(letters, linked, false);
        assert_eq!(
            [line(20, 12), line(20, 8), line(20, 7), line(300, 150)],
            [Line::Links, Line::Described, Line::Text, Line::Text]
        );
        assert_eq!(in_section(&[line(20, 8); 6]), [true; 6]);
        assert_eq!(in_section(&[line(20, 8); 5]), [false; 5]);
    }
}
