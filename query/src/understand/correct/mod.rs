//! Did you mean: words that the index does not know, put right in their context.
//!
//! A noisy channel (Kernighan, Church and Gale, "A Spelling Correction Program Based on a Noisy Channel
//! Model", 1990): a candidate is as good as the typing error is likely, as the word is frequent here, and
//! as it fits between the other words. Two witnesses say that: passages of the index that have both, and the
//! masked-language model. The model is slow beside the index, so it is asked only where it can decide.
//!
//! The rooms: `suspects` finds words that may be mistyped and what may have been meant; `candidate` weighs
//! them; `context` asks the model.

mod candidate;
mod context;
mod edits;
mod suspects;

pub use candidate::{Candidate, Considered, Kind};

use std::ops::Range;

use cloze_index::{Body, Head, KeywordText};
use cloze_models::Tokenizer;

use crate::{Result, understand::masks::Masks};
use candidate::{COMPANY, SWING};

/// Words of a query that are put right, at most.
const MOST_WORDS: usize = 3;

/// A query, put right.
#[derive(Debug, Clone, PartialEq)]
pub struct Correction {
    /// The query with the words exchanged.
    pub text: String,
    /// What was exchanged.
    pub changes: Vec<Considered>,
}

impl Correction {
    /// The corrected words, each with the word as it was typed.
    pub(crate) fn also(&self) -> Vec<(String, String)> {
        self.changes.iter().filter_map(|c| Some((c.to()?.to_owned(), c.from.clone()))).collect()
    }
}

/// What is known of words.
pub(crate) struct Known<'a> {
    /// The words of the index.
    pub(crate) head: &'a Head,
    /// Which words its passages have together.
    pub(crate) body: &'a dyn Body,
    /// The words of the model.
    pub(crate) tokenizer: Option<&'a Tokenizer>,
    /// Which words go together.
    pub(crate) masks: &'a Masks,
}

/// Puts a query right; `None` if there is nothing to put right. `skip_last` spares a word that is still
/// being typed.
pub(crate) fn correct(query: &str, known: &Known<'_>, skip_last: bool) -> Result<Option<Correction>> {
    let mut changes = suspects::find(query, known, skip_last, |c| c.may_be_exchanged(COMPANY + SWING))?;
    changes.truncate(MOST_WORDS);
    keep_company(query, &mut changes, known)?;
    changes.iter_mut().for_each(Considered::keep_near);
    changes.retain(|c| c.may_be_exchanged(SWING));
    context::read(query, &mut changes, Considered::is_doubtful, known.masks)?;
    changes.retain(|c| c.to().is_some());
    if changes.is_empty() {
        return Ok(None);
    }
    let mut text = query.to_owned();
    for change in changes.iter().rev() {
        text.replace_range(change.bytes.clone(), change.to().unwrap_or(&change.from));
    }
    Ok(Some(Correction { text, changes }))
}

/// The words of a query that may be mistyped with all that may have been meant, everything read in context,
/// also where that cannot decide: what weights and margins are chosen by.
pub(crate) fn consider(query: &str, known: &Known<'_>, skip_last: bool) -> Result<Vec<Considered>> {
    let mut all = suspects::find(query, known, skip_last, |_| true)?;
    keep_company(query, &mut all, known)?;
    context::read(query, &mut all, |_| true, known.masks)?;
    Ok(all)
}

/// Looks up with how many of the query's other words each candidate shares a passage.
fn keep_company(query: &str, all: &mut [Considered], known: &Known<'_>) -> Result<()> {
    if all.is_empty() {
        return Ok(());
    }
    let places: Vec<Range<usize>> = all.iter().map(|c| c.bytes.clone()).collect();
    let mut rest = query.to_owned();
    places.iter().rev().for_each(|bytes| rest.replace_range(bytes.clone(), " "));
    let rest = known.head.keyword_query(&KeywordText { words: rest, ..KeywordText::default() })?;
    // All words at once: what the rest of the query says is the same for each of them.
    let words: Vec<&str> = all.iter().flat_map(Considered::words).map(|c| c.word.as_str()).collect();
    let mut company = known.body.company(&words, &rest)?.into_iter();
    for considered in all {
        considered.words_mut().zip(company.by_ref()).for_each(|(word, company)| word.company = f64::from(company));
        considered.sort();
    }
    Ok(())
}
