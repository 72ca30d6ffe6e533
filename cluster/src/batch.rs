//! Several searches in one request.

use serde_json::{Value, json};

/// Searches of one index, in the order of their answers.
pub(crate) struct Batch {
    lines: Vec<u8>,
    /// The most hits of each.
    sizes: Vec<usize>,
    index: String,
}

impl Batch {
    pub(crate) fn new(index: &str) -> Self {
        Self { lines: Vec::new(), sizes: Vec::new(), index: index.to_owned() }
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
        self.sizes.push(search["size"].as_u64().unwrap_or_default() as usize);
        self.sizes.len() - 1
    }

    /// Number of searches.
    pub(crate) fn len(&self) -> usize {
        self.sizes.len()
    }

    /// The most hits that a search gives.
    pub(crate) fn size(&self, place: usize) -> usize {
        self.sizes.get(place).copied().unwrap_or_default()
    }

    pub(crate) fn lines(&self) -> &[u8] {
        &self.lines
    }
}
