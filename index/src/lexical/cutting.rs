//! The boundaries of chunks, words and parts of words.

use std::ops::Range;

/// The stretches of a text between white space; some may be empty.
pub(super) fn pieces(text: &str) -> impl Iterator<Item = Range<usize>> + '_ {
    let mut at = 0;
    text.split(char::is_whitespace).map(move |piece| {
        let start = at;
        at += piece.len();
        let end = at;
        // The separator is one character of white space, of any width.
        at += text[at..].chars().next().map_or(0, char::len_utf8);
        start..end
    })
}

/// Punctuation that belongs to the chunk behind it, and to the chunk before it.
const LEADING: [char; 6] = ['.', '-', '$', '@', '_', '#'];
const TRAILING: [char; 3] = ['+', '#', '_'];

/// The chunk in a piece: the piece without the sentence punctuation around it. `None` if it has no letter or digit.
pub(super) fn chunk(text: &str, piece: Range<usize>) -> Option<Range<usize>> {
    let inner = text[piece.clone()].trim_start_matches(|c: char| !(c.is_alphanumeric() || LEADING.contains(&c)));
    let from = piece.end - inner.len();
    let inner = inner.trim_end_matches(|c: char| !(c.is_alphanumeric() || TRAILING.contains(&c)));
    inner.contains(char::is_alphanumeric).then_some(from..from + inner.len())
}

/// The chunk in a piece if both are ASCII and the chunk is a single word of letters without parts.
pub(super) fn plain_word(piece: &str) -> Option<&str> {
    let is_around = |byte: &u8| byte.is_ascii_punctuation();
    let bytes = piece.as_bytes();
    let from = bytes.iter().position(|byte| !is_around(byte) || LEADING.contains(&char::from(*byte)))?;
    let to = bytes.iter().rposition(|byte| !is_around(byte) || TRAILING.contains(&char::from(*byte)))?;
    let word = bytes.get(from..=to)?;
    let (first, others) = word.split_first()?;
    let is_word = first.is_ascii_alphabetic() && others.iter().all(u8::is_ascii_lowercase);
    is_word.then(|| &piece[from..=to])
}

/// Runs of letters and digits; a run of Chinese, Japanese or Korean is a separate run. The `s` of a possessive is
/// omitted.
pub(super) fn words(text: &str, chunk: Range<usize>) -> Vec<Range<usize>> {
    let mut out: Vec<Range<usize>> = Vec::new();
    let mut last: Option<(bool, usize)> = None;
    for (offset, c) in text[chunk.clone()].char_indices() {
        let at = chunk.start + offset;
        let end = at + c.len_utf8();
        let kind = is_cjk(c);
        if !c.is_alphanumeric() && !is_mark(c) {
            last = None;
            continue;
        }
        match (last, out.last_mut()) {
            (Some((same, _)), Some(word)) if same == kind || is_mark(c) => word.end = end,
            _ => out.push(at..end),
        }
        last = Some((kind, end));
    }
    let is_possessive =
        |pair: &Range<usize>| text[pair.clone()].eq_ignore_ascii_case("s") && text[..pair.start].ends_with(['\'', '’']);
    if out.len() > 1 && out.last().is_some_and(is_possessive) {
        out.pop();
    }
    out
}

/// Combining marks belong to the letter before them.
fn is_mark(c: char) -> bool {
    matches!(u32::from(c), 0x300..=0x36f | 0x3099..=0x309a)
}

/// Whether a character belongs to a script that this module cuts into pairs.
pub(super) fn is_cjk(c: char) -> bool {
    matches!(u32::from(c),
        0x1100..=0x11ff | 0x2e80..=0x2fdf | 0x3005..=0x3007 | 0x3040..=0x30ff | 0x3130..=0x318f | 0x31f0..=0x31ff
        | 0x3400..=0x4dbf | 0x4e00..=0x9fff | 0xac00..=0xd7af | 0xf900..=0xfaff | 0x20000..=0x3134f)
}

pub(super) fn is_cjk_at(text: &str, at: usize) -> bool {
    text[at..].chars().next().is_some_and(is_cjk)
}

/// Parts of `useEffect`, `HTTPServer`, `utf8Decoder` or `sha256`: cut where the case says that a word begins, and
/// between letters and digits. Empty for a word of one part.
pub(super) fn compound_parts(text: &str, word: Range<usize>) -> Vec<Range<usize>> {
    // Most words have no such place. They return here, before a list is allocated.
    if !text[word.clone()].chars().skip(1).any(|c| c.is_uppercase() || c.is_ascii_digit()) {
        return Vec::new();
    }
    let cased = cased_parts(text, word);
    let mut out = if cased.len() > 1 { cased.clone() } else { Vec::new() };
    cased.into_iter().for_each(|part| out.extend(letters_and_digits(text, part)));
    out.retain(|part| part.len() > 1);
    out
}

/// Cut where a lower-case letter or a digit is followed by an upper-case one, and before the last of several
/// upper-case letters.
pub(super) fn cased_parts(text: &str, word: Range<usize>) -> Vec<Range<usize>> {
    let chars: Vec<(usize, char)> = text[word.clone()].char_indices().map(|(o, c)| (word.start + o, c)).collect();
    let mut cuts = vec![word.start];
    for i in 1..chars.len() {
        let (before, here) = (chars[i - 1].1, chars[i].1);
        let next = chars.get(i + 1).map(|c| c.1);
        let rises = !before.is_uppercase() && here.is_uppercase();
        let begins_word = before.is_uppercase() && here.is_uppercase() && next.is_some_and(char::is_lowercase);
        if rises || begins_word {
            cuts.push(chars[i].0);
        }
    }
    cuts.push(word.end);
    cuts.windows(2).map(|pair| pair[0]..pair[1]).collect()
}

/// Letters of the shortest word that is cut from the digits beside it: `x86` and `p53` are one word.
const LETTERS_BESIDE_DIGITS: usize = 3;

fn letters_and_digits(text: &str, word: Range<usize>) -> Vec<Range<usize>> {
    let mut runs: Vec<(bool, Range<usize>)> = Vec::new();
    for (offset, c) in text[word.clone()].char_indices() {
        let at = word.start + offset;
        let (is_digit, end) = (c.is_ascii_digit(), at + c.len_utf8());
        match runs.last_mut() {
            Some((kind, run)) if *kind == is_digit => run.end = end,
            _ => runs.push((is_digit, at..end)),
        }
    }
    let is_long = |run: &Range<usize>| text[run.clone()].chars().count() >= LETTERS_BESIDE_DIGITS;
    let is_cut = runs.len() > 1 && runs.iter().any(|(is_digit, run)| !is_digit && is_long(run));
    if is_cut { runs.into_iter().map(|(_, run)| run).collect() } else { Vec::new() }
}
