//! Whether the nearest passage is near enough to be an answer.
//!
//! Every build measures two kinds of similarity: of unrelated questions to their nearest passage, and of queries
//! made from the index's own passages to their nearest passage. A query whose nearest passage stays below the fence
//! gets no semantic hits. The fence is the upper quartile of the unrelated questions plus a multiple of the
//! interquartile range (Tukey, "Exploratory Data Analysis", 1977), but it is never so high that more than a small
//! share of the answerable queries stays below it. So the fence opens automatically for an index in which every
//! query is near some passage, with any model.
//!
//! A query in a script that no page uses is another matter: it is less near to its answer than a question in the pages'
//! own language is to any page, so no similarity tells answers from others. If the model finds translations from that
//! script, the fence is open; if not, the vector is noise, and words alone decide.

use cloze_index::Calibration;

use crate::{Mode, Request, Result, engine::resources::Resources, present::json::EncodedBy, request::plan::Plan};

/// The most pieces of the encoder's vocabulary that a word of a meaningful query has, on average.
const MOST_PIECES: f64 = 2.5;

/// A hybrid search can be strict, because words answer when meaning does not. It is stricter if the best passage by
/// words has a smaller part of the query: an unrelated question shares a word or two. Without a shared word, the
/// words are no evidence either way.
const HYBRID: f32 = 0.8;
const MISSING_WORDS: f32 = 1.5;
const NO_WORDS: f32 = 1.2;
/// A search by meaning alone has no fallback.
const SEMANTIC: f32 = 0.3;
/// The lookup table separates answers from other passages slightly less well: unrelated questions come nearer, and
/// answers are less near. With a fence lower by this much, it refuses about as many of both as the model does.
const LOOKUP: f32 = 0.3;
/// A query without recognisable words gets no benefit of the doubt.
const UNREADABLE: f32 = 2.0;

/// Shares of the answerable queries that the fence may reject: of queries that share words with the best passage,
/// and a higher share of those that share none, because most queries of that kind are unrelated.
const LOST: f32 = 0.01;
const LOST_WITHOUT_WORDS: f32 = 0.10;

/// The similarity that the nearest passage needs. `together` is the share of the query's subject that the best
/// passage by words has. Vectors of the lookup table have their own quartiles; an index built without them uses the
/// quartiles of the model.
pub(crate) fn threshold(
    request: &Request,
    plan: &Plan,
    together: Option<f32>,
    by: EncodedBy,
    with: Resources<'_>,
) -> Result<f32> {
    let (calibration, nearer) = calibration(by, with);
    if let Some(translated) = calibration.foreign(&plan.text) {
        return Ok(if translated.is_known() { f32::NEG_INFINITY } else { f32::INFINITY });
    }
    let least = if is_readable(plan, with)? { 0.0 } else { UNREADABLE };
    let fence = match (request.mode, together) {
        (Mode::Semantic, _) => SEMANTIC,
        // No passage has all the words of a whole paragraph.
        _ if plan.condensed.is_some() => HYBRID,
        (_, Some(share)) if share > 0.0 => HYBRID + MISSING_WORDS * (1.0 - share),
        _ => NO_WORDS,
    };
    let beyond = calibration.beyond_unrelated(fence.max(least) - nearer);
    if least > 0.0 {
        return Ok(beyond);
    }
    let missing = match request.mode {
        Mode::Semantic => 0.0,
        Mode::Hybrid | Mode::Keyword => 1.0 - together.unwrap_or_default(),
    };
    let lost = LOST + (LOST_WITHOUT_WORDS - LOST) * missing * missing;
    Ok(calibration.reached_by_all_but(lost).map_or(beyond, |most| beyond.min(most)))
}

/// The similarities of the vectors' source, and how much lower the fence is for it.
fn calibration(by: EncodedBy, with: Resources<'_>) -> (&Calibration, f32) {
    let manifest = with.head.manifest();
    match (by, &manifest.lookup_calibration) {
        (EncodedBy::Table, Some(calibration)) => (calibration, LOOKUP),
        _ => (&manifest.calibration, 0.0),
    }
}

/// Whether a query is made of words: the index knows one of them, or the encoder's vocabulary has most of them in
/// one or two pieces. Random letters take three or more pieces per word.
fn is_readable(plan: &Plan, with: Resources<'_>) -> Result<bool> {
    let Some(encoder) = with.encoder.filter(|_| !plan.words.knows_a_word()) else { return Ok(true) };
    let words = plan.text.split_whitespace().count();
    Ok((encoder.tokenizer().count(&plan.text)? as f64) < MOST_PIECES * words as f64)
}
