//! The keyword leg: identifiers, parts of names, typos, neighbours.

use cloze_query::{Mode, Request};

use crate::site::Site;

/// Names of the pages that the keyword leg finds.
pub fn keyword(site: &Site, query: &str) -> Vec<String> {
    site.search(query, Mode::Keyword).hits.into_iter().map(|h| h.id).collect()
}

/// The first of them.
pub fn first(site: &Site, query: &str) -> String {
    keyword(site, query).into_iter().next().unwrap_or_default()
}

#[test]
fn identifiers_find_themselves_first() {
    let site = Site::with(&[
        ("cpp.md", "# Languages\n\nWe compile C++ code.\n"),
        ("c.md", "# Others\n\nWe compile C code and more C code, all in C.\n"),
        ("flag.md", "# Flags\n\nPass --dry-run to see what would happen.\n"),
        ("dry.md", "# Weather\n\nA dry run in the dry season, run by run.\n"),
        ("io.md", "# Traits\n\nImplement std::io::Read for it.\n"),
        ("std.md", "# Others\n\nRead about io and std, then read again.\n"),
        ("ls.md", "# Listing\n\nGet-ChildItem lists; use -Recurse for all.\n"),
        ("hook.md", "# Hooks\n\nCall useEffect after rendering.\n"),
        ("effect.md", "# Effects\n\nUse an effect; the effect of use.\n"),
        ("profile.md", "# Start\n\n$PROFILE runs at start, .gitignore is read, version 7.4.1 is here.\n"),
        ("snake.md", "# Names\n\nset max_open_files to more.\n"),
    ]);
    site.build();
    for (query, page) in [
        ("C++", "cpp.md"),
        ("--dry-run", "flag.md"),
        ("std::io::Read", "io.md"),
        ("Get-ChildItem", "ls.md"),
        ("get childitem -Recurse", "ls.md"),
        ("useEffect", "hook.md"),
        ("useeffect", "hook.md"),
        ("$PROFILE", "profile.md"),
        (".gitignore", "profile.md"),
        ("7.4.1", "profile.md"),
        ("max_open_files", "snake.md"),
        ("open files", "snake.md"),
    ] {
        assert_eq!(first(&site, query), page, "{query}");
    }
}

#[test]
fn names_are_found_by_their_parts_and_symbols_by_themselves() {
    let site = Site::with(&[
        ("camel.md", "# Accounts\n\nCall getUserName to read what the account is called.\n"),
        ("plain.md", "# Rules\n\nA username must be unique in the whole system.\n"),
        ("request.md", "# Fetching\n\nXMLHttpRequest sends something to the server.\n"),
        ("php.md", "# Superglobals\n\nThe array is read as `$_GET['id']` in every script.\n"),
        ("get.md", "# Get variables\n\nGet variables are variables that you get. Get more of them.\n"),
        ("rocket.md", "# Release day\n\nWe shipped it today \u{1f680} and were happy.\n"),
        ("cake.md", "# Party\n\nWe had cake \u{1f389} in the evening.\n"),
        ("sums.md", "# Checksums\n\nCompare the sha256 of the file.\n"),
    ]);
    site.build();
    assert_eq!(keyword(&site, "username"), ["plain.md", "camel.md"]);
    assert_eq!(first(&site, "user name"), "camel.md");
    for (query, page) in [
        ("getusername", "camel.md"),
        ("httprequest", "request.md"),
        ("_GET", "php.md"),
        ("$_GET", "php.md"),
        ("\u{1f680}", "rocket.md"),
        ("sha 256", "sums.md"),
    ] {
        for mode in [Mode::Keyword, Mode::Hybrid] {
            let answer = site.search(query, mode);
            assert_eq!(answer.hits[0].id, page, "{query} {mode:?}");
            assert_eq!(answer.corrected_query, None, "{query}");
        }
    }
    let marked = site.search("username", Mode::Keyword).hits[1].snippet.clone();
    assert_eq!(marked.highlights, [[8, 16]], "{}", marked.text);
}

#[test]
fn accents_possessives_and_hyphens() {
    let site = Site::with(&[
        ("cafe.md", "# Café\n\nThe café's naïve owner re-indexes nightly.\n"),
        ("other.md", "# Other\n\nSomething else.\n"),
    ]);
    site.build();
    for query in ["cafe", "CAFÉ", "cafes", "naive", "reindex", "re-index", "owner"] {
        assert_eq!(first(&site, query), "cafe.md", "{query}");
    }
}

/// Identifiers come first in a hybrid search too, where vectors see only letters and signs.

#[test]
fn identifiers_come_first_in_hybrid_mode() {
    let site = Site::with(&[
        ("cpp.md", "# Building\n\nWe compile C++ code with the usual flags.\n"),
        ("c.md", "# The C language\n\nWe compile C code and more C code, all in C.\n"),
        ("flag.md", "# Options\n\nPass --dry-run to see what would happen.\n"),
        ("dry.md", "# Weather\n\nA dry run in the dry season, run by run.\n"),
        ("io.md", "# Traits\n\nImplement std::io::Read for the type.\n"),
        ("std.md", "# Reading\n\nRead about io and std, then read again how to read.\n"),
        ("ls.md", "# Shell\n\nGet-ChildItem lists what is in a folder; use -Recurse for all.\n"),
        ("child.md", "# Children\n\nGet an item for the child; every child gets an item.\n"),
        ("hook.md", "# Hooks\n\nCall useEffect after rendering.\n"),
        ("effect.md", "# Effects\n\nUse an effect; the effect of use.\n"),
        ("start.md", "# Start\n\n$PROFILE runs when the shell starts.\n"),
        ("person.md", "# Your profile\n\nEdit the profile; a profile has a picture. Profiles are public.\n"),
        ("git.md", "# Versions\n\nWhat .gitignore names is passed by.\n"),
        ("ignore.md", "# Git\n\nGit may ignore a file. To ignore it in git, say so.\n"),
    ]);
    site.build();
    for (query, page) in [
        ("C++", "cpp.md"),
        ("--dry-run", "flag.md"),
        ("std::io::Read", "io.md"),
        ("Get-ChildItem", "ls.md"),
        ("useEffect", "hook.md"),
        ("$PROFILE", "start.md"),
        (".gitignore", "git.md"),
    ] {
        let ids: Vec<String> = site.search(query, Mode::Hybrid).hits.into_iter().map(|h| h.id).collect();
        assert_eq!(ids.first().map(String::as_str), Some(page), "{query}: {ids:?}");
    }
}

#[test]
fn typos_match_only_where_the_index_does_not_have_the_word() {
    let site = Site::with(&[
        ("commit.md", "# Commit\n\nUndo the last commit of the repository.\n"),
        ("comet.md", "# Comet\n\nA comet has a tail.\n"),
    ]);
    site.build();
    assert_eq!(first(&site, "undo comit repositroy"), "commit.md");
    assert_eq!(keyword(&site, "comet"), ["comet.md"], "a word that is known stands for itself alone");
    assert_eq!(keyword(&site, "tial"), ["comet.md"], "a transposition is one edit");
    assert_eq!(keyword(&site, "xqzvw"), Vec::<String>::new());
}

#[test]
fn neighbours_of_the_query_count_where_they_are_neighbours() {
    let site = Site::with(&[
        ("a.md", "# One\n\nThe memory has a limit somewhere, and a query does as well, for each of them.\n"),
        ("b.md", "# Two\n\nThe query memory limit has somewhere as well, and a does for each of them too.\n"),
    ]);
    site.build();
    let request = Request::new("query memory limit").unwrap();
    let lexical = |id: &str| {
        let mut request = request.clone();
        request.explain = true;
        let hits = site.engine().search(&request).unwrap().hits;
        hits.into_iter().find(|h| h.id == id).and_then(|h| h.explain?.lexical).unwrap()
    };
    assert!(lexical("b.md").score > lexical("a.md").score * 1.2);
    assert_eq!((lexical("b.md").rank, lexical("a.md").rank), (Some(1), Some(2)));
}
