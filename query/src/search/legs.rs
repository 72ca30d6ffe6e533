//! Both legs propose passages for a request, side by side.

use cloze_index::{PassageId, Scored, body::Proposal};

use super::{asking::Asking, exact::Exact};
use crate::{
    Mode, Request, Result, Timings,
    engine::{
        resources::Resources,
        vectors::{QueryVector, no_table},
    },
    request::EncoderChoice,
    understand::Understood,
};

/// The proposals of both legs for a request.
pub(crate) struct Legs<'b> {
    pub(crate) proposal: Proposal<'b>,
    pub(crate) exact: Exact,
    /// The encoded query, if there is a semantic leg.
    pub(crate) query: Option<QueryVector>,
    pub(crate) degraded: Option<String>,
    pub(crate) timings: Timings,
}

/// Understands a request and asks the body for candidates, at the same time.
///
/// # Errors
/// If the request cannot be understood or wants a lookup table that the model does not have, or if the keyword leg
/// fails. If only the semantic leg fails, words alone answer, and `degraded` reports it.
pub(crate) fn propose<'b>(request: &Request, with: Resources<'b>) -> Result<(Understood, Legs<'b>)> {
    let is_encoded = with.encoder.is_some() && request.mode != Mode::Keyword;
    if is_encoded && request.encoder == EncoderChoice::Table && with.table.is_none() {
        return Err(no_table());
    }
    let asking = Asking::new(request, with);
    let proposal = with.body.propose(&asking);
    let (understood, encoding) = asking.finish()?;
    let plan = &understood.plan;
    // If the body proposes nothing, the request has failed, and `finish` above has returned its error.
    let proposal = proposal?.unwrap_or_else(|| Proposal::none(with.body.candidates()));
    let exact = Exact::of(plan, &proposal, with.head);
    let timings = Timings {
        encode: encoding.took,
        semantic: proposal.near.as_ref().map(|near| near.took),
        lexical: proposal.words_took,
        ..Timings::default()
    };
    let mut degraded = with.degraded.filter(|_| request.mode != Mode::Keyword && !plan.is_list()).map(str::to_owned);
    let instead = encoding.query.as_ref().and_then(|query| query.instead);
    degraded = degraded.or(instead.map(str::to_owned));
    if let Some(error) = &proposal.failed {
        tracing::error!(%error, "the semantic leg failed");
    }
    if encoding.failed || proposal.failed.is_some() {
        degraded = Some("the semantic leg failed; only the keyword leg answered".into());
    }
    Ok((understood, Legs { proposal, exact, query: encoding.query, degraded, timings }))
}

impl Legs<'_> {
    /// The candidates of the semantic and of the keyword leg.
    pub(crate) fn candidates(&self) -> [&[Scored]; 2] {
        let semantic = self.proposal.near.as_ref().map_or(&[][..], |leg| &leg.nearest);
        let lexical = self.proposal.words.as_ref().map_or(&[][..], |hits| &hits.hits);
        [semantic, lexical]
    }

    /// Scores that the keyword leg has computed already, by passage.
    pub(crate) fn known_scores(&self) -> Vec<(PassageId, f32)> {
        let hits = self.proposal.words.iter().flat_map(|hits| &hits.hits);
        let mut known: Vec<(PassageId, f32)> =
            hits.map(|h| h.passage).zip(self.proposal.scores.iter().copied()).collect();
        known.sort_unstable_by_key(|(passage, _)| *passage);
        known
    }
}
