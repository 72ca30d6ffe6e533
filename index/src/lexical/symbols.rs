//! Emoji, signs and operators, which are words of their own: somebody looks for `=>` or for a rocket.

use std::ops::Range;

/// Characters of the longest operator; longer ones are lines that are drawn.
const LONGEST_OPERATOR: usize = 3;

/// The symbols of a text and the bytes that they stand for, in order. What only says how an emoji is drawn, such as
/// the tone of a skin, is not part of the symbol.
pub(super) fn symbols(text: &str) -> Vec<(String, Range<usize>)> {
    let mut out = if text.is_ascii() { Vec::new() } else { signs(text) };
    out.extend(operators(text).map(|bytes| (text[bytes.clone()].to_owned(), bytes)));
    out.sort_by_key(|(_, bytes)| bytes.start);
    out
}

fn signs(text: &str) -> Vec<(String, Range<usize>)> {
    const JOINER: char = '\u{200d}';
    let mut out: Vec<(String, Range<usize>)> = Vec::new();
    for (at, c) in text.char_indices() {
        let end = at + c.len_utf8();
        let last = out.last_mut().filter(|(_, bytes)| bytes.end == at);
        match last {
            Some((_, bytes)) if is_variant(c) || c == '\u{20e3}' => bytes.end = end,
            Some((symbol, bytes)) if c == JOINER || symbol.ends_with(JOINER) || is_second_of_flag(symbol, c) => {
                symbol.push(c);
                bytes.end = end;
            }
            _ if is_sign(c) => out.push((c.to_string(), at..end)),
            _ => {}
        }
    }
    out.iter_mut().for_each(|(symbol, _)| symbol.truncate(symbol.trim_end_matches(JOINER).len()));
    out
}

/// How an emoji is to be drawn.
fn is_variant(c: char) -> bool {
    matches!(c, '\u{fe0e}' | '\u{fe0f}' | '\u{1f3fb}'..='\u{1f3ff}')
}

fn is_second_of_flag(symbol: &str, c: char) -> bool {
    let is_letter = |c: char| matches!(c, '\u{1f1e6}'..='\u{1f1ff}');
    is_letter(c) && symbol.chars().count() == 1 && symbol.chars().all(is_letter)
}

/// Signs of currencies, arrows, mathematics, emoji and the like, by the blocks of Unicode. Lines and boxes draw
/// something and are none.
pub(super) fn is_sign(c: char) -> bool {
    let is_listed = matches!(u32::from(c),
        0xa2..=0xa7 | 0xa9 | 0xac | 0xae | 0xb0 | 0xb1 | 0xd7 | 0xf7 | 0x20a0..=0x20cf | 0x2100..=0x214f
        | 0x2190..=0x23ff | 0x2460..=0x24ff | 0x25a0..=0x2bff | 0x1f000..=0x1faff);
    is_listed && !c.is_alphanumeric()
}

/// Two or three ASCII signs that stand alone and are not the punctuation of a sentence.
fn operators(text: &str) -> impl Iterator<Item = Range<usize>> + '_ {
    let begin = text.as_ptr() as usize;
    text.split_ascii_whitespace().filter(|piece| is_operator(piece)).map(move |piece| {
        let at = piece.as_ptr() as usize - begin;
        at..at + piece.len()
    })
}

fn is_operator(piece: &str) -> bool {
    let is_telling = piece == "??" || piece.contains(['=', '<', '>', '&', '|', '+', '%', '^', '~']);
    (2..=LONGEST_OPERATOR).contains(&piece.len()) && is_telling && piece.bytes().all(|b| b.is_ascii_punctuation())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(text: &str) -> Vec<String> {
        symbols(text).into_iter().map(|(symbol, _)| symbol).collect()
    }

    #[test]
    fn emoji_and_operators_are_symbols() {
        assert_eq!(all("🚀Launch 👍🏽 and ❤️ 🇩🇪"), ["🚀", "👍", "❤", "🇩🇪"]);
        assert_eq!(all("a => b, 5 € → x"), ["=>", "€", "→"]);
        assert_eq!(all("👩‍💻 codes"), ["👩‍💻"]);
        assert_eq!(all("é, ß — “no” -- ... !? ===== ├──"), Vec::<String>::new());
    }

    #[test]
    fn a_symbol_stands_for_all_its_bytes() {
        let text = "ok 👍🏽 go";
        assert_eq!(&text[symbols(text)[0].1.clone()], "👍🏽");
    }
}
