//! Everything that the stages of a search work with.

use cloze_index::Generation;
use cloze_models::Encoder;

use super::vectors::QueryVectors;
use crate::understand::masks::Masks;

/// The index and the models of one engine, as a stage borrows them.
#[derive(Clone, Copy)]
pub(crate) struct Resources<'a> {
    /// The index.
    pub(crate) generation: &'a Generation,
    /// The encoder; without one, words alone answer.
    pub(crate) encoder: Option<&'a Encoder>,
    /// Why words alone answer.
    pub(crate) degraded: Option<&'a str>,
    /// Vectors of earlier queries.
    pub(crate) vectors: &'a QueryVectors,
    /// The masked-language model.
    pub(crate) masks: &'a Masks,
}
