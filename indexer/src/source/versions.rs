//! Versions of one manual: sibling folders that are named like versions and hold the same pages.
//!
//! One of them is current: a folder that says so by its name, else the highest release. Where the same pages stand
//! beside the folders as well, without a version, those are the current ones.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
    fmt::Write,
};

use super::SourceFile;

/// Folders that hold the current version, the likeliest last: a folder named latest may be newer than any release.
const CURRENT: [&str; 3] = ["latest", "stable", "current"];
/// Folders of unreleased versions.
const UNRELEASED: [&str; 13] = [
    "main",
    "master",
    "next",
    "dev",
    "devel",
    "develop",
    "development",
    "edge",
    "nightly",
    "head",
    "trunk",
    "canary",
    "unreleased",
];
/// Possible prefixes of a number.
const PREFIXES: [&str; 6] = ["version-", "version", "release-", "release", "rel-", "v"];
/// Possible suffixes of the number of a pre-release.
const PRERELEASES: [&str; 8] = ["alpha", "beta", "rc", "pre", "dev", "snapshot", "a", "b"];
/// Pages that a version must share with those beside its folder: an introduction stands at many places.
const FEWEST_BESIDE: usize = 3;
/// Longest name of a version, in bytes.
const LONGEST: usize = 40;

/// Which version of a manual a page belongs to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Version {
    /// Names of the version: that of the folder, and of links to it. Pages beside the folders have none.
    pub names: Vec<String>,
    /// Whether it is the version for readers who name none.
    pub is_current: bool,
    /// In how many other versions the page is.
    pub others: usize,
}

impl Version {
    /// All fields that affect the stored form of a page.
    pub(crate) fn mark(&self) -> String {
        let mut mark = self.names.join("/");
        // Writing to a string cannot fail.
        let _ = write!(mark, " {} {}", self.is_current, self.others);
        mark
    }
}

/// The meaning of a folder's name, the current version last.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    Unreleased,
    Prerelease(Vec<u64>, String),
    Release(Vec<u64>),
    Current(usize),
}

impl Rank {
    /// The meaning of a folder's name, if it names a version.
    fn of(name: &str) -> Option<Self> {
        if name.len() > LONGEST {
            return None;
        }
        let name = name.to_ascii_lowercase();
        if let Some(place) = CURRENT.iter().position(|c| *c == name) {
            return Some(Self::Current(place));
        }
        if UNRELEASED.contains(&name.as_str()) {
            return Some(Self::Unreleased);
        }
        Self::of_number(PREFIXES.iter().find_map(|p| name.strip_prefix(p)).unwrap_or(&name))
    }

    /// `3`, `3.4`, `3_4`, `3.x`, `3.4-rc1`.
    fn of_number(name: &str) -> Option<Self> {
        let end = name.find(|c: char| !c.is_ascii_digit() && !matches!(c, '.' | '_' | 'x')).unwrap_or(name.len());
        let (number, tag) = name.split_at(end);
        let part = |part: &str| match part {
            // All of a series is as new as its newest.
            "x" => Some(u64::MAX),
            digits if digits.bytes().all(|b| b.is_ascii_digit()) && !digits.is_empty() => {
                Some(digits.parse().unwrap_or(u64::MAX))
            }
            _ => None,
        };
        let parts: Vec<u64> = number.split(['.', '_']).map(part).collect::<Option<_>>()?;
        let tag = tag.trim_start_matches('-');
        if tag.is_empty() || tag == "lts" {
            return name.starts_with(|c: char| c.is_ascii_digit()).then_some(Self::Release(parts));
        }
        let rest = PRERELEASES.iter().find_map(|p| tag.strip_prefix(p))?;
        let is_number = rest.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'-'));
        is_number.then(|| Self::Prerelease(parts, tag.to_owned()))
    }
}

/// Folders with a bare number may be years, chapters or lessons.
fn is_bare(name: &str) -> bool {
    name.bytes().all(|b| b.is_ascii_digit())
}

/// One folder of a group, and the pages in it.
struct Folder<'n> {
    rank: Rank,
    /// Paths below the folder, without extension.
    pages: BTreeSet<&'n str>,
    /// Names of links to it.
    links: Vec<&'n str>,
}

/// Sibling folders that are named like versions, by name.
type Group<'n> = BTreeMap<&'n str, Folder<'n>>;

/// Marks the files of all versions. `links` are the names of files that were left out because they are links, each
/// with the file that stays.
pub(super) fn mark(files: &mut [SourceFile], links: &[(String, String)]) {
    let names: Vec<String> = files.iter().map(|f| f.name.clone()).collect();
    let stems: HashSet<&str> = names.iter().map(|n| stem(n)).collect();
    let mut groups: HashMap<&str, Group<'_>> = HashMap::new();
    for name in &names {
        for (above, folder, rank, page) in places(name) {
            let entry = groups.entry(above).or_default().entry(folder);
            entry.or_insert_with(|| Folder { rank, pages: BTreeSet::new(), links: Vec::new() }).pages.insert(page);
        }
    }
    for (link, stays) in links {
        add_link(&mut groups, link, stays);
    }
    let groups: HashMap<&str, Versions<'_>> =
        groups.into_iter().filter_map(|(above, group)| Some((above, Versions::of(above, group, &stems)?))).collect();
    if groups.is_empty() {
        return;
    }
    for (file, name) in files.iter_mut().zip(&names) {
        file.version = version_of(name, &groups);
    }
}

/// Every folder of a path with a version-like name: the part above, its name, its meaning, the part below.
fn places(name: &str) -> impl Iterator<Item = (&str, &str, Rank, &str)> {
    let mut from = 0;
    name.match_indices('/').filter_map(move |(at, _)| {
        let start = std::mem::replace(&mut from, at + 1);
        let folder = &name[start..at];
        Some((&name[..start], folder, Rank::of(folder)?, stem(&name[at + 1..])))
    })
}

/// A path without its extension.
fn stem(path: &str) -> &str {
    let name = path.rfind('/').map_or(0, |at| at + 1);
    path[name..].rfind('.').filter(|at| *at > 0).map_or(path, |at| &path[..name + at])
}

/// A folder that is a link to a version beside it is another name of that version.
fn add_link<'n>(groups: &mut HashMap<&'n str, Group<'n>>, link: &'n str, stays: &'n str) {
    let of_stays: Vec<_> = places(stays).collect();
    for (above, folder, rank, page) in places(link) {
        let target = of_stays.iter().find(|(a, f, _, p)| *a == above && *f != folder && *p == page);
        let target = target.and_then(|(_, name, ..)| groups.get_mut(above)?.get_mut(name));
        if let Some(target) = target {
            target.rank = target.rank.clone().max(rank);
            if !target.links.contains(&folder) {
                target.links.push(folder);
            }
        }
    }
}

/// A group that holds versions of the same pages.
struct Versions<'n> {
    folders: Group<'n>,
    /// The folder of the current version; `None` if its pages stand beside the folders.
    current: Option<&'n str>,
}

impl<'n> Versions<'n> {
    /// Keeps the folders that share at least half of their pages with another one or with the pages beside them.
    fn of(above: &str, mut group: Group<'n>, stems: &HashSet<&str>) -> Option<Self> {
        let mut counts: HashMap<&str, usize> = HashMap::new();
        group.values().flat_map(|f| &f.pages).for_each(|page| *counts.entry(page).or_default() += 1);
        let beside = |f: &Folder<'_>| {
            let shared = f.pages.iter().filter(|page| stems.contains(format!("{above}{page}").as_str())).count();
            shared >= FEWEST_BESIDE && shared * 2 >= f.pages.len() && matches!(f.rank, Rank::Release(_))
        };
        let with_others = |f: &Folder<'_>| f.pages.iter().filter(|p| counts[**p] > 1).count() * 2 >= f.pages.len();
        let is_beside = group.iter().any(|(name, f)| !is_bare(name) && beside(f));
        group.retain(|_, folder| with_others(folder) || is_beside && beside(folder) || !folder.links.is_empty());
        let has_name = group.iter().any(|(name, folder)| !is_bare(name) || !folder.links.is_empty());
        let has_rivals = group.len() + usize::from(is_beside) > 1 || group.values().any(|f| !f.links.is_empty());
        if !has_name || !has_rivals {
            return None;
        }
        let (name, folder) = group.iter().max_by_key(|(_, folder)| &folder.rank)?;
        let current = (!is_beside || matches!(folder.rank, Rank::Current(_))).then_some(*name);
        Some(Self { current, folders: group })
    }

    /// In how many folders a page is.
    fn with(&self, page: &str) -> usize {
        self.folders.values().filter(|folder| folder.pages.contains(page)).count()
    }
}

/// The version of a file: that of the outermost folder, or the one without a name beside such folders.
fn version_of(name: &str, groups: &HashMap<&str, Versions<'_>>) -> Option<Version> {
    for (above, folder, _, page) in places(name) {
        let Some(versions) = groups.get(above) else { continue };
        if let Some(own) = versions.folders.get(folder) {
            let names = std::iter::once(folder).chain(own.links.iter().copied()).map(str::to_owned).collect();
            let beside = usize::from(versions.current.is_none());
            let others = versions.with(page) - 1 + beside;
            return Some(Version { names, is_current: versions.current == Some(folder), others });
        }
    }
    let above = std::iter::once(0).chain(name.match_indices('/').map(|(at, _)| at + 1));
    above.into_iter().find_map(|at| {
        let versions = groups.get(&name[..at]).filter(|v| v.current.is_none())?;
        let others = versions.with(stem(&name[at..]));
        (others > 0).then_some(Version { names: Vec::new(), is_current: true, others })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::extract::Format;

    fn versions(names: &[&str], links: &[(&str, &str)]) -> Vec<String> {
        let file = |name: &&str| SourceFile {
            fetched: None,
            path: name.into(),
            name: (*name).to_owned(),
            root: "".into(),
            format: Format::Markdown,
            bytes: 0,
            version: None,
        };
        let mut files: Vec<SourceFile> = names.iter().map(file).collect();
        let links: Vec<_> = links.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect();
        mark(&mut files, &links);
        files.into_iter().map(|f| f.version.map_or_else(String::new, |v| v.mark())).collect()
    }

    #[test]
    fn folders_with_the_same_pages_are_versions() {
        assert_eq!(
            versions(&["3.3/a.md", "3.10/a.html", "3.10/new.md", "3.4/a.md", "other/a.md", "main/a.md"], &[]),
            ["3.3 false 3", "3.10 true 3", "3.10 true 0", "3.4 false 3", "", "main false 3"]
        );
        assert_eq!(versions(&["d/v1/a.md", "d/latest/a.md"], &[]), ["v1 false 1", "latest true 1"]);
    }

    #[test]
    fn folders_with_other_pages_are_none() {
        for names in [
            &["1.0/a.md", "2.0/b.md", "2.0/c.md"][..],
            &["2023/index.html", "2024/index.html"],
            &["01/lesson.md", "02/lesson.md"],
            &["v1/a.md"],
            &["v2/README.md", "README.md"],
            &["latest/a.md", "a.md"],
        ] {
            assert_eq!(versions(names, &[]), vec![""; names.len()], "{names:?}");
        }
    }

    #[test]
    fn numbers_may_be_bare_beside_a_name() {
        assert_eq!(
            versions(&["15/a.html", "16/a.html", "current/a.html"], &[]),
            ["15 false 2", "16 false 2", "current true 2"]
        );
    }

    #[test]
    fn pages_beside_the_folders_are_current() {
        let names = ["a.md", "b.md", "c.md", "2.0/a.md", "2.0/b.md", "2.0/c.md"];
        assert_eq!(versions(&names, &[])[2..4], [" true 1", "2.0 false 1"]);
    }

    #[test]
    fn a_link_names_the_version_it_leads_to() {
        let names = ["3.4/a.md", "4.0/a.md"];
        assert_eq!(versions(&names, &[("stable/a.md", "3.4/a.md")]), ["3.4/stable true 1", "4.0 false 1"]);
        assert_eq!(versions(&["16/a.md"], &[("latest/a.md", "16/a.md")]), ["16/latest true 0"]);
    }

    #[test]
    fn ranks_are_in_the_order_of_releases() {
        let order =
            ["next", "v4.0-rc1", "4.0.0-rc2", "v3.3", "3.4", "3.4.1", "3.10", "3.x", "latest", "stable", "current"];
        let ranks: Vec<_> = order.iter().map(|n| Rank::of(n).expect(n)).collect();
        assert!(ranks.is_sorted(), "{ranks:?}");
        for other in ["versions", "v", "x", "api", "3d", "guide", "v1beta-docs", "", "1.2-guide", "1..2", "x.1"] {
            assert_eq!(Rank::of(other), None, "{other}");
        }
    }
}
