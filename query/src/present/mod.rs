//! Pages as the reader gets them.
//!
//! `hits` puts a page together: its best passage, other sections, and how its score came about. `snippet`
//! chooses a stretch of a passage and marks the matches; `highlight` finds the best sentence. [`json`] is the
//! answer as it goes over the wire.

pub(crate) mod highlight;
pub(crate) mod hits;
pub mod json;
pub(crate) mod snippet;
