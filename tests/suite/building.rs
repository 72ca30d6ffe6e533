//! `indexer build`: which files it reads and leaves out, and its report.

use std::{fs, io::Write as _};

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
fn compressed_manual_pages_are_read_within_the_limit() {
    let site = Site::new();
    let page = |text: &str| {
        let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        gz.write_all(format!(".TH KETTLE 1\n.SH NAME\nkettle \\- {text}\n").as_bytes()).unwrap();
        gz.finish().unwrap()
    };
    fs::write(site.docs().join("kettle.1.gz"), page("boils water")).unwrap();
    fs::write(site.docs().join("huge.1.gz"), page(&"boils ".repeat(100_000))).unwrap();
    fs::write(site.docs().join("archive.tar.gz"), page("is no page")).unwrap();
    let (_, report) = site.build_with(&["--max-file-bytes", "100000"]);
    assert_eq!((report["pages"].as_u64(), sources(&report, "skipped")), (Some(1), vec!["huge.1.gz"]));
    let hits = site.search("boils water", cloze_query::Mode::Keyword).hits;
    assert_eq!((hits[0].id.as_str(), hits[0].url.as_str()), ("kettle.1.gz", "/kettle.1.gz#NAME"));
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
    let record =
        |i| format!("{{\"_id\": \"{i:04}\", \"title\": \"Same\", \"text\": \"The same text on every page.\"}}\n");
    site.write("same.jsonl", (0..1000).map(record).collect::<String>());
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
fn a_page_is_indexed_once() {
    let html = "<title>T</title><main><h1>T</h1><p>The text.</p></main>";
    let site =
        Site::with(&[("a/t.html", html), ("a/print/t.html", html), ("a/_sources/t.rst.txt", "T\n=\n\nThe *text*.\n")]);
    site.write("other.md", page("other"));
    let report = site.build();
    let left_out = report["left_out"].as_array().unwrap().iter();
    let reasons: Vec<_> = left_out.map(|s| (s["source"].as_str().unwrap(), s["reason"].as_str().unwrap())).collect();
    assert_eq!(reasons, [("a/_sources/t.rst.txt", "source of a/t.html"), ("a/print/t.html", "same as a/t.html")]);
    let again = site.build();
    assert_eq!((again["unchanged"].as_bool(), sources(&again, "left_out").len()), (Some(true), 2));
}

#[cfg(unix)]
#[test]
fn a_link_to_a_page_is_not_a_page() {
    let site = Site::with(&[("a.md", &page("a")), ("b/c.md", &page("c"))]);
    std::os::unix::fs::symlink("b", site.docs().join("0")).unwrap();
    std::os::unix::fs::symlink("../a.md", site.docs().join("b/d.md")).unwrap();
    let report = site.build();
    assert_eq!(report["pages"], 2);
    assert_eq!(sources(&report, "left_out"), ["0/c.md", "0/d.md", "b/d.md"]);
}

#[test]
fn a_search_gives_the_current_version() {
    let text = |version| format!("# Limits\n\nAt most 110 kilos an hour. Version {version}.\n");
    let site = Site::with(&[("other.md", &page("other"))]);
    for version in ["3.3", "3.10", "next"] {
        site.write(&format!("{version}/limits.md"), text(version));
    }
    let report = site.build();
    assert_eq!(report["pages"], 4);
    let found = |query: &str| {
        let answer = site.search(query, cloze_query::Mode::Hybrid);
        answer.hits.into_iter().map(|hit| (hit.id, hit.other_versions)).collect::<Vec<_>>()
    };
    assert_eq!(found("limits kilos")[0], ("3.10/limits.md".to_owned(), Some(2)));
    assert!(found("limits kilos").iter().all(|(id, _)| id.starts_with("3.10/") || id == "other.md"));
    assert_eq!(found("limits kilos version:3.3"), [("3.3/limits.md".to_owned(), Some(2))]);
    assert!(found("other").contains(&("other.md".to_owned(), None)));
    // Another version of the page changes what is stored of the others.
    site.write("2.0/limits.md", text("2.0"));
    site.build();
    assert_eq!(found("limits kilos")[0], ("3.10/limits.md".to_owned(), Some(3)));
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
    let kept: Vec<_> = fs::read_dir(site.index().join("generations")).unwrap().collect();
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
        fs::read(site.generation().join("vectors/0/rows.f16")).unwrap()
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
