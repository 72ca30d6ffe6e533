//! The body of an index on a cluster.

use std::{
    sync::{Arc, OnceLock},
    time::Instant,
};

use cloze_index::{
    Body, Error, Extent, Head, KeywordHits, KeywordQuery, PassageId, Result, Scored, Selection,
    body::{Ask, Candidates, Near, Proposal, Shown, Words},
    passage::LINKS,
    side_by_side,
};

use crate::{
    answers::{self, Answer},
    batch::Batch,
    candidates::ClusterCandidates,
    client::Client,
    legs::{self, LegPlaces, MOST_COUNTED, WordLeg},
    mapping::MOST_TERMS,
    narrow::{Narrow, with_metadata},
    questions::{self, CARRIED, MOST_HITS, PAGES},
    shown::{self, ClusterShown},
};

/// Passages up to which every vector is compared: that takes as long as a walk over the graph.
const EXACT_UP_TO: u64 = 8_000;
/// Exact matches and matches by phrase whose data comes with the first answer; those of others are asked for when
/// they are scored.
const AT_ONCE: usize = 200;
/// Passages of one search for stored fields.
const FETCHED: usize = 2_000;
/// The most values of a facet.
const MOST_VALUES: usize = 10_000;

/// Passages, vectors and postings in an index of a cluster.
pub struct ClusterBody {
    client: Arc<Client>,
    index: String,
    head: Arc<Head>,
    exact: bool,
}

/// The places of a proposal's answers in a batch.
#[derive(Default)]
struct Places {
    words: Option<LegPlaces>,
    near: Option<usize>,
    listed: Option<(usize, usize)>,
    /// Passages with every phrase: all, and the first ones with their data.
    phrases: Option<(usize, usize)>,
    /// Passages with every phrase, whatever the filters.
    held: Option<usize>,
    exact: Option<(usize, usize)>,
}

impl ClusterBody {
    pub(crate) fn new(client: Arc<Client>, index: String, head: Arc<Head>, exact: bool) -> Self {
        let exact = exact || head.manifest().counts.passages <= EXACT_UP_TO;
        Self { client, index, head, exact }
    }

    pub(crate) fn head(&self) -> &Head {
        &self.head
    }

    /// The error for a passage that the cluster does not have.
    pub(crate) fn missing(&self, passage: PassageId) -> Error {
        self.client.refused(format!("{} has no passage {passage}; was it removed while a search ran?", self.index))
    }

    fn ask(&self, batch: &Batch) -> Result<Vec<Answer>> {
        if batch.len == 0 {
            return Ok(Vec::new());
        }
        answers::ask(&self.client, batch)
    }

    /// A stored field of some passages.
    pub(crate) fn stored(&self, passages: &[PassageId], field: &str) -> Result<Vec<Answer>> {
        let mut batch = Batch::new(&self.index);
        passages.chunks(FETCHED).for_each(|some| _ = batch.add(&questions::some(some, field)));
        self.ask(&batch)
    }

    /// The conditions of a search. Only excluded words cost a question: their pages are looked up first.
    fn narrow(&self, words: &Words) -> Result<Narrow> {
        let narrow = Narrow::of(words, &self.head)?;
        let mut batch = Batch::new(&self.index);
        let excluded = words.query.excluded().iter();
        excluded.for_each(|forms| _ = batch.add(&questions::pages_with(forms, MOST_COUNTED)));
        let mut pages: Vec<u32> = Vec::new();
        for answer in self.ask(&batch)? {
            let counts = answer.counts(PAGES).into_iter().flat_map(|counts| &counts.buckets);
            pages.extend(counts.filter_map(|bucket| Some(bucket.key.as_u64()? as u32)));
        }
        pages.sort_unstable();
        pages.dedup();
        if pages.len() > MOST_TERMS {
            return Err(self.client.refused(format!("an excluded word is on more than {MOST_TERMS} pages")));
        }
        Ok(narrow.without_pages(&pages))
    }

    /// Adds everything that a proposal asks to one batch.
    fn questions(
        &self,
        words: &Words,
        leg: Option<&WordLeg>,
        near: Option<(&[f32], usize)>,
        narrow: &Narrow,
    ) -> (Batch, Places) {
        let (mut batch, mut places) = (Batch::new(&self.index), Places::default());
        let mut add = |question| batch.add(&question);
        let both = |narrow: &Narrow, add: &mut dyn FnMut(serde_json::Value) -> usize| {
            let all = add(questions::listed(narrow, MOST_HITS, None));
            (all, add(questions::listed(narrow, AT_ONCE, Some(CARRIED))))
        };
        if words.is_list && !narrow.is_all() {
            let links = narrow.and(with_metadata(LINKS));
            places.listed = Some((
                add(questions::listed(narrow, MOST_HITS, None)),
                add(questions::listed(&links, MOST_HITS, None)),
            ));
        }
        places.words = leg.map(|leg| leg.ask(narrow, &mut add));
        places.near = near.map(|(vector, k)| add(questions::nearest(vector, k, self.exact, narrow)));
        if words.query.has_phrases() {
            let phrases = words.query.phrases().iter().map(|forms| questions::phrase(forms));
            let held = phrases.clone().fold(Narrow::default(), |all, phrase| all.and(phrase));
            let narrowed = phrases.fold(narrow.clone(), |all, phrase| all.and(phrase));
            places.phrases = Some(both(&narrowed, &mut add));
            places.held = words.only_phrases.then(|| add(questions::listed(&held, 0, None)));
        }
        if !words.exact.is_empty() {
            let few = &words.exact[..words.exact.len().min(MOST_HITS)];
            let exact = serde_json::json!({"terms": {"id": few}});
            places.exact = Some(both(&narrow.and(exact), &mut add));
        }
        (batch, places)
    }

    fn hits(&self, query: &KeywordQuery, k: usize, extent: Extent, narrow: &Narrow) -> Result<KeywordHits> {
        let candidates = ClusterCandidates::new(self);
        self.hits_with(query, k, extent, narrow, &candidates)
    }

    fn hits_with(
        &self,
        query: &KeywordQuery,
        k: usize,
        extent: Extent,
        narrow: &Narrow,
        with: &ClusterCandidates<'_>,
    ) -> Result<KeywordHits> {
        let Some(leg) = WordLeg::of(self, query, k, extent)? else { return Ok(KeywordHits::default()) };
        let mut batch = Batch::new(&self.index);
        let places = leg.ask(narrow, &mut |question| batch.add(&question));
        leg.hits(self, &self.ask(&batch)?, places, with)
    }
}

/// The conditions for some passages.
fn narrow_to(among: Option<&Selection>) -> Narrow {
    among.map_or_else(Narrow::default, |some| Narrow::to(&some.iter().take(MOST_TERMS).collect::<Vec<_>>()))
}

impl Body for ClusterBody {
    fn company(&self, words: &[&str], rest: &KeywordQuery) -> Result<Vec<f32>> {
        let others = self.head.companions(rest)?;
        let all: f32 = others.iter().map(|(rarity, _)| rarity).sum();
        if all <= 0.0 {
            return Ok(vec![0.0; words.len()]);
        }
        let mut batch = Batch::new(&self.index);
        words.iter().for_each(|word| _ = batch.add(&questions::company(word, &others)));
        Ok(self.ask(&batch)?.iter().map(|answer| answer.best().unwrap_or_default() / all).collect())
    }

    fn propose<'b>(&'b self, ask: &dyn Ask) -> Result<Option<Proposal<'b>>> {
        // Both are computed here, while nothing is known of the other.
        let (_, words) = side_by_side(|| ask.ahead(), || ask.words());
        let Some(words) = words else { return Ok(None) };
        let vector = if words.is_list { None } else { ask.vector() };
        let wants_words = !words.is_list && (words.propose || vector.is_none());
        let leg = match wants_words {
            true => WordLeg::of(self, &words.query, ask.depth(), words.extent)?,
            false => None,
        };
        let narrow = self.narrow(&words)?;
        let started = Instant::now();
        let near = vector.as_deref().map(|vector| (vector, ask.depth().max(ask.counted())));
        let (batch, places) = self.questions(&words, leg.as_ref(), near, &narrow);
        let answers = self.ask(&batch)?;
        let took = started.elapsed();
        let at = |place: Option<usize>| place.and_then(|place| answers.get(place));
        let ids = |place: Option<usize>| at(place).into_iter().flat_map(Answer::ids);
        let with = ClusterCandidates::new(self).with_links(ids(places.listed.map(|(_, links)| links)));
        for place in [places.phrases, places.exact].into_iter().flatten() {
            at(Some(place.1)).map_or(Ok(Vec::new()), |answer| with.take(answer))?;
        }
        // A phrase that no passage holds has no answer, even if passages have some of its words.
        let none_holds = words.only_phrases && at(places.held).is_some_and(|answer| answer.total() == 0);
        let hits = match (wants_words, &leg, places.words) {
            (true, Some(leg), Some(places)) if !none_holds => Some(leg.hits(self, &answers, places, &with)?),
            (true, ..) => Some(KeywordHits::default()),
            _ => words.is_list.then(KeywordHits::default),
        };
        let near = match (vector, at(places.near)) {
            (Some(vector), Some(answer)) => {
                let mut nearest = if none_holds { Vec::new() } else { legs::nearest(&vector, answer, &with)? };
                let counted = nearest.iter().take(ask.counted()).copied().collect();
                nearest.truncate(ask.depth());
                Some(Near { vector, nearest, counted, took })
            }
            _ => None,
        };
        let phrases: Vec<PassageId> = ids(places.phrases.map(|(all, _)| all)).collect();
        let mut found: Vec<PassageId> = ids(places.listed.map(|(all, _)| all)).collect();
        found.extend(ids(places.exact.map(|(all, _)| all)));
        found.extend(phrases.iter().copied());
        found.extend(hits.iter().flat_map(|hits| &hits.hits).map(|hit| hit.passage));
        found.extend(near.iter().flat_map(|near| &near.nearest).map(|hit| hit.passage));
        let universe = self.head.manifest().counts.numbers as usize;
        let among = (none_holds || !narrow.is_all()).then(|| Selection::of(universe, found));
        let best = hits.as_ref().and_then(|hits| hits.hits.first());
        let together = best.map(|best| with.coverage(&words.subject, &[best.passage])).transpose()?;
        let together = together.and_then(|shares| shares.first().copied());
        let mut proposal = Proposal {
            among,
            phrases: if none_holds { Vec::new() } else { phrases },
            words_took: hits.is_some().then_some(took),
            near,
            failed: None,
            words: hits,
            covered: together,
            scores: Vec::new(),
            abstained: false,
            candidates: Box::new(ClusterCandidates::new(self)),
        };
        if let Some(near) = &mut proposal.near
            && !ask.is_near(near.nearest.first().map(|n| n.score), together)
        {
            (near.nearest, near.counted) = (Vec::new(), Vec::new());
            (proposal.abstained, proposal.covered) = (true, None);
            let is_known = |leg: &WordLeg| leg.is_also_of(&words.subject);
            if !words.fall_back {
                proposal.words = Some(KeywordHits::default());
            } else if !none_holds && !leg.as_ref().is_some_and(is_known) {
                proposal.words = Some(self.hits_with(&words.subject, ask.depth(), words.extent, &narrow, &with)?);
            }
        }
        proposal.candidates = Box::new(with);
        Ok(Some(proposal))
    }

    fn show<'b>(&'b self, passages: &[PassageId], found: &[PassageId], keys: &[String]) -> Result<Box<dyn Shown + 'b>> {
        let mut batch = Batch::new(&self.index);
        passages.chunks(FETCHED).for_each(|some| _ = batch.add(&questions::some(some, "passage")));
        let counted = (!keys.is_empty() && !found.is_empty())
            .then(|| batch.add(&questions::facets(&found[..found.len().min(MOST_TERMS)], keys, MOST_VALUES)));
        let answers = self.ask(&batch)?;
        let read = |(id, bytes): (PassageId, Vec<u8>)| {
            let passage =
                serde_json::from_slice(&bytes).map_err(|e| self.client.refused(format!("passage {id}: {e}")))?;
            Ok((id, passage))
        };
        let passages = answers.iter().flat_map(|answer| answer.stored("passage")).map(read).collect::<Result<_>>()?;
        let facets = shown::facets(counted.and_then(|place| answers.get(place)), keys);
        Ok(Box::new(ClusterShown { body: self, passages, facets, codes: OnceLock::new() }))
    }

    fn nearest(&self, vector: &[f32], k: usize, among: Option<&Selection>) -> Result<Vec<Scored>> {
        let mut batch = Batch::new(&self.index);
        batch.add(&questions::nearest(vector, k, self.exact, &narrow_to(among)));
        let with = ClusterCandidates::new(self);
        self.ask(&batch)?.first().map_or(Ok(Vec::new()), |answer| legs::nearest(vector, answer, &with))
    }

    fn keyword(
        &self,
        query: &KeywordQuery,
        k: usize,
        extent: Extent,
        among: Option<&Selection>,
    ) -> Result<KeywordHits> {
        self.hits(query, k, extent, &narrow_to(among))
    }

    fn candidates(&self) -> Box<dyn Candidates + '_> {
        Box::new(ClusterCandidates::new(self))
    }
}
