//! `GET /suggest`: suggestions while the reader types.

use cloze_query::suggest::SuggestionKind;

use crate::site::Site;

fn site() -> Site {
    let site = Site::with(&[
        ("snapshots.md", "# Snapshots\n\nA snapshot keeps what was.\n\n## Snapshot policies\n\nKeep seven days.\n"),
        ("restore.md", "# Restoring from a snapshot\n\nTake the newest snapshot and snap it in.\n"),
        ("cafe.md", "# Café opening hours\n\nThe café opens at nine. Snacks are sold.\n"),
    ]);
    site.build();
    site
}

fn texts(site: &Site, typed: &str) -> Vec<(String, SuggestionKind)> {
    let suggestions = site.engine().suggest(typed, 10).unwrap().suggestions;
    suggestions.into_iter().map(|s| (s.text, s.kind)).collect()
}

#[test]
fn titles_then_headings_then_words() {
    use SuggestionKind::{Heading, Title, Word};
    let site = site();
    let found = texts(&site, "snap");
    let expected = [("Snapshots", Title), ("Snapshot policies", Heading), ("Restoring from a snapshot", Title)];
    let expected = expected.map(|(text, kind)| (text.to_owned(), kind));
    assert_eq!(found[..3], expected, "{found:?}");
    assert!(found[3..].contains(&("snapshot".to_owned(), Word)), "{found:?}");
    let urls: Vec<_> = site.engine().suggest("snap", 3).unwrap().suggestions.into_iter().map(|s| s.url).collect();
    assert_eq!(urls, ["/snapshots.md", "/snapshots.md#snapshot-policies", "/restore.md"].map(|u| Some(u.to_owned())));
}

#[test]
fn accents_case_and_the_words_before_do_not_matter() {
    let site = site();
    assert_eq!(texts(&site, "CAFE op")[0].0, "Café opening hours");
    assert_eq!(texts(&site, "hours open")[0].0, "Café opening hours", "the words in any order");
    assert!(texts(&site, "newest snaps").iter().any(|(text, _)| text == "newest snapshot"));
}

#[test]
fn where_nothing_begins_so_the_nearest_words_are_offered() {
    let site = site();
    assert_eq!(texts(&site, "snapshto")[0], ("snapshot".to_owned(), SuggestionKind::Word));
    assert!(texts(&site, "xqzvw").is_empty());
    assert!(site.engine().suggest("a", 0).is_err() && site.engine().suggest("a", 21).is_err());
    assert!(site.engine().suggest(" ", 5).is_err());
}

#[test]
fn what_is_gone_is_not_offered() {
    let site = site();
    std::fs::remove_file(site.docs().join("restore.md")).unwrap();
    site.build();
    assert!(texts(&site, "rest").iter().all(|(text, _)| !text.starts_with("Restoring")), "{:?}", texts(&site, "rest"));
}
