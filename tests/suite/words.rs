//! The keyword leg: identifiers, languages, typos, the query language, filters.

use std::collections::BTreeMap;

use cloze_query::{Answer, Mode, Request};

use crate::site::Site;

fn keyword(site: &Site, query: &str) -> Vec<String> {
    site.search(query, Mode::Keyword).hits.into_iter().map(|h| h.id).collect()
}

fn first(site: &Site, query: &str) -> String {
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

#[test]
fn chinese_japanese_and_korean_are_searched() {
    let site = Site::with(&[
        ("zh.md", "---\nlang: zh\n---\n# 全文搜索引擎\n\n倒排索引保存每个词出现的位置。\n"),
        ("ja.md", "---\nlang: ja\n---\n# 検索エンジン\n\n転置索引は単語の位置を保存します。\n"),
        ("ko.md", "---\nlang: ko\n---\n# 검색 엔진\n\n역색인은 단어의 위치를 저장합니다.\n"),
        ("en.md", "# Search engine\n\nAn inverted index stores positions.\n"),
    ]);
    site.build();
    for (query, page) in [
        ("倒排索引", "zh.md"),
        ("搜索", "zh.md"),
        ("転置索引", "ja.md"),
        ("単語", "ja.md"),
        ("단어", "ko.md"),
        ("역색인", "ko.md"),
    ] {
        assert_eq!(first(&site, query), page, "{query}");
    }
    assert_eq!(keyword(&site, "\"位置を保存\""), ["ja.md", "zh.md"], "a phrase first, its parts after it");
}

#[test]
fn the_stemmer_follows_the_page() {
    let site = Site::with(&[
        ("de.md", "---\nlang: de\n---\n# Häuser\n\nAlte Häuser haben Keller.\n"),
        ("en.md", "# Houses\n\nOld houses have cellars.\n"),
    ]);
    site.build();
    assert_eq!(keyword(&site, "Haus"), ["de.md"]);
    assert_eq!(keyword(&site, "cellar"), ["en.md"]);
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
fn the_query_language() {
    let site = Site::with(&[
        ("a.md", "---\nversion: 1\n---\n# Red apples\n\nBig red apples grow here.\n"),
        ("b.md", "---\nversion: 2\n---\n# Apples\n\nRed is the colour of some big apples.\n"),
        ("c.md", "---\nversion: 2\n---\n# Green apples\n\nApples that are green.\n"),
    ]);
    site.build();
    assert_eq!(first(&site, "\"some big apples\" red"), "b.md");
    assert_eq!(keyword(&site, "apples -red"), ["c.md"]);
    assert_eq!(keyword(&site, "apples -\"red apples\""), ["b.md", "c.md"]);
    assert_eq!(keyword(&site, "green version:1"), Vec::<String>::new());
    assert_eq!(site.search("apples version:2", Mode::Semantic).hits.len(), 2, "filters hold in both legs");
    let listed = site.search("version:2", Mode::Hybrid);
    assert_eq!(
        (listed.hits.len(), listed.total.value, listed.degraded.is_none()),
        (2, 2, true),
        "a filter alone lists"
    );
    for odd in ["\"", "-", "a:", ":b", "AND OR NOT", "((", "x^2~3", "version:", "-\"\"", "\\", "[a TO b]"] {
        site.search(odd, Mode::Hybrid);
    }
}

#[test]
fn filters_and_facets_count_what_is_found() {
    let site = Site::new();
    for i in 0..60 {
        let kind = ["guide", "reference", "blog"][i % 3];
        site.write(
            &format!("{i:02}.md"),
            format!("---\nkind: {kind}\nteam: [t{}, all]\n---\n# Page {i}\n\nApples, number {i}.\n", i % 2),
        );
    }
    site.write("other.md", "---\nkind: guide\n---\n# Zebra\n\nNothing of the kind.\n");
    site.build();
    let search = |filters: &[(&str, &[&str])], mode| -> Answer {
        let mut request = Request::new("apples").unwrap().page(0, 100).unwrap();
        request.mode = mode;
        request.facets = vec!["kind".into(), "team".into()];
        let owned = |v: &&[&str]| v.iter().map(|s| (*s).to_owned()).collect::<Vec<_>>();
        request.filters = filters.iter().map(|(k, v)| ((*k).to_owned(), owned(v))).collect();
        site.engine().search(&request).unwrap()
    };
    for mode in Mode::ALL {
        let answer = search(&[("kind", &["Guide"])], mode);
        let expected = if mode == Mode::Keyword { 20 } else { 21 };
        assert_eq!((answer.hits.len(), answer.total.value), (expected, expected as u64), "{mode:?}");
        assert_eq!(answer.facets["kind"], BTreeMap::from([("guide".to_owned(), expected as u64)]));
        let both = search(&[("kind", &["guide", "blog"]), ("team", &["t1"])], mode);
        assert_eq!((both.hits.len(), both.facets["team"]["t1"], both.facets["team"]["all"]), (20, 20, 20), "{mode:?}");
        assert!(search(&[("kind", &["nothing"])], mode).no_match);
    }
}

#[test]
fn an_exact_title_or_heading_is_first() {
    let site = Site::with(&[
        (
            "events.md",
            "# Event handling in depth\n\nEvents, events and event handlers. Events everywhere. Handling events.\n",
        ),
        ("short.md", "# Events\n\nSee the other pages.\n"),
        ("guide.md", "# Guide\n\nLong text about other things.\n\n## Handling events\n\nDo it.\n"),
    ]);
    site.build();
    for mode in Mode::ALL {
        assert_eq!(site.search("events", mode).hits[0].id, "short.md", "{mode:?}");
        assert_eq!(site.search("Handling Events?", mode).hits[0].url, "/guide.md#handling-events", "{mode:?}");
        let hits = site.search("Events", mode).hits;
        assert!(hits.windows(2).all(|pair| pair[0].score >= pair[1].score), "scores fall: {mode:?}");
    }
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

#[test]
fn an_exclusion_excludes_whole_pages() {
    let site = Site::with(&[
        ("both.md", "# Fruit\n\nApples here.\n\n## More\n\nPears there.\n"),
        ("one.md", "# Basket\n\nApples only.\n"),
    ]);
    site.build();
    for mode in Mode::ALL {
        let ids: Vec<String> = site.search("apples -pears", mode).hits.into_iter().map(|h| h.id).collect();
        assert_eq!(ids, ["one.md"], "{mode:?}");
    }
}
