//! Files of metadata: for each key a file `m` with the pages of each value, as JSON, for filters and facets.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::{files::DataFile, passages::Page};

/// Keys, in the order of their files, and the files.
pub(crate) fn metadata_files(pages: &[Page]) -> (Vec<String>, Vec<DataFile>) {
    let mut keys: BTreeMap<String, BTreeMap<String, Vec<u32>>> = BTreeMap::new();
    for (number, page) in (0u32..).zip(pages) {
        let Some((_, passage)) = page.passages.first() else { continue };
        let given =
            passage.metadata.iter().flat_map(|(key, values)| values.iter().map(move |value| (key.as_str(), value)));
        for (key, value) in given.chain(passage.lang.iter().map(|lang| ("lang", lang))) {
            let listed = keys.entry(key.to_lowercase()).or_default().entry(value.trim().to_lowercase()).or_default();
            if listed.last() != Some(&number) {
                listed.push(number);
            }
        }
    }
    let file = |(k, values): (usize, &BTreeMap<String, Vec<u32>>)| {
        let values: Map<String, Value> = values.iter().map(|(value, pages)| (value.clone(), json!(pages))).collect();
        DataFile::new('m', k, Value::Object(values).to_string().into_bytes())
    };
    let files = keys.values().enumerate().map(file).collect();
    (keys.into_keys().collect(), files)
}

#[cfg(test)]
mod tests {
    use super::*;
    use cloze_index::Passage;

    #[test]
    fn values_lead_to_pages() {
        let page = |topic: &str| {
            let metadata = [("Topic".to_owned(), vec![topic.to_owned()])].into();
            let passage = Passage { metadata, lang: Some("en".into()), ..Passage::default() };
            Page { first: 0, passages: vec![(0, passage)] }
        };
        let (keys, files) = metadata_files(&[page("A"), page(" a "), page("b")]);
        assert_eq!(keys, ["lang", "topic"]);
        assert_eq!(String::from_utf8_lossy(&files[1].data), r#"{"a":[0,1],"b":[2]}"#);
    }
}
