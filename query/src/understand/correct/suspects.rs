//! Words that are absent or rare in the index and similar to a word that it has.

use std::ops::Range;

use cloze_index::{NearWord, fold, is_stop_word};

use super::edits;
use super::{Candidate, Considered, Kind, Known};
use crate::Result;

/// The most words of a query whose neighbours are looked up.
const MOST_LOOKED_UP: usize = 8;
/// The most candidates of a word.
const MOST_CANDIDATES: usize = 8;
/// Letters of the shortest word that is corrected, and of the shortest candidate.
const SHORTEST: usize = 3;
const SHORTEST_MEANT: usize = 4;
/// The cost, in nats, of a candidate that is another form of a word that the index lacks: one form is rarely typed
/// for another by mistake.
const FORM: f64 = 3.0;
/// The most passages in which a rare word occurs, and the factor by which its neighbour has to be more frequent.
const RARE: u64 = 30;
const FREQUENT_BESIDE: u64 = 8;

/// The words of a query that may be mistyped, in order, with their candidates. `worth` decides which words to
/// examine.
pub(super) fn find(
    query: &str,
    known: &Known<'_>,
    skip_last: bool,
    worth: impl Fn(&Considered) -> bool,
) -> Result<Vec<Considered>> {
    let (mut found, mut looked_up) = (Vec::new(), 0);
    let words = plain_words(query);
    let last = words.len().saturating_sub(usize::from(skip_last));
    for (n, bytes) in words.into_iter().take(last).enumerate() {
        let word = &query[bytes.clone()];
        if looked_up == MOST_LOOKED_UP {
            break;
        }
        if word.chars().count() < SHORTEST || is_stop_word(word) {
            continue;
        }
        let passages = known.head.passages_with(word)?;
        // Of words that exist somebody made one that does not.
        if passages == 0 && known.head.is_compound(word)? {
            continue;
        }
        if let Some(kind) = kind(word, passages, n > 0, known)? {
            looked_up += 1;
            let considered = look_up(word, bytes, kind, passages, known)?;
            found.extend(considered.filter(&worth));
        }
    }
    Ok(found)
}

/// The evidence about a word, if it may be mistyped.
fn kind(word: &str, passages: u64, is_within: bool, known: &Known<'_>) -> Result<Option<Kind>> {
    // A whole token of the model is an English word, or a well-known name.
    let is_common = || known.tokenizer.is_some_and(|t| t.token_id(&fold(word)).is_some());
    let is_name = is_within && word.starts_with(char::is_uppercase);
    Ok(match passages {
        0 if is_common() => Some(Kind::Common),
        0 if known.head.passages_with_stem(word)? > 0 => Some(Kind::OtherForm),
        0 if is_name => Some(Kind::Name),
        0 => Some(Kind::Unknown),
        // A name that the index has counts as correct, even if it looks odd.
        1..=RARE if !is_name => Some(Kind::Occurs),
        _ => None,
    })
}

fn look_up(
    word: &str,
    bytes: Range<usize>,
    kind: Kind,
    passages: u64,
    known: &Known<'_>,
) -> Result<Option<Considered>> {
    let folded = fold(word);
    let near = known.head.words_within(&folded, allowed_edits(&folded, kind))?;
    let mut candidates: Vec<Candidate> = near.into_iter().filter_map(|n| candidate(&folded, n)).collect();
    if !matches!(kind, Kind::Unknown | Kind::Name) {
        candidates.retain(|c| c.passages >= FREQUENT_BESIDE * passages);
        let is_form = |c: &Candidate| is_other_form(&folded, &c.word);
        match kind {
            Kind::OtherForm => candidates.iter_mut().filter(|c| is_form(c)).for_each(|c| c.cost += FORM),
            _ => candidates.retain(|c| !is_form(c)),
        }
    }
    let itself = Candidate { word: folded, edits: 0, cost: 0.0, passages, context: 0.0, company: 0.0 };
    let mut considered = Considered { bytes, from: word.to_owned(), kind, itself, candidates };
    considered.sort();
    considered.candidates.truncate(MOST_CANDIDATES);
    Ok(Some(considered).filter(|c| !c.candidates.is_empty()))
}

/// Words of letters only, outside quotes: no identifiers, numbers, flags or fields.
fn plain_words(query: &str) -> Vec<Range<usize>> {
    let mut words = Vec::new();
    let mut is_quoted = false;
    let mut start = 0;
    for chunk in query.split_inclusive(char::is_whitespace) {
        let begin = start;
        start += chunk.len();
        let quotes = chunk.matches(['"', '“', '”', '„', '«', '»']).count();
        let inside = is_quoted || quotes > 0;
        is_quoted ^= quotes % 2 == 1;
        if !inside && let Some(bytes) = plain_word(chunk.trim_end()) {
            words.push(begin + bytes.start..begin + bytes.end);
        }
    }
    words
}

/// The word in a chunk without white space: it excludes final punctuation and a possessive ending.
fn plain_word(chunk: &str) -> Option<Range<usize>> {
    let body = chunk.trim_end_matches(['.', ',', ';', ':', '?', '!', ')']);
    let body = body.strip_suffix("'s").or_else(|| body.strip_suffix("’s")).unwrap_or(body);
    let begin = body.len() - body.trim_start_matches('(').len();
    let word = &body[begin..];
    let is_cjk = |c: char| ('\u{2e80}'..='\u{9fff}').contains(&c) || ('\u{ac00}'..='\u{d7af}').contains(&c);
    let is_plain = !word.is_empty()
        && word.chars().all(|c| c.is_alphabetic() && !is_cjk(c))
        && !word.chars().skip(1).any(char::is_uppercase);
    is_plain.then_some(begin..body.len())
}

/// The largest edit distance of a candidate: short words have too many neighbours, and an existing word is rarely
/// two slips away from the intended one.
fn allowed_edits(word: &str, kind: Kind) -> u8 {
    if word.chars().count() > SHORTEST_MEANT && matches!(kind, Kind::Unknown | Kind::Name) { 2 } else { 1 }
}

/// Whether two words are forms of one word, such as `rename` and `renamed`: an existing word is not a slip for
/// another form of it, unless a letter is doubled.
fn is_other_form(typed: &str, word: &str) -> bool {
    let stem = |w: &str| cloze_index::analyse(w, Some("en")).first().map(|a| a.term.clone());
    let doubled = |w: &str| w.as_bytes().windows(2).filter(|pair| pair[0] == pair[1]).count();
    stem(typed) == stem(word) && doubled(typed) <= doubled(word)
}

/// A word of the index as a candidate; `None` if it is not a plain word.
fn candidate(typed: &str, near: NearWord) -> Option<Candidate> {
    if near.word.chars().count() < SHORTEST_MEANT || !near.word.chars().all(char::is_alphabetic) {
        return None;
    }
    let cost = edits::cost(typed, &near.word);
    Some(Candidate { word: near.word, edits: near.edits, cost, passages: near.documents, context: 0.0, company: 0.0 })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(query: &str) -> Vec<&str> {
        plain_words(query).into_iter().map(|bytes| &query[bytes]).collect()
    }

    #[test]
    fn only_plain_words_are_looked_at() {
        assert_eq!(words("how do I restroe (the snapshto)?"), ["how", "do", "I", "restroe", "the", "snapshto"]);
        assert_eq!(words("the server's confg, please"), ["the", "server", "confg", "please"]);
        for untouched in [
            "useEffect",
            "--dry-run",
            "std::io",
            "v1.2",
            "HTTP",
            "$PROFILE",
            "get_item",
            "lang:en",
            "\"quoted wrods\"",
            "数据库",
        ] {
            assert!(words(untouched).is_empty(), "{untouched}: {:?}", words(untouched));
        }
        assert_eq!(words("an \"exact prhase\" anywhree"), ["an", "anywhree"]);
    }
}
