//! From a request to one list of pages.
//!
//! The folders, in the order in which a request passes through them:
//!
//! 1. [`request`]: checks the request, splits the query (phrases, exclusions, filters) and plans the search
//!    of this index.
//! 2. [`understand`]: fills blanks and corrects mistyped words, both with the masked-language model.
//! 3. [`search`]: both legs propose passages; their scores become one; passages are grouped by page.
//! 4. [`present`]: snippets, highlights, and the answer as JSON.
//!
//! [`engine`] opens the index and the models, holds them, and takes a request through these stages. Read
//! [`Engine::search_timed`] first, in `engine/one_search.rs`. [`suggest`] completes a partial query, [`predict`] fills
//! and scores texts, [`eval`] measures a search against judgments, [`place`] knows where an index lies, [`commands`] is
//! the program.

pub mod commands;
pub mod engine;
pub mod error;
pub mod eval;
pub mod place;
pub mod predict;
pub mod present;
pub mod request;
mod search;
pub mod suggest;
mod understand;

pub use commands::{cli, config};
pub use engine::{Engine, Waiting, timing::Timings};
pub use error::{Error, Result};
pub use place::Place;
pub use present::json::{self, Answer};
pub use request::{EncoderChoice, Highlight, Mode, Request};
pub use suggest::Suggestions;
pub use understand::correct;
