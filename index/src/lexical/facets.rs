//! Which metadata values passages have.

use std::collections::BTreeMap;

use tantivy::{DocAddress, Searcher};

use super::schema::metadata_parts;

/// Counts by key and value.
pub(crate) type Counts = BTreeMap<String, BTreeMap<String, u64>>;

/// Counts the values of `keys` over documents.
pub(crate) fn count(searcher: &Searcher, documents: &[DocAddress], keys: &[String]) -> tantivy::Result<Counts> {
    let mut counts: Counts = keys.iter().map(|k| (k.clone(), BTreeMap::new())).collect();
    let mut term = String::new();
    for (segment, reader) in (0u32..).zip(searcher.segment_readers()) {
        let Some(column) = reader.fast_fields().str("metadata")? else { continue };
        for document in documents.iter().filter(|d| d.segment_ord == segment) {
            for ord in column.term_ords(document.doc_id) {
                term.clear();
                column.ord_to_str(ord, &mut term)?;
                if let Some((key, value)) = metadata_parts(&term)
                    && let Some(values) = counts.get_mut(key)
                {
                    *values.entry(value.to_owned()).or_insert(0) += 1;
                }
            }
        }
    }
    Ok(counts)
}
