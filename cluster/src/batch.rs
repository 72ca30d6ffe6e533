//! Several searches in one request.

use serde_json::{Value, json};

/// Searches of one index, in the order of their answers.
pub(crate) struct Batch {
    lines: Vec<u8>,
    pub(crate) len: usize,
    index: String,
}

impl Batch {
    pub(crate) fn new(index: &str) -> Self {
        Self { lines: Vec::new(), len: 0, index: index.to_owned() }
    }

    /// Adds a search; gives its place among the answers. Word counts of all shards are taken together, and half an
    /// answer is none.
    pub(crate) fn add(&mut self, search: &Value) -> usize {
        let head = json!({
            "index": self.index, "search_type": "dfs_query_then_fetch", "allow_partial_search_results": false
        });
        for line in [&head, search] {
            self.lines.extend(line.to_string().into_bytes());
            self.lines.push(b'\n');
        }
        self.len += 1;
        self.len - 1
    }

    pub(crate) fn lines(&self) -> &[u8] {
        &self.lines
    }
}
