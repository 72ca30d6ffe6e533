//! Filling the blanks of a text.
//!
//! The model's probabilities fill a single blank. Several blanks are filled jointly: the most certain blank first,
//! then the others given its word, and the likeliest texts first (best-first search over the chain rule of
//! probability). If each blank were filled independently, the words would often not fit together.

use std::{cmp::Ordering, collections::BinaryHeap};

use super::model::{MASK, MaskModel};
use crate::{Error, Result};

/// The most blanks in a text.
pub const MAX_BLANKS: usize = 16;
/// The most runs of the model in a search over several blanks, per blank.
const RUNS_A_BLANK: usize = 6;
/// The number of words tried for the next blank.
const TRIED: usize = 8;
/// The number of tokens of a blank that are searched for words.
const LOOKED_THROUGH: usize = 400;

/// The request.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Fill {
    /// The text, with `[MASK]` for every blank.
    pub text: String,
    /// The number of predictions for each blank, and of filled texts.
    pub top_k: usize,
    /// Words to score in every blank.
    pub targets: Vec<String>,
}

/// A possible token for a blank.
#[derive(Debug, Clone, PartialEq)]
pub struct Prediction {
    /// The spelling of the token; the prefix `##` marks one that continues a word.
    pub token: String,
    /// Its id.
    pub id: u32,
    /// Its probability, 0 to 1; the probabilities of all tokens sum to one.
    pub probability: f64,
}

/// The probability of a given word in a blank.
#[derive(Debug, Clone, PartialEq)]
pub struct TargetScore {
    /// The word as given.
    pub target: String,
    /// Its pieces.
    pub tokens: Vec<String>,
    /// Its probability. For several pieces it is the product of their probabilities, each given the pieces before
    /// it, in a text with as many blanks as the word has pieces.
    pub probability: f64,
}

/// The predictions for one blank, while the other blanks stay blank.
#[derive(Debug, Clone, PartialEq)]
pub struct Blank {
    /// The likeliest tokens.
    pub predictions: Vec<Prediction>,
    /// The requested words, in their order.
    pub targets: Vec<TargetScore>,
}

/// A text with all blanks filled.
#[derive(Debug, Clone, PartialEq)]
pub struct Filled {
    /// The text.
    pub text: String,
    /// The words in the blanks, in order.
    pub tokens: Vec<String>,
    /// Joint probability of these words, given the surrounding text.
    pub probability: f64,
}

/// Chooses the likeliest tokens of a blank, and returns their log-probabilities.
type Choose<'a> = dyn Fn(&[f32], usize) -> Vec<(u32, f32)> + 'a;

/// A text with some blanks filled.
#[derive(Debug, Clone, PartialEq)]
struct Partial {
    log_probability: f32,
    ids: Vec<u32>,
    open: usize,
}

impl Eq for Partial {}

impl Ord for Partial {
    fn cmp(&self, other: &Self) -> Ordering {
        // The likeliest first; on a tie, the one with fewer open blanks.
        self.log_probability.total_cmp(&other.log_probability).then(other.open.cmp(&self.open))
    }
}

impl PartialOrd for Partial {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl MaskModel {
    /// Predictions for every blank of a text, and the likeliest filled texts.
    ///
    /// # Errors
    /// [`Error::BadText`] if the text has no blank, too many blanks, or more tokens than the model accepts;
    /// [`Error::BadTarget`] for a target that is not a word.
    pub fn fill(&self, request: &Fill) -> Result<(Vec<Blank>, Vec<Filled>)> {
        let (ids, blanks) = self.read(&request.text)?;
        let log_probabilities = self.log_probabilities(&ids, &blanks)?;
        let mut found = Vec::with_capacity(blanks.len());
        for (&at, row) in blanks.iter().zip(&log_probabilities) {
            let targets = request.targets.iter().map(|t| self.target(&ids, at, row, t)).collect::<Result<Vec<_>>>()?;
            let best = best(row, request.top_k, |_| true).into_iter();
            found.push(Blank { predictions: best.map(|(id, p)| self.prediction(id, p)).collect(), targets });
        }
        let filled = match blanks[..] {
            [at] => self.fill_one(&request.text, &ids, at, &log_probabilities[0], request.top_k)?,
            _ => self.fill_jointly(&request.text, ids, &blanks, request.top_k, &|row, k| best(row, k, |_| true))?,
        };
        Ok((found, filled))
    }

    /// The likeliest filled texts in which every blank is a word that `may` allows. The probabilities are
    /// conditional on this: those of the allowed words of a blank sum to one.
    ///
    /// # Errors
    /// As [`Self::fill`].
    pub fn fill_with_words(&self, text: &str, top_k: usize, may: impl Fn(&str) -> bool) -> Result<Vec<Filled>> {
        let (ids, blanks) = self.read(text)?;
        let is_word = |id: u32| self.begins_word(id) && self.tokenizer().token(id).is_some_and(|t| may(&t));
        let choose = |row: &[f32], k: usize| {
            let mut words = best(row, LOOKED_THROUGH, |id| self.begins_word(id));
            words.retain(|(id, _)| is_word(*id));
            let sum: f64 = words.iter().map(|(_, p)| f64::from(*p).exp()).sum();
            let normaliser = sum.max(f64::MIN_POSITIVE).ln() as f32;
            words.truncate(k);
            words.iter().map(|(id, p)| (*id, p - normaliser)).collect()
        };
        self.fill_jointly(text, ids, &blanks, top_k, &choose)
    }

    /// Token ids of a text and the places of its blanks.
    fn read(&self, text: &str) -> Result<(Vec<u32>, Vec<u32>)> {
        let bad = |found: String, expected: String| Err(Error::BadText { found, expected });
        let ids = self.tokenizer().whole(text)?.ids;
        let places = ids.iter().zip(0u32..).filter(|(id, _)| **id == self.mask()).map(|(_, at)| at);
        let blanks: Vec<u32> = places.collect();
        if blanks.is_empty() || blanks.len() > MAX_BLANKS {
            return bad(format!("the text has {} {MASK} tokens", blanks.len()), format!("1 to {MAX_BLANKS}"));
        }
        let most = self.tokenizer().max_tokens();
        if ids.len() > most {
            return bad(format!("the text has {} tokens", ids.len()), format!("at most {most}, the model's limit"));
        }
        Ok((ids, blanks))
    }

    fn prediction(&self, id: u32, log_probability: f32) -> Prediction {
        let token = self.tokenizer().token(id).unwrap_or_default();
        Prediction { token, id, probability: f64::from(log_probability).exp() }
    }

    fn target(&self, ids: &[u32], at: u32, row: &[f32], target: &str) -> Result<TargetScore> {
        let bad = |found| Error::BadTarget { target: target.to_owned(), found };
        if target.split_whitespace().count() != 1 {
            return Err(bad(if target.trim().is_empty() { "is empty" } else { "has several words" }));
        }
        let pieces = self.tokenizer().plain_ids(target)?;
        let special = |id: &u32| Some(*id) == self.unknown() || *id == self.mask();
        if pieces.is_empty() || pieces.iter().any(special) {
            return Err(bad("has characters that the model cannot spell"));
        }
        let log_probability = match pieces[..] {
            [one] => row[one as usize],
            _ => self.chain(ids, at, &pieces)?,
        };
        let tokens = pieces.iter().map(|&id| self.tokenizer().token(id).unwrap_or_default()).collect();
        Ok(TargetScore { target: target.to_owned(), tokens, probability: f64::from(log_probability).exp() })
    }

    /// Log-probability of several consecutive pieces in place of the blank at `at`, each given the pieces before
    /// it.
    fn chain(&self, ids: &[u32], at: u32, pieces: &[u32]) -> Result<f32> {
        let at = at as usize;
        let mut widened = ids[..at].to_vec();
        widened.extend(std::iter::repeat_n(self.mask(), pieces.len()));
        widened.extend(&ids[at + 1..]);
        let most = self.tokenizer().max_tokens();
        if widened.len() > most {
            let found = format!("the text has {} tokens with the {} pieces of the target", widened.len(), pieces.len());
            return Err(Error::BadText { found, expected: format!("at most {most}, the model's limit") });
        }
        let mut sum = 0.0;
        for (i, &piece) in pieces.iter().enumerate() {
            let rows = self.log_probabilities(&widened, &[(at + i) as u32])?;
            sum += rows[0][piece as usize];
            widened[at + i] = piece;
        }
        Ok(sum)
    }

    fn fill_one(&self, text: &str, ids: &[u32], at: u32, row: &[f32], top_k: usize) -> Result<Vec<Filled>> {
        let chosen = best(row, top_k, |_| true).into_iter().map(|(id, log_probability)| {
            let mut ids = ids.to_vec();
            ids[at as usize] = id;
            Partial { log_probability, ids, open: 0 }
        });
        chosen.map(|partial| self.filled(text, &[at], &partial)).collect()
    }

    /// Best-first search: takes the likeliest text so far, and fills its most certain blank in several ways.
    fn fill_jointly(
        &self,
        text: &str,
        ids: Vec<u32>,
        blanks: &[u32],
        top_k: usize,
        choose: &Choose<'_>,
    ) -> Result<Vec<Filled>> {
        let mut queue = BinaryHeap::from([Partial { log_probability: 0.0, ids, open: blanks.len() }]);
        let (mut done, mut runs) = (Vec::new(), RUNS_A_BLANK * blanks.len() + top_k);
        while let Some(partial) = queue.pop() {
            if partial.open == 0 {
                done.push(self.filled(text, blanks, &partial)?);
                if done.len() == top_k {
                    break;
                }
                continue;
            }
            if runs == 0 && !done.is_empty() {
                continue; // Only complete texts still count.
            }
            // When no runs are left, the first text is completed in the likeliest way.
            let tried = if runs == 0 { 1 } else { TRIED.max(top_k) };
            runs = runs.saturating_sub(1);
            for (at, id, log_probability) in self.extensions(&partial.ids, blanks, tried, choose)? {
                let mut ids = partial.ids.clone();
                ids[at as usize] = id;
                let log_probability = partial.log_probability + log_probability;
                queue.push(Partial { log_probability, ids, open: partial.open - 1 });
            }
        }
        Ok(done)
    }

    /// The most certain open blank, and the likeliest tokens for it.
    fn extensions(
        &self,
        ids: &[u32],
        blanks: &[u32],
        tried: usize,
        choose: &Choose<'_>,
    ) -> Result<Vec<(u32, u32, f32)>> {
        let open: Vec<u32> = blanks.iter().copied().filter(|&at| ids[at as usize] == self.mask()).collect();
        let rows = self.log_probabilities(ids, &open)?;
        let without_mask = |row: &Vec<f32>| {
            let mut chosen = choose(row, tried + 1);
            // A blank filled with a blank would stay open for ever.
            chosen.retain(|(id, _)| *id != self.mask());
            chosen
        };
        let surest = open.iter().zip(&rows).map(|(&at, row)| (at, without_mask(row)));
        let first = |list: &[(u32, f32)]| list.first().map_or(f32::NEG_INFINITY, |b| b.1);
        let chosen = surest.max_by(|a, b| first(&a.1).total_cmp(&first(&b.1)).then(b.0.cmp(&a.0)));
        let (at, list) = chosen.unwrap_or_default();
        Ok(list.into_iter().map(|(id, p)| (at, id, p)).collect())
    }

    /// The text with its blanks replaced. A piece that continues a word is joined to it.
    fn filled(&self, text: &str, blanks: &[u32], partial: &Partial) -> Result<Filled> {
        let spell = |&at: &u32| self.tokenizer().token(partial.ids[at as usize]).unwrap_or_default();
        let tokens: Vec<String> = blanks.iter().map(spell).collect();
        let mut parts = text.split(MASK);
        let mut out = parts.next().unwrap_or_default().to_owned();
        for (token, part) in tokens.iter().zip(parts) {
            match token.strip_prefix("##") {
                Some(rest) => {
                    out.truncate(out.trim_end().len());
                    out.push_str(rest);
                }
                None => out.push_str(token),
            }
            out.push_str(part);
        }
        Ok(Filled { text: out, tokens, probability: f64::from(partial.log_probability).exp() })
    }
}

/// The `k` largest values that `may` allows, the largest first; ties by the lower id.
pub(crate) fn best(row: &[f32], k: usize, may: impl Fn(u32) -> bool) -> Vec<(u32, f32)> {
    let mut all: Vec<(u32, f32)> = (0u32..).zip(row.iter().copied()).filter(|(id, _)| may(*id)).collect();
    let order = |a: &(u32, f32), b: &(u32, f32)| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0));
    let k = k.min(all.len());
    if k < all.len() && k > 0 {
        all.select_nth_unstable_by(k - 1, order);
    }
    all.truncate(k);
    all.sort_unstable_by(order);
    all
}
