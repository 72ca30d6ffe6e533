//! Where the sentences of a text begin.

use unicode_segmentation::UnicodeSegmentation;

/// The first byte of each sentence (Unicode's UAX #29), ascending, of a text without breaks of lines.
///
/// A sentence can only end behind a full stop, a question mark or an exclamation mark, and what stands before the
/// character before that decides nothing. So the rules are applied only there, which is several times as fast. A text
/// with characters that may have other rules is read as a whole.
pub(crate) fn starts(text: &str) -> Box<dyn Iterator<Item = usize> + '_> {
    if !text.chars().all(is_simple) {
        return Box::new(text.split_sentence_bound_indices().map(|(at, _)| at));
    }
    let first = (!text.is_empty()).then_some(0);
    Box::new(std::iter::successors(first, |at| next(text, *at)))
}

/// The sentence behind the one that begins at `at`.
fn next(text: &str, at: usize) -> Option<usize> {
    let stop = at + text[at..].find(['.', '?', '!'])?;
    let before = text[at..stop].chars().next_back().map_or(0, char::len_utf8);
    let from = stop - before;
    let end = from + text[from..].split_sentence_bounds().next()?.len();
    (end < text.len()).then_some(end)
}

/// Letters, digits and signs of Latin scripts, except the soft hyphen; no ends of lines.
fn is_simple(c: char) -> bool {
    matches!(c, ' '..='~' | '\u{a0}'..='\u{ac}' | '\u{ae}'..='\u{24f}' | '\u{2010}'..='\u{2022}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_like_the_whole(text: &str) {
        let whole: Vec<usize> = text.split_sentence_bound_indices().map(|(at, _)| at).collect();
        assert_eq!(starts(text).collect::<Vec<_>>(), whole, "{text}");
    }

    #[test]
    fn sentences_begin_where_the_rules_for_the_whole_text_say() {
        for text in [
            "",
            "One. Two? Three! four",
            "The U.S. economy grew 3.4 percent. It did (\"well.\") So e.g. they say... and on.) Ends?!  Now",
            "Mr. Smith went. \u{201c}Really?\u{201d} he said \u{2013} a.m. \u{c9}tat. \u{e9}t\u{e9}. .5 .A a.B A.B 1.a !x",
            "soft\u{ad}hyphen.\u{ad} A. e\u{301}. \u{3053}\u{308c}\u{3002}\u{6b21}\u{3002} end. End.",
            "...?. . ! a",
        ] {
            is_like_the_whole(text);
        }
    }

    #[test]
    fn sentences_begin_there_in_texts_of_random_characters() {
        let pool: Vec<char> = "aB1 .?!,)'\"-:\u{e9}\u{c9}\u{2019}\u{2026}\u{a0}".chars().collect();
        let mut state = 7u64;
        for _ in 0..20_000 {
            let mut draw = || {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                (state >> 40) as usize
            };
            let length = draw() % 14;
            is_like_the_whole(&(0..length).map(|_| pool[draw() % pool.len()]).collect::<String>());
        }
    }
}
