//! Pages in the form that the reader gets.
//!
//! `hits` assembles a page: its best passage, other sections, and the explanation of its score. `snippet` chooses a
//! stretch of a passage and marks the matches; `sentences` finds where sentences begin; `highlight` finds the best sentence, from similarities of `compare`. [`json`] defines the answer's
//! wire format.

pub(crate) mod compare;
pub(crate) mod highlight;
pub(crate) mod hits;
pub mod json;
pub(crate) mod sentences;
pub(crate) mod snippet;
