//! From a folder of documents to a published generation.
//!
//! The folders stand in the order that a page goes through them:
//!
//! 1. [`source`]: which files there are, what their addresses are, and when one of them changes.
//! 2. [`extract`]: one file of one format becomes a document.
//! 3. [`document`]: title, front matter, headings with their anchors, and the passages that fit the encoder.
//! 4. [`pipeline`]: reads, cuts, encodes and writes side by side, with bounded queues; skips all that has
//!    not changed since the last build; reports what it left out and why.
//!
//! [`commands`] holds the command line, the settings, and one file for each command.

pub mod commands;
pub mod document;
pub mod error;
pub mod extract;
pub mod pipeline;
pub mod source;

pub use commands::{
    cli,
    config::{self, BuildConfig},
};
pub use error::{Error, Result};
pub use pipeline::report::{self, Report};
