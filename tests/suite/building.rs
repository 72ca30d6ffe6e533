//! `indexer build`: which files it reads and leaves out, and its report.

use cloze_index::Generation;

use crate::site::{Site, sources};

fn page(name: &str) -> String {
    format!("# {name}\n\nA page about {name} and nothing else.\n")
}

#[test]
fn every_format_becomes_pages() {
    let site = Site::with(&[
        ("a.md", "---\ntitle: Alpha\ntags: [x, y]\nlang: de\n---\nText of alpha.\n\n## Part\n\nMore.\n"),
        ("b/c.html", "<title>Site</title><main><h1>Beta</h1><p>Text of beta.</p></main>"),
        ("d.txt", "Text of delta."),
        ("e.jsonl", "{\"_id\": \"eps\", \"title\": \"Epsilon\", \"text\": \"Text of epsilon.\", \"url\": \"/eps\"}\n"),
        ("image.png", "not a page"),
    ]);
    let report = site.build();
    assert_eq!((report["pages"].as_u64(), report["passages"].as_u64()), (Some(4), Some(5)));
    let generation = Generation::open(&site.index()).unwrap();
    let mut pages: Vec<_> = (0..5)
        .map(|id| generation.passage(id).unwrap())
        .map(|p| (p.source, p.title, p.url, p.headings.join(">")))
        .collect();
    pages.sort();
    let expected = [
        ("a.md", "Alpha", "/a.md", ""),
        ("a.md", "Alpha", "/a.md#part", "Part"),
        ("b/c.html", "Beta", "/b/c.html", ""),
        ("d.txt", "d", "/d.txt", ""),
        ("eps", "Epsilon", "/eps", ""),
    ];
    let expected = expected.map(|(a, b, c, d)| (a.to_owned(), b.to_owned(), c.to_owned(), d.to_owned()));
    assert_eq!(pages, expected);
    let first = generation.passage(0).unwrap();
    assert_eq!((first.metadata["tags"].join(","), first.lang.as_deref()), ("x,y".into(), Some("de")));
}

#[test]
fn what_authors_keep_out_is_never_indexed() {
    let site = Site::with(&[
        ("draft.md", "---\ndraft: true\n---\n# Secret\n"),
        ("noindex.md", "---\nnoindex: true\n---\n# Secret\n"),
        ("search.md", "---\nsearch: exclude\n---\n# Secret\n"),
        ("material.md", "---\nsearch:\n  exclude: true\n---\n# Secret\n"),
        ("robots.html", "<meta name=robots content=noindex><h1>Secret</h1>"),
        ("part.html", "<h1>Open</h1><p>Shown.</p><p data-cloze-ignore>Secret</p>"),
        (".gitignore", "ignored.md\nbuild/\n"),
        ("ignored.md", "# Secret\n"),
        ("build/x.md", "# Secret\n"),
        (".hidden.md", "# Secret\n"),
    ]);
    let report = site.build();
    assert_eq!(report["pages"], 1);
    let left_out = ["draft.md", "material.md", "noindex.md", "robots.html", "search.md"];
    assert_eq!(sources(&report, "left_out"), left_out);
    assert_eq!(site.search("secret", cloze_query::Mode::Keyword).hits, []);
}

#[test]
fn include_and_exclude_choose_files() {
    let site = Site::with(&[("a.md", &page("a")), ("b.md", &page("b")), ("old/c.md", &page("c"))]);
    assert_eq!(site.build_with(&["--exclude", "old/"]).1["pages"], 2);
    assert_eq!(site.build_with(&["--include", "b.md", "--include", "old/**"]).1["pages"], 2);
}

#[test]
fn identical_passages_are_encoded_once() {
    let site = Site::new();
    for i in 0..1000 {
        site.write(&format!("{i:04}.md"), "# Same\n\nThe same text on every page.\n");
    }
    site.write("other.md", "# Other\n\nSomething quite different: penguins.\n");
    let report = site.build();
    assert_eq!((report["passages"].as_u64(), report["encoded"].as_u64()), (Some(1001), Some(2)));
    assert_eq!(report["shared"], 999);
    let generation = Generation::open(&site.index()).unwrap();
    assert_eq!((generation.passages(), generation.vectors()), (1001, 2));
    // The one other page is found in spite of a thousand copies of its rival.
    assert_eq!(site.search("penguins", cloze_query::Mode::Semantic).hits[0].id, "other.md");
}

#[test]
fn long_sections_are_split_and_nothing_is_cut() {
    let sentences: Vec<String> = (0..400).map(|i| format!("Sentence number {i} says marker{i}.")).collect();
    let site = Site::with(&[("long.md", &format!("# Long\n\n{}\n", sentences.join(" ")))]);
    let report = site.build();
    assert_eq!(report["split_sections"], 1);
    let generation = Generation::open(&site.index()).unwrap();
    let encoder = crate::support::encoder();
    let mut text = String::new();
    for id in generation.ids() {
        let passage = generation.passage(id).unwrap();
        let encoded = format!("{}\n{}", passage.context(), passage.text);
        assert_eq!(encoder.tokenizer().tokenize(&encoded).unwrap().cut, 0, "a passage fits the encoder");
        text.push_str(&passage.text);
        text.push('\n');
    }
    for i in 0..400 {
        assert!(text.contains(&format!("marker{i}.")), "marker{i} is in a passage");
    }
}

#[test]
fn a_build_replaces_the_one_before() {
    let site = Site::with(&[("a.md", &page("apples"))]);
    assert_eq!(site.build()["generation"], "000001");
    site.write("a.md", page("bananas"));
    assert_eq!(site.build()["generation"], "000002");
    assert_eq!(site.search("apples", cloze_query::Mode::Keyword).hits, []);
    assert_eq!(site.search("bananas", cloze_query::Mode::Keyword).hits.len(), 1);
    site.build();
    let prune = site.run("indexer", &["prune"]);
    assert!(prune.status.success());
    let kept: Vec<_> = std::fs::read_dir(site.index().join("generations")).unwrap().collect();
    assert_eq!(kept.len(), 2, "the live one and the one before");
}

#[test]
fn a_build_is_the_same_whatever_the_number_of_threads() {
    let site = Site::new();
    for i in 0..40 {
        site.write(&format!("{i}.md"), page(&format!("topic{i} and some words that differ: {}", i * 7919)));
    }
    let rows = |threads: &str| {
        site.build_with(&["--threads", threads]);
        std::fs::read(site.generation().join("vectors/0/rows.f16")).unwrap()
    };
    assert_eq!(rows("1"), rows("4"));
}

#[test]
fn progress_is_plain_lines_where_there_is_no_terminal() {
    let site = Site::with(&[("a.md", &page("a"))]);
    let output = site.run("indexer", &["build", "docs"]);
    let text = crate::site::stderr(&output);
    for phase in ["load: ", "encode: ", "publish: ", "generation 000001: 1 pages, 1 passages"] {
        assert!(text.contains(phase), "{phase:?} in {text}");
    }
    assert!(!text.contains('\u{1b}'), "no control sequences: {text:?}");
}
