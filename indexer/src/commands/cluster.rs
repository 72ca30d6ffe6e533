//! `indexer import --body`, and `indexer verify --body`.

use std::path::Path;

use anyhow::{Context, Result, ensure};
use cloze_cluster::{Address, Cluster, Sent};
use cloze_index::Generation;
use serde_json::json;

/// Passages that a check compares with the head.
const CHECKED: usize = 1_000;

/// Sends the live generation of an index directory to a cluster.
pub(crate) fn send(index: &Path, body: &Address) -> Result<String> {
    let generation = Generation::open(index)?;
    let sent = Cluster::patient(body)?.send(&generation, |_| ())?;
    let was = if sent.was_there { ", which was there already," } else { "" };
    let Sent { generation, body: name, passages, sent, .. } = sent;
    Ok(format!("generation {generation}{was} is live at {body} as {name}: {passages} passages, {sent} of them sent"))
}

/// Checks that the head is whole, that the body has as many passages as the head says, and that the first ones are
/// those of the head.
pub(crate) fn verify(body: &Address, json: bool) -> Result<String> {
    let generation = Cluster::patient(body)?.open().with_context(|| format!("{body} did not pass"))?;
    let ids: Vec<_> = generation.ids().collect();
    let name = &generation.manifest().generation;
    let passages = generation.passages();
    let first = &ids[..ids.len().min(CHECKED)];
    let shown = generation.body().show(first, &[], &[], false).with_context(|| format!("{body} did not pass"))?;
    // Numbers of deleted passages are not in the body, so not every number has a passage.
    let read = first.iter().filter_map(|id| Some((*id, shown.passage(*id).ok()?)));
    let mut checked = 0;
    for (id, passage) in read {
        ensure!(
            passage.page == generation.head().page_of(id),
            "{body}: passage {id} is of another page than its head says"
        );
        checked += 1;
    }
    let text = format!("generation {name} at {body}: {passages} passages, {checked} of them compared with the head");
    let value = json!({"generation": name, "passages": passages, "compared": checked, "ok": true});
    Ok(if json { value.to_string() } else { text })
}
