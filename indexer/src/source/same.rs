//! Files that would give a page twice: links to a file that is walked anyway, and the sources that a generator
//! puts beside the pages it makes of them.

use std::{
    collections::{HashMap, HashSet},
    fs::Metadata,
    path::{Path, PathBuf},
};

use super::{SourceFile, Walk};

/// Files whose names end so were copied by a generator, to be shown beside the page.
const COPIES: [&str; 4] = [".rst.txt", ".md.txt", ".ipynb.txt", ".adoc.txt"];

/// The identity of a file, independent of its path.
#[derive(PartialEq, Eq, Hash)]
enum Identity {
    /// Device and inode.
    #[cfg_attr(not(unix), expect(dead_code, reason = "elsewhere the path without links tells files apart"))]
    Inode(u64, u64),
    /// The path without links.
    #[cfg_attr(unix, expect(dead_code, reason = "on Unix the inode tells files apart"))]
    Path(PathBuf),
}

#[cfg(unix)]
fn identity(_: &Path, meta: &Metadata) -> Option<Identity> {
    use std::os::unix::fs::MetadataExt;
    Some(Identity::Inode(meta.dev(), meta.ino()))
}

#[cfg(not(unix))]
fn identity(path: &Path, _: &Metadata) -> Option<Identity> {
    std::fs::canonicalize(path).ok().map(Identity::Path)
}

/// Keeps one of every file, at its real place where that is walked; the others are left out. Gives the name of
/// each link with that of the file that stays.
pub(super) fn drop_links(walk: &mut Walk) -> Vec<(String, String)> {
    let mut places: HashMap<Identity, Vec<usize>> = HashMap::new();
    for (i, file) in walk.files.iter().enumerate() {
        let meta = std::fs::metadata(&file.path);
        if let Some(identity) = meta.ok().and_then(|meta| identity(&file.path, &meta)) {
            places.entry(identity).or_default().push(i);
        }
    }
    let mut links: HashMap<String, String> = HashMap::new();
    for group in places.into_values().filter(|group| group.len() > 1) {
        let real = group.iter().copied().find(|&i| is_real(&walk.files[i])).unwrap_or(group[0]);
        let stays = walk.files[real].name.clone();
        let others = group.into_iter().map(|i| &walk.files[i].name).filter(|name| **name != stays);
        links.extend(others.map(|name| (name.clone(), stays.clone())));
    }
    leave_out(walk, &links, "same file as");
    links.into_iter().collect()
}

/// Whether no part of the path below the folder that was given is a link.
fn is_real(file: &SourceFile) -> bool {
    let relative = file.path.strip_prefix(&file.root).unwrap_or(&file.path);
    let real = |path: &Path| std::fs::canonicalize(path).ok();
    real(&file.path).is_some_and(|path| real(&file.root).is_some_and(|root| root.join(relative) == path))
}

/// Leaves out copies of sources beside the pages that were made of them: `a/copies/b/c.rst.txt` where
/// `a/b/c.html` is.
pub(super) fn drop_copies(walk: &mut Walk) {
    let names: HashSet<&str> = walk.files.iter().map(|f| f.name.as_str()).collect();
    let made = walk.files.iter().filter_map(|file| Some((file.name.clone(), page_of(&file.name, &names)?)));
    let copies: HashMap<String, String> = made.collect();
    leave_out(walk, &copies, "source of");
}

/// The page that was made of a copied source.
fn page_of(name: &str, names: &HashSet<&str>) -> Option<String> {
    let stem = COPIES.iter().find_map(|ending| name.strip_suffix(ending))?;
    let mut from = 0;
    stem.match_indices('/').find_map(|(at, _)| {
        let without = format!("{}{}", &stem[..from], &stem[at + 1..]);
        from = at + 1;
        [".html", "/index.html"].map(|end| format!("{without}{end}")).into_iter().find(|n| names.contains(n.as_str()))
    })
}

fn leave_out(walk: &mut Walk, others: &HashMap<String, String>, why: &str) {
    let left_out = &mut walk.left_out;
    walk.files.retain(|file| match others.get(&file.name) {
        Some(stays) => {
            left_out.push((file.name.clone(), format!("{why} {stays}")));
            false
        }
        None => true,
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copied_source_has_a_page() {
        let names = HashSet::from(["guide/a.html", "b/index.html", "c.html"]);
        assert_eq!(page_of("_sources/guide/a.rst.txt", &names).as_deref(), Some("guide/a.html"));
        assert_eq!(page_of("src/b.md.txt", &names).as_deref(), Some("b/index.html"));
        for other in ["c.rst.txt", "_sources/c.txt", "_sources/d.rst.txt", "x/y/c.md.txt"] {
            assert_eq!(page_of(other, &names), None, "{other}");
        }
    }
}
