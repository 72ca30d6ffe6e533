//! A disk that is full at one stage or another: a clear error, nothing lost, and the next run with space
//! succeeds.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use crate::site::{Site, stderr};

const GOOD: &str = "# Good\n\nThis page is fine.\n";

/// A small disk, mounted at a folder until it is dropped.
struct SmallDisk(PathBuf);

impl SmallDisk {
    /// `None`, with a message, where there is no right to mount.
    fn at(folder: &Path, kilobytes: u64) -> Option<Self> {
        fs::create_dir(folder).unwrap();
        let size = format!("size={kilobytes}k");
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", &size, "none"]).arg(folder).output();
        if !mounted.is_ok_and(|o| o.status.success()) {
            println!("skipped: a small disk needs the right to mount");
            return None;
        }
        Some(Self(folder.to_owned()))
    }

    fn resize(&self, kilobytes: u64) {
        let size = format!("remount,size={kilobytes}k");
        assert!(Command::new("mount").args(["-o", &size]).arg(&self.0).status().unwrap().success());
    }

    fn used(&self) -> u64 {
        let df = Command::new("df").args(["-k", "--output=used"]).arg(&self.0).output().unwrap();
        String::from_utf8_lossy(&df.stdout).lines().nth(1).unwrap().trim().parse().unwrap()
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        Command::new("umount").arg(&self.0).status().ok();
    }
}

fn is_soak() -> bool {
    std::env::var_os("CLOZE_SOAK").is_some()
}

/// Whether the disk was too small; if so, the error says it.
fn was_full(output: &Output) -> bool {
    if output.status.success() {
        return false;
    }
    let error = stderr(output);
    assert_eq!(output.status.code(), Some(1), "{error}");
    assert!(error.contains("No space left on device"), "{error}");
    true
}

/// The live generation is still live, and complete.
fn is_whole(site: &Site, generation: &str) {
    assert_eq!(site.search("fine", cloze_query::Mode::Keyword).generation, generation);
    let verified = site.run("indexer", &["verify"]);
    assert!(verified.status.success(), "{}", stderr(&verified));
}

fn write_pages(site: &Site, pages: std::ops::Range<usize>) {
    for i in pages {
        site.write(&format!("{i}.md"), format!("# Page {i}\n\nSome text that differs, number {i}.\n"));
    }
}

#[test]
fn a_build() {
    // The disk fills up at another stage each time: the ledger, the vectors, the postings, the links.
    let (sizes, step) = if is_soak() { (2100..6000, 150) } else { (2500..3200, 400) };
    let mut failed = 0;
    for kilobytes in sizes.step_by(step) {
        let site = Site::with(&[("good.md", GOOD)]);
        let Some(disk) = SmallDisk::at(&site.index(), kilobytes) else { return };
        site.build();
        write_pages(&site, 0..1200);
        let output = site.run("indexer", &["build", "docs"]);
        if was_full(&output) {
            failed += 1;
            is_whole(&site, "000001");
        }
        disk.resize(40_000);
        assert_eq!(site.build()["generation"], "000002");
        assert_eq!(site.engine().generation().passages(), 1201);
    }
    assert!(failed > 0);
}

#[test]
fn an_export_and_an_import() {
    let from = Site::with(&[("good.md", GOOD)]);
    from.build();
    write_pages(&from, 0..600);
    assert_eq!(from.build()["generation"], "000002");
    let archive = from.root().join("archive.tar");
    let archive = archive.to_str().unwrap();
    assert!(from.run("indexer", &["export", archive]).status.success());
    let kilobytes = fs::metadata(archive).unwrap().len() / 1024;

    let folder = from.root().join("small");
    let Some(disk) = SmallDisk::at(&folder, kilobytes / 2) else { return };
    let target = folder.join("archive.tar");
    assert!(was_full(&from.run("indexer", &["export", target.to_str().unwrap()])));
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 0, "no half archive stays");
    is_whole(&from, "000002");
    disk.resize(2 * kilobytes);
    assert!(from.run("indexer", &["export", target.to_str().unwrap()]).status.success());
    assert_eq!(fs::read(&target).unwrap(), fs::read(archive).unwrap());
    drop(disk);

    let steps = if is_soak() { 20 } else { 3 };
    let mut failed = 0;
    for step in 0..=steps {
        let site = Site::with(&[("good.md", GOOD)]);
        let Some(disk) = SmallDisk::at(&site.index(), 40_000) else { return };
        site.build();
        disk.resize(disk.used() + 8 + (kilobytes + 64) * step / steps);
        if was_full(&site.run("indexer", &["import", archive])) {
            failed += 1;
            is_whole(&site, "000001");
            disk.resize(40_000);
            assert!(site.run("indexer", &["import", archive]).status.success());
        }
        is_whole(&site, "000002");
    }
    assert!((1..=steps).contains(&failed), "{failed} of {}", steps + 1);
}

#[test]
fn a_compaction() {
    let steps = if is_soak() { 20 } else { 3 };
    let site = Site::with(&[("good.md", GOOD)]);
    let Some(disk) = SmallDisk::at(&site.index(), 60_000) else { return };
    write_pages(&site, 0..600);
    site.build();
    (0..100).for_each(|i| fs::remove_file(site.docs().join(format!("{i}.md"))).unwrap());
    let mut failed = 0;
    for step in 0..=steps {
        disk.resize(disk.used() + 8 + 4000 * step / steps);
        if was_full(&site.run("indexer", &["build", "docs"])) {
            failed += 1;
            is_whole(&site, "000001");
            disk.resize(60_000);
        }
    }
    site.build();
    assert!(failed > 0);
    is_whole(&site, "000002");
    let engine = site.engine();
    let counts = engine.generation().manifest().counts;
    assert_eq!((counts.pages, counts.passages, counts.numbers), (501, 501, 501), "compacted");
}
