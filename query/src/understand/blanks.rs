//! Cloze queries: a query with blanks, filled with words of the index.

use cloze_index::{Extent, KeywordText, fold};
use cloze_models::mask::{Filled, MASK};

use crate::{
    Result,
    engine::resources::Resources,
    present::json::{FillPassage, QueryFill},
};

/// The most fills in an answer.
const FILLS: usize = 5;
/// The number of fills that the model proposes; some of them may occur in no passage.
const TRIED: usize = 12;
/// The most passages listed for a fill.
const PASSAGES: usize = 3;
/// The number of passages searched for them.
const LOOKED_THROUGH: usize = 50;
/// The fewest consecutive underscores that make a blank.
const SHORTEST: usize = 3;

/// The query with `[MASK]` for every blank; `None` if it has none.
pub(crate) fn with_masks(query: &str) -> Option<String> {
    let mut out = String::with_capacity(query.len());
    let mut rest = query;
    let mut found = query.contains(MASK);
    while let Some(at) = rest.find('_') {
        let (before, tail) = rest.split_at(at);
        let after = tail.trim_start_matches('_');
        out.push_str(before);
        // Underscores inside a word are part of it.
        let is_inside = before.ends_with(char::is_alphanumeric) || after.starts_with(char::is_alphanumeric);
        if tail.len() - after.len() >= SHORTEST && !is_inside {
            out.push_str(MASK);
            found = true;
        } else {
            out.push_str(&tail[..tail.len() - after.len()]);
        }
        rest = after;
    }
    out.push_str(rest);
    found.then_some(out)
}

/// The query without its blanks.
pub(crate) fn without(masked: &str) -> String {
    masked.split(MASK).flat_map(str::split_whitespace).collect::<Vec<_>>().join(" ")
}

/// The likeliest fillings of a query's blanks with words of the index, each with passages that contain them. The
/// probabilities assume that every blank is a word of the index.
///
/// # Errors
/// [`crate::Error::Model`] if there are too many blanks or the query is longer than the model takes.
pub(crate) fn fill(masked: &str, with: Resources<'_>) -> Result<Vec<QueryFill>> {
    let Some(model) = with.masks.get() else { return Ok(Vec::new()) };
    let known = |word: &str| {
        let is_word = word.chars().all(char::is_alphabetic);
        is_word && with.head.passages_with(word).is_ok_and(|n| n > 0)
    };
    let mut fills = Vec::new();
    for filled in model.fill_with_words(masked, TRIED, known)? {
        let passages = passages_of(&filled, with)?;
        if !passages.is_empty() && fills.len() < FILLS {
            let Filled { text, tokens, probability } = filled;
            fills.push(QueryFill { words: tokens, text, probability, passages });
        }
    }
    Ok(fills)
}

/// Passages that match the filled query best and contain every filled-in word.
fn passages_of(filled: &Filled, with: Resources<'_>) -> Result<Vec<FillPassage>> {
    let query =
        |words: &str| with.head.keyword_query(&KeywordText { words: words.to_owned(), ..KeywordText::default() });
    let hits = with.body.keyword(&query(&filled.text)?, LOOKED_THROUGH, Extent::Best, None)?.hits;
    let candidates = with.body.candidates();
    let mut passages: Vec<u32> = hits.iter().map(|h| h.passage).collect();
    for word in &filled.tokens {
        let scores = candidates.keyword_scores(&query(&fold(word))?, &passages)?;
        let mut scores = scores.into_iter();
        passages.retain(|_| scores.next().is_some_and(|s| s > 0.0));
    }
    passages.truncate(PASSAGES);
    let shown = with.body.show(&passages, &[], &[], false)?;
    let named = passages.into_iter().map(|id| {
        let passage = shown.passage(id)?;
        Ok(FillPassage { title: passage.title, url: passage.url })
    });
    named.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blanks_are_found() {
        assert_eq!(with_masks("how do I ___ a snapshot").as_deref(), Some("how do I [MASK] a snapshot"));
        assert_eq!(with_masks("_____ and [MASK]?").as_deref(), Some("[MASK] and [MASK]?"));
        for plain in ["__init__", "snake_case", "a __ b", "my___name", ""] {
            assert_eq!(with_masks(plain), None, "{plain}");
        }
        assert_eq!(without("how do I [MASK] a snapshot"), "how do I a snapshot");
    }
}
