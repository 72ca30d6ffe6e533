//! A search asks the body of its index few questions: a body may lie on other machines, and each question is a way there
//! and back.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use cloze_index::{
    Body, Extent, Generation, KeywordHits, KeywordQuery, PassageId, Result, Scored, Selection,
    body::{Ask, Candidates, Proposal, Shown},
};
use cloze_query::{Engine, Highlight, Mode, Request};

use crate::site::Site;

/// The most questions that a search may ask.
const MOST: usize = 3;

/// A body that counts the questions to another one.
struct Counting {
    body: Arc<dyn Body>,
    asked: Arc<AtomicUsize>,
}

impl Counting {
    fn asked(&self) -> &dyn Body {
        self.asked.fetch_add(1, Ordering::Relaxed);
        &*self.body
    }
}

impl Body for Counting {
    fn company(&self, words: &[&str], rest: &KeywordQuery) -> Result<Vec<f32>> {
        self.asked().company(words, rest)
    }

    fn propose<'b>(&'b self, ask: &dyn Ask) -> Result<Option<Proposal<'b>>> {
        self.asked().propose(ask)
    }

    fn show<'b>(
        &'b self,
        passages: &[PassageId],
        found: &[PassageId],
        facets: &[String],
        codes: bool,
    ) -> Result<Box<dyn Shown + 'b>> {
        self.asked().show(passages, found, facets, codes)
    }

    fn nearest(&self, vector: &[f32], k: usize, among: Option<&Selection>) -> Result<Vec<Scored>> {
        self.asked().nearest(vector, k, among)
    }

    fn keyword(
        &self,
        query: &KeywordQuery,
        k: usize,
        extent: Extent,
        among: Option<&Selection>,
    ) -> Result<KeywordHits> {
        self.asked().keyword(query, k, extent, among)
    }

    fn candidates(&self) -> Box<dyn Candidates + '_> {
        // Scores come with the candidates.
        self.body.candidates()
    }
}

fn garden() -> Site {
    let site = Site::with(&[
        ("soil.md", "---\ntopic: ground\n---\n# Preparing soil\n\nDig compost into the bed a month before you sow.\n"),
        ("water.md", "---\ntopic: care\n---\n# Watering\n\nGive plants a drink early in the day.\n"),
        ("pests.md", "---\ntopic: care\n---\n# Slugs and snails\n\nCopper tape keeps snails away from seedlings.\n"),
    ]);
    site.build();
    site
}

/// How many questions a request asks.
fn asks(site: &Site, request: &Request) -> usize {
    let asked = Arc::new(AtomicUsize::new(0));
    let count = asked.clone();
    let generation = Generation::open(&site.index()).unwrap();
    let generation = generation.with_body(move |body| Arc::new(Counting { body, asked: count }));
    let (engine, plain) = (Engine::on(generation, None).unwrap(), site.engine());
    [&engine, &plain].into_iter().for_each(|engine| engine.load().unwrap());
    let answer = engine.search(request).unwrap();
    assert_eq!(answer.hits, plain.search(request).unwrap().hits, "the counting body changes nothing");
    asked.load(Ordering::Relaxed)
}

#[test]
fn a_search_asks_its_body_at_most_three_times() {
    let site = garden();
    let new = |query: &str| Request::new(query).unwrap();
    let mut filtered = new("snails");
    filtered.filters.insert("topic".into(), vec!["care".into()]);
    filtered.facets = vec!["topic".into()];
    let mut focused = new("what keeps snails away");
    focused.highlight = Highlight::Semantic;
    let requests = [
        ("words", new("copper against snails")),
        ("mistyped words", new("coper tape against snials")),
        ("a phrase", new("\"copper tape\" -soil")),
        ("filters and facets", filtered),
        ("the best sentence", focused),
        ("the last page of the list", new("snails").page(900, 100).unwrap()),
        ("nothing that the index answers", new("derivatives of the yield curve of a snail")),
    ];
    for (what, request) in requests {
        for mode in Mode::ALL {
            let mut request = request.clone();
            request.mode = mode;
            let asked = asks(&site, &request);
            assert!((2..=MOST).contains(&asked), "{what}, {}: {asked} questions", mode.name());
        }
    }
    assert_eq!(asks(&site, &new("coper tape against snials")), 3, "the correction asks once more");
}
