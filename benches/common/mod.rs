//! What several measurements read.

use anyhow::{Context, Result};
use serde_json::Value;

/// The "text" of every line of a JSON Lines file; empty lines are passed by.
pub(crate) fn texts_of(path: &str) -> Result<Vec<String>> {
    let file = std::fs::read_to_string(path).with_context(|| path.to_owned())?;
    let text = |line: &str| Ok(serde_json::from_str::<Value>(line)?["text"].as_str().unwrap_or_default().to_owned());
    file.lines().filter(|l| !l.trim().is_empty()).map(text).collect()
}
