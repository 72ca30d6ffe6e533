//! Scores of candidates, from what the cluster sent with them.

use std::{
    collections::{BTreeSet, HashMap, HashSet},
    sync::{Arc, Mutex, PoisonError},
};

use cloze_index::{
    Error, KeywordQuery, PassageId, QueryTokens, Result,
    body::{Candidates, Carried},
};

use crate::{
    ClusterBody,
    answers::Answer,
    questions::{CARRIED, CODES},
};

/// Candidates of one search.
pub(crate) struct ClusterCandidates<'b> {
    body: &'b ClusterBody,
    known: Mutex<HashMap<PassageId, Arc<Carried>>>,
    /// Codes of tokens, of those that came with them.
    codes: Mutex<HashMap<PassageId, Vec<u8>>>,
    /// Passages that are lists of links, of those without other data.
    links: HashSet<PassageId>,
}

impl<'b> ClusterCandidates<'b> {
    pub(crate) fn new(body: &'b ClusterBody) -> Self {
        Self { body, known: Mutex::default(), codes: Mutex::default(), links: HashSet::new() }
    }

    /// Remembers lists of links.
    pub(crate) fn with_links(self, links: impl Iterator<Item = PassageId>) -> Self {
        Self { links: links.collect(), ..self }
    }

    /// Remembers the candidates of an answer; gives their numbers in its order.
    pub(crate) fn take(&self, answer: &Answer) -> Result<Vec<PassageId>> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let dimension = self.body.head().manifest().dimension;
        let mut codes = self.codes.lock().unwrap_or_else(PoisonError::into_inner);
        codes.extend(answer.stored(CODES));
        let mut order = Vec::new();
        for (id, bytes) in answer.stored(CARRIED) {
            order.push(id);
            if let std::collections::hash_map::Entry::Vacant(new) = known.entry(id) {
                new.insert(Arc::new(Carried::parse(&bytes, dimension)?));
            }
        }
        Ok(order)
    }

    /// The data of passages, in their order. The cluster is asked for those that it has not sent.
    pub(crate) fn of(&self, passages: &[PassageId]) -> Result<Vec<Arc<Carried>>> {
        let missing: BTreeSet<PassageId> = {
            let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
            passages.iter().copied().filter(|p| !known.contains_key(p)).collect()
        };
        if !missing.is_empty() {
            let missing: Vec<PassageId> = missing.into_iter().collect();
            for answer in self.body.stored(&missing, &[CARRIED])? {
                self.take(&answer)?;
            }
        }
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let one = |p: &PassageId| known.get(p).cloned().ok_or_else(|| self.body.missing(*p));
        passages.iter().map(one).collect()
    }

    fn check(&self, vector: &[f32]) -> Result<()> {
        let dimension = self.body.head().manifest().dimension;
        if vector.len() == dimension {
            return Ok(());
        }
        let (found, expected) = (vector.len().to_string(), format!("{dimension}, as in the index"));
        Err(Error::Mismatch { what: "dimension of the query's vector", found, expected })
    }
}

impl Candidates for ClusterCandidates<'_> {
    fn similarities(&self, vector: &[f32], passages: &[PassageId]) -> Result<Vec<f32>> {
        self.check(vector)?;
        Ok(self.of(passages)?.iter().map(|carried| carried.similarity(vector)).collect())
    }

    fn token_similarities(&self, query: &QueryTokens, passages: &[PassageId]) -> Result<Vec<Option<Vec<f32>>>> {
        if self.body.head().manifest().token_neighbours == 0 || passages.is_empty() {
            return Ok(vec![None; passages.len()]);
        }
        let mut codes = self.codes.lock().unwrap_or_else(PoisonError::into_inner);
        let missing: Vec<PassageId> = passages.iter().copied().filter(|p| !codes.contains_key(p)).collect();
        if !missing.is_empty() {
            let answers = self.body.stored(&missing, &[CODES])?;
            codes.extend(answers.iter().flat_map(|answer| answer.stored(CODES)));
        }
        Ok(passages.iter().map(|p| query.nearest(codes.get(p)?)).collect())
    }

    fn vector(&self, passage: PassageId) -> Vec<f32> {
        // Its similarity was asked for before, so it is known.
        self.of(&[passage]).ok().and_then(|of| Some(of.first()?.vector())).unwrap_or_default()
    }

    fn keyword_scores(&self, query: &KeywordQuery, passages: &[PassageId]) -> Result<Vec<f32>> {
        // A list by filters alone has no words, and may be long.
        if query.is_empty() {
            return Ok(vec![0.0; passages.len()]);
        }
        let carried = self.of(passages)?;
        self.body.head().keyword_scores(query, &carried.iter().map(Arc::as_ref).collect::<Vec<_>>())
    }

    fn is_links(&self, passage: PassageId) -> bool {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(&passage).map_or_else(|| self.links.contains(&passage), |carried| carried.is_links)
    }

    fn coverage(&self, query: &KeywordQuery, passages: &[PassageId]) -> Result<Vec<f32>> {
        let carried = self.of(passages)?;
        self.body.head().coverage(query, &carried.iter().map(Arc::as_ref).collect::<Vec<_>>())
    }
}
