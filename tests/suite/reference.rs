//! The reference data beside the checkout: judged sets and sites. What a set has to
//! reach is in `tests/data/marks.json`; no code knows a set's name.

use std::{
    fs,
    path::{Path, PathBuf},
};

use serde_json::Value;

use crate::site::Site;

/// The reference data; `None` if it is absent.
pub fn data() -> Option<PathBuf> {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data");
    if dir.is_dir() {
        return dir.canonicalize().ok();
    }
    println!("skipped: there is no reference data beside the checkout (../shared/data)");
    None
}

/// Whether the long forms of the tests are asked for.
pub fn soak() -> bool {
    std::env::var_os("CLOZE_SOAK").is_some()
}

/// The goals for known sets.
pub fn marks() -> Value {
    serde_json::from_str(include_str!("../data/marks.json")).unwrap()
}

/// Folders below a folder, by name.
pub fn folders(dir: &Path) -> Vec<PathBuf> {
    let mut all: Vec<PathBuf> = fs::read_dir(dir).unwrap().map(|e| e.unwrap().path()).filter(|p| p.is_dir()).collect();
    all.sort();
    all
}

pub fn name(folder: &Path) -> &str {
    folder.file_name().unwrap().to_str().unwrap()
}

/// The sites, that with the fewest files first.
pub fn sites(data: &Path) -> Vec<PathBuf> {
    let mut all = folders(&data.join("sites"));
    all.sort_by_key(|site| files(site));
    all
}

fn files(dir: &Path) -> usize {
    let entries = fs::read_dir(dir).unwrap().map(|e| e.unwrap().path());
    entries.map(|path| if path.is_dir() { files(&path) } else { 1 }).sum()
}

/// Objects of a JSON Lines file.
pub fn objects(path: &Path) -> Vec<Value> {
    fs::read_to_string(path).unwrap().lines().map(|l| serde_json::from_str(l).unwrap()).collect()
}

/// Builds an index of a set's corpus or a site's pages. `CLOZE_SOAK_DIR` names a folder where indexes
/// are kept for the next time.
pub fn build(folder: &Path) -> Site {
    build_with(folder, &[])
}

/// The same, with further arguments for the indexer.
pub fn build_with(folder: &Path, args: &[&str]) -> Site {
    let (corpus, pages) = (folder.join("corpus.jsonl"), folder.join("pages"));
    let source = if corpus.is_file() { corpus } else { pages };
    let site = match std::env::var_os("CLOZE_SOAK_DIR") {
        Some(dir) => Site::at(Path::new(&dir).join(format!("{}{}", name(folder), args.concat()))),
        None => Site::new(),
    };
    let output = site.run("indexer", &[&["build", source.to_str().unwrap(), "--json"], args].concat());
    let code = output.status.code();
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let skipped = report["skipped"].as_array().unwrap();
    assert_eq!(code, Some(if skipped.is_empty() { 0 } else { 3 }));
    assert!(skipped.iter().all(|s| !s["reason"].as_str().unwrap().is_empty()));
    site
}
