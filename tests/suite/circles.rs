//! No two files of a crate need each other, however many files lie between them.
//!
//! A folder's `mod.rs` is its door: it names its files and may lead a request through them, so it is left out. So are
//! test modules.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use crate::structure::CRATES;

/// Where a module is, from the root of its crate.
type Module = Vec<String>;

#[test]
fn files_do_not_need_each_other_in_a_circle() {
    for folder in CRATES {
        let uses = uses_of(&Path::new(env!("CARGO_MANIFEST_DIR")).join(folder));
        assert!(uses.values().any(|used| !used.is_empty()), "{folder}: no file uses another one");
        if let Some(circle) = circle(&uses) {
            panic!("{folder}: these files need each other: {circle:?}");
        }
    }
}

#[test]
fn circles_are_found() {
    let module = |name: &str| vec![name.to_owned()];
    let mut uses = BTreeMap::from([
        (module("a"), BTreeSet::from([module("b")])),
        (module("b"), BTreeSet::from([module("c")])),
        (module("c"), BTreeSet::new()),
    ]);
    assert_eq!(circle(&uses), None);
    uses.insert(module("c"), BTreeSet::from([module("a")]));
    assert_eq!(circle(&uses).map(|c| c.len()), Some(3));
}

#[test]
fn nested_uses_are_read() {
    let text = "use crate::{Error, a::{self, B}, c::d};\nuse super::x::Y;\nfn f() { crate::z::g() }";
    let read: Vec<String> = paths(text).into_iter().map(|p| p.join("::")).collect();
    for expected in ["crate::Error", "crate::a::self", "crate::a::B", "crate::c::d", "super::x::Y", "crate::z::g"] {
        assert!(read.iter().any(|r| r == expected), "{expected} in {read:?}");
    }
}

/// Which files each file of a crate uses.
fn uses_of(root: &Path) -> BTreeMap<Module, BTreeSet<Module>> {
    let (files, doors) = files_of(root);
    let modules: BTreeSet<Module> = files.keys().chain(&doors).cloned().collect();
    let used = |module: &Module, text: &str| -> BTreeSet<Module> {
        let found = paths(text).into_iter().filter_map(|path| resolve(module, &path, &modules));
        found.filter(|other| other != module && !doors.contains(other)).collect()
    };
    files.iter().map(|(module, text)| (module.clone(), used(module, text))).collect()
}

/// The files of a crate by module, without their tests; and the modules that are folders, and the root.
fn files_of(root: &Path) -> (BTreeMap<Module, String>, BTreeSet<Module>) {
    let (mut files, mut doors) = (BTreeMap::new(), BTreeSet::from([Module::new()]));
    let mut open: Vec<PathBuf> = vec![root.to_owned()];
    while let Some(dir) = open.pop() {
        for path in fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path()) {
            let module = path.strip_prefix(root).unwrap().with_extension("");
            let module: Module = module.iter().map(|part| part.to_string_lossy().into_owned()).collect();
            if path.is_dir() {
                doors.insert(module);
                open.push(path);
            } else if !["mod", "lib", "main"].contains(&module.last().unwrap().as_str()) {
                let text = fs::read_to_string(&path).unwrap();
                let text = text.split("#[cfg(test)]\n").next().unwrap_or_default();
                let code = text.lines().filter(|l| !l.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n");
                files.insert(module, code);
            }
        }
    }
    (files, doors)
}

/// The module that a path leads to.
fn resolve(from: &Module, path: &[String], modules: &BTreeSet<Module>) -> Option<Module> {
    let mut at = match path.first()?.as_str() {
        "crate" => Module::new(),
        "self" => from.clone(),
        "super" => from[..from.len() - 1].to_vec(),
        _ => return None,
    };
    for part in &path[1..] {
        if part == "super" {
            at.pop();
            continue;
        }
        at.push(part.clone());
        if !modules.contains(&at) {
            at.pop();
            break;
        }
    }
    Some(at)
}

/// The paths of a file that begin with `crate`, `self` or `super`.
fn paths(text: &str) -> Vec<Vec<String>> {
    let is_name = |c: char| c.is_alphanumeric() || c == '_';
    let mut found = Vec::new();
    for start in ["crate::", "super::", "self::"] {
        for (at, _) in text.match_indices(start) {
            let before = &text[..at];
            if !before.ends_with(is_name) && !before.ends_with("::") {
                let end = text[at..].find([';', '(', ')', '<', '>', '!']).map_or(text.len(), |end| at + end);
                expand(&mut Vec::new(), &text[at..end], &mut found);
            }
        }
    }
    found
}

/// Adds each path that a tree such as `a::{b, c::{d}}` stands for.
fn expand(prefix: &mut Vec<String>, tree: &str, found: &mut Vec<Vec<String>>) {
    let (mut depth, mut from) = (0, 0);
    let mut items = Vec::new();
    for (at, c) in tree.char_indices() {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                items.push(&tree[from..at]);
                from = at + 1;
            }
            _ => {}
        }
    }
    items.push(&tree[from..]);
    for item in items.into_iter().map(str::trim).filter(|item| !item.is_empty()) {
        let names = item.split('{').next().unwrap_or_default();
        let before = prefix.len();
        let first = |name: &str| name.split_whitespace().next().unwrap_or_default().to_owned();
        prefix.extend(names.split("::").map(first).filter(|name| !name.is_empty()));
        match item.find('{').zip(item.rfind('}')) {
            Some((open, close)) if open < close => expand(prefix, &item[open + 1..close], found),
            _ => found.push(prefix.clone()),
        }
        prefix.truncate(before);
    }
}

/// Files that need each other, if there are any.
fn circle(uses: &BTreeMap<Module, BTreeSet<Module>>) -> Option<Vec<Module>> {
    uses.keys().find_map(|start| way_back(start, uses))
}

/// A way from a file over the files that it uses back to itself.
fn way_back(start: &Module, uses: &BTreeMap<Module, BTreeSet<Module>>) -> Option<Vec<Module>> {
    let mut ways = vec![vec![start.clone()]];
    let mut seen = BTreeSet::new();
    while let Some(way) = ways.pop() {
        for next in uses.get(way.last()?).into_iter().flatten() {
            if next == start {
                return Some(way);
            }
            if seen.insert(next.clone()) {
                ways.push(way.iter().cloned().chain([next.clone()]).collect());
            }
        }
    }
    None
}
