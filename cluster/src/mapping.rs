//! The fields of a body in the cluster.

use serde_json::{Value, json};

use crate::text::{GAP, TOGETHER};

/// Neighbours of a vector in the graph, and the width of its construction.
const M: u32 = 16;
const EF_CONSTRUCTION: u32 = 128;
/// The most terms in one filter.
pub(crate) const MOST_TERMS: usize = 65_536;
/// The longest metadata value that can be filtered, in characters; the engine's limit is 32,766 bytes.
const LONGEST_VALUE: u32 = 8_000;

/// A new body for vectors of some dimension, for the generation with this manifest. It gets its replicas once it is full.
///
/// Nothing is analysed again, and every term counts in a passage's length (`discount_overlaps`), so the engine
/// proposes by the same numbers by which Cloze scores.
pub(crate) fn body(dimension: usize, shards: u64, manifest: &str) -> Value {
    json!({
        "settings": {"index": {
            "knn": true,
            "number_of_shards": shards,
            "number_of_replicas": 0,
            "refresh_interval": "-1",
            "max_terms_count": MOST_TERMS,
            "similarity": {"default": {"type": "BM25", "k1": 1.2, "b": 0.75, "discount_overlaps": false}},
            "analysis": {
                "tokenizer": {"places": {"type": "simple_pattern_split", "pattern": " "}},
                "filter": {
                    "together": {
                        "type": "pattern_capture", "preserve_original": false, "patterns": [format!("([^{TOGETHER}]+)")]
                    },
                    "gaps": {"type": "stop", "stopwords": [GAP.to_string()]}
                },
                "analyzer": {"terms": {"type": "custom", "tokenizer": "places", "filter": ["together", "gaps"]}}
            }
        }},
        "mappings": {"dynamic": "strict", "_meta": {"manifest": manifest}, "_source": {"enabled": false}, "properties": {
            "id": {"type": "integer"},
            "page": {"type": "integer"},
            "content": {"type": "text", "analyzer": "terms", "index_options": "positions"},
            "words": {"type": "keyword", "doc_values": false},
            "metadata": {"type": "keyword", "ignore_above": LONGEST_VALUE},
            "vector": {"type": "knn_vector", "dimension": dimension, "method": {
                "name": "hnsw", "engine": "lucene", "space_type": "innerproduct",
                "parameters": {"m": M, "ef_construction": EF_CONSTRUCTION}
            }},
            "carried": {"type": "binary", "store": true},
            "codes": {"type": "binary", "store": true},
            "passage": {"type": "binary", "store": true}
        }}
    })
}

/// The settings of a body that is full: searchable, with a replica where the cluster has a second node.
pub(crate) fn settled() -> Value {
    json!({"index": {"refresh_interval": "1s", "auto_expand_replicas": "0-1"}})
}

/// The index of a head's pieces.
pub(crate) fn head() -> Value {
    json!({
        "settings": {"index": {"number_of_shards": 1, "auto_expand_replicas": "0-1"}},
        "mappings": {"dynamic": "strict", "properties": {"data": {"type": "binary"}}}
    })
}

/// The index of the pointer and of the lease.
pub(crate) fn pointer() -> Value {
    json!({
        "settings": {"index": {"number_of_shards": 1, "auto_expand_replicas": "0-2"}},
        "mappings": {"dynamic": "strict", "properties": {"pointer": {"type": "object", "enabled": false}}}
    })
}
