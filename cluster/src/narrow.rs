//! The passages that a search may find.

use cloze_index::{Head, Result, body::Words, metadata_term, passage::SUPERSEDED};
use serde_json::{Value, json};

/// Conditions that every hit of a search meets.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Narrow {
    must: Vec<Value>,
    not: Vec<Value>,
}

impl Narrow {
    /// Filters, and current versions. Excluded words come later: [`Self::without_pages`].
    pub(crate) fn of(words: &Words, head: &Head) -> Result<Self> {
        let filter = |(key, values): (&String, &Vec<String>)| {
            let terms: Vec<String> = values.iter().map(|value| metadata_term(key, value)).collect();
            json!({"terms": {"metadata": terms}})
        };
        let must = words.filters.iter().map(filter).collect();
        let is_versioned = !words.all_versions && head.has_metadata_key(SUPERSEDED)?;
        let not = if is_versioned { vec![with_metadata(SUPERSEDED)] } else { Vec::new() };
        Ok(Self { must, not })
    }

    /// Some passages only.
    pub(crate) fn to(passages: &[u32]) -> Self {
        Self { must: vec![json!({"terms": {"id": passages}})], not: Vec::new() }
    }

    /// Without the pages that begin with these passages.
    pub(crate) fn without_pages(mut self, first: &[u32]) -> Self {
        if !first.is_empty() {
            self.not.push(json!({"terms": {"first": first}}));
        }
        self
    }

    /// With one more condition.
    pub(crate) fn and(&self, condition: Value) -> Self {
        Self { must: self.must.iter().cloned().chain([condition]).collect(), not: self.not.clone() }
    }

    /// Whether every passage meets the conditions.
    pub(crate) fn is_all(&self) -> bool {
        self.must.is_empty() && self.not.is_empty()
    }

    /// As a query that does not score.
    pub(crate) fn query(&self) -> Value {
        if self.is_all() {
            return json!({"match_all": {}});
        }
        json!({"bool": {"filter": self.must, "must_not": self.not}})
    }

    /// A query that scores, under the conditions.
    pub(crate) fn around(&self, scored: &Value) -> Value {
        json!({"bool": {"must": [scored], "filter": self.must, "must_not": self.not}})
    }
}

/// The condition that a passage's metadata has a key with the value `true`.
pub(crate) fn with_metadata(key: &str) -> Value {
    json!({"term": {"metadata": metadata_term(key, "true")}})
}
