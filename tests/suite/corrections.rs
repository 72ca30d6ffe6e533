//! Did you mean, and queries with blanks.

use cloze_query::{Engine, Mode, Request};

use crate::site::Site;

fn manual() -> Site {
    let site = Site::with(&[
        (
            "snapshots.md",
            "# Snapshots\n\nTo restore a snapshot, stop the server and copy the folder back. You can take a snapshot at any \
             time.\n\n## Schedule\n\nThe scheduler takes a snapshot every night and deletes old snapshots after a week.\n",
        ),
        (
            "install.md",
            "# Installation\n\nInstall the package, then configure the database connection in the configuration file.\n",
        ),
        ("users.md", "# Users\n\nCreate a user with a password. The administrator can reset a forgotten password.\n"),
        (
            "flags.md",
            "# Flags\n\nUse `--dry-run` to see what useEffect would do. Kubectl and grep are other programs.\n",
        ),
    ]);
    site.build();
    site
}

fn corrected(engine: &Engine, query: &str) -> Option<String> {
    engine.search(&Request::new(query).unwrap()).unwrap().corrected_query
}

#[test]
fn mistyped_words_are_put_right() {
    let site = manual();
    let engine = site.engine();
    for (typed, meant) in [
        ("how do I restroe a snapshto", "how do I restore a snapshot"),
        ("forgoten pasword", "forgotten password"),
        ("databse connction?", "database connection?"),
        ("the administratr's job", "the administrator's job"),
    ] {
        assert_eq!(corrected(&engine, typed).as_deref(), Some(meant));
    }
}

#[test]
fn what_is_right_or_meant_so_stays() {
    let site = manual();
    let engine = site.engine();
    for query in [
        "how do I restore a snapshot",
        "restoring snapshots",  // other forms of known words
        "delete the elephant",  // a common word that the index lacks
        "\"forgoten pasword\"", // quoted
        "--dry-rnu",            // a flag
        "useEfect",             // an identifier
        "HTPP",                 // an abbreviation
        "snapshot2 v1.23",      // numbers
        "数据库",
    ] {
        assert_eq!(corrected(&engine, query), None, "{query}");
    }
    let mut typing = Request::new("restore a snapsh").unwrap();
    typing.prefix = true;
    assert_eq!(engine.search(&typing).unwrap().corrected_query, None, "the last word is still being typed");
}

#[test]
fn a_rare_word_is_put_right_only_where_its_neighbours_speak_for_another() {
    let seasons = (1990..2002).map(|y| format!("## {y}\n\nThe football team of the city won the match of {y}.\n\n"));
    let seasons = format!("# Seasons\n\n{}", seasons.collect::<String>());
    let site = Site::with(&[
        ("seasons.md", &seasons),
        ("microscopes.md", "# Microscopes\n\nA tem looks through thin slices of matter with electrons.\n"),
    ]);
    site.build();
    let engine = site.engine();
    let meant = "which football team won the match";
    assert_eq!(corrected(&engine, "which football tem won the match").as_deref(), Some(meant));
    assert_eq!(corrected(&engine, "which footbal team won the match").as_deref(), Some(meant), "a stem is no word");
    assert_eq!(corrected(&engine, "what does a tem look through"), None);
    assert_eq!(corrected(&engine, "did Mr Ream win the match"), None, "a name");
}

#[test]
fn a_corrected_query_finds_what_was_meant_and_the_original() {
    let site = manual();
    let engine = site.engine();
    for mode in [Mode::Keyword, Mode::Semantic, Mode::Hybrid] {
        let mut request = Request::new("restroe snapshto").unwrap();
        request.mode = mode;
        let answer = engine.search(&request).unwrap();
        assert_eq!(answer.hits[0].id, "snapshots.md", "{mode:?}");
        assert_eq!(answer.query, "restroe snapshto");
    }
}

#[test]
fn the_context_decides_between_words_that_are_equally_near() {
    let filler = "Read the manual. ".repeat(3);
    let site = Site::with(&[
        ("a.md", format!("# Sailing\n\nThe boat left the harbour. A boat needs a sail. {filler}").as_str()),
        ("b.md", format!("# Clothes\n\nA coat keeps you warm. The coat hangs in the hall. {filler}").as_str()),
    ]);
    site.build();
    let engine = site.engine();
    assert_eq!(corrected(&engine, "sail the loat across the sea").as_deref(), Some("sail the boat across the sea"));
    assert_eq!(corrected(&engine, "wear a warm loat in winter").as_deref(), Some("wear a warm coat in winter"));
}

#[test]
fn blanks_are_filled_with_words_of_the_index() {
    let site = manual();
    let engine = site.engine();
    for query in ["how do I ___ a snapshot", "how do I [MASK] a snapshot"] {
        let answer = engine.search(&Request::new(query).unwrap()).unwrap();
        assert_eq!(answer.hits[0].id, "snapshots.md");
        let fills = answer.fills.unwrap();
        let words: Vec<&str> = fills.iter().map(|f| f.words[0].as_str()).collect();
        assert!(words.contains(&"take") || words.contains(&"restore"), "{words:?}");
        assert!(fills.windows(2).all(|pair| pair[0].probability >= pair[1].probability));
        assert!(fills.iter().map(|f| f.probability).sum::<f64>() <= 1.0 + 1e-6);
        for fill in &fills {
            assert!(fill.passages.iter().all(|p| !p.url.is_empty()) && !fill.passages.is_empty(), "{fill:?}");
            assert!(fill.text.contains(&fill.words[0]) && !fill.text.contains('_'));
        }
    }
    let answer = engine.search(&Request::new("restore a snapshot").unwrap()).unwrap();
    assert_eq!(answer.fills, None);
    // Nothing but a blank, and more blanks than are filled, are no failures of the server.
    assert!(engine.search(&Request::new("___").unwrap()).is_ok());
    assert!(engine.search(&Request::new(&"___ ".repeat(20)).unwrap()).is_ok());
}

#[test]
fn without_a_head_edits_and_frequency_decide() {
    let site = Site::with(&[("a.md", "# Reading\n\nThe document is near the river. Search the document.\n")]);
    let model = crate::support::fixture("tiny-bert");
    site.build_with(&["--model", model.to_str().unwrap()]);
    let engine = site.engine();
    assert!(engine.mask_model().is_none());
    assert_eq!(corrected(&engine, "the documnet").as_deref(), Some("the document"));
    assert_eq!(engine.search(&Request::new("a ___ document").unwrap()).unwrap().fills, Some(vec![]));
}
