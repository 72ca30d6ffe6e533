//! Semantic highlighting: the best sentence, and words that mean the same as the query's.

use cloze_query::{Highlight, Mode, Request};

use crate::site::Site;

fn marks(snippet: &cloze_query::json::Snippet) -> Vec<String> {
    let units: Vec<u16> = snippet.text.encode_utf16().collect();
    let mark = |[a, b]: &[u32; 2]| String::from_utf16_lossy(&units[*a as usize..*b as usize]);
    snippet.highlights.iter().map(mark).collect()
}

/// Builds a site about sleep with so many codes, and checks the sentence and the marks of its best hit.
fn check_codes(codes: &str) {
    let hay = "The museum opens every day but Monday, and the garden is free to enter all year round. ".repeat(3);
    let answer = "Physicians recommend eight hours of slumber each night for adults.";
    let site = Site::with(&[
        ("health.md", &format!("# Sleeping well\n\n{hay}\n\n{answer}\n\n{hay}")),
        ("x.md", "# X\n\nOther."),
    ]);
    assert_eq!(site.build_with(&["--token-codes", codes]).0, 0);
    let mut request = Request::new("how long should I sleep").unwrap();
    request.mode = Mode::Semantic;
    let engine = site.engine();
    let by_words = engine.search(&request).unwrap();
    // The page has no word of the query, so only codes can choose a part of it.
    assert_eq!(by_words.hits[0].snippet.text.contains("slumber"), codes != "none", "{}", by_words.hits[0].snippet.text);
    request.highlight = Highlight::Semantic;
    let by_meaning = engine.search(&request).unwrap();
    let snippet = &by_meaning.hits[0].snippet;
    assert!(snippet.text.trim_start_matches('…').starts_with(answer), "{}", snippet.text);
    let marks = marks(snippet);
    assert!(["hours", "slumber", "night"].iter().any(|near| marks.iter().any(|m| m.contains(near))), "{marks:?}");
    assert!(!marks.is_empty() && marks.iter().all(|m| answer.contains(m.as_str())), "{marks:?}");
}

#[test]
fn the_best_sentence_is_shown_and_its_words_are_marked() {
    check_codes("full");
}

#[test]
fn codes_of_three_tokens_find_the_sentence_too() {
    check_codes("small");
}

#[test]
fn an_index_without_codes_is_highlighted_by_the_encoder() {
    check_codes("none");
}

#[test]
fn every_kind_of_text_can_be_highlighted() {
    let site = Site::with(&[
        ("ja.md", "# 検索\n\n検索エンジンは文書を見つけます。索引は新しく保たれます。"),
        ("emoji.md", "# Emoji\n\n😀😀 party 🎉. Indexing 😀 the index."),
        ("long.md", &format!("# Long\n\n{}", "word".repeat(2000))),
        ("empty.md", "# Only a title\n"),
    ]);
    site.build();
    let engine = site.engine();
    for query in ["検索", "index 😀", "word", "title", "?", "the"] {
        let mut request = Request::new(query).unwrap();
        request.highlight = Highlight::Semantic;
        for hit in engine.search(&request).unwrap().hits {
            let length = hit.snippet.text.encode_utf16().count() as u32;
            assert!(hit.snippet.highlights.iter().all(|[a, b]| a < b && *b <= length), "{query}: {hit:?}");
            assert!(hit.snippet.highlights.windows(2).all(|w| w[0][1] < w[1][0]), "{query}");
        }
    }
}
