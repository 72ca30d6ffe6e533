//! Names in code: where they begin and end inside of a chunk, and what neighbouring parts of one are together.

use std::ops::Range;

use super::{
    cutting::{cased_parts, is_cjk},
    stop_words::is_stop_word,
};

/// Parts of the longest name whose parts are joined; more of them are data.
const MOST_PARTS: usize = 12;

/// Marks a term inside a name, joined from some of its parts: `username` of `getUserName`. So a word that
/// somebody wrote and one that is only there inside of a name are two terms, and the first can count more.
pub(super) const INSIDE: char = '\u{2}';

/// The term of a word inside a name.
pub(super) fn inside_term(term: &str) -> String {
    format!("{INSIDE}{term}")
}

/// The names of a chunk: `$_GET` and `id` in `$_GET['id']`, `bar_baz` in `foo.bar_baz(x`.
pub(super) fn names(text: &str, chunk: &Range<usize>) -> Vec<Range<usize>> {
    let mut out: Vec<Range<usize>> = Vec::new();
    let mut start = None;
    let ends = text[chunk.clone()].char_indices().map(|(offset, c)| (chunk.start + offset, Some(c)));
    for (at, c) in ends.chain([(chunk.end, None)]) {
        let is_part = c.is_some_and(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '\u{2010}'));
        match (start, is_part) {
            (None, true) => start = Some(at),
            (Some(from), false) => {
                out.extend(name(text, chunk, from..at));
                start = None;
            }
            _ => {}
        }
    }
    out
}

/// A run of a name's characters with the sigils before it; nothing if it has no letter or is of a script that is cut
/// into pairs.
fn name(text: &str, chunk: &Range<usize>, run: Range<usize>) -> Option<Range<usize>> {
    let end = run.start + text[run.clone()].trim_end_matches(['-', '\u{2010}']).len();
    let before = &text[chunk.start..run.start];
    let sigils = before.len() - before.trim_end_matches(is_sigil).len();
    // The sign of an address or of a number is none.
    let stands_alone = !before[..before.len() - sigils].ends_with(char::is_alphanumeric);
    let start = if stands_alone { run.start - sigils } else { run.start };
    let name = start..end.max(start);
    let written = &text[name.clone()];
    let is_name = written.contains(char::is_alphabetic) && !written.contains(is_cjk);
    is_name.then_some(name)
}

fn is_sigil(c: char) -> bool {
    matches!(c, '$' | '@' | '#')
}

/// A name without the signs before it: `_GET` of `$_GET`, `dry-run` of `--dry-run`.
pub(super) fn without_sigils(text: &str, name: &Range<usize>) -> Range<usize> {
    let bare = text[name.clone()].trim_start_matches(|c| is_sigil(c) || c == '-');
    name.end - bare.len()..name.end
}

/// What parts of a name are together, and where: every two neighbours, and the whole if it is written with
/// underscores. `words` are the words of the name.
pub(super) fn joined(text: &str, name: &Range<usize>, words: &[Range<usize>]) -> Vec<(String, Range<usize>)> {
    let parts: Vec<Range<usize>> = words.iter().flat_map(|word| cased_parts(text, word.clone())).collect();
    let written = &text[name.clone()];
    let mut out = Vec::new();
    if parts.len() > MOST_PARTS {
        return out;
    }
    let is_snake = words.len() > 1 && written.contains('_');
    // What stands between hyphens may be plain language, as in "state-of-the-art".
    let is_plain = parts.len() == words.len() && !is_snake;
    let says_nothing = |part: &Range<usize>| is_plain && is_stop_word(&text[part.clone()]);
    let mut join = |parts: &[Range<usize>]| {
        if let [first, .., last] = parts
            && !parts.iter().any(says_nothing)
        {
            let joined = parts.iter().map(|part| &text[part.clone()]).collect();
            out.push((joined, first.start..last.end));
        }
    };
    if parts.len() > 2 {
        parts.windows(2).for_each(&mut join);
    }
    if is_snake {
        join(&parts);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lexical::cutting::words;

    #[test]
    fn a_chunk_is_made_of_names() {
        let all =
            |text: &'static str| -> Vec<&str> { names(text, &(0..text.len())).into_iter().map(|n| &text[n]).collect() };
        assert_eq!(all("$_GET['user_id"), ["$_GET", "user_id"]);
        assert_eq!(all("foo.bar_baz(--dry-run"), ["foo", "bar_baz", "--dry-run"]);
        assert_eq!(all("somebody@example.org"), ["somebody", "example", "org"]);
        assert_eq!(all("12:30-"), Vec::<&str>::new());
    }

    #[test]
    fn neighbouring_parts_are_joined() {
        let all = |text: &str| -> Vec<String> {
            let name = 0..text.len();
            joined(text, &name, &words(text, name.clone())).into_iter().map(|(joined, _)| joined).collect()
        };
        assert_eq!(all("getUserName"), ["getUser", "UserName"]);
        assert_eq!(all("get_user_name"), ["getuser", "username", "getusername"]);
        assert_eq!(all("XMLHttpRequest"), ["XMLHttp", "HttpRequest"]);
        assert_eq!(all("cloze-search-box"), ["clozesearch", "searchbox"]);
        assert_eq!(all("useEffect"), Vec::<String>::new(), "the word itself is both parts together");
        assert_eq!(all("state-of-the-art"), Vec::<String>::new());
        assert_eq!(all(&"ab_".repeat(40)), Vec::<String>::new());
    }
}
