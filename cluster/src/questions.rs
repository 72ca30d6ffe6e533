//! Searches as JSON.

use cloze_index::{KeywordQuery, PassageId, PhraseForm};
use serde_json::{Value, json};

use crate::{narrow::Narrow, phrase::phrase};

/// The most hits of one search: the cluster's own limit.
pub(crate) const MOST_HITS: usize = 10_000;
/// The name of the counts of pages.
pub(crate) const PAGES: &str = "pages";

/// The field that scores candidates, and the codes of tokens for the second look.
pub(crate) const CARRIED: &str = "carried";
pub(crate) const CODES: &str = "codes";
/// The passage as stored.
pub(crate) const PASSAGE: &str = "passage";
/// The fields that come with candidates.
pub(crate) type Fields = &'static [&'static str];
/// The best first; ties by the lower number.
fn best_first() -> Value {
    json!([{"_score": "desc"}, {"id": "asc"}])
}

/// Passages with any of the words, by BM25.
pub(crate) fn keyword(query: &KeywordQuery, k: usize, fields: Fields, narrow: &Narrow) -> Value {
    json!({
        "size": k.min(MOST_HITS), "query": narrow.around(&words(query)), "sort": best_first(), "track_scores": true,
        "track_total_hits": false, "_source": false, "stored_fields": fields
    })
}

/// The best passages with every word that they need, without data.
pub(crate) fn best_with_every(query: &KeywordQuery, k: usize, narrow: &Narrow) -> Value {
    let scored = json!({"bool": {"must": query.needed_words().map(word).collect::<Vec<_>>()}});
    json!({
        "size": k, "query": narrow.around(&or_nothing(query, scored)), "sort": best_first(), "track_total_hits": false,
        "_source": false
    })
}

/// At most so many pages on which a passage has every word that it needs.
pub(crate) fn pages_with_every(query: &KeywordQuery, most: usize, narrow: &Narrow) -> Value {
    let needed = query.needed_words().map(|(_, terms)| {
        let terms: Vec<&str> = terms.iter().map(|(term, _)| term.as_str()).collect();
        json!({"terms": {"content": terms}})
    });
    let every = json!({"bool": {"filter": needed.collect::<Vec<_>>()}});
    let narrowed = narrow.and(or_nothing(query, every)).query();
    json!({"size": 0, "query": narrowed, "aggs": {PAGES: {"terms": {"field": "page", "size": most}}}})
}

/// The condition, or one that nothing meets if no word is needed.
fn or_nothing(query: &KeywordQuery, condition: Value) -> Value {
    if query.needed_words().next().is_none() { json!({"match_none": {}}) } else { condition }
}

/// The best of the terms that stand for a word.
fn word((weight, terms): (f32, &[(String, f32)])) -> Value {
    let terms = terms.iter().map(|(term, weight)| json!({"term": {"content": {"value": term, "boost": weight}}}));
    json!({"dis_max": {"queries": terms.collect::<Vec<_>>(), "boost": weight}})
}

/// The sum of the best term of each word.
fn words(query: &KeywordQuery) -> Value {
    json!({"bool": {"should": query.weighted_words().map(word).collect::<Vec<_>>(), "minimum_should_match": 1}})
}

/// Passages whose vectors are nearest: all are compared if `exact`, else a graph leads to them.
pub(crate) fn nearest(vector: &[f32], k: usize, exact: bool, fields: Fields, narrow: &Narrow) -> Value {
    let size = k.min(MOST_HITS);
    let query = if exact {
        let params = json!({"field": "vector", "query_value": vector, "space_type": "innerproduct"});
        let script = json!({"lang": "knn", "source": "knn_score", "params": params});
        json!({"script_score": {"query": narrow.query(), "script": script}})
    } else {
        // A walk that looks for more than is wanted finds more of the nearest.
        let walk = json!({"vector": vector, "k": (2 * size).min(MOST_HITS), "filter": narrow.query()});
        json!({"knn": {"vector": walk}})
    };
    json!({
        "size": size, "query": query, "sort": best_first(), "track_scores": true, "track_total_hits": false,
        "_source": false, "stored_fields": fields
    })
}

/// Passages that meet conditions, by number, with stored fields or without.
pub(crate) fn listed(narrow: &Narrow, size: usize, fields: Fields) -> Value {
    let mut search = json!({
        "size": size.min(MOST_HITS), "query": narrow.query(), "sort": [{"id": "asc"}], "track_total_hits": true,
        "_source": false
    });
    if !fields.is_empty() {
        search["stored_fields"] = json!(fields);
    }
    search
}

/// Some passages with stored fields.
pub(crate) fn some(passages: &[PassageId], fields: Fields) -> Value {
    listed(&Narrow::to(passages), passages.len(), fields)
}

/// Pages on which a passage has one of the forms of a phrase.
pub(crate) fn pages_with(forms: &[PhraseForm], most: usize, all: &Narrow) -> Value {
    json!({"size": 0, "query": all.and(phrase(forms)).query(),
        "aggs": {PAGES: {"terms": {"field": "page", "size": most}}}})
}

/// The passage with a word whose other words weigh most; its score is their weight.
pub(crate) fn company(word: &str, others: &[(f32, Vec<String>)], all: &Narrow) -> Value {
    let should = others
        .iter()
        .map(|(weight, terms)| json!({"constant_score": {"filter": {"terms": {"content": terms}}, "boost": weight}}));
    let with_word = all.and(json!({"term": {"words": word}})).query();
    json!({
        "size": 1, "track_total_hits": false, "_source": false,
        "query": {"bool": {"filter": [with_word], "should": should.collect::<Vec<_>>()}}
    })
}

/// Counts of the metadata values of some passages, for one key.
pub(crate) fn facets(passages: &[PassageId], keys: &[String], most: usize) -> Value {
    let each = keys.iter().map(|key| {
        let prefix = cloze_index::metadata_term(key, "");
        (
            key.clone(),
            json!({"terms": {"field": "metadata", "include": format!("{}.*", escaped(&prefix)), "size": most}}),
        )
    });
    let aggs: serde_json::Map<String, Value> = each.collect();
    json!({"size": 0, "query": Narrow::to(passages).query(), "aggs": aggs})
}

/// A text as a pattern that matches itself.
fn escaped(text: &str) -> String {
    let is_plain = |c: char| c.is_alphanumeric() || c.is_whitespace() || c.is_control() || c == '_';
    text.chars().flat_map(|c| (!is_plain(c)).then_some('\\').into_iter().chain([c])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_is_the_best_of_its_terms() {
        let search = keyword(&KeywordQuery::plain("the runner"), 5, &[CARRIED], &Narrow::default());
        let words = &search["query"]["bool"]["must"][0]["bool"]["should"];
        assert_eq!(words.as_array().map(Vec::len), Some(2));
        assert_eq!(words[0]["dis_max"]["boost"], 0.5, "a word such as \"the\" weighs less");
        assert_eq!(words[1]["dis_max"]["queries"][0]["term"]["content"]["value"], "runner");
    }

    #[test]
    fn a_key_is_no_pattern() {
        assert_eq!(escaped("a.b\u{1}(c)"), "a\\.b\u{1}\\(c\\)");
    }
}
