//! A request to one fused list of pages.
//!
//! The rooms, in the order that a request goes through them:
//!
//! 1. [`request`]: what is asked, checked.
//! 2. `parse`: phrases, exclusions and filters; the rest is plain words.
//! 3. [`engine`]: holds the index and the encoder; runs both legs side by side.
//! 4. `fuse`: both legs score the union of their candidates; one score a passage.
//! 5. `pages`: passages grouped by page, the best sections under each; `confidence`: how likely each
//!    is an answer.
//! 6. `present`: a page as it is shown; `snippet`: a stretch of the passage with the matches marked;
//!    `highlight`: its best sentence.
//! 7. [`json`]: the answer as it goes over the wire.
//!
//! `understand` comes first: [`correct`] puts mistyped words right, and `blanks` fills in what was left
//! open, both with the masked-language model of the encoder (`masks`).
//!
//! `vectors` remembers the vectors of queries. [`predict`] fills and scores texts. [`suggest`] completes
//! what is being typed. [`eval`] measures all of that against judgments.

mod answers;
mod blanks;
pub mod cli;
pub mod commands;
mod confidence;
pub mod config;
pub mod correct;
mod edits;
pub mod engine;
pub mod error;
pub mod eval;
mod evaluate;
mod fuse;
mod highlight;
pub mod json;
mod legs;
mod masks;
mod pages;
mod parse;
mod plan;
pub mod predict;
mod present;
mod rank;
pub mod request;
mod side_by_side;
mod snippet;
pub mod suggest;
mod understand;
mod vectors;

pub use engine::{Engine, Timings};
pub use error::{Error, Result};
pub use json::Answer;
pub use request::{Highlight, Mode, Request};
pub use suggest::Suggestions;
