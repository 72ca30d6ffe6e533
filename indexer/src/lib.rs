//! Turns a folder of documents into a published generation.
//!
//! The folders are in the order of the stages of a page:
//!
//! 1. [`source`]: lists the files, derives their addresses, and detects changes.
//! 2. [`extract`]: turns one file of one format into a document.
//! 3. [`document`]: title, front matter, headings with their anchors, and the passages that fit the encoder.
//! 4. [`pipeline`]: reads, cuts, encodes and writes side by side, with bounded queues; skips everything unchanged
//!    since the last build; reports what it left out and why.
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
