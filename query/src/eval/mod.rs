//! `query eval`: measures a search against judgments.
//!
//! `measures` reads judged queries and computes nDCG, recall and MRR; `run` sends the queries to an engine and
//! prints the figures and the cases; `compare` says how two runs differ.

mod compare;
mod measures;
pub(crate) mod run;

pub use measures::*;
