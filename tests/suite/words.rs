//! The keyword leg: identifiers, languages, typos, the query language, filters.

use std::collections::BTreeMap;

use cloze_query::{Answer, Mode, Request, json::Relation};

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
fn words_typed_without_accents_are_found_in_every_language() {
    let site = Site::with(&[
        ("fr.md", "---\nlang: fr\n---\n# Sécurité des données\n\nLes élèves ont créé la clé.\n"),
        ("es.md", "---\nlang: es\n---\n# Configuración\n\nLos índices están aquí; la búsqueda es rápida.\n"),
        ("pt.md", "---\nlang: pt\n---\n# Segurança\n\nAs configurações não são automáticas.\n"),
        ("it.md", "---\nlang: it\n---\n# Qualità\n\nLe novità e le libertà della città.\n"),
        ("de.md", "---\nlang: de\n---\n# Übersetzungen\n\nFür Wörterbücher und Häuser.\n"),
        ("nfd.md", "---\nlang: fr\n---\n# Re\u{301}sume\u{301}\n\nUne the\u{301}ie\u{300}re.\n"),
    ]);
    site.build();
    for (query, page) in [
        ("securite", "fr.md"),
        ("sécurité", "fr.md"),
        ("eleves", "fr.md"),
        ("élève", "fr.md"),
        ("\"securite des donnees\"", "fr.md"),
        ("\"sécurité des donnees\"", "fr.md"),
        ("configuracion", "es.md"),
        ("indices", "es.md"),
        ("busqueda rapida", "es.md"),
        ("seguranca", "pt.md"),
        ("configuracoes", "pt.md"),
        ("automaticas", "pt.md"),
        ("qualita", "it.md"),
        ("novita", "it.md"),
        ("ubersetzungen", "de.md"),
        ("worterbucher", "de.md"),
        ("hauser", "de.md"),
        ("se\u{301}curite\u{301}", "fr.md"),
        ("théière", "nfd.md"),
        ("theiere", "nfd.md"),
    ] {
        assert_eq!(first(&site, query), page, "{query}");
    }
    let marked = &site.search("eleves", Mode::Keyword).hits[0].snippet;
    let at: Vec<u16> = marked.text.encode_utf16().collect();
    let words = marked.highlights.iter().map(|[a, b]| String::from_utf16_lossy(&at[*a as usize..*b as usize]));
    assert_eq!(words.collect::<Vec<_>>(), ["élèves"]);
    assert_eq!(keyword(&site, "resume"), ["nfd.md"]);
    assert_eq!(site.search("Résumé", Mode::Hybrid).hits[0].id, "nfd.md", "a title with its accents typed apart");
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
        // By meaning alone, the other page is near enough.
        let expected = if mode == Mode::Semantic { 21 } else { 20 };
        assert_eq!((answer.hits.len(), answer.total.value), (expected, expected as u64), "{mode:?}");
        assert_eq!(answer.facets["kind"], BTreeMap::from([("guide".to_owned(), expected as u64)]));
        let both = search(&[("kind", &["guide", "blog"]), ("team", &["t1"])], mode);
        assert_eq!((both.hits.len(), both.facets["team"]["t1"], both.facets["team"]["all"]), (20, 20, 20), "{mode:?}");
        assert!(search(&[("kind", &["nothing"])], mode).no_match);
    }
}

#[test]
fn totals_and_facets_count_every_page_however_far_the_list_is_read() {
    let site = Site::new();
    for i in 0..350 {
        let kind = ["guide", "reference"][i % 2];
        site.write(&format!("{i:03}.md"), format!("---\nkind: {kind}\n---\n# Page {i}\n\nApples, number {i}.\n"));
    }
    site.write("other.md", "---\nkind: guide\n---\n# Zebra\n\nStripes.\n");
    site.build();
    let engine = site.engine();
    for mode in [Mode::Keyword, Mode::Hybrid] {
        for (offset, limit) in [(0, 10), (0, 100), (300, 50)] {
            let mut request = Request::new("apples").unwrap().page(offset, limit).unwrap();
            (request.mode, request.facets) = (mode, vec!["kind".into()]);
            let answer = engine.search(&request).unwrap();
            let expected = BTreeMap::from([("guide".to_owned(), 175), ("reference".to_owned(), 175)]);
            assert_eq!((answer.total.value, &answer.facets["kind"]), (350, &expected), "{mode:?} from {offset}");
            assert_eq!(answer.hits.len(), limit, "{mode:?} from {offset}");
            assert_eq!(answer.total.relation, Relation::Eq, "{mode:?}: the page about zebras is not listed");
        }
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
fn a_title_may_look_like_syntax() {
    let site = Site::with(&[
        ("quotes.md", "# The \"strict\" mode\n\nWhat it forbids.\n"),
        ("strict.md", "# Being strict\n\nThe strict mode, the mode that is strict, strict as a mode.\n"),
        ("field.md", "---\nversion: 1\n---\n# Using version:2 in front matter\n\nWrite it at the top.\n"),
        ("two.md", "---\nversion: 2\n---\n# Front matter\n\nUsing it in front matter.\n"),
        ("minus.md", "# Setup -offline\n\nWithout a network.\n"),
        ("setup.md", "# Setup\n\nSetup, setup and setup.\n\n## say \"hello\" -now\n\nA greeting.\n"),
    ]);
    site.build();
    for mode in Mode::ALL {
        for (query, page) in [
            ("The \"strict\" mode", "quotes.md"),
            ("using version:2 in front matter", "field.md"),
            ("Setup -offline", "minus.md"),
            ("Say \"hello\" -now?", "setup.md"),
        ] {
            let hits = site.search(query, mode).hits;
            assert_eq!(hits.first().map(|h| h.id.as_str()), Some(page), "{query} in {mode:?}");
            assert_eq!(hits[0].score, 0.95, "{query} in {mode:?}: {:?}", hits[0]);
        }
    }
    // A text that is no title is still read as a query.
    assert_eq!(keyword(&site, "front matter version:2"), ["two.md"]);
    // Nor does a title count that a filter hides.
    let mut request = Request::new("using version:2 in front matter").unwrap();
    request.filters = BTreeMap::from([("version".to_owned(), vec!["2".to_owned()])]);
    assert_eq!(site.engine().search(&request).unwrap().hits[0].id, "two.md");
}

#[test]
fn the_title_of_a_long_page_is_first_however_many_passages_it_has() {
    let site = Site::new();
    let section = |i: usize| format!("## Part {i}\n\nIt goes on with number {i}.\n\n");
    site.write("long.md", format!("# Chronicle\n\n{}", (0..1100).map(section).collect::<String>()));
    site.write("short.md", "# Other\n\nA chronicle, a chronicle and one more chronicle of chronicles.\n");
    site.build();
    let first = &site.search("chronicle", Mode::Keyword).hits[0];
    assert_eq!((first.id.as_str(), first.score), ("long.md", 0.95));
}

#[test]
fn phrases_are_taken_after_filtering() {
    let site = Site::new();
    let hay: String = (0..1100).map(|i| format!("## Part {i}\n\nThe red apples of row {i}.\n\n")).collect();
    site.write("a.md", format!("---\nkind: old\n---\n# Rows\n\n{hay}"));
    let noise = "Apples red, red and apples; apples that are red. ".repeat(3);
    for i in 0..120 {
        site.write(&format!("n{i}.md"), format!("---\nkind: new\n---\n# Noise {i}\n\n{noise}\n"));
    }
    let far = "Words about weather and wind and many other things. ".repeat(12);
    site.write("z.md", format!("---\nkind: new\n---\n# Last\n\n{far} There the red apples of all are.\n"));
    site.build();
    let hits = site.search("\"red apples of all\" kind:new", Mode::Keyword).hits;
    assert_eq!(hits[0].id, "z.md");
    let mut request = Request::new("\"red apples of\"").unwrap();
    (request.mode, request.filters) = (Mode::Keyword, BTreeMap::from([("kind".to_owned(), vec!["new".to_owned()])]));
    assert_eq!(site.engine().search(&request).unwrap().hits[0].id, "z.md", "the first thousand are filtered away");
}

#[test]
fn pages_that_share_a_heading_share_the_estimate() {
    let site = Site::new();
    let mut last = 1.0;
    for n in 1..=4 {
        site.write(
            &format!("{n}.md"),
            format!("# Module {n}\n\nIt does thing {n}.\n\n## Examples\n\nSee number {n}.\n"),
        );
        site.build();
        let score = site.search("Examples", Mode::Keyword).hits[0].score;
        assert!(score < last && score <= 0.95, "{n} pages: {score}, {last} before");
        last = score;
    }
    assert!(last < 0.5, "{last}");
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
