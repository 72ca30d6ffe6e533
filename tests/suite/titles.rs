//! Titles and headings: what they find, whatever the scores.

use std::collections::BTreeMap;

use cloze_query::{Mode, Request};

use crate::{site::Site, words::keyword};

#[test]
fn an_exact_title_or_heading_is_first() {
    let site = Site::with(&[
        (
            "events.md",
            "# Event handling in depth\n\nEvents, events and event handlers. Events everywhere. Handling events.\n",
        ),
        ("short.md", "# Events\n\nSee the other pages.\n"),
        ("guide.md", "# Guide\n\nLong text about other things.\n\n## Handling events\n\nDo it.\n"),
    ]);
    site.build();
    for mode in Mode::ALL {
        assert_eq!(site.search("events", mode).hits[0].id, "short.md", "{mode:?}");
        assert_eq!(site.search("Handling Events?", mode).hits[0].url, "/guide.md#handling-events", "{mode:?}");
        let hits = site.search("Events", mode).hits;
        assert!(hits.windows(2).all(|pair| pair[0].score >= pair[1].score), "scores fall: {mode:?}");
    }
}

#[test]
fn a_title_may_look_like_syntax() {
    let site = Site::with(&[
        ("quotes.md", "# The \"strict\" mode\n\nWhat it forbids.\n"),
        ("strict.md", "# Being strict\n\nThe strict mode, the mode that is strict, strict as a mode.\n"),
        ("field.md", "---\nversion: 1\n---\n# Using version:2 in front matter\n\nWrite it at the top.\n"),
        ("two.md", "---\nversion: 2\n---\n# Front matter\n\nUsing it in front matter.\n"),
        ("minus.md", "# Setup -offline\n\nWithout a network.\n"),
        ("setup.md", "# Setup\n\nSetup, setup and setup.\n\n## say \"hello\" -now\n\nA greeting.\n"),
    ]);
    site.build();
    for mode in Mode::ALL {
        for (query, page) in [
            ("The \"strict\" mode", "quotes.md"),
            ("using version:2 in front matter", "field.md"),
            ("Setup -offline", "minus.md"),
            ("Say \"hello\" -now?", "setup.md"),
        ] {
            let hits = site.search(query, mode).hits;
            assert_eq!(hits.first().map(|h| h.id.as_str()), Some(page), "{query} in {mode:?}");
            assert_eq!(hits[0].score, 0.95, "{query} in {mode:?}: {:?}", hits[0]);
        }
    }
    // A text that is no title is still read as a query.
    assert_eq!(keyword(&site, "front matter version:2"), ["two.md"]);
    // Nor does a title count that a filter hides.
    let mut request = Request::new("using version:2 in front matter").unwrap();
    request.filters = BTreeMap::from([("version".to_owned(), vec!["2".to_owned()])]);
    assert_eq!(site.engine().search(&request).unwrap().hits[0].id, "two.md");
}

#[test]
fn the_title_of_a_long_page_is_first_however_many_passages_it_has() {
    let site = Site::new();
    let section = |i: usize| format!("## Part {i}\n\nIt goes on with number {i}.\n\n");
    site.write("long.md", format!("# Chronicle\n\n{}", (0..1100).map(section).collect::<String>()));
    site.write("short.md", "# Other\n\nA chronicle, a chronicle and one more chronicle of chronicles.\n");
    site.build();
    let first = &site.search("chronicle", Mode::Keyword).hits[0];
    assert_eq!((first.id.as_str(), first.score), ("long.md", 0.95));
}

#[test]
fn pages_that_share_a_heading_share_the_estimate() {
    let site = Site::new();
    let mut last = 1.0;
    for n in 1..=4 {
        site.write(
            &format!("{n}.md"),
            format!("# Module {n}\n\nIt does thing {n}.\n\n## Examples\n\nSee number {n}.\n"),
        );
        site.build();
        let score = site.search("Examples", Mode::Keyword).hits[0].score;
        assert!(score < last && score <= 0.95, "{n} pages: {score}, {last} before");
        last = score;
    }
    assert!(last < 0.5, "{last}");
}
