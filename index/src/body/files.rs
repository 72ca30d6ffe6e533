//! The body in files: tantivy stores postings and passages, and our own segments store vectors.

use std::{
    collections::BTreeMap,
    sync::Arc,
    time::{Duration, Instant},
};

use super::{
    Body,
    ask::{Ask, Words},
    proposal::{Candidates, Near, Proposal, Shown},
};
use crate::{
    Error, Extent, KeywordHits, KeywordQuery, Passage, PassageId, QueryTokens, Result, Scored, Selection,
    lexical::{Opened, Postings},
    passage::LINKS,
    side_by_side,
    vectors::VectorSearch,
};

/// Minimum number of candidates that a walk over a graph keeps; recall@10 of 100,000 vectors is about .99 at this
/// width.
const EF: usize = 256;
/// The same for a provisional search.
const PROVISIONAL_EF: usize = 64;

/// Vectors and postings in the files of a generation.
pub struct FilesBody {
    postings: Postings,
    vectors: VectorSearch,
    dimension: usize,
    /// Passages of current versions, if pages have several versions.
    current: Option<Selection>,
    /// Passages that are lists of links, if there are any.
    links: Option<Selection>,
}

/// The keyword leg of a proposal.
struct Lexical {
    among: Option<Selection>,
    phrases: Vec<PassageId>,
    hits: Option<KeywordHits>,
    took: Duration,
    /// Share of the query's subject that the best passage has.
    together: Option<f32>,
    scores: Vec<f32>,
}

impl FilesBody {
    pub(crate) fn new(opened: Arc<Opened>, vectors: VectorSearch, dimension: usize) -> Result<Self> {
        let postings = Postings::new(opened);
        let (current, links) = (postings.current()?, postings.marked(LINKS)?);
        Ok(Self { postings, vectors, dimension, current, links })
    }

    /// Passages that the search may find; all, if `None`.
    fn among(&self, words: &Words) -> Result<Option<Selection>> {
        let selected = self.postings.select(&words.filters, &words.query)?;
        Ok(match (selected, self.current.as_ref().filter(|_| !words.all_versions)) {
            (selected, None) => selected,
            (None, Some(current)) => Some(current.clone()),
            (Some(mut selected), Some(current)) => {
                selected.intersect(current);
                Some(selected)
            }
        })
    }

    /// The vectors, by segment.
    pub(crate) fn vector_search(&self) -> &VectorSearch {
        &self.vectors
    }

    /// Number of distinct vectors.
    #[must_use]
    pub fn vectors(&self) -> usize {
        self.vectors.len()
    }

    /// As [`Body::nearest`], by walks that keep `width` candidates. A larger width finds more of the nearest and
    /// takes longer. This method measures the cost and the recall of a width.
    ///
    /// # Errors
    /// [`Error::Mismatch`] if the vector has another dimension than the generation.
    pub fn nearest_within(
        &self,
        vector: &[f32],
        k: usize,
        width: usize,
        among: Option<&Selection>,
    ) -> Result<Vec<Scored>> {
        self.check_dimension(vector)?;
        Ok(self.vectors.nearest(vector, k, width.max(k), among))
    }

    /// A passage as stored.
    ///
    /// # Errors
    /// [`Error::Lexical`] or [`Error::Damaged`] if it cannot be read.
    pub fn passage(&self, id: PassageId) -> Result<Passage> {
        self.postings.passage(id)
    }

    /// Passages of pages that have, for every key, one of its values, and nothing that the query excludes; `None` if
    /// neither restricts the search.
    ///
    /// # Errors
    /// [`Error::Lexical`] if the keyword engine fails.
    pub fn select(&self, filters: &BTreeMap<String, Vec<String>>, query: &KeywordQuery) -> Result<Option<Selection>> {
        self.postings.select(filters, query)
    }

    fn check_dimension(&self, vector: &[f32]) -> Result<()> {
        if vector.len() == self.dimension {
            return Ok(());
        }
        Err(Error::Mismatch {
            what: "dimension of the query's vector",
            found: vector.len().to_string(),
            expected: format!("{}, the dimension of the index", self.dimension),
        })
    }

    fn near(&self, vector: Arc<[f32]>, ask: &dyn Ask, among: Option<&Selection>) -> Result<Near> {
        let started = Instant::now();
        let nearest = match ask.is_provisional() {
            true => self.nearest_within(&vector, ask.depth(), PROVISIONAL_EF, among)?,
            false => self.nearest(&vector, ask.depth(), among)?,
        };
        let counted = match ask.depth() == ask.counted() {
            true => nearest.clone(),
            false => self.nearest(&vector, ask.counted(), among)?,
        };
        Ok(Near { vector, nearest, counted, took: started.elapsed() })
    }

    fn lexical(&self, words: &Words, depth: usize, is_ahead: bool) -> Result<Lexical> {
        let mut among = self.among(words)?;
        if words.only_phrases {
            // A phrase that no passage holds has no answer, even if passages have some of its words.
            let held = self.postings.phrase_matches(&words.query)?;
            among = if held.is_empty() { Some(held) } else { among };
        }
        let phrases = match words.query.has_phrases() {
            true => self.phrases(&words.query, among.as_ref())?,
            false => Vec::new(),
        };
        let started = Instant::now();
        let wanted = words.propose && !words.is_list;
        let hits = wanted.then(|| self.keyword(&words.query, depth, words.extent, among.as_ref())).transpose()?;
        let took = started.elapsed();
        let best = hits.as_ref().and_then(|hits| hits.hits.first());
        let together = best.map(|best| self.postings.coverage(&words.subject, &[best.passage])).transpose()?;
        let together = together.and_then(|shares| shares.first().copied());
        // While the encoder is busy with the query, this thread can compute scores that fusion needs. Otherwise fusion
        // computes all scores at once.
        let found = hits.iter().flat_map(|hits| &hits.hits).map(|h| h.passage).filter(|_| is_ahead);
        let scores = self.postings.scores(&words.scored, &found.collect::<Vec<_>>())?;
        Ok(Lexical { among, phrases, hits, took, together, scores })
    }

    fn phrases(&self, query: &KeywordQuery, among: Option<&Selection>) -> Result<Vec<PassageId>> {
        let all = self.postings.phrase_matches(query)?;
        Ok(all.iter().filter(|p| among.is_none_or(|s| s.contains(*p))).collect())
    }

    /// The semantic leg: the result that ran ahead, if it used the right vector and no filter.
    fn near_of(&self, ask: &dyn Ask, ahead: Option<Result<Near>>, among: Option<&Selection>) -> Result<Option<Near>> {
        let Some(vector) = ask.vector() else { return Ok(None) };
        match ahead {
            Some(Ok(near)) if among.is_none() && near.vector == vector => Ok(Some(near)),
            _ => self.near(vector, ask, among).map(Some),
        }
    }

    /// Decides whether the semantic leg takes part, and lets the words answer if they must.
    fn settle(&self, ask: &dyn Ask, words: &Words, together: Option<f32>, proposal: &mut Proposal<'_>) -> Result<()> {
        let among = proposal.among.as_ref();
        let keyword = |query| self.keyword(query, ask.depth(), words.extent, among);
        let Some(near) = &mut proposal.near else {
            if proposal.words.is_none() {
                proposal.words = Some(keyword(&words.query)?);
                proposal.covered = None;
            }
            return Ok(());
        };
        if !ask.is_near(near.nearest.first().map(|n| n.score), together) {
            // A query that no passage answers gets no semantic noise. The words of its subject may still occur.
            let hits = if words.fall_back { keyword(&words.subject)? } else { KeywordHits::default() };
            (near.nearest, near.counted) = (Vec::new(), Vec::new());
            (proposal.words, proposal.scores, proposal.abstained) = (Some(hits), Vec::new(), true);
            proposal.covered = None;
        }
        Ok(())
    }
}

impl Body for FilesBody {
    fn company(&self, words: &[&str], rest: &KeywordQuery) -> Result<Vec<f32>> {
        self.postings.company(words, rest)
    }

    fn propose<'b>(&'b self, ask: &dyn Ask) -> Result<Option<Proposal<'b>>> {
        let words = || {
            let Some(words) = ask.words() else { return Ok(None) };
            Ok::<_, Error>(Some((self.lexical(&words, ask.depth(), ask.takes_long())?, words)))
        };
        // If pages have versions, nearly every search has a filter, so only the vector is computed ahead.
        let ahead = || ask.ahead().filter(|_| self.current.is_none()).map(|vector| self.near(vector, ask, None));
        let (ahead, words) = if ask.takes_long() { side_by_side(ahead, words) } else { (None, words()) };
        let Some((Lexical { among, phrases, hits, took, together, scores }, words)) = words? else { return Ok(None) };
        let words_took = hits.is_some().then_some(took);
        let (abstained, candidates) = (false, self.candidates());
        let mut proposal = Proposal {
            among,
            phrases,
            near: None,
            failed: None,
            words: hits,
            covered: together,
            scores,
            abstained,
            words_took,
            candidates,
        };
        if words.is_list {
            return Ok(Some(Proposal { words: Some(KeywordHits::default()), ..proposal }));
        }
        match self.near_of(ask, ahead, proposal.among.as_ref()) {
            Ok(near) => proposal.near = near,
            Err(error) => proposal.failed = Some(error),
        }
        self.settle(ask, &words, together, &mut proposal)?;
        Ok(Some(proposal))
    }

    fn show<'b>(
        &'b self,
        _: &[PassageId],
        found: &[PassageId],
        facets: &[String],
        _: bool,
    ) -> Result<Box<dyn Shown + 'b>> {
        let facets = self.postings.facets(found, facets)?;
        Ok(Box::new(FilesShown { postings: &self.postings, vectors: &self.vectors, facets }))
    }

    fn nearest(&self, vector: &[f32], k: usize, among: Option<&Selection>) -> Result<Vec<Scored>> {
        // In a larger index, more vectors are nearly as near as the nearest. A front that grows with the square root
        // of their number keeps the recall.
        self.nearest_within(vector, k, EF.max(self.vectors().isqrt()), among)
    }

    fn keyword(
        &self,
        query: &KeywordQuery,
        k: usize,
        extent: Extent,
        among: Option<&Selection>,
    ) -> Result<KeywordHits> {
        self.postings.search(query, k, extent, among)
    }

    fn candidates(&self) -> Box<dyn Candidates + '_> {
        Box::new(FilesCandidates(self))
    }
}

/// Candidates whose scores are read from the files.
struct FilesCandidates<'b>(&'b FilesBody);

impl Candidates for FilesCandidates<'_> {
    fn similarities(&self, vector: &[f32], passages: &[PassageId]) -> Result<Vec<f32>> {
        self.0.check_dimension(vector)?;
        Ok(passages.iter().map(|&p| self.0.vectors.similarity(vector, p)).collect())
    }

    fn token_similarities(&self, query: &QueryTokens, passages: &[PassageId]) -> Result<Vec<Option<Vec<f32>>>> {
        let one = |&p: &PassageId| self.0.vectors.token_similarities(query, p);
        Ok(passages.iter().map(one).collect())
    }

    fn vector(&self, passage: PassageId) -> Vec<f32> {
        self.0.vectors.vector(passage)
    }

    fn keyword_scores(&self, query: &KeywordQuery, passages: &[PassageId]) -> Result<Vec<f32>> {
        self.0.postings.scores(query, passages)
    }

    fn is_links(&self, passage: PassageId) -> bool {
        self.0.links.as_ref().is_some_and(|links| links.contains(passage))
    }

    fn coverage(&self, query: &KeywordQuery, passages: &[PassageId]) -> Result<Vec<f32>> {
        self.0.postings.coverage(query, passages)
    }
}

/// Passages; the body reads each from the files on demand.
struct FilesShown<'b> {
    postings: &'b Postings,
    vectors: &'b VectorSearch,
    facets: BTreeMap<String, BTreeMap<String, u64>>,
}

impl Shown for FilesShown<'_> {
    fn passage(&self, id: PassageId) -> Result<Passage> {
        self.postings.passage(id)
    }

    fn token_codes(&self, id: PassageId) -> &[u8] {
        self.vectors.token_codes(id)
    }

    fn facets(&self) -> &BTreeMap<String, BTreeMap<String, u64>> {
        &self.facets
    }
}
