//! Builds that follow other builds: which passages they encode, keep and remove, and that the result answers
//! as a build from nothing would.

use std::{
    collections::BTreeMap,
    fs,
    io::{BufRead, BufReader, Lines},
    process::{Child, ChildStderr, ChildStdout, Stdio},
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::Duration,
};

use cloze_query::{Engine, Mode, Request};
use serde_json::Value;

use crate::{
    kills::{Killer, Random},
    site::{Site, stderr},
    support::fixture,
};

/// A page with a section.
pub fn page(name: &str, text: &str) -> String {
    format!("# Page {name}\n\n{text}\n\n## Details of {name}\n\nMore about {text}.\n")
}

/// Four pages of two passages each.
pub fn garden() -> Site {
    let site = Site::new();
    for (name, text) in [
        ("water", "Tomatoes need water in the morning, at their roots."),
        ("soil", "Compost keeps the soil loose and feeds the worms."),
        ("pests", "Copper bands keep snails away from the beds."),
        ("tools", "Sharpen the spade before the ground freezes."),
    ] {
        site.write(&format!("guide/{name}.md"), page(name, text));
    }
    site
}

/// The counts in a build's report: passages `[encoded, reused, removed, in all]`.
pub fn counts(report: &Value) -> [u64; 4] {
    ["encoded", "reused", "removed", "passages"].map(|key| report[key].as_u64().unwrap())
}

#[test]
fn only_what_is_new_is_encoded() {
    let site = garden();
    let first = site.build();
    assert_eq!(counts(&first), [8, 0, 0, 8]);
    let again = site.build();
    assert_eq!((counts(&again), again["unchanged"].as_bool()), ([0, 8, 0, 8], Some(true)));
    assert_eq!(again["generation"], "000001", "nothing differs, so the generation stays");

    site.write("guide/soil.md", page("soil", "Lime makes the soil less sour."));
    let edited = site.build();
    assert_eq!(counts(&edited), [2, 6, 2, 8]);
    assert_eq!(site.search("sour", Mode::Keyword).hits[0].id, "guide/soil.md");
    assert!(site.search("worms", Mode::Keyword).no_match, "deleted pages are not found");
    assert!(site.search("compost for worms", Mode::Semantic).hits.iter().all(|h| !h.snippet.text.contains("worms")));

    fs::rename(site.docs().join("guide"), site.docs().join("handbook")).unwrap();
    let renamed = site.build();
    assert_eq!(counts(&renamed), [0, 8, 8, 8], "a renamed folder is not encoded again");
    assert_eq!(site.search("sour", Mode::Keyword).hits[0].id, "handbook/soil.md");

    fs::remove_file(site.docs().join("handbook/pests.md")).unwrap();
    assert_eq!(counts(&site.build()), [0, 6, 2, 6]);
    assert!(site.search("snails", Mode::Keyword).no_match);
    assert!(site.run("indexer", &["verify"]).status.success());
}

#[test]
fn of_an_html_site_only_changed_pages_are_encoded() {
    let site = Site::new();
    let write = |name: &str, text: &str| {
        let links: String = (0..6).map(|n| format!("<li><a href='{n}.html'>Page {n}</a></li>")).collect();
        site.write(
            &format!("{name}.html"),
            format!(
                "<html><body><div class=side><ul>{links}</ul></div><div id=main><h1>Page {name}</h1><p>{text}</p>\
                 <dl><dt id=a{name}>option_{name}</dt><dd><p>{text} Sets its value.</p></dd></dl></div>\
                 <div>Was this page helpful? Edit this page</div></body></html>"
            ),
        );
    };
    let subjects = ["kettles", "spades", "engines", "violins", "glaciers", "harvests"];
    (0..6).for_each(|n| write(&n.to_string(), &format!("Text about {} in this manual.", subjects[n])));
    let passages = counts(&site.build())[0];
    assert_eq!(passages, 12, "a page has its text and its option, and nothing that the site repeats");
    let again = site.build();
    assert_eq!((counts(&again), again["unchanged"].as_bool()), ([0, passages, 0, passages], Some(true)));
    write("3", "Another text.");
    assert_eq!(counts(&site.build()), [2, passages - 2, 2, passages]);
    assert!(site.search("helpful", Mode::Keyword).no_match);
}

#[test]
fn settings_that_change_passages_are_noticed() {
    let site = garden();
    site.build();
    let (_, report) = site.build_with(&["--base-url", "https://example.org/"]);
    assert_eq!(counts(&report), [0, 8, 8, 8]);
    assert!(site.search("snails", Mode::Keyword).hits[0].url.starts_with("https://example.org/guide/pests"));
}

#[test]
fn a_ledger_can_be_deleted_or_be_broken() {
    let site = garden();
    site.build();
    fs::remove_dir_all(site.index().join("ledger")).unwrap();
    assert_eq!(site.search("snails", Mode::Keyword).hits.len(), 1, "readers do not need it");
    let report = site.build();
    assert_eq!((counts(&report)[3], report["generation"].as_str()), (8, Some("000001")), "the pages are the same");

    fs::remove_dir_all(site.index().join("ledger")).unwrap();
    fs::create_dir(site.index().join("ledger")).unwrap();
    fs::write(site.index().join("ledger/conf"), "no ledger").unwrap();
    fs::write(site.index().join("ledger/db"), vec![0xff; 5000]).unwrap();
    site.write("guide/new.md", page("new", "Sow the lettuce late."));
    let output = site.run("indexer", &["build", "docs"]);
    assert!(output.status.success() && stderr(&output).contains("cannot read the ledger"), "{}", stderr(&output));
    let aside = fs::read_dir(site.index()).unwrap().flatten();
    let aside = aside.filter(|e| e.file_name().to_string_lossy().starts_with("ledger.unreadable-")).count();
    assert_eq!(aside, 1, "it is kept");
    assert_eq!(site.search("lettuce", Mode::Keyword).hits.len(), 1);
}

/// All pages that several queries find, in every mode: pages with the same text are equally good, so that a
/// shorter list may end between them.
fn answers(engine: &Engine) -> Vec<Vec<String>> {
    let mut all = Vec::new();
    for query in ["water for tomatoes", "keep snails away", "soil", "sharp spade", "number 3", "something new", "late"]
    {
        for mode in Mode::ALL {
            let mut request = Request::new(query).unwrap().page(0, 100).unwrap();
            request.mode = mode;
            let mut ids: Vec<String> = engine.search(&request).unwrap().hits.into_iter().map(|h| h.id).collect();
            ids.sort();
            all.push(ids);
        }
    }
    all
}

/// Another history every time; it is printed where it leads to a failure.
fn a_new_seed() -> u64 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    now.as_nanos() as u64
}

/// Random adding, editing, deleting, renaming and killing against a plain map of the expected pages.
#[test]
fn any_history_answers_as_a_build_from_nothing() {
    let site = garden();
    let seed = std::env::var("CLOZE_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or_else(a_new_seed);
    println!("CLOZE_SEED={seed} repeats this history");
    let mut random = Random(seed);
    let mut killer = Killer::new(seed);
    let mut expected: BTreeMap<String, String> = BTreeMap::new();
    for (name, text) in [("a", "Water the tomatoes."), ("b", "Snails hate copper.")] {
        expected.insert(format!("{name}.md"), page(name, text));
    }
    fs::remove_dir_all(site.docs()).unwrap();
    expected.iter().for_each(|(name, text)| site.write(name, text));
    site.build();
    let rounds = if std::env::var_os("CLOZE_SOAK").is_some() { 300 } else { 30 };
    for round in 0..rounds {
        for _ in 0..=random.below(3) {
            let names: Vec<String> = expected.keys().cloned().collect();
            let name = names[random.below(names.len())].clone();
            match random.below(4) {
                0 => {
                    let new = format!("n{round}-{}.md", random.below(1000));
                    expected.insert(
                        new,
                        page("new", &format!("Something new, number {round} and {}.", random.below(1000))),
                    );
                }
                1 => {
                    drop(expected.insert(
                        name,
                        page("edited", &format!("Edited late, number {round} and {}.", random.below(1000))),
                    ))
                }
                2 if expected.len() > 2 => drop(expected.remove(&name)),
                _ => {
                    let text = expected.remove(&name).unwrap();
                    expected.insert(format!("moved{}/{name}", random.below(3)), text);
                }
            }
        }
        fs::remove_dir_all(site.docs()).unwrap();
        expected.iter().for_each(|(name, text)| site.write(name, text));
        if random.below(4) == 0 {
            killer.attempt(&site, &["build", "docs", "--quiet"]);
        }
        let report = site.build();
        assert_eq!(report["pages"], expected.len());
        assert!(report["encoded"].as_u64().unwrap() <= 12, "{report}");
        let engine = site.engine();
        let generation = engine.generation();
        let mut pages: Vec<String> = generation.pages().unwrap().into_iter().map(|p| p.source).collect();
        pages.sort();
        assert!(pages.iter().eq(expected.keys()), "round {round}: {pages:?}");
        assert_eq!(generation.ids().count(), 2 * expected.len());
        if round % 10 == 9 {
            let fresh = Site::new();
            expected.iter().for_each(|(name, text)| fresh.write(name, text));
            fresh.build();
            assert_eq!(answers(&engine), answers(&fresh.engine()), "round {round}");
        }
    }
    let names = fs::read_dir(site.index().join("generations")).unwrap().count();
    assert_eq!(names, 2, "the live generation and the one before");
}

/// An index as this format's first program wrote it.
#[test]
fn a_frozen_index_opens_and_can_be_built_upon() {
    let site = Site::new();
    let copied = std::process::Command::new("cp").arg("-r").arg(fixture("index-3")).arg(site.index()).status();
    assert!(copied.unwrap().success());
    assert!(site.run("indexer", &["verify"]).status.success());
    assert_eq!(site.search("frozen lettuce", Mode::Hybrid).hits[0].id, "frozen.md");
    site.write("frozen.md", fs::read_to_string(fixture("index-3.md")).unwrap());
    site.write("fresh.md", page("fresh", "Fresh radishes."));
    let (_, report) = site.build_with(&["--token-codes", "none"]);
    assert_eq!(counts(&report), [2, 2, 0, 4], "its passages are not encoded again");
    assert_eq!(counts(&site.build()), [4, 0, 0, 4], "codes of tokens need the encoder once");
    assert_eq!(counts(&site.build()), [0, 4, 0, 4]);
}

/// An index of the format before this one: refused with advice, left unchanged, and replaced by a build beside it.
#[test]
fn an_older_format_is_left_alone_and_built_anew() {
    let site = Site::new();
    let copied = std::process::Command::new("cp").arg("-r").arg(fixture("index-2")).arg(site.index()).status();
    assert!(copied.unwrap().success());
    let rows = site.index().join("generations/000001/vectors/0/rows.f32");
    let old = fs::read(&rows).unwrap();
    for (program, args) in [("query", ["text"]), ("indexer", ["verify"]), ("indexer", ["status"])] {
        let refused = site.run(program, &args);
        assert_eq!(refused.status.code(), Some(1));
        assert!(stderr(&refused).contains("index format 2, but this program reads format 3; build the index again"));
    }
    site.write("frozen.md", fs::read_to_string(fixture("index-3.md")).unwrap());
    assert_eq!(site.build()["generation"], "000002");
    assert_eq!(fs::read(&rows).unwrap(), old);
    assert_eq!(site.search("frozen lettuce", Mode::Hybrid).hits[0].id, "frozen.md");
}

/// Reads lines of a watch until one says that this many pages are in.
fn wait_for_pages(lines: &mut impl Iterator<Item = std::io::Result<String>>, pages: u64) -> Value {
    for line in lines {
        let report: Value = serde_json::from_str(&line.unwrap()).unwrap();
        if report["pages"] == pages {
            return report;
        }
    }
    panic!("the watch ended");
}

/// A running `indexer watch`.
struct Watch {
    child: Child,
    reports: Lines<BufReader<ChildStdout>>,
    errors: Lines<BufReader<ChildStderr>>,
}

impl Watch {
    fn start(site: &Site) -> Self {
        let mut command = site.command("indexer", &["watch", "docs", "--json", "--quiet"]);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let reports = BufReader::new(child.stdout.take().unwrap()).lines();
        let errors = BufReader::new(child.stderr.take().unwrap()).lines();
        Self { child, reports, errors }
    }

    /// Ends it; returns the number of unread reports.
    fn end(mut self) -> usize {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        self.reports.count()
    }
}

#[test]
fn a_watch_builds_after_a_burst_of_edits_and_then_rests() {
    let site = garden();
    let mut watch = Watch::start(&site);
    assert_eq!(wait_for_pages(&mut watch.reports, 4)["encoded"], 8);
    assert!(site.run("indexer", &["status"]).status.success(), "readers are not held up");
    for i in 0..5 {
        site.write(&format!("burst{i}.md"), page("burst", &format!("Burst of edits {i}.")));
    }
    let report = wait_for_pages(&mut watch.reports, 9);
    assert!(report["encoded"].as_u64().unwrap() > 0);
    thread::sleep(Duration::from_millis(1200));
    assert_eq!(site.engine().generation().manifest().generation, "000002", "one generation a burst");
    assert_eq!(watch.end(), 0, "reading the sources is no change of them");
}

#[test]
fn a_watch_passes_by_files_that_a_build_does_not_read() {
    let site = garden();
    site.write(".gitignore", "scratch/\n");
    let mut watch = Watch::start(&site);
    wait_for_pages(&mut watch.reports, 4);
    for name in ["notes.log", "guide/.hidden.md", "scratch/page.md", "guide/picture.png"] {
        site.write(name, "Not to be read.");
        thread::sleep(Duration::from_millis(700));
    }
    // An ignored file counts once it is no longer ignored.
    site.write(".gitignore", "nothing/\n");
    let next: Value = serde_json::from_str(&watch.reports.next().unwrap().unwrap()).unwrap();
    assert_eq!(next["pages"], 5, "the first report after the first one: {next}");
    assert_eq!(watch.end(), 0);
}

#[test]
fn a_watch_tries_again_after_a_build_that_failed() {
    let site = garden();
    let mut watch = Watch::start(&site);
    wait_for_pages(&mut watch.reports, 4);
    let options = cloze_index::WriterOptions { dimension: 384, model: Value::Null, token_neighbours: 3 };
    let writer = cloze_index::Writer::begin(&site.index(), options).unwrap();
    site.write("late.md", page("late", "Nothing happens after this."));
    let error = watch.errors.next().unwrap().unwrap();
    assert!(error.contains("another process is writing"), "{error}");
    drop(writer);
    assert_eq!(wait_for_pages(&mut watch.reports, 5)["encoded"], 2, "without another change");
    assert_eq!(watch.end(), 0);
}

#[test]
fn a_watch_builds_in_the_middle_of_a_burst_that_does_not_end() {
    let site = garden();
    let mut watch = Watch::start(&site);
    wait_for_pages(&mut watch.reports, 4);
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            for i in 0.. {
                site.write("log.md", page("log", &format!("Line {i} of a page that is always written.")));
                if is_over.load(Ordering::Relaxed) {
                    break;
                }
                thread::sleep(Duration::from_millis(50));
            }
        });
        let report = wait_for_pages(&mut watch.reports, 5);
        is_over.store(true, Ordering::Relaxed);
        assert!(report["encoded"].as_u64().unwrap() > 0);
    });
    watch.end();
}
