//! Programs killed at random moments (SIGKILL): the next run resumes their work.

use std::{
    fs,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    thread,
    time::Duration,
};

use cloze_index::{Generation, Writer, WriterOptions};
use cloze_query::{Engine, Mode, Request};

use crate::{
    freshness::{counts, garden, page},
    site::Site,
};

/// A generator of the same numbers every time.
pub struct Random(pub u64);

impl Random {
    pub fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % n
    }
}

/// Kills programs at random moments of their run, however fast the machine is: the span that the
/// moments are drawn from shrinks when a program was done before its kill and grows when it was not.
pub struct Killer {
    random: Random,
    span: Duration,
    /// Programs that were running when they were killed.
    pub killed: usize,
    attempts: usize,
}

impl Killer {
    pub fn new(seed: u64) -> Self {
        Self { random: Random(seed), span: Duration::from_millis(200), killed: 0, attempts: 0 }
    }

    /// Whether fewer than `kills` programs were running when they were killed.
    ///
    /// # Panics
    ///
    /// Where twenty attempts a kill were not enough.
    fn wants(&self, kills: usize) -> bool {
        assert!(self.attempts < 20 * kills, "{} of {} attempts found a program running", self.killed, self.attempts);
        self.killed < kills
    }

    /// Starts `indexer` and kills it.
    pub fn attempt(&mut self, site: &Site, args: &[&str]) {
        let mut process = site.command("indexer", args).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        thread::sleep(self.span.mul_f64(self.random.below(1 << 20) as f64 / f64::from(1 << 20)));
        let running = process.try_wait().unwrap().is_none();
        process.kill().ok();
        process.wait().unwrap();
        self.attempts += 1;
        self.killed += usize::from(running);
        self.span = self.span.mul_f64(if running { 1.1 } else { 0.7 });
    }
}

/// The expected state of an index: a generation, if its number is known, and a word that only its pages have.
struct State {
    generation: String,
    word: &'static str,
    text: String,
}

impl State {
    fn of(site: &Site, word: &'static str, text: &str) -> Self {
        Self { generation: live(site), word, text: text.to_owned() }
    }

    /// Whether the engine's generation has the text of this state on its marked page.
    fn is_what(&self, engine: &Engine) -> bool {
        let mut request = Request::new(self.word).unwrap();
        request.mode = Mode::Keyword;
        engine.search(&request).unwrap().hits.iter().any(|hit| hit.snippet.text.contains(&self.text))
    }
}

fn live(site: &Site) -> String {
    Generation::live_name(&site.index()).unwrap()
}

/// How often an index answered from the old and from the new generation.
#[derive(Default)]
struct Found {
    old: usize,
    new: usize,
}

impl Found {
    /// The index opens, verifies, and answers from one of two generations, not from both.
    fn check(&mut self, site: &Site, old: &State, new: &State) {
        let engine = site.engine();
        assert_eq!(engine.generation().stale(), None);
        engine.generation().verify().unwrap();
        let found = engine.generation().manifest().generation.clone();
        let is = [old, new].map(|state| state.is_what(&engine));
        if found == old.generation {
            assert_eq!(is, [true, false], "generation {found}");
            self.old += 1;
        } else {
            // A build that was killed before may have used up a number, and a worn generation takes two.
            assert!(found > old.generation, "generation {found} after {}", old.generation);
            assert_eq!(is, [false, true], "generation {found}");
            self.new += 1;
        }
    }
}

fn kills() -> usize {
    if std::env::var_os("CLOZE_SOAK").is_some() { 300 } else { 8 }
}

fn copy(from: &Path, to: &Path) {
    assert!(Command::new("cp").arg("-a").arg(from).arg(to).status().unwrap().success());
}

/// Restores an index from a copy.
fn restore(site: &Site, from: &Path) {
    fs::remove_dir_all(site.index()).unwrap();
    copy(from, &site.index());
}

/// Nothing is left over but the live generation and the one before it.
fn is_tidy(site: &Site) {
    let entries = fs::read_dir(site.index().join("generations")).unwrap().flatten();
    let names: Vec<_> = entries.map(|e| e.file_name().into_string().unwrap()).collect();
    assert!(names.len() <= 2 && names.iter().all(|n| n.bytes().all(|b| b.is_ascii_digit())), "{names:?}");
}

#[test]
fn killed_builds_lose_nothing() {
    let site = garden();
    let mark = |round: usize| {
        let text = format!("This is round {round} of it.");
        site.write("marker.md", page("marker", &text));
        text
    };
    let mut text = mark(0);
    site.build();
    let (mut random, mut killer, mut found) = (Random(7), Killer::new(17), Found::default());
    while killer.wants(kills()) {
        let old = State::of(&site, "marker", &text);
        let round = killer.attempts + 1;
        text = mark(round);
        for i in 0..random.below(6) {
            site.write(&format!("k{i}.md"), page("k", &format!("Kill {round} of page {i}, {}.", random.below(1000))));
        }
        let new = State { generation: String::new(), text: text.clone(), ..old };
        killer.attempt(&site, &["build", "docs", "--quiet"]);
        found.check(&site, &old, &new);
        site.build();
        Found::default().check(&site, &old, &new);
        assert!(live(&site) > old.generation, "the next build, or the one that was killed too late");
        let pages = fs::read_dir(site.docs()).unwrap().count() - 1 + 4;
        assert_eq!(site.engine().generation().pages().unwrap().len(), pages);
        is_tidy(&site);
    }
    println!(
        "{} builds killed in {} attempts; {} times the old generation answered, {} times the new one",
        killer.killed, killer.attempts, found.old, found.new
    );
}

/// A site of two generations, and an archive of a third one from elsewhere.
fn with_archive() -> (Site, PathBuf, State, State) {
    let from = garden();
    for i in 0..300 {
        from.write(&format!("more/{i}.md"), page("more", &format!("More text, {}.", i % 7)));
    }
    for _ in 0..3 {
        let text = format!("The soil of elsewhere, {}.", from.root().display());
        from.write("guide/soil.md", page("soil", &text));
        from.build();
        from.write("guide/soil.md", page("soil", "Peat comes from elsewhere."));
        from.build();
    }
    let site = garden();
    site.build();
    site.write("guide/soil.md", page("soil", "Sand makes the soil drain."));
    site.build();
    let archive = site.root().join("archive.tar");
    assert!(from.run("indexer", &["export", archive.to_str().unwrap()]).status.success());
    let old = State::of(&site, "soil", "Sand makes the soil drain.");
    let new = State::of(&from, "soil", "Peat comes from elsewhere.");
    (site, archive, old, new)
}

#[test]
fn killed_imports_lose_nothing() {
    let (site, archive, old, new) = with_archive();
    let archive = archive.to_str().unwrap();
    let whole = site.root().join("whole");
    copy(&site.index(), &whole);
    let (mut killer, mut found) = (Killer::new(11), Found::default());
    while killer.wants(kills()) {
        restore(&site, &whole);
        killer.attempt(&site, &["import", archive]);
        found.check(&site, &old, &new);
        assert_eq!(site.build()["pages"], 4, "the next build");
        // Even without work: the imported generation has its number, and was never live.
        is_tidy(&site);
    }
    restore(&site, &whole);
    assert!(site.run("indexer", &["import", archive]).status.success());
    let mut last = Found::default();
    last.check(&site, &old, &new);
    assert_eq!(last.new, 1);
    println!(
        "{} imports killed in {} attempts; {} times the old generation answered, {} times the new one",
        killer.killed, killer.attempts, found.old, found.new
    );
}

#[test]
fn killed_prunes_lose_nothing() {
    let site = garden();
    let (whole, generations) = (site.root().join("whole"), site.root().join("old"));
    fs::create_dir(&generations).unwrap();
    for round in 0..12 {
        site.write("guide/soil.md", page("soil", &format!("Round {round} of the soil.")));
        let name = site.build()["generation"].as_str().unwrap().to_owned();
        copy(&site.generation(), &generations.join(name));
    }
    for name in ["000001", "000002", "000003", "000004", "000005", "000006", "000007", "000008", "000009"] {
        copy(&generations.join(name), &site.index().join("generations").join(name));
    }
    copy(&site.index(), &whole);
    let live = State::of(&site, "soil", "Round 11 of the soil.");
    let never = State { generation: "never".into(), word: "soil", text: "Round 10 of the soil.".into() };
    let (mut killer, mut found) = (Killer::new(13), Found::default());
    while killer.wants(kills()) {
        restore(&site, &whole);
        killer.attempt(&site, &["prune"]);
        found.check(&site, &live, &never);
        site.write("guide/new.md", page("new", &format!("After attempt {}.", killer.attempts)));
        assert_eq!(site.build()["pages"], 5, "the next build");
        is_tidy(&site);
        fs::remove_file(site.docs().join("guide/new.md")).unwrap();
    }
    println!("{} prunes killed in {} attempts", killer.killed, killer.attempts);
}

/// Passages that a build had encoded, and when, by its log.
fn encoded(lines: &[String]) -> Vec<(u64, f64)> {
    let value = |line: &str, key: &str| line.split(key).nth(1)?.split_whitespace().next().map(str::to_owned);
    let at = |line: &String| Some((value(line, "encoded=")?.parse().ok()?, value(line, "seconds=")?.parse().ok()?));
    lines.iter().filter_map(at).collect()
}

/// After a kill, a build encodes again at most one second's worth of passages.
#[test]
fn a_killed_build_is_resumed() {
    let site = Site::new();
    for i in 0..800 {
        let words: String = (0..60).map(|w| format!("word{} ", (i * 7 + w * 13) % 500)).collect();
        site.write(&format!("{i}.md"), format!("# Page {i}\n\n{words}\n"));
    }
    let mut durable = 0;
    for enough in [200, 150] {
        let mut command = site.command("indexer", &["build", "docs"]);
        let mut build = command.env("CLOZE_LOG", "cloze_indexer=debug").stderr(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(build.stderr.take().unwrap()).lines().map_while(Result::ok);
        let is_early = |line: &String| encoded(std::slice::from_ref(line)).first().is_none_or(|(n, _)| *n < enough);
        let mut log: Vec<String> = Vec::new();
        for line in lines.by_ref() {
            log.push(line);
            if !is_early(log.last().unwrap()) {
                break;
            }
        }
        build.kill().unwrap();
        build.wait().unwrap();
        log.extend(lines);
        let log = encoded(&log);
        let (last, at) = *log.last().expect("it encodes");
        let a_second_before = log.iter().rev().find(|(_, seconds)| *seconds <= at - 1.0).map_or(0, |(n, _)| *n);
        // Only the writer can look into the ledger.
        let options = WriterOptions { dimension: 384, model: serde_json::Value::Null, token_neighbours: 3 };
        let known = Writer::begin(&site.index(), options).unwrap().ledger().counts().unwrap().0 as u64;
        assert!(
            known >= durable + a_second_before,
            "{known} are known, {a_second_before} of {last} are older than a second"
        );
        durable = known;
    }
    let [encoded, reused, ..] = counts(&site.build());
    assert_eq!((encoded, reused), (800 - durable, durable));
    assert!(durable > 0);
}
