//! Programs killed at random moments (SIGKILL): what they were at goes on from where it was.

use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
    thread,
    time::Duration,
};

use cloze_query::Request;

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

/// The index opens, answers and verifies.
fn check(site: &Site) {
    assert!(!site.engine().search(&Request::new("snails").unwrap()).unwrap().no_match);
    assert!(site.run("indexer", &["verify"]).status.success());
}

fn kills() -> usize {
    if std::env::var_os("CLOZE_SOAK").is_some() { 300 } else { 8 }
}

fn copy(from: &Path, to: &Path) {
    assert!(Command::new("cp").arg("-r").arg(from).arg(to).status().unwrap().success());
}

#[test]
fn killed_builds_lose_nothing() {
    let site = garden();
    site.build();
    let mut random = Random(7);
    let mut killer = Killer::new(17);
    while killer.wants(kills()) {
        let round = killer.attempts;
        for i in 0..random.below(6) {
            site.write(&format!("k{i}.md"), page("k", &format!("Kill {round} of page {i}, {}.", random.below(1000))));
        }
        killer.attempt(&site, &["build", "docs", "--quiet"]);
        check(&site);
        if round % 4 == 3 {
            site.build();
            let pages = fs::read_dir(site.docs()).unwrap().count() - 1 + 4;
            assert_eq!(site.engine().generation().pages().unwrap().len(), pages);
        }
    }
    println!("{} builds killed in {} attempts", killer.killed, killer.attempts);
}

/// The same for `import` and `prune`.
#[test]
fn killed_imports_and_prunes_lose_nothing() {
    let from = garden();
    for i in 0..300 {
        from.write(&format!("more/{i}.md"), page("more", &format!("More text, {}.", i % 7)));
    }
    from.build();
    let archive = from.root().join("archive.tar");
    let archive = archive.to_str().unwrap();
    assert!(from.run("indexer", &["export", archive]).status.success());
    let site = garden();
    site.build();
    site.write("guide/soil.md", page("soil", "Sand makes the soil drain."));
    site.build();
    let two_generations = site.root().join("two");
    copy(&site.index(), &two_generations);
    let (mut imports, mut prunes) = (Killer::new(11), Killer::new(13));
    while imports.wants(kills()) || prunes.wants(kills() / 4) {
        fs::remove_dir_all(site.index()).unwrap();
        copy(&two_generations, &site.index());
        if imports.killed <= 4 * prunes.killed {
            imports.attempt(&site, &["import", archive]);
        } else {
            prunes.attempt(&site, &["prune"]);
        }
        check(&site);
        let rounds = imports.attempts + prunes.attempts;
        if rounds % 10 == 9 {
            site.write("guide/soil.md", page("soil", &format!("Round {rounds} of the soil.")));
            site.build();
        }
    }
    site.write("last.md", page("last", "The last page."));
    site.build();
    println!("{} imports killed in {} attempts", imports.killed, imports.attempts);
    println!("{} prunes killed in {} attempts", prunes.killed, prunes.attempts);
}

/// What was encoded before a kill is not encoded again.
#[test]
fn a_killed_build_is_resumed() {
    let site = Site::new();
    for i in 0..800 {
        let words: String = (0..60).map(|w| format!("word{} ", (i * 7 + w * 13) % 500)).collect();
        site.write(&format!("{i}.md"), format!("# Page {i}\n\n{words}\n"));
    }
    for (seconds, running) in [(2.5, &[true][..]), (4.0, &[true, false][..])] {
        let mut build = site.command("indexer", &["build", "docs", "--quiet"]).spawn().unwrap();
        thread::sleep(Duration::from_secs_f64(seconds));
        assert!(running.contains(&build.try_wait().unwrap().is_none()), "done after {seconds} s");
        build.kill().ok();
        build.wait().unwrap();
    }
    let report = site.build();
    let [encoded, reused, ..] = counts(&report);
    assert!(reused > 0 && encoded < 800 && encoded + reused == 800, "{encoded} encoded, {reused} reused");
}
