//! Source to document to passages to a published generation.
//!
//! The rooms, in the order that a page goes through them:
//!
//! 1. [`source`]: which files there are, and what of them is read how.
//! 2. [`extract`]: Markdown, HTML, plain text and JSON Lines become a [`document::Document`].
//! 3. [`passage`]: a document becomes passages that fit the encoder.
//! 4. [`pipeline`]: all of that side by side, with bounded queues, into a new generation; `reader` finds
//!    out what is new, `prepare` reads it, `memory` knows what the last build made of it.
//! 5. [`report`]: what was done, what was left out and why.
//!
//! [`watch`] does all of it again whenever the sources change. `train` trains a model on text,
//! `adapt` on your documents.

mod adapt;
pub mod anchor;
mod archive;
pub mod cli;
pub mod commands;
pub mod config;
pub mod document;
pub mod error;
pub mod extract;
mod front_matter;
mod memory;
mod model;
mod navigation;
mod off_topic;
pub mod passage;
pub mod pipeline;
mod prepare;
mod progress;
mod reader;
pub mod report;
pub mod source;
mod train;
pub mod urls;
pub mod watch;

pub use config::BuildConfig;
pub use error::{Error, Result};
pub use report::Report;
