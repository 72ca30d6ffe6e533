//! What a request is taken to mean: blanks filled, mistyped words put right.

use cloze_models::Encoder;

use crate::{
    Engine, Request, Result, blanks,
    correct::{self, Considered, Correction, Known},
    json::QueryFill,
    plan::Plan,
};

/// A request, understood.
pub(crate) struct Understood {
    pub(crate) plan: Plan,
    pub(crate) corrected: Option<String>,
    pub(crate) fills: Option<Vec<QueryFill>>,
}

impl Engine {
    fn known(&self) -> Known<'_> {
        let tokenizer = self.encoder().map(Encoder::tokenizer);
        Known { generation: self.generation(), tokenizer, masks: self.masks() }
    }

    /// The query with words put right that look mistyped; `None` if none does.
    ///
    /// # Errors
    /// If the index or the model fails.
    pub fn correction(&self, request: &Request) -> Result<Option<Correction>> {
        correct::correct(request.query(), &self.known(), request.prefix)
    }

    /// The words of a query that may be mistyped, with what may have been meant, whether or not it is put right.
    ///
    /// # Errors
    /// If the index or the model fails.
    pub fn considered(&self, request: &Request) -> Result<Vec<Considered>> {
        correct::consider(request.query(), &self.known(), request.prefix)
    }

    /// What a request is taken to mean: blanks filled, mistyped words put right.
    pub(crate) fn understand(&self, request: &Request) -> Result<Understood> {
        if let Some(masked) = blanks::with_masks(request.query()) {
            // More blanks than the model fills, or a query that is too long for it, can still be searched.
            let fills = self.fill_blanks(&masked).unwrap_or_else(|error| {
                tracing::info!(%error, "blanks were not filled");
                Vec::new()
            });
            let text = fills.first().map_or_else(|| blanks::without(&masked), |best| best.text.clone());
            // Blanks alone are searched for as they are: there is nothing else.
            let filled = if text.is_empty() { request.clone() } else { request.with_query(&text) };
            let plan = Plan::make(&filled, self.generation(), None)?;
            return Ok(Understood { plan, corrected: None, fills: Some(fills) });
        }
        // What is the title of a page needs no correction.
        let plan = Plan::make(request, self.generation(), None)?;
        if !request.correct || plan.is_verbatim() || plan.is_list() {
            return Ok(Understood { plan, corrected: None, fills: None });
        }
        match self.correction(request) {
            Ok(None) => Ok(Understood { plan, corrected: None, fills: None }),
            Ok(Some(correction)) => {
                let plan = Plan::make(&request.with_query(&correction.text), self.generation(), Some(&correction))?;
                Ok(Understood { plan, corrected: Some(correction.text), fills: None })
            }
            // The original can still be searched.
            Err(error) => {
                tracing::error!(%error, "correcting a query failed");
                Ok(Understood { plan, corrected: None, fills: None })
            }
        }
    }
}
