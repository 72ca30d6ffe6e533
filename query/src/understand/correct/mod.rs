//! Did you mean: corrects words that the index does not know, in their context.
//!
//! A noisy channel (Kernighan, Church and Gale, "A Spelling Correction Program Based on a Noisy Channel Model",
//! 1990): a candidate's score combines the probability of the typing error, the frequency of the word in the index,
//! and the fit with the other words. Two sources measure the fit: passages of the index that contain both, and the
//! masked-language model. The model is slow compared with the index, so it is asked only if it can decide.
//!
//! The modules: `suspects` finds words that may be mistyped and their candidates; `candidate` weighs them;
//! `context` asks the model.

mod candidate;
mod context;
mod edits;
mod suspects;

pub use candidate::{Candidate, Considered, Kind};

use std::{cell::Cell, ops::Range};

use cloze_index::{Body, Head, KeywordText};
use cloze_models::Tokenizer;

use crate::{Result, understand::masks::Masks};
use candidate::{COMPANY, SWING};

/// The most words of a query that are corrected.
const MOST_WORDS: usize = 3;

/// A corrected query.
#[derive(Debug, Clone, PartialEq)]
pub struct Correction {
    /// The query with the corrected words.
    pub text: String,
    /// The corrections.
    pub changes: Vec<Considered>,
}

impl Correction {
    /// The corrected words, each with the typed word.
    pub(crate) fn also(&self) -> Vec<(String, String)> {
        self.changes.iter().filter_map(|c| Some((c.to()?.to_owned(), c.from.clone()))).collect()
    }
}

/// The sources of evidence about words.
pub(crate) struct Known<'a> {
    /// The words of the index.
    pub(crate) head: &'a Head,
    /// Which words occur together in its passages.
    pub(crate) body: &'a dyn Body,
    /// Whether the body was asked.
    pub(crate) asked: Cell<bool>,
    /// The vocabulary of the model.
    pub(crate) tokenizer: Option<&'a Tokenizer>,
    /// The masked-language model, which scores words in context.
    pub(crate) masks: &'a Masks,
    /// Whether there is time for the model. Without it, only words that are mistyped in any context are corrected.
    pub(crate) may_ask_model: bool,
}

/// Corrects a query; `None` if it needs no correction. `skip_last` spares a word that the user is still typing.
pub(crate) fn correct(query: &str, known: &Known<'_>, skip_last: bool) -> Result<Option<Correction>> {
    let mut changes = suspects::find(query, known, skip_last, |c| c.may_be_exchanged(COMPANY + SWING))?;
    changes.truncate(MOST_WORDS);
    keep_company(query, &mut changes, known)?;
    changes.iter_mut().for_each(Considered::keep_near);
    changes.retain(|c| c.may_be_exchanged(SWING));
    if known.may_ask_model {
        context::read(query, &mut changes, Considered::is_doubtful, known.masks)?;
    } else {
        changes.retain(Considered::is_mistyped);
    }
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

/// The words of a query that may be mistyped, with all candidates. All of them are read in context, even if the
/// context cannot decide. Weights and margins are chosen with this function.
pub(crate) fn consider(query: &str, known: &Known<'_>, skip_last: bool) -> Result<Vec<Considered>> {
    let mut all = suspects::find(query, known, skip_last, |_| true)?;
    keep_company(query, &mut all, known)?;
    context::read(query, &mut all, |_| true, known.masks)?;
    Ok(all)
}

/// Looks up the share of the query's other words that occur in a passage with each candidate.
fn keep_company(query: &str, all: &mut [Considered], known: &Known<'_>) -> Result<()> {
    if all.is_empty() {
        return Ok(());
    }
    let places: Vec<Range<usize>> = all.iter().map(|c| c.bytes.clone()).collect();
    let mut rest = query.to_owned();
    places.iter().rev().for_each(|bytes| rest.replace_range(bytes.clone(), " "));
    let rest = known.head.keyword_query(&KeywordText { words: rest, ..KeywordText::default() })?;
    // All words at once, because the evidence from the rest of the query is the same for each of them.
    let words: Vec<&str> = all.iter().flat_map(Considered::words).map(|c| c.word.as_str()).collect();
    known.asked.set(true);
    let mut company = known.body.company(&words, &rest)?.into_iter();
    for considered in all {
        considered.words_mut().zip(company.by_ref()).for_each(|(word, company)| word.company = f64::from(company));
        considered.sort();
    }
    Ok(())
}
