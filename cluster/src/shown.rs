//! Stored passages and facets, as the cluster sent them.

use std::{
    collections::{BTreeMap, HashMap},
    sync::OnceLock,
};

use cloze_index::{Passage, PassageId, Result, body::Shown, metadata_parts};

use crate::{ClusterBody, answers::Answer, questions::CODES};

/// Counts by key and value.
pub(crate) type Facets = BTreeMap<String, BTreeMap<String, u64>>;

/// Passages that were asked for.
pub(crate) struct ClusterShown<'b> {
    pub(crate) body: &'b ClusterBody,
    pub(crate) passages: HashMap<PassageId, Passage>,
    pub(crate) facets: Facets,
    /// Codes of the passages' tokens, asked for with the first that is needed: most answers need none.
    pub(crate) codes: OnceLock<HashMap<PassageId, Vec<u8>>>,
}

impl ClusterShown<'_> {
    /// The codes of all passages; none, if the cluster does not answer, because an answer can do without them.
    fn ask_for_codes(&self) -> HashMap<PassageId, Vec<u8>> {
        let ids: Vec<PassageId> = self.passages.keys().copied().collect();
        match self.body.stored(&ids, &[CODES]) {
            Ok(answers) => answers.iter().flat_map(|answer| answer.stored(CODES)).collect(),
            Err(error) => {
                tracing::warn!(%error, "no codes of tokens for highlights");
                HashMap::new()
            }
        }
    }
}

impl Shown for ClusterShown<'_> {
    fn passage(&self, id: PassageId) -> Result<Passage> {
        self.passages.get(&id).cloned().ok_or_else(|| self.body.missing(id))
    }

    fn token_codes(&self, id: PassageId) -> &[u8] {
        self.codes.get_or_init(|| self.ask_for_codes()).get(&id).map_or(&[], Vec::as_slice)
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
