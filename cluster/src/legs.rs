//! The proposals of words and of vectors, from the cluster's answers.

use cloze_index::{Extent, KeywordHits, KeywordQuery, PassageId, Result, Scored};

use crate::{
    ClusterBody,
    answers::Answer,
    candidates::ClusterCandidates,
    narrow::Narrow,
    questions::{self, PAGES},
};

/// Postings of a query up to which every matching page is counted, and the best matches that represent all beyond it:
/// as in an index in files.
const EXACT_UP_TO: u64 = 100_000;
const COUNTED: usize = 100;
/// The most pages that are counted for a total, and for facets, which count every match.
const MOST_PAGES: usize = 10_000;
pub(crate) const MOST_COUNTED: usize = 65_000;

/// The search of the keyword leg.
pub(crate) struct WordLeg {
    /// The words that choose and score.
    query: KeywordQuery,
    k: usize,
    /// The pages to count; `None` if the best matches represent all.
    pages: Option<usize>,
}

impl WordLeg {
    /// The leg for a query; `None` if it has no words.
    pub(crate) fn of(body: &ClusterBody, query: &KeywordQuery, k: usize, extent: Extent) -> Result<Option<Self>> {
        if query.is_empty() || k == 0 {
            return Ok(None);
        }
        let are_many = extent == Extent::Best && body.head().postings(query)? > EXACT_UP_TO;
        Ok(Some(match (are_many, extent) {
            (true, _) => Self { query: query.subject(), k, pages: None },
            (false, Extent::Best) => Self { query: query.clone(), k, pages: Some(MOST_PAGES) },
            (false, Extent::All) => Self { query: query.clone(), k, pages: Some(MOST_COUNTED) },
        }))
    }

    /// Whether the leg of another query finds the same.
    pub(crate) fn is_also_of(&self, query: &KeywordQuery) -> bool {
        self.query == *query
    }

    pub(crate) fn question(&self, narrow: &Narrow) -> serde_json::Value {
        let k = if self.pages.is_none() { self.k.max(COUNTED) } else { self.k };
        questions::keyword(&self.query, k, self.pages, narrow)
    }

    /// The hits, with scores of ours.
    pub(crate) fn hits(
        &self,
        body: &ClusterBody,
        answer: &Answer,
        with: &ClusterCandidates<'_>,
    ) -> Result<KeywordHits> {
        let passages = with.take(answer)?;
        let carried = with.of(&passages)?;
        let carried: Vec<_> = carried.iter().map(AsRef::as_ref).collect();
        let scores = body.head().keyword_scores(&self.query.without_order(), &carried)?;
        let mut hits = best_first(passages, scores);
        let (pages, is_cut) = match (self.pages, answer.counts(PAGES)) {
            (Some(_), Some(counts)) => {
                (counts.buckets.iter().filter_map(|b| Some(b.key.as_u64()? as PassageId)).collect(), counts.others > 0)
            }
            _ => (body.head().one_per_page(hits.iter().take(COUNTED).map(|h| h.passage)), hits.len() >= COUNTED),
        };
        hits.truncate(self.k);
        Ok(KeywordHits { hits, spread: 0.0, pages, is_cut })
    }
}

/// The nearest passages, with similarities of ours.
pub(crate) fn nearest(vector: &[f32], answer: &Answer, with: &ClusterCandidates<'_>) -> Result<Vec<Scored>> {
    let passages = with.take(answer)?;
    let similarities = with.of(&passages)?.iter().map(|carried| carried.similarity(vector)).collect();
    Ok(best_first(passages, similarities))
}

/// Passages with their scores, best first, ties by the lower number.
fn best_first(passages: Vec<PassageId>, scores: Vec<f32>) -> Vec<Scored> {
    let mut scored: Vec<Scored> =
        passages.into_iter().zip(scores).map(|(passage, score)| Scored { passage, score }).collect();
    scored.sort_by(|a, b| b.score.total_cmp(&a.score).then(a.passage.cmp(&b.passage)));
    scored
}
