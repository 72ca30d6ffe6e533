//! The proposals of words and of vectors, from the cluster's answers.

use cloze_index::{Extent, KeywordHits, KeywordQuery, PassageId, Result, Scored};
use serde_json::Value;

use crate::{
    ClusterBody,
    answers::Answer,
    candidates::ClusterCandidates,
    narrow::Narrow,
    questions::{self, Fields, PAGES},
};

/// Postings of a query up to which every matching page is counted, and the best matches that represent all beyond it:
/// as in an index in files.
const EXACT_UP_TO: u64 = 100_000;
const COUNTED: usize = 100;
/// The most pages that are counted for a total, and for facets, which count every match.
const MOST_PAGES: usize = 10_000;
pub(crate) const MOST_COUNTED: usize = 65_000;

/// The searches of the keyword leg.
pub(crate) struct WordLeg {
    /// The words that choose and score.
    query: KeywordQuery,
    k: usize,
    count: Count,
}

/// How the pages with every word are counted.
enum Count {
    /// All, up to so many.
    All(usize),
    /// The best passages with every word represent them.
    Best,
    /// The hits represent them: there is one word.
    Hits,
}

/// The places of a leg's answers in a batch.
#[derive(Clone, Copy)]
pub(crate) struct LegPlaces {
    pub(crate) hits: usize,
    pub(crate) pages: Option<usize>,
}

impl WordLeg {
    /// The leg for a query; `None` if it has no words.
    pub(crate) fn of(body: &ClusterBody, query: &KeywordQuery, k: usize, extent: Extent) -> Result<Option<Self>> {
        if query.is_empty() || k == 0 {
            return Ok(None);
        }
        let are_many = extent == Extent::Best && body.head().postings(query)? > EXACT_UP_TO;
        let subject = query.subject();
        Ok(Some(match (are_many, extent) {
            (true, _) if subject.weighted_words().count() == 1 => Self { query: subject, k, count: Count::Hits },
            (true, _) => Self { query: subject, k, count: Count::Best },
            (false, Extent::Best) => Self { query: query.clone(), k, count: Count::All(MOST_PAGES) },
            (false, Extent::All) => Self { query: query.clone(), k, count: Count::All(MOST_COUNTED) },
        }))
    }

    /// Whether the leg of another query finds the same.
    pub(crate) fn is_also_of(&self, query: &KeywordQuery) -> bool {
        self.query == *query
    }

    /// Adds its searches to a batch, each for `spare` times as many hits as it needs.
    pub(crate) fn ask(
        &self,
        narrow: &Narrow,
        spare: usize,
        fields: Fields,
        add: &mut dyn FnMut(Value) -> usize,
    ) -> LegPlaces {
        let subject = self.query.subject();
        let (k, pages) = match self.count {
            Count::All(most) => (self.k, Some(questions::pages_with_every(&subject, most, narrow))),
            Count::Best => (self.k.max(COUNTED), Some(questions::best_with_every(&subject, spare * COUNTED, narrow))),
            Count::Hits => (self.k.max(COUNTED), None),
        };
        let hits = add(questions::keyword(&self.query, spare * k, fields, narrow));
        LegPlaces { hits, pages: pages.map(add) }
    }

    /// The hits, with scores of ours.
    pub(crate) fn hits(
        &self,
        body: &ClusterBody,
        answers: &[Answer],
        places: LegPlaces,
        with: &ClusterCandidates<'_>,
    ) -> Result<KeywordHits> {
        let passages = answers.get(places.hits).map_or(Ok(Vec::new()), |answer| with.take(answer))?;
        let carried = with.of(&passages)?;
        let carried: Vec<_> = carried.iter().map(AsRef::as_ref).collect();
        let scores = body.head().keyword_scores(&self.query.without_order(), &carried)?;
        let mut hits = best_first(passages, scores);
        let every = places.pages.and_then(|place| answers.get(place));
        let (pages, is_cut) = match (&self.count, every) {
            (Count::All(_), every) => {
                let counts = every.and_then(|answer| answer.counts(PAGES));
                let buckets = counts.into_iter().flat_map(|counts| &counts.buckets);
                let pages = buckets.filter_map(|bucket| body.first_of(bucket.page()?)).collect();
                (pages, counts.is_some_and(|counts| counts.others > 0))
            }
            (Count::Best, every) => {
                let best: Vec<PassageId> = every.into_iter().flat_map(Answer::ids).take(COUNTED).collect();
                (body.head().one_per_page(best.iter().copied()), best.len() >= COUNTED)
            }
            (Count::Hits, _) => {
                let best = hits.iter().take(COUNTED).map(|hit| hit.passage);
                (body.head().one_per_page(best), hits.len() >= COUNTED)
            }
        };
        hits.truncate(self.k);
        Ok(KeywordHits { hits, pages, is_cut })
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
