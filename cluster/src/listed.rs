//! Numbers of the passages that a body has, whatever versions they belong to.

use cloze_index::{PassageId, Result};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{
    client::{Client, Content, Patience},
    questions::MOST_HITS,
};

/// The most numbers of one request.
pub(crate) const MOST: usize = MOST_HITS;

#[derive(Deserialize)]
struct Answer {
    hits: Hits,
}

#[derive(Deserialize)]
struct Hits {
    total: Total,
    hits: Vec<Hit>,
}

#[derive(Deserialize)]
struct Total {
    value: u64,
}

#[derive(Deserialize)]
struct Hit {
    #[serde(rename = "_id")]
    id: String,
}

fn ask(client: &Client, body: &str, query: &Value, size: usize, order: &str) -> Result<Answer> {
    let search = json!({
        "size": size, "query": query, "sort": [{"id": order}], "track_total_hits": true, "_source": false
    });
    let path = format!("{body}/_search?allow_partial_search_results=false");
    client.must("POST", &path, Content::Json(&search), Patience::Write)
}

/// The first passages that meet a condition, ascending.
pub(crate) fn among(client: &Client, body: &str, condition: &Value) -> Result<Vec<PassageId>> {
    let query = json!({"bool": {"filter": [condition]}});
    let hits = ask(client, body, &query, MOST, "asc")?.hits.hits;
    Ok(hits.iter().filter_map(|hit| hit.id.parse().ok()).collect())
}

/// The highest number, and how many passages there are; `None` if there are none.
pub(crate) fn last(client: &Client, body: &str) -> Result<Option<(PassageId, u64)>> {
    let Hits { total, hits } = ask(client, body, &json!({"match_all": {}}), 1, "desc")?.hits;
    Ok(hits.first().and_then(|hit| Some((hit.id.parse().ok()?, total.value))))
}
