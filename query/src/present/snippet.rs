//! The part of a passage that shows why it matches.

use std::ops::Range;

use cloze_index::{AnalysedWord, KeywordQuery};

use super::{highlight::Focus, json::Snippet, sentences};

/// Length of a snippet, in bytes of its text.
const LENGTH: usize = 240;

/// Chooses the part with the most different words of the query, and marks them. Without `mark`, it marks nothing.
/// `text` is [`tidy`]; `nearest` finds its sentence that is nearest to the query in meaning.
pub(crate) fn snippet(
    text: &str,
    lang: Option<&str>,
    query: &KeywordQuery,
    mark: bool,
    nearest: impl FnOnce() -> Option<Range<usize>>,
) -> Snippet {
    let matches = query.marked_in(text, lang);
    let nearest = if matches.is_empty() && text.len() > LENGTH { nearest() } else { None };
    let window = match nearest {
        Some(sentence) => sentence.start..window_end(text, sentence.start),
        None => window(text, &matches),
    };
    cut(text, window, matches.into_iter().filter(|_| mark).map(|m| m.bytes))
}

/// Shows the best sentence, and marks the words in it that match in letter or in meaning.
pub(crate) fn focused(text: &str, lang: Option<&str>, query: &KeywordQuery, focus: &Focus) -> Snippet {
    let inside = |r: &Range<usize>| r.start >= focus.sentence.start && r.end <= focus.sentence.end;
    let letters = query.marked_in(text, lang).into_iter().map(|w| w.bytes).filter(inside);
    let marks: Vec<Range<usize>> = letters.chain(focus.words.iter().cloned()).collect();
    let first = marks.iter().map(|m| m.start).min().unwrap_or(focus.sentence.start);
    let start = if first - focus.sentence.start > LENGTH * 2 / 3 {
        word_start(text, first - LENGTH / 3)
    } else {
        focus.sentence.start
    };
    cut(text, start..window_end(text, start), marks.into_iter())
}

/// A window of a text with the marks that lie in it.
fn cut(text: &str, window: Range<usize>, marks: impl Iterator<Item = Range<usize>>) -> Snippet {
    let mut shown = String::new();
    if window.start > 0 {
        shown.push('…');
    }
    let shift = shown.len();
    shown.push_str(&text[window.clone()]);
    if window.end < text.len() {
        shown.push('…');
    }
    let inside = marks.filter(|m| m.start >= window.start && m.end <= window.end);
    let bytes = inside.map(|m| m.start - window.start + shift..m.end - window.start + shift);
    Snippet { highlights: utf16(&shown, bytes), text: shown }
}

/// Makes one line of a text: every run of white space becomes one space.
pub(crate) fn tidy(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The window of at most [`LENGTH`] bytes that begins at a sentence and holds the most different terms, then the
/// most matches, and then is the earliest.
fn window(text: &str, matches: &[AnalysedWord]) -> Range<usize> {
    if text.len() <= LENGTH || matches.is_empty() {
        return 0..window_end(text, 0);
    }
    // A window that begins behind the last match holds none.
    let last = matches.iter().map(|m| m.bytes.start).max().unwrap_or_default();
    let starts = sentences::starts(text).take_while(|at| *at <= last);
    // In a sentence longer than a window, the matches may lie beyond the window.
    let starts = starts.chain(matches.iter().map(|m| word_start(text, m.bytes.start.saturating_sub(LENGTH / 3))));
    let most = worth(matches.iter());
    let (mut best, mut found) = (0, (0, 0));
    for start in starts {
        let end = window_end(text, start);
        let worth = worth(matches.iter().filter(|m| m.bytes.start >= start && m.bytes.end <= end));
        if worth > found {
            (best, found) = (start, worth);
        }
        // No later window is better.
        if found == most {
            break;
        }
    }
    best..window_end(text, best)
}

/// The number of different terms among some matches, and the number of matches.
fn worth<'m>(matches: impl Iterator<Item = &'m AnalysedWord>) -> (usize, usize) {
    let mut terms: Vec<&str> = matches.map(|m| m.term.as_str()).collect();
    let all = terms.len();
    terms.sort_unstable();
    terms.dedup();
    (terms.len(), all)
}

/// The beginning of the first word that starts at `at` or after it.
fn word_start(text: &str, at: usize) -> usize {
    if at == 0 {
        return 0;
    }
    let at = text.ceil_char_boundary(at);
    text[at..].find(' ').map_or(at, |space| at + space + 1)
}

/// The end of the last word that fits.
fn window_end(text: &str, start: usize) -> usize {
    if text.len() - start <= LENGTH {
        return text.len();
    }
    let end = text.floor_char_boundary(start + LENGTH);
    match text[start..end].rfind(' ') {
        Some(space) if space > LENGTH / 2 => start + space,
        _ => end,
    }
}

/// Byte ranges as UTF-16 ranges, ascending; ranges that overlap or touch become one.
fn utf16(text: &str, ranges: impl Iterator<Item = Range<usize>>) -> Vec<[u32; 2]> {
    let mut sorted: Vec<Range<usize>> = ranges.collect();
    sorted.sort_by_key(|r| (r.start, r.end));
    let mut merged: Vec<Range<usize>> = Vec::new();
    for range in sorted {
        match merged.last_mut() {
            Some(last) if range.start <= last.end => last.end = last.end.max(range.end),
            _ => merged.push(range),
        }
    }
    let (mut at, mut units) = (0, 0u32);
    let mut to_units = |byte: usize| {
        units += text[at..byte].encode_utf16().count() as u32;
        at = byte;
        units
    };
    merged.into_iter().map(|r| [to_units(r.start), to_units(r.end)]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn marked(text: &str, query: &str) -> (String, Vec<String>) {
        let s = snippet(&tidy(text), None, &KeywordQuery::plain(query), true, || None);
        let units: Vec<u16> = s.text.encode_utf16().collect();
        let words =
            s.highlights.iter().map(|[a, b]| String::from_utf16_lossy(&units[*a as usize..*b as usize])).collect();
        (s.text, words)
    }

    #[test]
    fn marks_are_utf16_ranges_of_stemmed_matches() {
        let (_, words) = marked("😀 Indexing the Index, 日本 indexed", "index");
        assert_eq!(words, ["Indexing", "Index", "indexed"]);
    }

    #[test]
    fn words_that_say_nothing_are_not_marked() {
        assert_eq!(marked("How the index is kept", "how is the index").1, ["index"]);
        assert_eq!(marked("To be or not", "to be").1, ["To", "be"], "unless there is nothing else");
    }

    #[test]
    fn an_identifier_is_marked_once() {
        assert_eq!(marked("call std::io::Read now", "std::io::Read").1, ["std::io::Read"]);
    }

    #[test]
    fn the_window_moves_to_the_matches() {
        let text = format!("{} The needle is here. {}", "Hay is dry. ".repeat(100), "More hay. ".repeat(100));
        let (shown, words) = marked(&text, "needle");
        assert_eq!(words, ["needle"]);
        assert!(shown.starts_with('…') && shown.ends_with('…') && shown.len() <= LENGTH + 6, "{shown}");
    }

    #[test]
    fn a_text_without_matches_shows_its_beginning() {
        let (shown, words) = marked(&"word ".repeat(200), "absent");
        assert!(shown.starts_with("word") && words.is_empty());
    }

    #[test]
    fn a_text_without_spaces_is_cut_at_a_character() {
        let (shown, _) = marked(&"検索".repeat(300), "absent");
        assert!(shown.len() <= LENGTH + 3);
    }
}
