//! What the cluster answers to searches.

use std::{
    collections::BTreeMap,
    thread,
    time::{Duration, Instant},
};

use base64::{Engine, engine::general_purpose::STANDARD};
use cloze_index::{PassageId, Result};
use serde::Deserialize;
use serde_json::Value;

use crate::{
    batch::Batch,
    client::{Client, Content, Patience, reason_of},
};

/// The parts of an answer that are read.
const PARTS: &str = "error,status,responses.error,responses.status,responses.timed_out,responses._shards.failed,\
    responses.hits.total.value,responses.hits.hits._id,responses.hits.hits._score,responses.hits.hits.fields,\
    responses.aggregations.*.buckets.key,responses.aggregations.*.buckets.doc_count,\
    responses.aggregations.*.sum_other_doc_count";
/// How long a batch is sent again and again if a node just went away, and the pauses between: the first, and the longest.
const LONGEST: Duration = Duration::from_secs(3);
const PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_millis(400);

#[derive(Deserialize)]
struct Many {
    #[serde(default)]
    responses: Vec<Answer>,
}

/// The answer to one search.
#[derive(Deserialize, Default)]
pub(crate) struct Answer {
    #[serde(default)]
    status: u16,
    #[serde(default)]
    error: Option<Value>,
    #[serde(default)]
    timed_out: bool,
    #[serde(rename = "_shards", default)]
    shards: Shards,
    #[serde(default)]
    hits: Hits,
    #[serde(default)]
    aggregations: BTreeMap<String, Counts>,
}

#[derive(Deserialize, Default)]
struct Shards {
    #[serde(default)]
    failed: u64,
}

#[derive(Deserialize, Default)]
struct Hits {
    #[serde(default)]
    total: Total,
    #[serde(default)]
    hits: Vec<Hit>,
}

#[derive(Deserialize, Default)]
struct Total {
    #[serde(default)]
    value: u64,
}

#[derive(Deserialize)]
struct Hit {
    #[serde(rename = "_id")]
    id: String,
    #[serde(rename = "_score", default)]
    score: Option<f32>,
    #[serde(default)]
    fields: BTreeMap<String, Vec<String>>,
}

/// Values with their counts.
#[derive(Deserialize, Default)]
pub(crate) struct Counts {
    /// Documents whose values are not among them.
    #[serde(rename = "sum_other_doc_count", default)]
    pub(crate) others: u64,
    #[serde(default)]
    pub(crate) buckets: Vec<Bucket>,
}

#[derive(Deserialize)]
pub(crate) struct Bucket {
    pub(crate) key: Value,
    #[serde(rename = "doc_count", default)]
    pub(crate) count: u64,
}

impl Bucket {
    /// The page that it counts.
    pub(crate) fn page(&self) -> Option<u32> {
        self.key.as_u64().and_then(|key| u32::try_from(key).ok())
    }
}

impl Answer {
    /// Passages in the order of the answer.
    pub(crate) fn ids(&self) -> impl Iterator<Item = PassageId> + '_ {
        self.hits.hits.iter().filter_map(|hit| hit.id.parse().ok())
    }

    /// Passages with a stored field of each; passages without it are left out.
    pub(crate) fn stored<'a>(&'a self, field: &'a str) -> impl Iterator<Item = (PassageId, Vec<u8>)> + 'a {
        self.hits
            .hits
            .iter()
            .filter_map(move |hit| Some((hit.id.parse().ok()?, STANDARD.decode(hit.fields.get(field)?.first()?).ok()?)))
    }

    /// Takes the hits and the counts of some pages out; `page_of` gives the page of a hit. Whether at least `wanted` hits are
    /// left, or all that there are; it was asked for `size`.
    pub(crate) fn leave_out(
        &mut self,
        pages: &[u32],
        page_of: impl Fn(PassageId) -> u32,
        size: usize,
        wanted: usize,
    ) -> bool {
        let is_in = |page: u32| pages.binary_search(&page).is_err();
        let was_full = self.hits.hits.len() >= size;
        self.hits.hits.retain(|hit| hit.id.parse().is_ok_and(|id| is_in(page_of(id))));
        let mut is_whole = !was_full || self.hits.hits.len() >= wanted;
        for counts in self.aggregations.values_mut() {
            let before = counts.buckets.len();
            counts.buckets.retain(|bucket| bucket.page().is_some_and(is_in));
            is_whole &= counts.others == 0 || counts.buckets.len() == before;
        }
        is_whole
    }

    /// Number of matches.
    pub(crate) fn total(&self) -> u64 {
        self.hits.total.value
    }

    /// The score of the first hit.
    pub(crate) fn best(&self) -> Option<f32> {
        self.hits.hits.first()?.score
    }

    /// The counts of an aggregation.
    pub(crate) fn counts(&self, name: &str) -> Option<&Counts> {
        self.aggregations.get(name)
    }

    /// Why it is not a whole answer: the reason, and whether it may be whole the next time.
    fn fault(&self) -> Option<(String, bool)> {
        if let Some(error) = &self.error {
            return Some((reason_of(error), matches!(self.status, 429 | 500..=599)));
        }
        let is_part = self.timed_out || self.shards.failed > 0;
        is_part.then(|| ("part of the index did not answer".to_owned(), true))
    }
}

/// Asks a batch of searches.
///
/// # Errors
/// [`cloze_index::Error::Unreachable`] if the cluster or a part of it does not answer,
/// [`cloze_index::Error::Refused`] if it refuses a search.
pub(crate) fn ask(client: &Client, batch: &Batch) -> Result<Vec<Answer>> {
    let path = format!("_msearch?filter_path={PARTS}");
    let (started, mut pause) = (Instant::now(), PAUSE);
    loop {
        let host = client.first();
        let many: Many = client.must("POST", &path, Content::Lines(batch.lines()), Patience::Search)?;
        let reason = match many.responses.iter().find_map(Answer::fault) {
            None if many.responses.len() == batch.len() => return Ok(many.responses),
            None => {
                return Err(client.refused(format!("{} answers to {} searches", many.responses.len(), batch.len())));
            }
            Some((reason, false)) => return Err(client.refused(format!("a search: {reason}"))),
            Some((reason, true)) => reason,
        };
        if started.elapsed() + pause > LONGEST {
            return Err(client.unreachable(reason));
        }
        tracing::warn!(reason, "a search is asked again");
        client.pass_by(host);
        thread::sleep(pause);
        pause = LONGEST_PAUSE.min(2 * pause);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fake::Fake;

    fn answer(text: &str) -> Answer {
        serde_json::from_str(text).expect("an answer")
    }

    #[test]
    fn hits_with_their_fields_are_read() {
        let found = answer(
            r#"{"status": 200, "timed_out": false, "_shards": {"failed": 0}, "hits": {"total": {"value": 7}, "hits": [
               {"_id": "12", "_score": 1.5, "fields": {"carried": ["AAEC"]}}, {"_id": "3", "_score": null}]},
               "aggregations": {"pages": {"sum_other_doc_count": 2, "buckets": [{"key": 4, "doc_count": 1}]}}}"#,
        );
        assert_eq!((found.ids().collect::<Vec<_>>(), found.total(), found.best()), (vec![12, 3], 7, Some(1.5)));
        assert_eq!(found.stored("carried").collect::<Vec<_>>(), [(12, vec![0, 1, 2])]);
        assert_eq!(found.counts("pages").map(|c| (c.others, c.buckets.len())), Some((2, 1)));
        assert!(found.fault().is_none());
    }

    #[test]
    fn an_answer_without_some_pages_says_whether_enough_is_left() {
        let full = || {
            answer(
                r#"{"hits": {"hits": [{"_id": "1"}, {"_id": "2"}, {"_id": "13"}, {"_id": "4"}]},
                    "aggregations": {"pages": {"sum_other_doc_count": 0, "buckets": [{"key": 0}, {"key": 1}]}}}"#,
            )
        };
        let mut found = full();
        assert!(found.leave_out(&[1], |id| id / 10, 4, 3), "three of four are left");
        assert_eq!(found.ids().collect::<Vec<_>>(), [1, 2, 4]);
        assert_eq!(found.counts("pages").map(|counts| counts.buckets.len()), Some(1));
        assert!(!full().leave_out(&[0], |id| id / 10, 4, 2), "there may be more");
        assert!(full().leave_out(&[0], |id| id / 10, 5, 2), "these were all");
    }

    #[test]
    fn another_node_is_asked_if_a_part_did_not_answer() {
        let whole = r#"{"responses": [{"status": 200, "_shards": {"failed": 0}, "hits": {"hits": [{"_id": "4"}]}}]}"#;
        let half = Fake::answering(&[(200, r#"{"responses": [{"status": 200, "_shards": {"failed": 1}}]}"#)]);
        let (busy, good) = (Fake::answering(&[(503, "{}")]), Fake::answering(&[(200, whole)]));
        let mut batch = Batch::new("docs-000001");
        batch.add(&serde_json::json!({"size": 1}));
        let answers = ask(&Fake::client(&[&half, &busy, &good]), &batch).expect("the third node answers");
        assert_eq!(answers[0].ids().collect::<Vec<_>>(), [4]);
        assert_eq!((half.asked().len(), busy.asked().len(), good.asked().len()), (1, 1, 1));
        let error = ask(&Fake::client(&[&half]), &batch).err().map(|error| error.to_string());
        assert!(error.is_some_and(|error| error.contains("part of the index did not answer")));
    }

    #[test]
    fn half_an_answer_is_none() {
        for (text, again) in [
            (r#"{"status": 200, "timed_out": true}"#, true),
            (r#"{"status": 200, "timed_out": false, "_shards": {"failed": 1}}"#, true),
            (r#"{"status": 503, "error": {"reason": "all shards failed"}}"#, true),
            (r#"{"status": 400, "error": {"reason": "too many clauses"}}"#, false),
        ] {
            assert_eq!(answer(text).fault().map(|fault| fault.1), Some(again), "{text}");
        }
    }
}
