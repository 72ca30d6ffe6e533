//! The passages that a search may find.

use std::sync::Arc;

use cloze_index::{Head, Result, body::Words, metadata_term, passage::SUPERSEDED};
use serde_json::{Value, json};

use crate::{phrase::phrase, version::Members};

/// Conditions that every hit of a search meets.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Narrow {
    /// The passages of the version that is searched.
    members: Arc<Members>,
    must: Vec<Value>,
    not: Vec<Value>,
}

impl Narrow {
    /// All passages of a version.
    pub(crate) fn all(members: Arc<Members>) -> Self {
        Self { members, ..Self::default() }
    }

    /// Filters, current versions, and no passage with an excluded word. The other passages of its page are left out
    /// later: [`Self::without_pages`].
    pub(crate) fn of(words: &Words, head: &Head, members: Arc<Members>) -> Result<Self> {
        let filter = |(key, values): (&String, &Vec<String>)| {
            let terms: Vec<String> = values.iter().map(|value| metadata_term(key, value)).collect();
            json!({"terms": {"metadata": terms}})
        };
        let must = words.filters.iter().map(filter).collect();
        let is_versioned = !words.all_versions && head.has_metadata_key(SUPERSEDED)?;
        let mut not = if is_versioned { vec![with_metadata(SUPERSEDED)] } else { Vec::new() };
        not.extend(words.query.excluded().iter().map(|forms| phrase(forms)));
        Ok(Self { members, must, not })
    }

    /// Some passages only.
    pub(crate) fn to(passages: &[u32]) -> Self {
        Self { must: vec![json!({"terms": {"id": passages}})], ..Self::default() }
    }

    /// Without these pages.
    pub(crate) fn without_pages(mut self, pages: &[u32]) -> Self {
        if !pages.is_empty() {
            self.not.push(json!({"terms": {"page": pages}}));
        }
        self
    }

    /// With one more condition.
    pub(crate) fn and(&self, condition: Value) -> Self {
        let must = self.must.iter().cloned().chain([condition]).collect();
        Self { must, ..self.clone() }
    }

    /// Whether every passage of the version meets the conditions.
    pub(crate) fn is_all(&self) -> bool {
        self.must.is_empty() && self.not.is_empty()
    }

    /// As a query that does not score.
    pub(crate) fn query(&self) -> Value {
        let (must, not) = self.conditions();
        if must.is_empty() && not.is_empty() {
            return json!({"match_all": {}});
        }
        json!({"bool": {"filter": must, "must_not": not}})
    }

    /// A query that scores, under the conditions.
    pub(crate) fn around(&self, scored: &Value) -> Value {
        let (must, not) = self.conditions();
        json!({"bool": {"must": [scored], "filter": must, "must_not": not}})
    }

    /// All conditions, with those of the version.
    fn conditions(&self) -> (Vec<&Value>, Vec<&Value>) {
        let both = |ours, theirs| [ours, theirs].into_iter().flat_map(<[Value]>::iter).collect();
        let members = &self.members;
        (both(&members.must[..], &self.must[..]), both(&members.not[..], &self.not[..]))
    }
}

/// The condition that a passage's metadata has a key with the value `true`.
pub(crate) fn with_metadata(key: &str) -> Value {
    json!({"term": {"metadata": metadata_term(key, "true")}})
}
