//! One search, from the request to its answer.

use std::time::Instant;

use super::{
    resources::Resources,
    timing::{Timings, milliseconds},
};
use crate::{
    Answer, Highlight, Request, Result,
    present::{
        hits,
        json::{CondensedQuery, Total},
    },
    search::{legs, pages, rank, total},
    understand::Understood,
};

/// Answers a request with the resources of an engine, and reports the time of each step.
pub(super) fn answer(request: &Request, with: Resources<'_>) -> Result<(Answer, Timings)> {
    let started = Instant::now();
    let (Understood { plan, corrected, fills, .. }, legs) = legs::propose(request, with)?;
    let mut timings = legs.timings;

    let fusing = Instant::now();
    let pages = rank::rank(request, &plan, &legs, with)?;
    timings.fuse = fusing.elapsed();

    let presenting = Instant::now();
    let first = request.offset().min(pages.len());
    let shown = &pages[first..(first + request.limit()).min(pages.len())];
    // Codes choose the sentence of a hit that has no word of the query.
    let has_sentences = request.highlight != Highlight::None;
    let (found, relation) = total::found(request, &pages, &legs, with.head);
    let passages = with.body.show(&pages::passages(shown), &found, &request.facets, has_sentences)?;
    let hits = hits::hits(shown, request, &plan, &*passages, legs.query.as_ref(), with)?;
    timings.present = presenting.elapsed();

    let condensed = plan.condensed.map(|c| CondensedQuery { words: c.kept, left_out: c.left_out, text: c.text });
    let answer = Answer {
        condensed_query: condensed,
        query: request.query().to_owned(),
        corrected_query: corrected,
        mode: request.mode,
        degraded: legs.degraded,
        encoder: legs.query.as_ref().map(|query| query.by),
        generation: with.head.manifest().generation.clone(),
        facets: passages.facets().clone(),
        took_ms: milliseconds(started),
        total: Total { value: found.len() as u64, relation },
        no_match: pages.is_empty(),
        fills,
        hits,
    };
    Ok((answer, timings))
}
