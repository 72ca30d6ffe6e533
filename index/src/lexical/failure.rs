//! Errors of the keyword engine.

use std::path::Path;

use crate::Error;

/// The error of the engine while it was `doing` something with the index in a folder.
pub(crate) fn error(path: &Path, doing: &'static str, e: &tantivy::TantivyError) -> Error {
    Error::Lexical { path: path.to_owned(), doing, reason: e.to_string() }
}
