//! The metadata values of passages.

use std::collections::{BTreeMap, HashMap};

use tantivy::{DocAddress, Searcher};

use super::schema::metadata_parts;

/// Counts by key and value.
pub(crate) type Counts = BTreeMap<String, BTreeMap<String, u64>>;

/// Counts the values of `keys` over documents.
pub(crate) fn count(searcher: &Searcher, documents: &[DocAddress], keys: &[String]) -> tantivy::Result<Counts> {
    let mut counts: Counts = keys.iter().map(|k| (k.clone(), BTreeMap::new())).collect();
    if keys.is_empty() {
        return Ok(counts);
    }
    let mut by_segment = vec![Vec::new(); searcher.segment_readers().len()];
    documents.iter().for_each(|d| by_segment[d.segment_ord as usize].push(d.doc_id));
    let mut term = String::new();
    for (reader, documents) in searcher.segment_readers().iter().zip(by_segment) {
        let Some(column) = reader.fast_fields().str("metadata")? else { continue };
        // Values are numbers in the column. Each is looked up once, regardless of how many pages have it.
        let mut by_value: HashMap<u64, u64> = HashMap::new();
        for document in documents {
            column.term_ords(document).for_each(|value| *by_value.entry(value).or_insert(0) += 1);
        }
        for (value, count) in by_value {
            term.clear();
            column.ord_to_str(value, &mut term)?;
            if let Some((key, value)) = metadata_parts(&term)
                && let Some(values) = counts.get_mut(key)
            {
                *values.entry(value.to_owned()).or_insert(0) += count;
            }
        }
    }
    Ok(counts)
}
