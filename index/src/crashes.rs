//! Power cuts before every write, link, sync and rename of a publish, and checks of the remaining files.

use std::{collections::BTreeSet, fs, os::unix::fs::MetadataExt, path::Path};

use crate::{
    BuildCounts, Encoded, Error, Generation, Passage, Probes, Result, Writer, WriterOptions, export, faults::testing,
    files, import, prune,
};

const DIMENSION: usize = 8;

/// A vector with one code, which is one byte at this dimension.
fn encoded(seed: u32) -> Encoded {
    Encoded { vector: vector(seed), tokens: vec![seed as u8] }
}

fn vector(seed: u32) -> Vec<f32> {
    let raw: Vec<f32> = (0..DIMENSION as u32).map(|i| ((seed * 31 + i * 17) % 23) as f32 - 11.5).collect();
    let length = raw.iter().map(|v| v * v).sum::<f32>().sqrt();
    raw.into_iter().map(|v| v / length).collect()
}

/// Publishes pages of these numbers, one passage each, and keeps the existing pages.
fn build(root: &Path, pages: &[u32]) -> Result<String> {
    let options = WriterOptions { dimension: DIMENSION, model: serde_json::Value::Null, token_neighbours: 1 };
    let mut writer = Writer::begin(root, options)?;
    let previous = writer.previous();
    for &page in pages {
        let source = format!("{page}.md");
        match previous.page(&source) {
            Some(there) => there.passages.iter().for_each(|(id, key)| writer.keep_passage(&source, *id, *key)),
            None => {
                let row = writer.add_vector(&encoded(page))?;
                let text = format!("page number {page}");
                let passage = Passage { source, text, title: "Page".into(), ..Passage::default() };
                writer.add_passage(&passage, row)?;
            }
        }
    }
    writer.calibrate(Probes { unrelated: vec![vector(1000)], ..Probes::default() });
    Ok(writer.publish(BuildCounts::default())?.generation)
}

fn pages(root: &Path) -> Result<BTreeSet<String>> {
    let generation = Generation::open(root)?;
    generation.verify()?;
    Ok(generation.pages()?.into_iter().map(|p| p.source).collect())
}

fn names(pages: &[u32]) -> BTreeSet<String> {
    pages.iter().map(|p| format!("{p}.md")).collect()
}

/// Cuts the power before every operation of `change` in turn, on a disk where `prepare` succeeded, and checks the
/// remaining files.
fn at_every_operation(
    prepare: impl Fn(&Path),
    change: impl Fn(&Path) -> Result<()>,
    check: impl Fn(&Path, &str, bool),
) -> usize {
    let mut is_over = false;
    for stop in 0.. {
        for keep_renames in [true, false] {
            let dir = tempfile::tempdir().expect("a temporary directory");
            prepare(dir.path());
            testing::start(stop);
            let outcome = change(dir.path());
            let was_down = testing::crash(dir.path(), keep_renames);
            assert!(was_down || outcome.is_ok(), "nothing fails by itself: {stop}");
            // The last round cuts the power right after the change reported success. The clean-up after that may fail
            // silently; any other failure is a failure of the change.
            is_over = !was_down;
            let when = format!("power cut before operation {stop}, renames kept: {keep_renames}");
            check(dir.path(), &when, outcome.is_ok());
        }
        if is_over {
            return stop;
        }
    }
    0
}

#[test]
fn a_power_cut_during_an_update_leaves_the_old_or_the_new_generation() {
    // The build deletes one page: too few for a compaction. Both segments have a graph.
    testing::set_graph_from(10);
    let (old, new): (Vec<u32>, Vec<u32>) = ((0..12).collect(), (1..24).collect());
    let operations = at_every_operation(
        |root| drop(build(root, &old).expect("a first generation")),
        |root| build(root, &new).map(drop),
        |root, when, is_done| {
            let found = pages(root).unwrap_or_else(|e| panic!("{when}: {e}"));
            assert!(found == names(&new) || !is_done && found == names(&old), "{when}: {found:?}");
            build(root, &[1, 9]).unwrap_or_else(|e| panic!("{when}, next build: {e}"));
            assert_eq!(pages(root).expect("whole"), names(&[1, 9]), "{when}");
        },
    );
    assert!(operations > 15, "{operations}");
}

#[test]
fn a_power_cut_during_the_first_build_leaves_nothing_or_the_generation() {
    let operations = at_every_operation(
        |_| {},
        |root| build(root, &[1, 2]).map(drop),
        |root, when, is_done| {
            match pages(root) {
                Ok(found) => assert_eq!(found, names(&[1, 2]), "{when}"),
                Err(Error::NoIndex { .. }) if !is_done => {}
                Err(error) => panic!("{when}: {error}"),
            }
            build(root, &[7]).unwrap_or_else(|e| panic!("{when}, next build: {e}"));
        },
    );
    assert!(operations > 10, "{operations}");
}

#[test]
fn a_power_cut_during_compaction_leaves_the_old_or_the_new_generation() {
    let (old, new): (Vec<u32>, Vec<u32>) = ((0..10).collect(), (8..12).collect());
    at_every_operation(
        |root| drop(build(root, &old).expect("a first generation")),
        |root| build(root, &new).map(drop),
        |root, when, is_done| {
            let found = pages(root).unwrap_or_else(|e| panic!("{when}: {e}"));
            assert!(found == names(&new) || !is_done && found == names(&old), "{when}: {found:?}");
            build(root, &[1]).unwrap_or_else(|e| panic!("{when}, next build: {e}"));
        },
    );
}

#[test]
fn a_power_cut_during_an_import_leaves_the_old_or_the_imported_generation() {
    let from = tempfile::tempdir().expect("a temporary directory");
    for pages in [&[1][..], &[1, 2], &[1, 2, 3]] {
        build(from.path(), pages).expect("a generation");
    }
    let mut archive = Vec::new();
    export(from.path(), &mut archive).expect("exported");
    at_every_operation(
        |root| drop(build(root, &[50, 51]).expect("a first generation")),
        |root| import(root, archive.as_slice()).map(drop),
        |root, when, is_done| {
            let found = pages(root).unwrap_or_else(|e| panic!("{when}: {e}"));
            assert!(found == names(&[1, 2, 3]) || !is_done && found == names(&[50, 51]), "{when}: {found:?}");
            build(root, &[7]).unwrap_or_else(|e| panic!("{when}, next build: {e}"));
        },
    );
}

/// Copies a folder.
fn copy(from: &Path, to: &Path) {
    for path in files::list(from).expect("files") {
        fs::create_dir_all(to.join(&path).parent().expect("a folder")).expect("made");
        fs::copy(from.join(&path), to.join(&path)).expect("copied");
    }
}

#[test]
fn a_power_cut_while_old_generations_are_removed_leaves_the_live_one_and_nothing_in_part() {
    let from = tempfile::tempdir().expect("a temporary directory");
    let everything = tempfile::tempdir().expect("a temporary directory");
    for count in 1..6 {
        build(from.path(), &(0..count).collect::<Vec<_>>()).expect("a generation");
        copy(from.path(), everything.path());
    }
    let operations = at_every_operation(
        |root| copy(everything.path(), root),
        |root| prune(root).map(drop),
        |root, when, _| {
            assert_eq!(pages(root).unwrap_or_else(|e| panic!("{when}: {e}")), names(&[0, 1, 2, 3, 4]), "{when}");
            prune(root).unwrap_or_else(|e| panic!("{when}, again: {e}"));
            let mut left: Vec<_> = fs::read_dir(root.join("generations")).expect("there").flatten().collect();
            left.sort_by_key(|entry| entry.file_name());
            let left: Vec<_> = left.iter().map(|entry| entry.file_name().into_string().expect("text")).collect();
            assert_eq!(left, ["000004", "000005"], "{when}");
            build(root, &[7]).unwrap_or_else(|e| panic!("{when}, next build: {e}"));
        },
    );
    // The writer removes three generations, and each loses its name before its files.
    assert_eq!(operations, 9);
}

#[test]
fn segments_that_did_not_change_are_shared_by_links_or_copied_where_there_are_none() {
    for there_are in [true, false] {
        testing::set_links(there_are);
        let dir = tempfile::tempdir().expect("a temporary directory");
        let generations = [&[1, 2][..], &[1, 2, 3]].map(|pages| build(dir.path(), pages).expect("a generation"));
        let rows = generations.map(|name| dir.path().join("generations").join(name).join("vectors/0/rows.f16"));
        let [first, second] = rows.each_ref().map(|path| fs::metadata(path).expect("there"));
        assert_eq!(first.ino() == second.ino(), there_are);
        assert_eq!(fs::read(&rows[0]).expect("read"), fs::read(&rows[1]).expect("read"));
        assert_eq!(pages(dir.path()).expect("whole"), names(&[1, 2, 3]));
    }
    testing::set_links(true);
}

/// A build writes its results to the ledger after the generation is live.
#[test]
fn the_lock_is_held_until_the_ledger_is_closed() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    build(dir.path(), &[1, 2]).expect("a generation");
    let begin = || {
        Writer::begin(
            dir.path(),
            WriterOptions { dimension: DIMENSION, model: serde_json::Value::Null, token_neighbours: 1 },
        )
    };
    let mut writer = begin().expect("free");
    let ledger = writer.ledger();
    let row = writer.add_vector(&encoded(3)).expect("added");
    writer.add_passage(&Passage { source: "3.md".into(), ..Passage::default() }, row).expect("added");
    writer.publish(BuildCounts::default()).expect("published");
    let refused = begin().err().expect("the ledger is open").to_string();
    assert!(
        refused.contains(&format!("process {} since 2", std::process::id())) && refused.contains(" UTC"),
        "{refused}"
    );
    ledger.put_vector(b"late", &vec![1.0].into()).expect("stored");
    drop(ledger);
    let next = begin().expect("free again").ledger();
    assert_eq!((next.set_aside(), next.vector(b"late", 1).expect("read")), (None, Some(vec![1.0].into())));
}

#[test]
fn the_archive_is_the_generation_byte_for_byte_and_any_change_of_it_is_refused() {
    let from = tempfile::tempdir().expect("a temporary directory");
    build(from.path(), &[1, 2, 3]).expect("a generation");
    build(from.path(), &[1, 2, 3, 4]).expect("a generation on top of it");
    let mut archive = Vec::new();
    let name = export(from.path(), &mut archive).expect("exported");
    let to = tempfile::tempdir().expect("a temporary directory");
    let imported = import(to.path(), archive.as_slice()).expect("imported");
    assert_eq!((imported.generation.as_str(), imported.was_there), (name.as_str(), false));
    let [a, b] = [from.path(), to.path()].map(|root| root.join("generations").join(&name));
    for path in files::list(&a).expect("files") {
        assert_eq!(fs::read(a.join(&path)).expect("read"), fs::read(b.join(&path)).expect("read"), "{path}");
    }
    let currents = [from.path(), to.path()].map(|r| fs::read(r.join("CURRENT")).expect("read"));
    assert_eq!(currents[0], currents[1]);
    assert!(import(to.path(), archive.as_slice()).expect("the same again").was_there);
    for end in (0..archive.len() - 1024).step_by(499) {
        let dir = tempfile::tempdir().expect("a temporary directory");
        assert!(import(dir.path(), &archive[..end]).is_err(), "cut at {end}");
        assert!(matches!(Generation::open(dir.path()), Err(Error::NoIndex { .. })), "cut at {end}");
    }
    let mut odd = 0;
    for at in (0..archive.len() - 1024).step_by(487) {
        let mut changed = archive.clone();
        changed[at] ^= 0x40;
        let dir = tempfile::tempdir().expect("a temporary directory");
        // A changed byte of padding, or of a date that import ignores, has no effect.
        match import(dir.path(), changed.as_slice()) {
            Err(_) => odd += 1,
            Ok(_) => assert_eq!(pages(dir.path()).expect("whole"), names(&[1, 2, 3, 4]), "changed at {at}"),
        }
    }
    assert!(odd > 5, "{odd}");
}

#[test]
fn many_small_updates_are_folded_together() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let mut segments = Vec::new();
    for count in 1..25 {
        build(dir.path(), &(0..count).collect::<Vec<_>>()).expect("a generation");
        let generation = Generation::open(dir.path()).expect("whole");
        generation.verify().expect("whole");
        assert_eq!(generation.passages(), count as usize);
        segments.push(generation.manifest().vector_segments.len());
        for page in 0..count {
            let nearest = generation.body().nearest(&vector(page), 1, None).expect("searched");
            assert!(nearest[0].score > 0.999, "page {page} of {count}");
        }
    }
    let drops = segments.windows(2).filter(|pair| pair[1] < pair[0]).count();
    assert!(*segments.iter().max().expect("some") <= 8 && drops >= 2, "{segments:?}");
}

#[test]
fn a_build_on_an_index_of_an_older_analysis_writes_its_terms_anew() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let name = build(dir.path(), &[1, 2, 3]).expect("a first generation");
    let layout = crate::layout::Layout::new(dir.path());
    let path = layout.generation(&name).join(crate::layout::MANIFEST);
    let manifest = fs::read_to_string(&path).expect("written");
    let older = manifest.replace(&format!("\"analysis\": {}", crate::lexical::ANALYSIS), "\"analysis\": 0");
    assert_ne!(older, manifest);
    fs::write(&path, &older).expect("writable");
    fs::write(layout.current(), format!("{name} {}\n", files::hash(older.as_bytes()))).expect("writable");
    let next = build(dir.path(), &[1, 2, 3]).expect("a second generation");
    assert_ne!(next, name, "though no page differs");
    let generation = Generation::open(dir.path()).expect("whole");
    assert_eq!((generation.manifest().analysis, generation.passages()), (crate::lexical::ANALYSIS, 3));
    assert_eq!(generation.manifest().counts.vectors, 3);
    generation.verify().expect("whole");
    assert_eq!(build(dir.path(), &[1, 2, 3]).expect("no third one"), next);
}
