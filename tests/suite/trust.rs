//! What a list promises, checked on every page of a real site: titles and phrases come first,
//! and what nothing answers gets no noise.

use std::collections::{BTreeMap, HashMap, HashSet};

use cloze_index::Passage;
use cloze_query::{Engine, Error, Request};

/// Right ones, and all.
pub type Count = (usize, usize);

fn passages(engine: &Engine) -> Vec<Passage> {
    let generation = engine.generation();
    generation.ids().map(|id| generation.passage(id).unwrap()).collect()
}

fn first(engine: &Engine, query: &str) -> Option<String> {
    let answer = engine.search(&Request::new(query).unwrap().page(0, 1).unwrap()).unwrap();
    answer.hits.into_iter().next().map(|h| h.id)
}

/// As titles are compared: case, white space and the punctuation at the end do not count.
fn key(title: &str) -> String {
    let tidy = title.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase();
    tidy.trim_end_matches(['.', '?', '!', ':', ';', ',']).to_owned()
}

/// Every page's title as the query; pages that share a title are left out.
pub fn titles(engine: &Engine) -> Count {
    let mut pages: BTreeMap<String, HashSet<String>> = BTreeMap::new();
    let mut written = HashMap::new();
    for p in passages(engine) {
        written.insert(key(&p.title), p.title.clone());
        pages.entry(key(&p.title)).or_default().insert(p.source);
    }
    let (mut right, mut all) = (0, 0);
    for (key, sources) in pages.iter().filter(|(key, sources)| sources.len() == 1 && !key.is_empty()) {
        let title = &written[key];
        let found = match Request::new(title) {
            Err(Error::QueryTooLong { .. }) => continue,
            _ => first(engine, title),
        };
        let is_right = found.as_ref().is_some_and(|f| sources.contains(f));
        if !is_right {
            println!("title {title:?}: {found:?} is first, not {sources:?}");
        }
        right += usize::from(is_right);
        all += 1;
    }
    (right, all)
}

/// Phrases of six words that occur on one page only, quoted; `count` of them, evenly chosen.
pub fn phrases(engine: &Engine, count: usize) -> Count {
    let mut places: HashMap<String, Option<String>> = HashMap::new();
    let mut order = Vec::new();
    for p in passages(engine) {
        let words: Vec<&str> = p.text.split_whitespace().collect();
        for six in words.windows(6) {
            if !six.iter().all(|w| w.chars().all(|c| c.is_ascii_alphabetic())) {
                continue;
            }
            let phrase = six.join(" ");
            let place = places.entry(phrase.to_lowercase()).or_insert_with(|| {
                order.push(phrase);
                Some(p.source.clone())
            });
            if place.as_ref().is_some_and(|source| *source != p.source) {
                *place = None;
            }
        }
    }
    let unique: Vec<(&String, &String)> =
        order.iter().filter_map(|p| Some((p, places[&p.to_lowercase()].as_ref()?))).collect();
    let (mut right, mut all) = (0, 0);
    for (phrase, source) in unique.iter().step_by((unique.len() / count).max(1)).take(count) {
        let found = first(engine, &format!("\"{phrase}\""));
        if found.as_ref() != Some(*source) {
            println!("phrase {phrase:?}: {found:?} is first, not {source:?}");
        }
        right += usize::from(found.as_ref() == Some(*source));
        all += 1;
    }
    (right, all)
}

/// Queries that get no hit by meaning alone: nothing, or pages that have their words.
pub fn silence(engine: &Engine, queries: &[String]) -> Count {
    let is_silent = |query: &String| {
        let mut request = Request::new(query).unwrap().page(0, 20).unwrap();
        request.explain = true;
        let hits = engine.search(&request).unwrap().hits;
        hits.iter().all(|h| h.explain.is_some_and(|e| e.semantic.is_none_or(|leg| leg.rank.is_none())))
    };
    (queries.iter().filter(|q| is_silent(q)).count(), queries.len())
}

/// Words of letters that mean nothing, the same ones every time.
pub fn gibberish(count: usize) -> Vec<String> {
    let mut state = 7u64;
    let mut random = |below: u64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % below
    };
    let mut word = || -> String {
        let length = 4 + random(7);
        (0..length).map(|_| char::from(b'a' + random(26) as u8)).collect()
    };
    (0..count).map(|n| (0..=n % 4).map(|_| word()).collect::<Vec<_>>().join(" ")).collect()
}
