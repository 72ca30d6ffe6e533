//! The body of an index on a cluster.

use std::sync::{Arc, OnceLock};

use cloze_index::{
    Body, Error, Extent, Head, KeywordHits, KeywordQuery, PassageId, Result, Scored, Selection,
    body::{Ask, Candidates, Proposal, Shown},
};
use serde_json::Value;

use crate::{
    answers::{self, Answer},
    batch::Batch,
    candidates::ClusterCandidates,
    client::Client,
    legs::{self, WordLeg},
    mapping::MOST_TERMS,
    narrow::Narrow,
    propose::Search,
    questions::{self, CODES, Fields, PASSAGE},
    round::fields,
    shown::{self, ClusterShown},
    version::Members,
};

/// Passages up to which every vector is compared: that takes as long as a walk over the graph.
const EXACT_UP_TO: u64 = 8_000;
/// Passages whose codes come with a fall-back; the second look compares as many.
const LOOKED_AT: usize = 30;
/// Passages of one search for stored fields.
const FETCHED: usize = 2_000;
/// The most values of a facet.
const MOST_VALUES: usize = 10_000;

/// Passages, vectors and postings in an index of a cluster.
pub struct ClusterBody {
    client: Arc<Client>,
    index: String,
    head: Arc<Head>,
    /// The passages of its version.
    members: Arc<Members>,
    /// The first passage of each page.
    first: Vec<PassageId>,
    exact: bool,
}

impl ClusterBody {
    pub(crate) fn new(client: Arc<Client>, index: String, head: Arc<Head>, members: Members, exact: bool) -> Self {
        let exact = exact || head.manifest().counts.passages <= EXACT_UP_TO;
        let first = head.first_passages();
        Self { client, index, head, members: Arc::new(members), first, exact }
    }

    /// The index of the cluster.
    pub(crate) fn index(&self) -> &str {
        &self.index
    }

    /// The error of a cluster that refuses a request.
    pub(crate) fn refused(&self, reason: String) -> Error {
        self.client.refused(reason)
    }

    pub(crate) fn head(&self) -> &Head {
        &self.head
    }

    /// The error for a passage that the cluster does not have.
    pub(crate) fn missing(&self, passage: PassageId) -> Error {
        self.client.refused(format!("{} has no passage {passage}; was it removed while a search ran?", self.index))
    }

    pub(crate) fn ask(&self, batch: &Batch) -> Result<Vec<Answer>> {
        if batch.len() == 0 {
            return Ok(Vec::new());
        }
        answers::ask(&self.client, batch)
    }

    /// Stored fields of some passages.
    pub(crate) fn stored(&self, passages: &[PassageId], fields: Fields) -> Result<Vec<Answer>> {
        let mut batch = Batch::new(&self.index);
        passages.chunks(FETCHED).for_each(|some| _ = batch.add(&questions::some(some, fields)));
        self.ask(&batch)
    }

    /// All passages of the version.
    pub(crate) fn all(&self) -> Narrow {
        Narrow::all(self.members.clone())
    }

    /// The first passage of a page.
    pub(crate) fn first_of(&self, page: u32) -> Option<PassageId> {
        self.first.get(page as usize).copied().filter(|first| *first != PassageId::MAX)
    }

    /// The search for the passages nearest to a vector.
    pub(crate) fn nearest_to(&self, vector: &[f32], k: usize, fields: Fields, narrow: &Narrow) -> Value {
        questions::nearest(vector, k, self.exact, fields, narrow)
    }

    /// Whether passages have codes of tokens.
    pub(crate) fn has_codes(&self) -> bool {
        self.head.manifest().token_neighbours > 0
    }

    /// The passages of its version.
    pub(crate) fn members(&self) -> &Arc<Members> {
        &self.members
    }

    /// Hits by words alone. The codes of some passages come with them, if they have any.
    pub(crate) fn fall_back(
        &self,
        leg: &WordLeg,
        narrow: &Narrow,
        others: &[PassageId],
        with: &ClusterCandidates<'_>,
    ) -> Result<KeywordHits> {
        let mut batch = Batch::new(&self.index);
        let places = leg.ask(narrow, 1, fields(self.has_codes()), &mut |question| batch.add(&question));
        if self.has_codes() && !others.is_empty() {
            batch.add(&questions::some(&others[..others.len().min(LOOKED_AT)], fields(true)));
        }
        let answers = self.ask(&batch)?;
        answers.iter().try_for_each(|answer| with.take(answer).map(drop))?;
        leg.hits(self, &answers, places, with)
    }
}

/// The conditions for some passages.
fn narrow_to(among: Option<&Selection>, all: Narrow) -> Narrow {
    among.map_or(all, |some| Narrow::to(&some.iter().take(MOST_TERMS).collect::<Vec<_>>()))
}

impl Body for ClusterBody {
    fn company(&self, words: &[&str], rest: &KeywordQuery) -> Result<Vec<f32>> {
        let others = self.head.companions(rest)?;
        let all: f32 = others.iter().map(|(rarity, _)| rarity).sum();
        if all <= 0.0 {
            return Ok(vec![0.0; words.len()]);
        }
        let mut batch = Batch::new(&self.index);
        words.iter().for_each(|word| _ = batch.add(&questions::company(word, &others, &self.all())));
        Ok(self.ask(&batch)?.iter().map(|answer| answer.best().unwrap_or_default() / all).collect())
    }

    fn propose<'b>(&'b self, ask: &dyn Ask) -> Result<Option<Proposal<'b>>> {
        Search::of(self, ask)?.map(Search::propose).transpose()
    }

    fn show<'b>(
        &'b self,
        passages: &[PassageId],
        found: &[PassageId],
        keys: &[String],
        codes: bool,
    ) -> Result<Box<dyn Shown + 'b>> {
        let mut batch = Batch::new(&self.index);
        let codes = codes && self.has_codes();
        let fields: Fields = if codes { &[PASSAGE, CODES] } else { &[PASSAGE] };
        passages.chunks(FETCHED).for_each(|some| _ = batch.add(&questions::some(some, fields)));
        let counted = (!keys.is_empty() && !found.is_empty())
            .then(|| batch.add(&questions::facets(&found[..found.len().min(MOST_TERMS)], keys, MOST_VALUES)));
        let answers = self.ask(&batch)?;
        let read = |(id, bytes): (PassageId, Vec<u8>)| {
            let passage =
                serde_json::from_slice(&bytes).map_err(|e| self.client.refused(format!("passage {id}: {e}")))?;
            Ok((id, passage))
        };
        let known = OnceLock::new();
        if codes {
            let _ = known.set(answers.iter().flat_map(|answer| answer.stored(CODES)).collect());
        }
        let passages = answers.iter().flat_map(|answer| answer.stored(PASSAGE)).map(read).collect::<Result<_>>()?;
        let facets = shown::facets(counted.and_then(|place| answers.get(place)), keys);
        Ok(Box::new(ClusterShown { body: self, passages, facets, codes: known }))
    }

    fn nearest(&self, vector: &[f32], k: usize, among: Option<&Selection>) -> Result<Vec<Scored>> {
        let mut batch = Batch::new(&self.index);
        batch.add(&self.nearest_to(vector, k, fields(false), &narrow_to(among, self.all())));
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
        let Some(leg) = WordLeg::of(self, query, k, extent)? else { return Ok(KeywordHits::default()) };
        let (mut batch, narrow) = (Batch::new(&self.index), narrow_to(among, self.all()));
        let places = leg.ask(&narrow, 1, fields(false), &mut |question| batch.add(&question));
        leg.hits(self, &self.ask(&batch)?, places, &ClusterCandidates::new(self))
    }

    fn candidates(&self) -> Box<dyn Candidates + '_> {
        Box::new(ClusterCandidates::new(self))
    }
}
