//! The resources that the stages of a search share.

use cloze_index::{Body, Head};
use cloze_models::{Encoder, LookupTable};

use super::vectors::QueryVectors;
use crate::understand::masks::Masks;

/// The index and the models of one engine, as a stage borrows them.
#[derive(Clone, Copy)]
pub(crate) struct Resources<'a> {
    /// Words, titles and calibration of the index.
    pub(crate) head: &'a Head,
    /// Passages, vectors and postings of the index.
    pub(crate) body: &'a dyn Body,
    /// The encoder; without one, words alone answer.
    pub(crate) encoder: Option<&'a Encoder>,
    /// The encoder's lookup table, if it has one.
    pub(crate) table: Option<&'a LookupTable>,
    /// The reason why words alone answer.
    pub(crate) degraded: Option<&'a str>,
    /// Vectors of earlier queries.
    pub(crate) vectors: &'a QueryVectors,
    /// The masked-language model.
    pub(crate) masks: &'a Masks,
    /// Whether this search must be quick, see [`super::haste`].
    pub(crate) in_haste: bool,
}
