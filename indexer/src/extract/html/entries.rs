//! Names of entries: functions, settings, terms of a list with an address of their own.

use super::{
    calls::called_with,
    piece::Piece,
    words::{Block, letters},
};

/// Maximum length of a name in characters; the text of a longer one begins with the complete name.
const LONGEST: usize = 100;
/// Maximum length of a call in characters; a longer one is shown without its parameters.
const LONG_CALL: usize = 50;
/// An entry with fewer letters of text shares a section with its neighbours.
const TINY: usize = 16;
/// Maximum number of letters of such a section, so that its address stays near all of its entries.
const GROUP: usize = 400;

/// Whether a term can name an entry: footnotes (`1`, `[2]`) and references (`[Knuth]`) cannot.
pub(super) fn is_name(text: &str) -> bool {
    let bracketed = text.starts_with('[') && text.find(']') == Some(text.len().saturating_sub(1));
    !bracketed && text.chars().any(char::is_alphabetic)
}

/// The name as a heading, and the original text if it is longer.
pub(super) fn short_name(text: &str) -> (String, Option<String>) {
    let length = text.chars().count();
    let call = text
        .match_indices('(')
        .find(|(at, _)| text[..*at].ends_with(|c: char| c.is_alphanumeric() || "_>]".contains(c)));
    if let Some((at, _)) = call.filter(|_| length > LONG_CALL)
        && at <= LONGEST
    {
        let call = called_with(text).unwrap_or_else(|| format!("{}()", &text[..at]));
        return (call, Some(text.to_owned()));
    }
    if length <= LONGEST {
        return (text.to_owned(), None);
    }
    let end = text.char_indices().nth(LONGEST).map_or(text.len(), |(at, _)| at);
    let cut = text[..end].rfind(' ').unwrap_or(end);
    (text[..cut].to_owned(), Some(text.to_owned()))
}

/// Qualifies the name with the path in its anchor: `lift()` at `kettle.Lid.lift` becomes `kettle.Lid.lift()`.
pub(super) fn qualified(name: &str, anchor: &str) -> String {
    let last = anchor.rfind(['.', ':', '#', '/']).map_or(0, |at| at + 1);
    let (above, own) = anchor.split_at(last);
    let is_path = above.len() > 2 && !anchor.contains(char::is_whitespace) && !anchor.contains('(');
    if !is_path || own.len() < 2 || name.contains(anchor) {
        return name.to_owned();
    }
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let found = name.match_indices(own).find(|(at, _)| {
        // A name within a longer path has its own qualification.
        let before = name[..*at].chars().next_back().is_none_or(|c| !is_word(c) && !".:".contains(c));
        before && name[at + own.len()..].chars().next().is_none_or(|c| !is_word(c))
    });
    found.map_or_else(|| name.to_owned(), |(at, _)| format!("{}{above}{}", &name[..at], &name[at..]))
}

/// Joins neighbours with almost no text: a list of constants is one section, with the address of its first. The text
/// after an entry without text explains it.
pub(super) fn join_tiny(pieces: Vec<Piece>) -> Vec<Piece> {
    let mut out = Vec::with_capacity(pieces.len());
    let mut rest = pieces.into_iter().peekable();
    let mut group = Group::default();
    while let Some(piece) = rest.next() {
        let (Piece::Entry { level, .. } | Piece::Heading { level, .. }) = piece else {
            group.close(&mut out);
            out.push(piece);
            continue;
        };
        let mut body = vec![piece];
        let mut letters = 0;
        while let Some(block) = rest.next_if(|p| matches!(p, Piece::Block(_))) {
            letters += if let Piece::Block(b) = &block { b.letters } else { 0 };
            body.push(block);
        }
        let end = rest.next_if(|p| matches!(p, Piece::End { level: l } if *l == level));
        let is_explained = letters == 0 && end.is_some() && matches!(rest.peek(), Some(Piece::Block(_)));
        let has_more = match rest.peek() {
            Some(Piece::Entry { level: l, .. } | Piece::Heading { level: l, .. }) => *l > level && end.is_none(),
            _ => is_explained,
        };
        if is_index_term(&body) {
            group.close(&mut out);
            out.extend(body.into_iter().map(as_text));
            continue;
        }
        body.extend(end.filter(|_| !is_explained));
        if !has_more && is_tiny(&body[0], letters) {
            group.add(body, letters, &mut out);
        } else {
            group.close(&mut out);
            out.extend(body);
        }
    }
    group.close(&mut out);
    out
}

/// Whether the text of an entry only links to other places, as that of an index term does.
fn is_index_term(body: &[Piece]) -> bool {
    let is_link = |p: &Piece| matches!(p, Piece::Block(b) if b.is_links());
    matches!(body, [Piece::Entry { .. }, first, ..] if is_link(first)) && body[1..].iter().all(is_link)
}

/// The name of an entry as a line of its list.
fn as_text(piece: Piece) -> Piece {
    match piece {
        Piece::Entry { name, .. } => {
            let letters = letters(&name);
            Piece::Block(Block { text: name, letters, linked: letters, begins_with_link: true, ..Block::default() })
        }
        piece => piece,
    }
}

/// Whether a section may share its place. A heading may only if there is no text below it.
fn is_tiny(name: &Piece, letters: usize) -> bool {
    match name {
        Piece::Entry { .. } => letters < TINY,
        Piece::Heading { level, anchor, .. } => letters == 0 && *level > 2 && anchor.is_some(),
        _ => false,
    }
}

/// Neighbours that share a section.
#[derive(Default)]
struct Group {
    pieces: Vec<Piece>,
    members: usize,
    letters: usize,
    level: u8,
}

impl Group {
    fn add(&mut self, body: Vec<Piece>, letters: usize, out: &mut Vec<Piece>) {
        let (Piece::Entry { level, name: text, .. } | Piece::Heading { level, text, .. }) = &body[0] else { return };
        if self.letters > GROUP || *level != self.level {
            self.close(out);
        }
        self.level = *level;
        self.members += 1;
        self.letters += letters + text.len();
        self.pieces.extend(body);
    }

    /// Writes the group: unchanged if it has one member, otherwise with the later names as text.
    fn close(&mut self, out: &mut Vec<Piece>) {
        let is_joined = self.members > 1;
        let mut last_end = None;
        for (at, piece) in self.pieces.drain(..).enumerate() {
            match piece {
                Piece::Entry { name: text, .. } | Piece::Heading { text, .. } if is_joined && at > 0 => {
                    out.push(Piece::repeated_name(text));
                }
                end @ Piece::End { .. } if is_joined => last_end = Some(end),
                piece => out.push(piece),
            }
        }
        out.extend(last_end);
        (self.members, self.letters) = (0, 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_qualified_by_their_anchors() {
        for (name, anchor, expected) in [
            ("lift()", "kettle.Lid.lift", "kettle.Lid.lift()"),
            ("class Lid", "kettle.Lid", "class kettle.Lid"),
            ("async kettle.pour(cups)", "kettle.pour", "async kettle.pour(cups)"),
            ("gap_width (integer)", "SETTING-GAP-WIDTH", "gap_width (integer)"),
            ("PyObject *PyList_New()", "c.PyList_New", "PyObject *PyList_New()"),
            ("uplift(lift)", "kettle.Lid.lift", "uplift(kettle.Lid.lift)"),
        ] {
            assert_eq!(qualified(name, anchor), expected, "{name}");
        }
    }

    #[test]
    fn long_calls_are_named_without_their_parameters() {
        let call = "re.sub(pattern, repl, string, count=0, flags=0, and_more=None)";
        assert_eq!(short_name(call), ("re.sub()".into(), Some(call.into())));
        assert_eq!(short_name("dumps(obj)"), ("dumps(obj)".into(), None));
        assert!(short_name(&"word ".repeat(60)).0.chars().count() <= LONGEST);
    }

    #[test]
    fn footnotes_and_references_are_no_entries() {
        assert!(is_name("gap_width") && is_name("-n") && is_name("[--onto] <base>"));
        assert!(!is_name("1") && !is_name("[Knuth]") && !is_name("(1)"));
    }

    #[test]
    fn entries_with_nearly_nothing_to_say_share_a_section() {
        let entry = |name: &str, text: &str| {
            let anchor = name.to_owned();
            [Piece::Entry { level: 7, name: name.into(), anchor }, Piece::text(text), Piece::End { level: 7 }]
        };
        let long = "A sentence that says what it is.";
        let pieces: Vec<Piece> = [entry("A", "up"), entry("B", "down"), entry("C", long), entry("D", "left")].concat();
        let joined = join_tiny(pieces);
        let names: Vec<&str> = joined
            .iter()
            .filter_map(|p| if let Piece::Entry { name, .. } = p { Some(name.as_str()) } else { None })
            .collect();
        assert_eq!(names, ["A", "C", "D"]);
    }

    #[test]
    fn the_terms_of_an_index_are_lines() {
        let link = Block { text: "Type Casts".into(), letters: 9, linked: 9, ..Block::default() };
        let pieces = vec![
            Piece::Entry { level: 7, name: "cast".into(), anchor: "ientry-1".into() },
            Piece::Block(link),
            Piece::End { level: 7 },
        ];
        assert!(join_tiny(pieces).iter().all(|p| matches!(p, Piece::Block(_))));
    }

    #[test]
    fn an_entry_without_a_body_is_explained_by_what_follows() {
        let entry = Piece::Entry { level: 7, name: "f()".into(), anchor: "f".into() };
        let pieces = vec![entry.clone(), Piece::End { level: 7 }, Piece::text("It does this.")];
        assert_eq!(join_tiny(pieces), [entry, Piece::text("It does this.")]);
    }
}
