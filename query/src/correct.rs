//! Did you mean: words that the index does not know, put right in their context.
//!
//! A noisy channel (Kernighan, Church and Gale, "A Spelling Correction Program Based on a Noisy Channel
//! Model", 1990): a candidate is as good as the typing error is likely, as the word is frequent here, and
//! as it fits between the other words, which the masked-language model says. Candidates are words of the
//! index within two edits; what is known is never touched.

use std::{collections::BTreeSet, ops::Range};

use cloze_index::{Generation, NearWord, fold, is_stop_word};
use cloze_models::{
    Tokenizer,
    mask::{MASK, MOST_PIECES, MaskModel},
};
use rayon::prelude::*;

use crate::{Result, edits, masks::Masks};

/// Words of a query that are looked at, at most.
const MOST_WORDS: usize = 3;
/// Candidates of a word that are read in context.
const MOST_CANDIDATES: usize = 8;
/// Letters of the shortest word that is put right, and of the shortest that may have been meant.
const SHORTEST: usize = 3;
const SHORTEST_MEANT: usize = 4;
/// Passages up to which a word that does occur is rare.
const RARE: u64 = 2;

/// What the frequency (its logarithm) and the context (in nats) count beside the slip (in nats).
const FREQUENCY: f64 = 0.65;
const CONTEXT: f64 = 0.55;

/// How much better than the word as it was typed the best candidate has to be: where the index does not
/// have the word at all, where it has another form of it, where everybody knows the word, where it occurs.
/// Chosen on sentences with and without slips, of texts that have nothing to do with any judged set.
const UNKNOWN: f64 = -9.0;
const OTHER_FORM: f64 = -3.5;
const COMMON: f64 = -3.0;
const OCCURS: f64 = -1.5;

/// A query, put right.
#[derive(Debug, Clone, PartialEq)]
pub struct Correction {
    /// The query with the words exchanged.
    pub text: String,
    /// What was exchanged.
    pub changes: Vec<Considered>,
}

/// One word of a query that was looked at.
#[derive(Debug, Clone, PartialEq)]
pub struct Considered {
    /// Bytes of the query where it stands.
    pub bytes: Range<usize>,
    /// The word as it was typed.
    pub from: String,
    /// What is known of it.
    pub kind: Kind,
    /// The word itself, as a candidate.
    pub itself: Candidate,
    /// Words of the index that may have been meant, the best first; there is at least one.
    pub candidates: Vec<Candidate>,
}

/// What is known of a word that may be mistyped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Nothing.
    Unknown,
    /// The index has another form of it, as its stemmers see it.
    OtherForm,
    /// The index does not have it, but the model knows it as a word.
    Common,
    /// The index has it, in few places.
    Occurs,
}

/// A word that may have been meant.
#[derive(Debug, Clone, PartialEq)]
pub struct Candidate {
    /// The word, folded.
    pub word: String,
    /// Edits between it and what was typed.
    pub edits: u8,
    /// How unlikely it is typed so, in nats.
    pub cost: f64,
    /// Passages that have it.
    pub passages: u64,
    /// How much likelier the context makes it, in nats; 0 without a model.
    pub context: f64,
}

impl Candidate {
    /// What decides; comparable within one word.
    #[must_use]
    pub fn score(&self) -> f64 {
        FREQUENCY * (self.passages as f64).ln_1p() + CONTEXT * self.context - self.cost
    }
}

impl Considered {
    /// The word of the index that was meant, if one is likely enough.
    #[must_use]
    pub fn to(&self) -> Option<&str> {
        let margin = match self.kind {
            Kind::Unknown => UNKNOWN,
            Kind::OtherForm => OTHER_FORM,
            Kind::Common => COMMON,
            Kind::Occurs => OCCURS,
        };
        let best = self.candidates.first()?;
        (best.score() > self.itself.score() + margin).then_some(best.word.as_str())
    }
}

/// What is known of words.
pub(crate) struct Known<'a> {
    /// The words of the index.
    pub(crate) generation: &'a Generation,
    /// The words of the model.
    pub(crate) tokenizer: Option<&'a Tokenizer>,
    /// Which words go together.
    pub(crate) masks: &'a Masks,
}

/// Puts a query right; `None` if there is nothing to put right. `skip_last` spares a word that is still
/// being typed.
pub(crate) fn correct(query: &str, known: &Known<'_>, skip_last: bool) -> Result<Option<Correction>> {
    let changes = consider(query, known, skip_last)?;
    let changes: Vec<Considered> = changes.into_iter().filter(|c| c.to().is_some()).collect();
    if changes.is_empty() {
        return Ok(None);
    }
    let mut text = query.to_owned();
    for change in changes.iter().rev() {
        text.replace_range(change.bytes.clone(), change.to().unwrap_or(&change.from));
    }
    Ok(Some(Correction { text, changes }))
}

/// The words of a query that may be mistyped, with what may have been meant.
pub(crate) fn consider(query: &str, known: &Known<'_>, skip_last: bool) -> Result<Vec<Considered>> {
    let mut all = suspects(query, known, skip_last)?;
    let places: Vec<Range<usize>> = all.iter().map(|c| c.bytes.clone()).collect();
    // Most queries have nothing to put right, and then the model is not even loaded.
    if let Some(model) = (!all.is_empty()).then(|| known.masks.get()).flatten() {
        let context = |at| Context { query, places: &places, at, model };
        let read = |(at, considered): (usize, &mut Considered)| {
            context(at).read(considered)?;
            sort(&mut considered.candidates);
            Ok(())
        };
        all.par_iter_mut().enumerate().map(read).collect::<Result<()>>()?;
    }
    Ok(all)
}

/// Words that the index does not know, or hardly knows, and that are near to one it does know.
fn suspects(query: &str, known: &Known<'_>, skip_last: bool) -> Result<Vec<Considered>> {
    let generation = known.generation;
    let mut found = Vec::new();
    let words = plain_words(query);
    let last = words.len().saturating_sub(usize::from(skip_last));
    for bytes in words.into_iter().take(last) {
        let word = &query[bytes.clone()];
        if found.len() == MOST_WORDS || word.chars().count() < SHORTEST || is_stop_word(word) {
            continue;
        }
        let folded = fold(word);
        let passages = generation.passages_with(word)?;
        // A whole token of the model is an English word, or a name that everybody knows.
        let is_common = known.tokenizer.is_some_and(|t| t.token_id(&folded).is_some());
        let kind = match passages {
            0 if is_common => Kind::Common,
            0 if generation.passages_with_stem(word)? > 0 => Kind::OtherForm,
            0 => Kind::Unknown,
            1..=RARE if !is_common => Kind::Occurs,
            _ => continue,
        };
        let near = generation.words_within(&folded, allowed_edits(&folded, kind))?;
        let mut candidates: Vec<Candidate> = near.into_iter().filter_map(|n| candidate(&folded, n)).collect();
        if kind != Kind::Unknown {
            candidates.retain(|c| !is_other_form(&folded, &c.word));
        }
        sort(&mut candidates);
        candidates.truncate(MOST_CANDIDATES);
        if !candidates.is_empty() {
            let itself = Candidate { word: folded, edits: 0, cost: 0.0, passages, context: 0.0 };
            found.push(Considered { bytes, from: word.to_owned(), kind, itself, candidates });
        }
    }
    Ok(found)
}

/// Words that are nothing but letters, outside of quotes: no identifiers, numbers, flags or fields.
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

/// The word in a chunk without white space: punctuation that ends a clause and a possessive are not of it.
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

/// Edits within which a word is looked for: short words have too many neighbours, and a word that exists is
/// seldom two slips away from the one that was meant.
fn allowed_edits(word: &str, kind: Kind) -> u8 {
    if word.chars().count() > SHORTEST_MEANT && kind == Kind::Unknown { 2 } else { 1 }
}

/// Whether two words are forms of one, such as `rename` and `renamed`: a word that exists is not a slip for
/// another form of it, unless a letter was typed twice.
fn is_other_form(typed: &str, word: &str) -> bool {
    let stem = |w: &str| cloze_index::analyse(w, Some("en")).first().map(|a| a.term.clone());
    let doubled = |w: &str| w.as_bytes().windows(2).filter(|pair| pair[0] == pair[1]).count();
    stem(typed) == stem(word) && doubled(typed) <= doubled(word)
}

fn sort(candidates: &mut [Candidate]) {
    candidates.sort_by(|a, b| b.score().total_cmp(&a.score()).then_with(|| a.word.cmp(&b.word)));
}

/// A word of the index as a candidate; none that is no plain word.
fn candidate(typed: &str, near: NearWord) -> Option<Candidate> {
    if near.word.chars().count() < SHORTEST_MEANT || !near.word.chars().all(char::is_alphabetic) {
        return None;
    }
    let cost = edits::cost(typed, &near.word);
    Some(Candidate { word: near.word, edits: near.edits, cost, passages: near.documents, context: 0.0 })
}

/// The surroundings of one word; the other words that may be mistyped are blank meanwhile.
struct Context<'a> {
    query: &'a str,
    places: &'a [Range<usize>],
    at: usize,
    model: &'a MaskModel,
}

impl Context<'_> {
    /// Adds to each word how much likelier it is here than anywhere.
    fn read(&self, considered: &mut Considered) -> Result<()> {
        let words = considered.candidates.iter_mut().chain([&mut considered.itself]);
        let pieces = |word: &Candidate| self.model.tokenizer().plain_ids(&word.word);
        let words = words.map(|word| Ok((pieces(word)?, word))).collect::<Result<Vec<_>>>()?;
        let lengths: BTreeSet<usize> = words.iter().map(|(pieces, _)| pieces.len()).collect();
        let lengths: Vec<usize> = lengths.into_iter().filter(|n| (1..=MOST_PIECES).contains(n)).collect();
        let here = lengths.par_iter().map(|&n| Ok((n, self.predictions(n)?))).collect::<Result<Vec<_>>>()?;
        for (pieces, word) in words {
            let Some((_, here)) = here.iter().find(|(n, _)| *n == pieces.len()) else { continue };
            let anywhere = self.model.without_context(pieces.len())?;
            let gain = |((&id, here), anywhere): ((&u32, &Vec<f32>), &Vec<f32>)| {
                f64::from(here[id as usize] - anywhere[id as usize])
            };
            word.context = pieces.iter().zip(here.iter()).zip(anywhere).map(gain).sum();
        }
        Ok(())
    }

    /// Log-probabilities of the tokens of a word of `pieces` pieces in this place; nothing where the query
    /// is longer than the model takes.
    fn predictions(&self, pieces: usize) -> Result<Vec<Vec<f32>>> {
        let mut text = self.query.to_owned();
        for (i, bytes) in self.places.iter().enumerate().rev() {
            let blanks = vec![MASK; if i == self.at { pieces } else { 1 }].join(" ");
            text.replace_range(bytes.clone(), &blanks);
        }
        let ids = self.model.tokenizer().whole(&text)?.ids;
        let blanks = (0u32..).zip(&ids).filter(|(_, id)| **id == self.model.mask()).map(|(place, _)| place);
        let places: Vec<u32> = blanks.skip(self.at).take(pieces).collect();
        if ids.len() > self.model.tokenizer().max_tokens() || places.len() < pieces {
            return Ok(Vec::new());
        }
        Ok(self.model.log_probabilities(&ids, &places)?)
    }
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
