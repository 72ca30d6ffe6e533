//! Fills blanks and corrects mistyped words.

pub(crate) mod blanks;
pub mod correct;
pub(crate) mod masks;

use std::cell::Cell;

use cloze_models::Encoder;

use crate::{
    Request, Result,
    engine::resources::Resources,
    present::json::QueryFill,
    request::{
        condense::{self, condense},
        plan::Plan,
    },
};
use correct::{Considered, Correction, Known};

/// An understood request.
pub(crate) struct Understood {
    pub(crate) plan: Plan,
    pub(crate) corrected: Option<String>,
    pub(crate) fills: Option<Vec<QueryFill>>,
    /// Whether the body was asked about mistyped words.
    pub(crate) asked: bool,
}

impl From<Plan> for Understood {
    fn from(plan: Plan) -> Self {
        Self { plan, corrected: None, fills: None, asked: false }
    }
}

/// Fills the blanks of a request, or corrects its mistyped words.
pub(crate) fn understand(request: &Request, with: Resources<'_>) -> Result<Understood> {
    if condense::is_long(request.query()) {
        let condensed = condense(request, with.head, with.encoder.map(Encoder::tokenizer))?;
        return Ok(Plan::condensed(request, condensed, with.head)?.into());
    }
    if let Some(masked) = blanks::with_masks(request.query()) {
        return fill(request, &masked, with);
    }
    let plan = Plan::make(request, with.head, &[])?;
    // The title of a page needs no correction.
    if !request.correct || plan.is_verbatim(with.head) || plan.is_list() {
        return Ok(plan.into());
    }
    let known = Known { may_ask_model: !with.in_haste, ..known(with) };
    let found = correct::correct(request.query(), &known, request.prefix);
    let asked = known.asked.get();
    match found {
        Ok(None) => Ok(Understood { asked, ..plan.into() }),
        Ok(Some(correction)) => {
            let plan = Plan::make(&request.with_query(&correction.text), with.head, &correction.also())?;
            Ok(Understood { plan, corrected: Some(correction.text), fills: None, asked })
        }
        // The same query has the same answer, or none.
        Err(error) if error.is_unreachable() => Err(error),
        // The original can still be searched.
        Err(error) => {
            tracing::error!(%error, "cannot correct a query");
            Ok(plan.into())
        }
    }
}

/// Fills the blanks of a query and plans a search for the likeliest filling.
fn fill(request: &Request, masked: &str, with: Resources<'_>) -> Result<Understood> {
    // A query with too many blanks or words for the model can still be searched.
    let fills = match blanks::fill(masked, with) {
        Err(error) if error.is_unreachable() => return Err(error),
        fills => fills.unwrap_or_else(|error| {
            tracing::info!(%error, "cannot fill the blanks of a query");
            Vec::new()
        }),
    };
    let text = fills.first().map_or_else(|| blanks::without(masked), |best| best.text.clone());
    // A query with only blanks is searched unchanged.
    let filled = if text.is_empty() { request.clone() } else { request.with_query(&text) };
    let plan = Plan::make(&filled, with.head, &[])?;
    Ok(Understood { plan, corrected: None, fills: Some(fills), asked: true })
}

/// The query with its mistyped words corrected; `None` if no word looks mistyped.
pub(crate) fn correction(request: &Request, with: Resources<'_>) -> Result<Option<Correction>> {
    correct::correct(request.query(), &known(with), request.prefix)
}

/// The words of a query that may be mistyped, with all candidates, even if none of them wins.
pub(crate) fn considered(request: &Request, with: Resources<'_>) -> Result<Vec<Considered>> {
    correct::consider(request.query(), &known(with), request.prefix)
}

fn known(with: Resources<'_>) -> Known<'_> {
    let tokenizer = with.encoder.map(Encoder::tokenizer);
    Known {
        head: with.head,
        body: with.body,
        asked: Cell::new(false),
        tokenizer,
        masks: with.masks,
        may_ask_model: true,
    }
}
