//! Searches that must be quick.

use super::{resources::Resources, vectors::is_by_table};
use crate::{Request, request::EncoderChoice};

/// The number of hits up to which a list may be found in haste.
const REACH: usize = 20;

/// Whether a search answers with fewer candidates and without asking the masked-language model: while the user types,
/// because the next key asks again, and while many other searches wait.
pub(crate) fn is_needed(request: &Request, with: Resources<'_>) -> bool {
    let is_busy = || with.encoder.is_some_and(|encoder| with.vectors.is_busy(encoder));
    let may_be = request.encoder == EncoderChoice::Auto && with.table.is_some();
    let is_in_haste = if request.prefix { is_by_table(request, with.table) } else { may_be && is_busy() };
    is_in_haste && request.offset() + request.limit() <= REACH
}
