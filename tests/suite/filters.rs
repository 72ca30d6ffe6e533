//! The query language, filters and facets.

use std::collections::BTreeMap;

use cloze_query::{Answer, Mode, Request, json::Relation};

use crate::{
    site::Site,
    words::{first, keyword},
};

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
