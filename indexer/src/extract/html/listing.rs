//! Pages that are a listing of source code: the manual explains the code, and the listing repeats it.

use ego_tree::iter::Edge;
use scraper::{ElementRef, Node};

use super::{anchors::own_id, elements::heading_level, unseen::is_unseen, words::letters};

/// Fewest numbered lines of a listing.
const LINES: usize = 20;
/// Maximum number of letters and digits for each of them, on average: other text has more.
const LINE: usize = 80;
/// Fewest letters and digits of a listing without numbered lines.
const LETTERS: usize = 1500;
/// Maximum number of letters and digits for each coloured word of code, on average.
const WORD: usize = 30;

/// Whether a page holds little else than source code: its lines have numbers as anchors, or it is one block of
/// coloured code without headings inside.
pub(super) fn is_listing(root: ElementRef<'_>) -> bool {
    let mut seen = Seen::default();
    let (mut in_code, mut unseen) = (0usize, None);
    for edge in root.traverse() {
        match edge {
            Edge::Close(node) if unseen == Some(node.id()) => unseen = None,
            _ if unseen.is_some() => {}
            Edge::Open(node) => match node.value() {
                Node::Element(e) if is_unseen(e, true) => unseen = Some(node.id()),
                Node::Element(e) => {
                    let name = e.name();
                    in_code += usize::from(name == "pre");
                    seen.words += usize::from(in_code > 0 && name == "span");
                    seen.headings += usize::from(heading_level(name).is_some());
                    seen.lines += usize::from(own_id(e).is_some_and(|id| seen.is_next_line(id)));
                }
                Node::Text(text) => {
                    let letters = letters(text);
                    seen.letters += letters;
                    seen.code += if in_code > 0 { letters } else { 0 };
                }
                _ => {}
            },
            Edge::Close(node) => {
                let is_pre = node.value().as_element().is_some_and(|e| e.name() == "pre");
                in_code = in_code.saturating_sub(usize::from(is_pre));
            }
        }
    }
    seen.is_listing()
}

#[derive(Default)]
struct Seen {
    letters: usize,
    /// Those in `pre`.
    code: usize,
    /// Coloured words in it.
    words: usize,
    headings: usize,
    /// Anchors that count lines.
    lines: usize,
}

impl Seen {
    /// Whether an anchor is the number of the next line, with a prefix or not: `l00012`, `line-12`, `L12`.
    fn is_next_line(&self, id: &str) -> bool {
        let digits = id.len() - id.trim_end_matches(|c: char| c.is_ascii_digit()).len();
        let (prefix, number) = id.split_at(id.len() - digits);
        prefix.len() <= 8 && number.parse() == Ok(self.lines + 1)
    }

    fn is_listing(&self) -> bool {
        let is_numbered = self.lines >= LINES && self.letters <= self.lines * LINE;
        let is_coloured = self.words * WORD >= self.code && self.code >= LETTERS && self.headings <= 1;
        is_numbered || (is_coloured && self.code * 10 >= self.letters * 9)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn listings_are_told_from_manuals() {
        let lines = |count: usize, line: fn(usize) -> String| (1..=count).map(line).collect::<String>();
        let numbered = lines(30, |n| format!("<div><a name='l{n:05}'></a><span>{n}</span> int a{n} = 0;</div>"));
        let coloured = lines(200, |n| format!("<span>let</span> <span>name{n}</span> = <span>other()</span>;\n"));
        let manual = lines(30, |n| format!("<h2 id='s-{n}'>Part {n}</h2><p>{}</p>", "Many words about it. ".repeat(9)));
        for (html, expected) in [
            (numbered, true),
            (format!("<h1>Source</h1><pre>{coloured}</pre>"), true),
            (format!("<h1>Guide</h1><p>{}</p><pre>{coloured}</pre>", "Text about it. ".repeat(99)), false),
            (format!("<pre>{}</pre>", "NAME\n  kettle - boils water for <b>tea</b>\n".repeat(99)), false),
            (manual, false),
        ] {
            assert_eq!(is_listing(scraper::Html::parse_document(&html).root_element()), expected, "{html}");
        }
    }
}
