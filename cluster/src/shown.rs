//! Stored passages and facets, as the cluster sent them.

use std::collections::{BTreeMap, HashMap};

use cloze_index::{Passage, PassageId, Result, body::Shown, metadata_parts};

use crate::{ClusterBody, answers::Answer};

/// Counts by key and value.
pub(crate) type Facets = BTreeMap<String, BTreeMap<String, u64>>;

/// Passages that were asked for.
pub(crate) struct ClusterShown<'b> {
    pub(crate) body: &'b ClusterBody,
    pub(crate) passages: HashMap<PassageId, Passage>,
    pub(crate) facets: Facets,
}

impl Shown for ClusterShown<'_> {
    fn passage(&self, id: PassageId) -> Result<Passage> {
        self.passages.get(&id).cloned().ok_or_else(|| self.body.missing(id))
    }

    fn facets(&self) -> &Facets {
        &self.facets
    }
}

/// The counts of an answer, for each of the keys.
pub(crate) fn facets(answer: Option<&Answer>, keys: &[String]) -> Facets {
    let values = |key: &String| -> BTreeMap<String, u64> {
        let counts = answer.and_then(|answer| answer.counts(key));
        let buckets = counts.into_iter().flat_map(|counts| &counts.buckets);
        let value = |text: &str| {
            let (of, value) = metadata_parts(text)?;
            (of == key).then(|| value.to_owned())
        };
        buckets.filter_map(|bucket| Some((value(bucket.key.as_str()?)?, bucket.count))).collect()
    };
    keys.iter().map(|key| (key.clone(), values(key))).collect()
}
