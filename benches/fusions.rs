//! Other ways to make one list of two, beside the one in use, on judged queries: the table of
//! `docs/relevance.md`.
//!
//! ```text
//! fusions INDEX QUERIES.jsonl QRELS.tsv FIRST [by-url]   nDCG@10 of every way over the first FIRST queries
//! ```
//!
//! Every way orders the same passages, the first hundred of both legs, by the product's own scores.
//! Exact titles and headings, abstention and the estimate that is shown have no part in it.
#![allow(missing_docs)]

use std::{
    collections::{BTreeMap, HashMap, hash_map::Entry},
    path::Path,
};

use anyhow::{Result, bail};
use cloze_index::{Extent, Generation, KeywordQuery, KeywordText, PassageId, is_stop_word};
use cloze_models::{Encoder, EncoderOptions, ModelSource, TextKind};
use cloze_query::eval;

/// Passages that each leg proposes.
const DEPTH: usize = 100;
/// Passages that the background of scores is estimated from.
const SAMPLE: usize = 2048;
/// The product's own settings; see `query/src/search/`.
const SEMANTIC_WEIGHT: f32 = 0.55;
const SURENESS: f32 = 0.75;
const FEEDBACK: usize = 3;
const FEEDBACK_WEIGHT: f32 = 0.2;

/// The scores of the passages that both legs propose for one query.
struct Scores {
    passages: Vec<PassageId>,
    semantic: Leg,
    /// Words and neighbours.
    lexical: Leg,
    /// Words alone.
    words: Leg,
    /// Rarity of the query's rarest word and of its words on average: 0 for one that every passage has, 1 for one
    /// that a single passage has.
    rarest: f32,
    rarity: f32,
}

/// One leg's scores of the passages, and the mean and spread of its scores over the index.
struct Leg {
    scores: Vec<f32>,
    mean: f32,
    spread: f32,
}

impl Leg {
    fn largest(&self) -> f32 {
        self.scores.iter().copied().fold(f32::MIN_POSITIVE, f32::max)
    }

    /// Weight by how far the best stands out, as the product does it.
    fn sureness(&self, exponent: f32) -> f32 {
        (self.largest() / self.spread.max(f32::EPSILON)).powf(exponent)
    }

    /// 0 for the lowest, 1 for the highest.
    fn min_max(&self) -> Vec<f32> {
        let lowest = self.scores.iter().copied().fold(f32::INFINITY, f32::min);
        let range = (self.largest() - lowest).max(f32::EPSILON);
        self.scores.iter().map(|s| (s - lowest) / range).collect()
    }

    /// Standard deviations above the mean of the proposed passages.
    fn z_of_candidates(&self) -> Vec<f32> {
        let (mean, spread) = moments(&self.scores);
        self.scores.iter().map(|s| (s - mean) / spread).collect()
    }

    /// Standard deviations above the mean of the index.
    fn z_of_index(&self) -> Vec<f32> {
        self.scores.iter().map(|s| (s - self.mean) / self.spread.max(f32::EPSILON)).collect()
    }

    /// A logistic curve over the scores, its middle at the median of the proposed passages and its
    /// slope by their standard deviation: label-free, as in "Bayesian BM25".
    fn probabilities(&self) -> Vec<f32> {
        let mut sorted = self.scores.clone();
        sorted.sort_unstable_by(f32::total_cmp);
        let middle = sorted.get(sorted.len() / 2).copied().unwrap_or_default();
        let (_, spread) = moments(&self.scores);
        self.scores.iter().map(|s| 1.0 / (1.0 + (-(s - middle) / spread).exp())).collect()
    }

    fn ranks(&self) -> Vec<f32> {
        let mut order: Vec<usize> = (0..self.scores.len()).collect();
        order.sort_by(|&a, &b| self.scores[b].total_cmp(&self.scores[a]));
        let mut ranks = vec![0.0; order.len()];
        order.iter().zip(1..).for_each(|(&at, rank)| ranks[at] = rank as f32);
        ranks
    }
}

fn moments(values: &[f32]) -> (f32, f32) {
    let n = values.len().max(1) as f32;
    let mean = values.iter().sum::<f32>() / n;
    (mean, (values.iter().map(|v| (v - mean).powi(2)).sum::<f32>() / n).sqrt().max(f32::EPSILON))
}

fn blend(a: &[f32], b: &[f32], weight: f32) -> Vec<f32> {
    a.iter().zip(b).map(|(x, y)| weight * x + (1.0 - weight) * y).collect()
}

/// The product's formula: shares of the largest, weighted by sureness and by what `keyword` adds to
/// the weight of the keyword leg.
fn sure(semantic: &Leg, lexical: &Leg, exponent: f32, keyword: f32) -> Vec<f32> {
    let s = SEMANTIC_WEIGHT * semantic.sureness(exponent);
    let l =
        (1.0 - SEMANTIC_WEIGHT) * keyword * if lexical.largest() > 0.001 { lexical.sureness(exponent) } else { 0.0 };
    let of = |leg: &Leg| leg.scores.iter().map(|x| x.max(0.0) / leg.largest()).collect::<Vec<f32>>();
    blend(&of(semantic), &of(lexical), s / (s + l))
}

/// −ln of the probability that a normal variable is above `z` (a continued fraction beyond 4, where
/// the tail is too small to subtract).
fn minus_ln_tail(z: f32) -> f32 {
    // Abramowitz and Stegun, 26.2.17.
    let x = f64::from(z.abs());
    let t = 1.0 / (1.0 + 0.231_641_9 * x);
    let series =
        t * (0.319_381_530 + t * (-0.356_563_782 + t * (1.781_477_937 + t * (-1.821_255_978 + t * 1.330_274_429))));
    let ln_tail = -x * x / 2.0 - (2.0 * std::f64::consts::PI).sqrt().ln() + series.ln();
    if z >= 0.0 { -ln_tail as f32 } else { -(1.0 - ln_tail.exp()).ln() as f32 }
}

type Way = (&'static str, fn(&Scores) -> Vec<f32>);

/// The ways that need nothing but the scores.
const WAYS: [Way; 16] = [
    ("reciprocal rank fusion, k = 60", |q| {
        let of = |leg: &Leg| leg.ranks().into_iter().map(|r| 1.0 / (60.0 + r)).collect::<Vec<_>>();
        blend(&of(&q.semantic), &of(&q.words), 0.5)
    }),
    ("min-max, semantic 0.3", |q| blend(&q.semantic.min_max(), &q.lexical.min_max(), 0.3)),
    ("min-max, semantic 0.5", |q| blend(&q.semantic.min_max(), &q.lexical.min_max(), 0.5)),
    ("min-max, semantic 0.7", |q| blend(&q.semantic.min_max(), &q.lexical.min_max(), 0.7)),
    ("z-scores against the candidates", |q| blend(&q.semantic.z_of_candidates(), &q.lexical.z_of_candidates(), 0.5)),
    ("z-scores against the index", |q| blend(&q.semantic.z_of_index(), &q.lexical.z_of_index(), 0.5)),
    ("logarithms of chance (Fisher)", |q| {
        let chance: Vec<f32> = q.semantic.z_of_index().into_iter().map(minus_ln_tail).collect();
        blend(&chance, &q.lexical.z_of_index(), 0.5)
    }),
    ("log-odds of logistic curves", |q| {
        let of = |leg: &Leg| {
            leg.probabilities().into_iter().map(|p| (p / (1.0 - p)).ln().clamp(-4.0, 4.0)).collect::<Vec<_>>()
        };
        blend(&of(&q.semantic), &of(&q.lexical), 0.5)
    }),
    ("either of two probabilities (noisy or)", |q| {
        let (s, l) = (q.semantic.probabilities(), q.lexical.probabilities());
        s.iter().zip(l).map(|(s, l)| 1.0 - (1.0 - s) * (1.0 - l)).collect()
    }),
    ("exponent 0", |q| sure(&q.semantic, &q.lexical, 0.0, 1.0)),
    ("exponent 1", |q| sure(&q.semantic, &q.lexical, 1.0, 1.0)),
    ("exponent 0.75, without neighbours", |q| sure(&q.semantic, &q.words, SURENESS, 1.0)),
    ("exponent 0.75", |q| sure(&q.semantic, &q.lexical, SURENESS, 1.0)),
    ("exponent 0.75, keywords by the rarest word", |q| sure(&q.semantic, &q.lexical, SURENESS, 0.5 + q.rarest)),
    ("exponent 0.75, keywords by the mean rarity", |q| sure(&q.semantic, &q.lexical, SURENESS, 0.5 + q.rarity)),
    ("exponent 0, keywords by the mean rarity", |q| sure(&q.semantic, &q.lexical, 0.0, 0.5 + q.rarity)),
];
/// The exponent of 0.75, and feedback after it.
const IN_USE: &str = "exponent 0.75, and feedback: in use";

fn main() -> Result<()> {
    let args: Vec<String> = std::env::args().skip(1).filter(|a| a != "--bench").collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let by_url = args.get(4) == Some(&"by-url");
    match args[..] {
        [] => Ok(()), // `cargo bench` and `cargo test --benches` run it so
        [index, queries, qrels, first, ..] if args.len() == 4 || by_url => {
            compare(Path::new(index), Path::new(queries), Path::new(qrels), first.parse()?, by_url)
        }
        _ => bail!("expected INDEX QUERIES.jsonl QRELS.tsv FIRST [by-url]"),
    }
}

fn compare(index: &Path, queries: &Path, qrels: &Path, first: usize, by_url: bool) -> Result<()> {
    let generation = Generation::open(index)?;
    let dir = ModelSource::Default.locate()?;
    let encoder = Encoder::open(&dir, "all-MiniLM-L6-v2", EncoderOptions::default())?;
    let qrels = eval::read_qrels(qrels)?;
    let mut sums: BTreeMap<&str, f64> = BTreeMap::new();
    let (mut judged, mut names) = (0, HashMap::new());
    for (id, text) in eval::read_queries(queries)?.into_iter().take(first) {
        let Some(grades) = qrels.get(&id) else { continue };
        let text: String = text.chars().take(512).collect();
        let vector = encoder.encode(TextKind::Query, &text)?.vector;
        let scores = scores(&generation, &text, &vector)?;
        let mut take = |way: &'static str, fused: &[f32]| -> Result<()> {
            let ranking = ranking(&generation, &scores.passages, fused, by_url, &mut names)?;
            *sums.entry(way).or_default() += eval::score(&id, &ranking, grades).ndcg_at_10;
            Ok(())
        };
        for (way, fuse) in WAYS {
            take(way, &fuse(&scores))?;
        }
        let drawn =
            with_feedback(&generation, &vector, &scores, &sure(&scores.semantic, &scores.lexical, SURENESS, 1.0));
        let semantic = semantic(&generation, &drawn, &scores.passages)?;
        take(IN_USE, &sure(&semantic, &scores.lexical, SURENESS, 1.0))?;
        judged += 1;
    }
    println!("nDCG@10 of {judged} queries\n\n| | |\n|---|---|");
    for way in WAYS.iter().map(|w| w.0).chain([IN_USE]) {
        println!("| {way} | {:.4} |", sums[way] / f64::from(judged.max(1)));
    }
    Ok(())
}

fn scores(generation: &Generation, text: &str, vector: &[f32]) -> Result<Scores> {
    let query = |words: &str| {
        generation.head().keyword_query(&KeywordText { words: words.to_owned(), ..KeywordText::default() })
    };
    let words = query(text)?;
    let hits = generation.body().keyword(&words, DEPTH, Extent::All, None)?;
    let nearest = generation.body().nearest(vector, DEPTH, None)?;
    let mut passages: Vec<PassageId> = nearest.iter().chain(&hits.hits).map(|h| h.passage).collect();
    passages.sort_unstable();
    passages.dedup();
    let candidates = generation.body().candidates();
    let (_, spread) = moments(&candidates.keyword_scores(&words.without_order(), &sample(generation))?);
    let lexical = |words: &KeywordQuery| -> Result<Leg> {
        Ok(Leg { scores: candidates.keyword_scores(words, &passages)?, mean: 0.0, spread })
    };
    // Rarity as in BM25, as a share of the largest there can be.
    let most = (generation.passages() as f32).ln().max(1.0);
    let mut rarities = Vec::new();
    for word in text.split_whitespace().filter(|w| !is_stop_word(w)) {
        let found = generation.head().passages_with_stem(word)?;
        if found > 0 {
            rarities.push((generation.passages() as f32 / found as f32).ln() / most);
        }
    }
    Ok(Scores {
        semantic: semantic(generation, vector, &passages)?,
        lexical: lexical(&words)?,
        words: lexical(&words.without_order())?,
        rarest: rarities.iter().copied().fold(0.0, f32::max),
        rarity: rarities.iter().sum::<f32>() / rarities.len().max(1) as f32,
        passages,
    })
}

fn semantic(generation: &Generation, vector: &[f32], passages: &[PassageId]) -> Result<Leg> {
    let candidates = generation.body().candidates();
    let (mean, spread) = moments(&candidates.similarities(vector, &sample(generation))?);
    Ok(Leg { scores: candidates.similarities(vector, passages)?, mean, spread })
}

/// About [`SAMPLE`] passages, evenly spread.
fn sample(generation: &Generation) -> Vec<PassageId> {
    generation.ids().step_by(generation.passages().div_ceil(SAMPLE).max(1)).collect()
}

/// The query's vector, drawn to the best passages of a list.
fn with_feedback(generation: &Generation, vector: &[f32], scores: &Scores, fused: &[f32]) -> Vec<f32> {
    let mut order: Vec<usize> = (0..fused.len()).collect();
    order.sort_by(|&a, &b| fused[b].total_cmp(&fused[a]));
    let best = &order[..order.len().min(FEEDBACK)];
    let mut sum = vector.to_vec();
    for &at in best {
        let part = FEEDBACK_WEIGHT / best.len() as f32;
        sum.iter_mut().zip(generation.vector(scores.passages[at])).for_each(|(s, v)| *s += part * v);
    }
    let length = sum.iter().map(|s| s * s).sum::<f32>().sqrt().max(f32::MIN_POSITIVE);
    sum.iter().map(|s| s / length).collect()
}

/// The first pages by their best passage; a few more than are measured, for the query itself may be among them.
fn ranking(
    generation: &Generation,
    passages: &[PassageId],
    fused: &[f32],
    by_url: bool,
    names: &mut HashMap<u32, String>,
) -> Result<Vec<(String, f32)>> {
    let mut order: Vec<usize> = (0..passages.len()).collect();
    order.sort_by(|&a, &b| fused[b].total_cmp(&fused[a]).then(a.cmp(&b)));
    let mut out: Vec<(String, f32)> = Vec::new();
    for (passage, score) in order.into_iter().map(|at| (passages[at], fused[at])) {
        let page = generation.head().page_of(passage);
        if let Entry::Vacant(place) = names.entry(page) {
            let passage = generation.passage(passage)?;
            let url = passage.url.split('#').next().unwrap_or_default().to_owned();
            place.insert(if by_url { url } else { passage.source });
        }
        if out.iter().all(|(name, _)| *name != names[&page]) {
            out.push((names[&page].clone(), score));
        }
        if out.len() == 12 {
            break;
        }
    }
    Ok(out)
}
