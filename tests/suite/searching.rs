//! From documents to an answer.

use cloze_query::{Engine, Highlight, Mode, Request, json::Relation};

use crate::site::Site;

fn garden() -> Site {
    let site = Site::with(&[
        (
            "soil.md",
            "# Preparing soil\n\nDig compost into the bed a month before you sow.\n\n## Drainage\n\nClay holds water; add sand.\n",
        ),
        ("water.md", "# Watering\n\nGive plants a drink early in the day, before the sun is high.\n"),
        ("pests.md", "# Slugs and snails\n\nThey eat seedlings at night. Copper tape keeps them away.\n"),
        ("tools.md", "# Tools\n\nA spade, a fork and a wheelbarrow.\n"),
    ]);
    site.build();
    site
}

#[test]
fn meaning_finds_what_words_do_not() {
    let site = garden();
    let query = "when should I irrigate my vegetables";
    assert_eq!(site.search(query, Mode::Keyword).hits.iter().filter(|h| h.id == "water.md").count(), 0);
    for mode in [Mode::Semantic, Mode::Hybrid] {
        assert_eq!(site.search(query, mode).hits[0].id, "water.md", "{mode:?}");
    }
}

#[test]
fn an_answer_holds_what_the_contract_says() {
    let site = garden();
    let mut request = Request::new("copper against snails").unwrap();
    request.explain = true;
    let answer = site.engine().search(&request).unwrap();
    let hit = &answer.hits[0];
    assert_eq!((hit.id.as_str(), hit.url.as_str(), hit.title.as_str()), ("pests.md", "/pests.md", "Slugs and snails"));
    let units: Vec<u16> = hit.snippet.text.encode_utf16().collect();
    let marks: Vec<_> = hit
        .snippet
        .highlights
        .iter()
        .map(|[a, b]| String::from_utf16_lossy(&units[*a as usize..*b as usize]))
        .collect();
    assert_eq!(marks, ["Copper"]);
    let explain = hit.explain.unwrap();
    let (semantic, lexical) = (explain.semantic.unwrap(), explain.lexical.unwrap());
    assert_eq!((semantic.rank, lexical.rank), (Some(1), Some(1)));
    let (tokens, coverage) = (explain.tokens.unwrap(), explain.coverage.unwrap());
    let neighbours = explain.neighbours.map_or(0.0, |view| view.share);
    let sum = semantic.share + lexical.share + tokens.share + coverage.share + neighbours;
    assert!((sum - explain.fused).abs() < 1e-6, "{explain:?}");
    assert!((0.01..1.0).contains(&coverage.score), "the passage has one of two words: {coverage:?}");
    let scores: Vec<f32> = answer.hits.iter().map(|h| h.score).collect();
    assert!(scores.is_sorted_by(|a, b| a >= b) && scores.iter().all(|s| (0.0..=1.0).contains(s)), "{scores:?}");
    assert!(scores[0] > 0.6, "a clear answer: {scores:?}");
    assert_eq!((answer.generation.as_str(), answer.no_match), ("000001", false));
    assert_eq!((answer.total.value, answer.total.relation), (1, Relation::Eq));
    let json = serde_json::to_value(&answer).unwrap();
    for key in [
        "query",
        "corrected_query",
        "mode",
        "degraded",
        "generation",
        "took_ms",
        "total",
        "no_match",
        "fills",
        "hits",
        "facets",
    ] {
        assert!(json.get(key).is_some(), "{key}");
    }
}

#[test]
fn highlights_can_be_left_out() {
    let site = garden();
    let mut request = Request::new("spade").unwrap();
    request.highlight = Highlight::None;
    assert!(site.engine().search(&request).unwrap().hits.iter().all(|h| h.snippet.highlights.is_empty()));
}

#[test]
fn sections_of_a_page_stand_under_it() {
    let site = garden();
    let answer = site.search("compost and drainage of clay soil", Mode::Hybrid);
    assert_eq!(answer.hits.iter().filter(|h| h.id == "soil.md").count(), 1);
    let hit = answer.hits.iter().find(|h| h.id == "soil.md").unwrap();
    let urls: Vec<_> = std::iter::once(&hit.url).chain(hit.sections.iter().map(|s| &s.url)).collect();
    assert!(urls.iter().any(|u| *u == "/soil.md#drainage"), "{urls:?}");
}

#[test]
fn paging_goes_through_the_list_once() {
    let site = Site::new();
    for i in 0..30 {
        site.write(&format!("{i:02}.md"), format!("# Page {i}\n\nApples, number {i}.\n"));
    }
    site.build();
    let engine = site.engine();
    let page = |offset| {
        let request = Request::new("apples").unwrap().page(offset, 10).unwrap();
        engine.search(&request).unwrap().hits.into_iter().map(|h| h.id).collect::<Vec<_>>()
    };
    let mut all: Vec<String> = [page(0), page(10), page(20)].concat();
    assert_eq!(page(30), Vec::<String>::new());
    all.sort();
    all.dedup();
    assert_eq!(all.len(), 30);
}

#[test]
fn a_list_ends_and_its_total_counts_what_can_be_paged_through() {
    let site = Site::new();
    for i in 0..60 {
        let text =
            if i < 25 { "Copper tape keeps slugs away from lettuce." } else { "Tape measures help to plan beds." };
        site.write(&format!("{i:02}.md"), format!("# Page {i}\n\n{text} Note {i}.\n"));
    }
    site.build();
    let engine = site.engine();
    for mode in Mode::ALL {
        let at = |offset: usize| {
            let mut request = Request::new("copper tape slugs").unwrap().page(offset, 10).unwrap();
            request.mode = mode;
            request.facets = vec!["lang".into()];
            engine.search(&request).unwrap()
        };
        let pages: Vec<_> = (0..7).map(|n| at(n * 10)).collect();
        let mut ids: Vec<_> = pages.iter().flat_map(|page| page.hits.iter().map(|h| h.id.clone())).collect();
        let listed = ids.len() as u64;
        ids.sort();
        ids.dedup();
        assert_eq!(ids.len() as u64, listed, "{mode:?}: every page once");
        assert!(ids.iter().filter(|id| id.as_str() < "25").count() == 25, "{mode:?}: all pages with every word");
        assert!(pages.iter().all(|page| page.total.value == listed), "{mode:?}: {listed} of {:?}", pages[0].total);
    }
}

#[test]
fn a_smallest_score_ends_the_list() {
    let site = garden();
    let list = |least: Option<f32>| {
        let request = Request::new("water the soil").unwrap().min_score(least).unwrap();
        let answer = site.engine().search(&request).unwrap();
        assert_eq!(answer.total.value, answer.hits.len() as u64, "{least:?}");
        answer.hits.into_iter().map(|h| (h.id, h.score)).collect::<Vec<_>>()
    };
    let all = list(Some(0.0));
    let half = all[0].1;
    assert!(all.len() > 1 && all[1].1 < half, "{all:?}");
    assert_eq!(list(Some(half)), all[..1]);
    assert!(list(Some(1.0)).is_empty());
}

#[test]
fn the_word_being_typed_matches_what_it_may_become() {
    let site = garden();
    let mut request = Request::new("wheelb").unwrap();
    request.mode = Mode::Keyword;
    assert!(site.engine().search(&request).unwrap().no_match);
    request.prefix = true;
    assert_eq!(site.engine().search(&request).unwrap().hits[0].id, "tools.md");
}

#[test]
fn without_a_model_words_answer_and_say_so() {
    let site = garden();
    let engine = Engine::open_keyword_only(&site.index(), "no model here").unwrap();
    for (mode, degraded) in
        [(Mode::Hybrid, Some("no model here")), (Mode::Semantic, Some("no model here")), (Mode::Keyword, None)]
    {
        let mut request = Request::new("copper tape").unwrap();
        request.mode = mode;
        let answer = engine.search(&request).unwrap();
        assert_eq!((answer.hits[0].id.as_str(), answer.degraded.as_deref()), ("pests.md", degraded));
    }
}

#[test]
fn words_that_no_leg_knows_change_nothing() {
    let site = garden();
    let answer = site.search("xqzv", Mode::Keyword);
    assert!(answer.no_match && answer.hits.is_empty() && answer.total.value == 0);
    assert!(!site.search("!!! ??? ---", Mode::Hybrid).generation.is_empty(), "punctuation is no syntax");
}

#[test]
fn a_read_only_index_is_served() {
    let site = garden();
    let mount = |args: &[&str]| {
        let status = std::process::Command::new("mount").args(args).arg(site.index()).arg(site.index()).status();
        status.is_ok_and(|s| s.success())
    };
    if !mount(&["--bind"]) {
        println!("skipped: a read-only disk needs the right to mount");
        return;
    }
    let read_only = std::process::Command::new("mount").args(["-o", "remount,bind,ro"]).arg(site.index()).status();
    let hits = read_only.is_ok_and(|s| s.success()).then(|| site.search("spade", Mode::Hybrid).hits.len());
    std::process::Command::new("umount").arg(site.index()).status().unwrap();
    assert!(hits.expect("remounted read-only") > 0);
}

#[test]
fn the_terminal_shows_hits_and_json() {
    let site = garden();
    let text = site.run("query", &["keep", "snails", "away"]);
    assert!(String::from_utf8_lossy(&text.stdout).starts_with(" 1. Slugs and snails"), "{text:?}");
    let json = site.run("query", &["keep snails away", "--json", "--limit", "1"]);
    let json: serde_json::Value = serde_json::from_slice(&json.stdout).unwrap();
    assert_eq!(json["hits"].as_array().unwrap().len(), 1);
    let none = site.run("query", &[]);
    assert_eq!(none.status.code(), Some(2));
}

#[test]
fn a_query_that_nothing_answers_gets_no_noise() {
    let site = garden();
    for query in ["zxqv wvutq", "who won the football world cup", "how do I renew my passport", "qqqq"] {
        let answer = site.search(query, Mode::Hybrid);
        assert!(answer.no_match && answer.hits.is_empty(), "{query}: {:?}", answer.hits);
        assert!(site.search(query, Mode::Semantic).no_match, "{query}");
    }
    // A word that occurs is found all the same, by the words alone.
    let answer = site.search("which spade won the football world cup", Mode::Hybrid);
    assert_eq!(answer.hits.iter().map(|h| h.id.as_str()).collect::<Vec<_>>(), ["tools.md"]);
}

/// A stack trace of some 2,300 characters around a message.
fn trace(message: &str) -> String {
    let frame = |n: usize| {
        let (file, id) = (["loop", "worker", "queue"][n % 3], 4_711_000_000u64 + n as u64 * 7_919);
        format!("2026-03-0{}T10:22:3{}.{}Z  at /srv/app-{id:x}/lib/{file}.js:{n}:17 in run", n % 9 + 1, n % 10, n * 13)
    };
    let lines: Vec<String> = (0..32).map(frame).collect();
    format!("{}\n{message}\n{}", lines[..16].join("\n"), lines[16..].join("\n"))
}

#[test]
fn a_pasted_error_finds_the_page_that_quotes_it_and_the_answer_says_what_was_searched() {
    let site = Site::with(&[
        (
            "errors.md",
            "# Errors\n\n`KettleError: the lid was locked by another brewer` means that two of them ran at once.\n",
        ),
        (
            "run.md",
            "# Running\n\nThe worker runs in a loop: run the queue, run the loop, run at 10 or at 22 in the app.\n",
        ),
        ("lid.md", "# Lids\n\nA lid keeps the heat inside.\n"),
    ]);
    site.build();
    let text = trace("KettleError: the lid was locked by another brewer");
    assert!(text.len() > 2000);
    for mode in [Mode::Keyword, Mode::Hybrid] {
        let mut request = Request::new(&text).unwrap();
        request.mode = mode;
        let answer = site.engine().search(&request).unwrap();
        assert_eq!(answer.hits[0].id, "errors.md", "{mode:?}");
        let condensed = answer.condensed_query.unwrap();
        assert!(condensed.words.contains(&"KettleError".to_owned()), "{condensed:?}");
        assert!(condensed.text.contains("locked by another brewer") && condensed.text.len() < text.len() / 2);
        assert!(condensed.left_out > 0 && condensed.words.iter().all(|word| !word.contains("2026")), "{condensed:?}");
    }
    let short = site.engine().search(&Request::new("locked lid").unwrap()).unwrap();
    assert_eq!(short.condensed_query, None);
    let nothing = trace("").replace(char::is_alphabetic, "0");
    assert!(site.engine().search(&Request::new(&nothing).unwrap()).is_ok());
}
