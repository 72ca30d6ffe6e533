//! Both legs, and their fusion.

use std::collections::{BTreeSet, HashSet};

use super::{
    overview::Overview,
    pieces::unit,
    texts::Texts,
    vectors::{Known, Probe, Vectors},
    words::{Scores, Word, Words},
};
use crate::Result;

/// Candidates of each leg.
const DEPTH: usize = 100;
/// Share of meaning, and the share of the subject that makes words count in full.
const MEANING: f64 = 0.6;
const COVERED: f64 = 0.25;
/// Passages that get a second look: the best, and the best by words.
const SECOND_LOOK: usize = 10;
const LEADERS: usize = 3;
/// Relevance feedback: passages, and their joint weight.
const BEST: usize = 3;
const PULL: f64 = 0.2;
/// Share of its score that a list of links keeps.
const LINKS_KEEP: f64 = 0.6;

/// A passage and its score.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Hit {
    pub(super) passage: u32,
    pub(super) score: f64,
}

/// What a search needs.
pub(super) struct Search<'r> {
    pub(super) words: Words<'r>,
    pub(super) texts: &'r Texts<'r>,
    pub(super) vectors: &'r Vectors<'r>,
    pub(super) overview: &'r Overview,
    pub(super) mean: &'r [f64],
}

/// The scores by words of one query.
struct Lexical {
    scores: Scores,
    pairs: Scores,
    hits: Vec<(u32, f64)>,
    coverage: f64,
}

impl Search<'_> {
    /// The best passage of each page, best first.
    pub(super) fn pages(&self, query: &str, vector: Vec<f64>) -> Result<Vec<Hit>> {
        let words = self.words.analyse(query)?;
        let lexical = self.lexical(&words)?;
        let with_pairs = |(p, score): &(u32, f64)| (*p, score + lexical.pairs.get(p).copied().unwrap_or_default());
        let leaders = best(lexical.hits.iter().map(with_pairs).collect());
        let probe = Probe::new(vector, self.mean);
        let mut known = self.vectors.around(&probe, &leaders)?;
        let near = self.near(&probe, &known);
        let passages = union(&near, &lexical);
        let first =
            self.fused(&passages, &probe, &known, &lexical).into_iter().take(SECOND_LOOK).map(|hit| hit.passage);
        let looked: Vec<u32> =
            near.iter().take(1).chain(leaders.iter().take(LEADERS)).map(|(p, _)| *p).chain(first).collect();
        for passage in looked {
            let signs = self.vectors.signs(passage, &mut known)?;
            known.fine.insert(passage, self.texts.code(passage, &signs)?);
        }
        let passages = union(&self.near(&probe, &known), &lexical);
        let moved = self.moved(&probe, &known, &self.fused(&passages, &probe, &known, &lexical));
        let mut fused = self.fused(&passages, &moved, &known, &lexical);
        fused
            .iter_mut()
            .filter(|hit| self.overview.links.contains(&hit.passage))
            .for_each(|hit| hit.score *= LINKS_KEEP);
        sort(&mut fused);
        let mut pages = HashSet::new();
        fused.retain(|hit| pages.insert(self.overview.page_of[hit.passage as usize]));
        Ok(fused)
    }

    /// The nearest of the known passages.
    fn near(&self, probe: &Probe, known: &Known) -> Vec<(u32, f64)> {
        best(known.signs.keys().map(|&p| (p, self.vectors.similarity(probe, p, known))).collect())
    }

    fn lexical(&self, words: &[Word]) -> Result<Lexical> {
        let (scores, pairs) = (self.words.scores(words)?, self.words.pair_scores(words)?);
        let hits = best(scores.iter().map(|(passage, score)| (*passage, *score)).collect());
        let coverage = hits.first().map(|(passage, _)| self.words.coverage(words, *passage)).transpose()?;
        Ok(Lexical { scores, pairs, hits, coverage: coverage.unwrap_or_default() })
    }

    fn fused(&self, passages: &[u32], probe: &Probe, known: &Known, lexical: &Lexical) -> Vec<Hit> {
        let similar: Vec<f64> = passages.iter().map(|&p| self.vectors.similarity(probe, p, known)).collect();
        let of = |scores: &Scores, p: &u32| scores.get(p).copied().unwrap_or_default();
        let by_words: Vec<f64> = passages.iter().map(|p| of(&lexical.scores, p) + of(&lexical.pairs, p)).collect();
        let weight = (1.0 - MEANING) * (lexical.coverage / COVERED).min(1.0);
        let weight = if by_words.iter().any(|score| *score > 0.0) { weight } else { 0.0 };
        let sum = MEANING + weight;
        let [semantic, words] = [shares(&similar, true, MEANING / sum), shares(&by_words, false, weight / sum)];
        let hit = |(i, &passage): (usize, &u32)| Hit { passage, score: semantic[i] + words[i] };
        let mut fused: Vec<Hit> = passages.iter().enumerate().map(hit).collect();
        sort(&mut fused);
        fused
    }

    /// The query, moved towards the best passages.
    fn moved(&self, probe: &Probe, known: &Known, fused: &[Hit]) -> Probe {
        let codes: Vec<_> = fused.iter().take(BEST).filter_map(|hit| known.fine.get(&hit.passage)).collect();
        let mut sum = probe.vector.clone();
        for code in &codes {
            let part = PULL / codes.len() as f64;
            let values = code.values();
            sum.iter_mut().zip(values.iter().zip(self.mean)).for_each(|(s, (v, m))| *s += part * (v + m));
        }
        Probe::new(unit(&sum), self.mean)
    }
}

/// The candidates of both legs.
fn union(near: &[(u32, f64)], lexical: &Lexical) -> Vec<u32> {
    let all: BTreeSet<u32> = near.iter().chain(&lexical.hits).map(|(passage, _)| *passage).collect();
    all.into_iter().collect()
}

fn shares(scores: &[f64], from_smallest: bool, part: f64) -> Vec<f64> {
    let largest = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let smallest = if from_smallest { scores.iter().copied().fold(f64::INFINITY, f64::min) } else { 0.0 };
    let smallest = if largest > smallest { smallest } else { largest - 1.0 };
    scores.iter().map(|score| part * ((score - smallest) / (largest - smallest)).clamp(0.0, 1.0)).collect()
}

fn best(mut scores: Vec<(u32, f64)>) -> Vec<(u32, f64)> {
    scores.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    scores.truncate(DEPTH);
    scores
}

fn sort(hits: &mut [Hit]) {
    hits.sort_by(|a, b| b.score.total_cmp(&a.score).then(a.passage.cmp(&b.passage)));
}
