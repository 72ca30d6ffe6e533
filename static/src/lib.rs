//! An index as plain files that a browser searches by words and by meaning, without a server.
//!
//! `export` reads a generation and writes:
//!
//! - `cloze.json`, the [`entry`]: small, the only file that changes in place;
//! - a folder `g-…` of data files, named by the hash of its content, so that caches may keep it for ever;
//! - a folder `t-…` with the lookup table of the model, which makes the vector of a query;
//! - `search.js`, the module that searches these files (`static/js/`), its types, and the widget.
//!
//! The modules, in the order in which an export goes through them: [`passages`] numbers the passages; [`inverted`] makes
//! words and postings, and [`words`] writes them; [`titles`] and [`metadata`] write what their names say; [`rotation`],
//! [`clusters`], [`codes`] and [`near`] make small vectors; [`texts`] writes what a hit shows, with a [`dictionary`];
//! [`table`] writes the lookup table; [`overview`] writes what every search needs. [`bytes`] and [`files`] are the forms of numbers and files;
//! [`lengths`] rounds the lengths of passages; [`assets`] holds the scripts, and [`tight`] makes
//! them small. [`reader`] reads the files in Rust.

mod assets;
mod bytes;
mod clusters;
mod codes;
mod dictionary;
pub mod entry;
mod error;
mod export;
mod files;
mod inverted;
mod lengths;
mod metadata;
mod near;
mod overview;
mod passages;
pub mod reader;
mod rotation;
mod table;
mod texts;
mod tight;
mod titles;
mod words;

pub use entry::{Entry, Semantic};
pub use error::{Error, Result};
pub use export::{Exported, export};
pub use reader::{Found, Reader};
