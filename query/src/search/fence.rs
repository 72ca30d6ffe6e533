//! Whether the nearest passage is near enough to be an answer.
//!
//! Every build measures how near its passages come to questions that they do not answer, and keeps the
//! quartiles. A fence (Tukey, "Exploratory Data Analysis", 1977) lies beyond the upper quartile by a number of
//! distances between the quartiles; a query whose nearest passage stays below it gets no semantic hits.

use crate::{Mode, Request, Result, engine::resources::Resources, request::plan::Plan};

/// Pieces of the encoder's vocabulary that a word of a meaningful query has at most, on average.
const MOST_PIECES: f64 = 2.5;

/// A hybrid search can be strict, because words answer where meaning does not. It is the stricter the smaller
/// a part of the query the best passage by words has: an unrelated question shares a word or two. Without a
/// shared word the words say nothing either way.
const HYBRID: f32 = 0.8;
const MISSING_WORDS: f32 = 1.5;
const NO_WORDS: f32 = 1.2;
/// A search by meaning alone has nothing to fall back on.
const SEMANTIC: f32 = 0.3;
/// A query that seems to mean nothing gets no benefit of doubt.
const UNREADABLE: f32 = 2.0;

/// The similarity that the nearest passage needs. `together` is the share of the query's subject that the best
/// passage by words has.
pub(crate) fn threshold(request: &Request, plan: &Plan, together: Option<f32>, with: Resources<'_>) -> Result<f32> {
    let least = if is_readable(plan, with)? { 0.0 } else { UNREADABLE };
    let fence = match (request.mode, together) {
        (Mode::Semantic, _) => SEMANTIC,
        // No passage has all the words of a whole paragraph.
        _ if plan.condensed.is_some() => HYBRID,
        (_, Some(share)) if share > 0.0 => HYBRID + MISSING_WORDS * (1.0 - share),
        _ => NO_WORDS,
    };
    Ok(with.head.manifest().calibration.threshold(fence.max(least)))
}

/// Whether a query is made of words: the index knows one of them, or the encoder's vocabulary has most of them
/// in one or two pieces. Random letters take three pieces and more a word.
fn is_readable(plan: &Plan, with: Resources<'_>) -> Result<bool> {
    let Some(encoder) = with.encoder.filter(|_| !plan.words.knows_a_word()) else { return Ok(true) };
    let words = plan.text.split_whitespace().count();
    Ok((encoder.tokenizer().count(&plan.text)? as f64) < MOST_PIECES * words as f64)
}
