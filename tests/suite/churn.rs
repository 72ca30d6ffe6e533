//! After much editing, an index answers as one that is built from nothing.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use cloze_models::TextKind;
use cloze_query::{Engine, Request};

use crate::{kills::Random, site::Site};

/// Files below a folder, relative to it, sorted.
fn files(root: &Path) -> Vec<PathBuf> {
    let mut open = vec![root.to_owned()];
    let mut found = Vec::new();
    while let Some(dir) = open.pop() {
        for entry in fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { open.push(path) } else { found.push(path.strip_prefix(root).unwrap().to_owned()) }
        }
    }
    found.sort();
    found
}

fn copy(from: &Path, to: &Path) {
    assert!(Command::new("cp").arg("-r").arg(from).arg(to).status().unwrap().success());
}

/// The text of a page without front matter.
fn body(text: &str) -> &str {
    text.strip_prefix("---").and_then(|rest| rest.split_once("\n---\n")).map_or(text, |(_, body)| body)
}

/// A paragraph of one of the pages.
fn paragraph(docs: &Path, pages: &[PathBuf], random: &mut Random) -> String {
    let text = fs::read_to_string(docs.join(&pages[random.below(pages.len())])).unwrap_or_default();
    let paragraphs: Vec<&str> = body(&text).split("\n\n").filter(|p| p.len() > 40 && !p.contains("```")).collect();
    paragraphs.get(random.below(paragraphs.len().max(1))).map_or_else(|| "Nothing more.".into(), |p| (*p).to_owned())
}

/// Edits, deletes, adds and renames one page in `one_in`.
fn churn(docs: &Path, round: usize, one_in: usize, random: &mut Random) -> usize {
    let pages: Vec<PathBuf> = files(docs).into_iter().filter(|p| p.extension().is_some_and(|e| e == "md")).collect();
    let mut changed = 0;
    for page in &pages {
        if random.below(one_in) > 0 {
            continue;
        }
        changed += 1;
        let path = docs.join(page);
        match random.below(10) {
            0..4 => {
                let more = format!("\n\n## Added in round {round}\n\n{}\n", paragraph(docs, &pages, random));
                let text = fs::read_to_string(&path).unwrap();
                // The last paragraph goes, another one comes.
                let kept = text.rsplit_once("\n\n").map_or(text.as_str(), |(kept, _)| kept);
                fs::write(&path, format!("{kept}{more}")).unwrap();
            }
            4..6 => fs::remove_file(&path).unwrap(),
            6..8 => {
                let [first, second] = [(); 2].map(|()| paragraph(docs, &pages, random));
                let text = format!("# New page {round} {changed}\n\n{first}\n\n## More\n\n{second}\n");
                fs::write(path.with_file_name(format!("new-{round}-{changed}.md")), text).unwrap();
            }
            _ => {
                let name = page.file_name().unwrap().to_str().unwrap();
                let target = docs.join(format!("moved-{}", random.below(5))).join(format!("{round}-{changed}-{name}"));
                fs::create_dir_all(target.parent().unwrap()).unwrap();
                fs::rename(&path, target).unwrap();
            }
        }
    }
    changed
}

/// Headings of the pages, each once, spread over all of them.
fn headings(docs: &Path, most: usize) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    for page in files(docs) {
        let text = fs::read_to_string(docs.join(page)).unwrap_or_default();
        let lines = body(&text).lines().filter_map(|l| l.strip_prefix("## ").or_else(|| l.strip_prefix("### ")));
        all.extend(lines.map(|l| l.trim().to_owned()).filter(|l| l.split_whitespace().count() > 1 && l.len() < 200));
    }
    all.sort();
    all.dedup();
    let step = (all.len() / most).max(1);
    all.into_iter().step_by(step).take(most).collect()
}

fn first_pages(engine: &Engine, query: &str) -> Vec<String> {
    let hits = engine.search(&Request::new(query).unwrap()).unwrap().hits;
    let mut pages: Vec<String> = hits.into_iter().map(|h| h.id).collect();
    pages.sort();
    pages
}

/// Share of the ten nearest passages that the vector leg finds.
fn recall(engine: &Engine, queries: &[String]) -> f64 {
    let (generation, encoder) = (engine.generation(), engine.encoder().unwrap());
    let ids: Vec<u32> = generation.ids().collect();
    let mut found = 0;
    for query in queries {
        let vector = encoder.encode(TextKind::Query, query).unwrap().vector;
        let mut exact = generation.body().candidates().similarities(&vector, &ids).unwrap();
        exact.sort_unstable_by(|a, b| b.total_cmp(a));
        let nearest = generation.body().nearest(&vector, 10, None).unwrap();
        found += nearest.iter().filter(|n| n.score >= exact[9] - 1e-6).count().min(10);
    }
    found as f64 / (10 * queries.len()) as f64
}

/// Changes half of a site over several builds, and compares with a build from nothing. At most this share
/// of the queries may have other pages in the first ten.
fn compare(site: &Site, rounds: usize, most_queries: usize, most_different: f64) {
    let mut random = Random(5);
    site.build_with(&[]);
    let (mut changed, mut tombstones) = (0, 0);
    // The last round is a small one, so that its tombstones are not compacted.
    for round in 0..=rounds {
        let one_in = if round < rounds { 2 * rounds } else { 30 };
        changed += churn(&site.docs(), round, one_in, &mut random);
        let report = site.build_with(&[]).1;
        let counts = site.engine().generation().manifest().counts;
        tombstones = counts.numbers - counts.passages;
        println!(
            "round {round}: {changed} pages changed so far, {} passages encoded, {tombstones} of {} numbers are tombstones",
            report["encoded"], counts.numbers
        );
    }
    assert!(tombstones > 0);
    let fresh = Site::new();
    fs::remove_dir(fresh.docs()).unwrap();
    copy(&site.docs(), &fresh.docs());
    fs::create_dir(fresh.index()).unwrap();
    // The vectors are those of the texts in any case: with the ledger, none is encoded twice.
    copy(&site.index().join("ledger"), &fresh.index().join("ledger"));
    assert_eq!(fresh.build_with(&[]).1["encoded"], 0);

    let queries = headings(&site.docs(), most_queries);
    assert!(queries.len() > most_queries / 2, "{} queries", queries.len());
    let (old, new) = (site.engine(), fresh.engine());
    assert_eq!(old.generation().passages(), new.generation().passages());
    let differs = |query: &&String| first_pages(&old, query) != first_pages(&new, query);
    let different: Vec<&String> = queries.iter().filter(differs).collect();
    let [there, anew] = [&old, &new].map(|engine| recall(engine, &queries));
    println!(
        "{} of {} queries have other pages in the first ten: {different:?}; recall@10 {there:.4}, of a build from nothing {anew:.4}",
        different.len(),
        queries.len()
    );
    assert!(different.len() as f64 <= most_different * queries.len() as f64, "{different:?}");
    assert!((there - anew).abs() <= 0.005, "{there} and {anew}");
}

/// The manual of this project, a page a section.
#[test]
fn a_site_of_which_half_has_changed_answers_as_a_fresh_build() {
    let site = Site::new();
    let manual = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs");
    for page in files(&manual).into_iter().filter(|p| p.extension().is_some_and(|e| e == "md")) {
        let text = fs::read_to_string(manual.join(&page)).unwrap();
        for (part, section) in text.split("\n## ").enumerate() {
            let name = format!("{}/{part}.md", page.with_extension("").display());
            site.write(&name, format!("# {}\n\n## {section}", page.display()));
        }
    }
    // Until compaction, deleted passages affect word frequencies, most in a small index.
    compare(&site, 4, 100, 0.03);
}

#[test]
fn the_powershell_site_answers_as_a_fresh_build_after_half_of_it_has_changed() {
    let pages = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/sites/powershell/pages");
    if std::env::var_os("CLOZE_SOAK").is_none() || !pages.is_dir() {
        println!("skipped: `make soak` runs it, where ../shared/data/sites is");
        return;
    }
    let site = Site::new();
    fs::remove_dir(site.docs()).unwrap();
    copy(&pages, &site.docs());
    // An index of the same pages, made before, saves encoding them.
    if let Some(index) = std::env::var_os("CLOZE_SOAK_INDEX") {
        copy(Path::new(&index), &site.index());
    }
    compare(&site, 5, 500, 0.01);
}
