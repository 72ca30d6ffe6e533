//! Measures one thing and prints one line of JSON; `benches/run.py` puts the lines together.
//!
//! ```text
//! measure encode TEXTS.jsonl THREADS REPEATS   tokens/s of the encoder on given texts
//! measure passages INDEX THREADS REPEATS       seconds to encode all passages of an index
//! measure query INDEX QUERIES.jsonl            open time, then latency of every query, one client
//! measure highlight INDEX QUERIES.jsonl        latency of five hits, plain and with highlight=semantic
//! measure nearness INDEX QUERIES.jsonl         of every query, what decides whether anything answers it
//! measure filters INDEX QUERIES.jsonl KEY      recall@10 and latency of the nearest under each value of KEY
//! ```
#![allow(missing_docs)]

mod common;

use std::{
    collections::BTreeMap,
    path::Path,
    sync::atomic::{AtomicUsize, Ordering},
    thread,
    time::Instant,
};

use anyhow::{Context, Result, bail};
use cloze_index::{Extent, Generation, KeywordText};
use cloze_models::{Encoder, EncoderOptions, ModelSource, Precision, TextKind};
use cloze_query::{Engine, Highlight, Request};
use serde_json::{Value, json};

use common::texts_of;

fn main() -> Result<()> {
    let args: Vec<String> = std::env::args().skip(1).filter(|a| a != "--bench").collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let result = match args[..] {
        ["encode", texts, threads, repeats] => encode(&texts_of(texts)?, threads.parse()?, repeats.parse()?)?,
        ["passages", index, threads, repeats] => {
            encode(&passages_of(Path::new(index))?, threads.parse()?, repeats.parse()?)?
        }
        ["query", index, queries] => query(Path::new(index), &texts_of(queries)?)?,
        ["highlight", index, queries] => highlight(Path::new(index), &texts_of(queries)?)?,
        ["nearness", index, queries] => nearness(Path::new(index), &texts_of(queries)?)?,
        ["filters", index, queries, key] => filters(Path::new(index), &texts_of(queries)?, key)?,
        [] => return Ok(()), // `cargo bench` and `cargo test --benches` run it so
        _ => bail!(
            "expected encode TEXTS THREADS REPEATS, passages INDEX THREADS REPEATS, query | highlight | nearness INDEX QUERIES or filters …"
        ),
    };
    println!("{result}");
    Ok(())
}

fn passages_of(index: &Path) -> Result<Vec<String>> {
    let generation = Generation::open(index)?;
    let text = |id| {
        let p = generation.passage(id)?;
        Ok(format!("{}\n{}", p.context(), p.text))
    };
    generation.ids().map(text).collect()
}

fn encode(texts: &[String], threads: usize, repeats: usize) -> Result<Value> {
    let precision: Precision = std::env::var("PRECISION").unwrap_or_default().parse().unwrap_or_default();
    let dir = ModelSource::Default.locate()?;
    let encoder = Encoder::open(&dir, "all-MiniLM-L6-v2", EncoderOptions { precision, sessions: threads })?;
    let warm = texts.len().min(50);
    run(&encoder, &texts[..warm], threads)?;
    let mut seconds = Vec::new();
    let mut tokens = 0;
    for _ in 0..repeats {
        let started = Instant::now();
        tokens = run(&encoder, texts, threads)?;
        seconds.push(started.elapsed().as_secs_f64());
    }
    let rates: Vec<f64> = seconds.iter().map(|s| tokens as f64 / s).collect();
    Ok(json!({"threads": threads, "texts": texts.len(), "tokens": tokens, "seconds": seconds, "tokens_per_s": rates}))
}

/// Encodes every text once, each thread taking the next one; gives the number of tokens.
fn run(encoder: &Encoder, texts: &[String], threads: usize) -> Result<usize> {
    let (next, tokens) = (AtomicUsize::new(0), AtomicUsize::new(0));
    thread::scope(|scope| {
        let workers: Vec<_> = (0..threads)
            .map(|_| {
                scope.spawn(|| -> Result<()> {
                    while let Some(text) = texts.get(next.fetch_add(1, Ordering::Relaxed)) {
                        tokens.fetch_add(encoder.encode(TextKind::Passage, text)?.tokens, Ordering::Relaxed);
                    }
                    Ok(())
                })
            })
            .collect();
        workers.into_iter().try_for_each(|w| w.join().map_err(|_| anyhow::anyhow!("a thread panicked"))?)
    })?;
    Ok(tokens.into_inner())
}

fn query(index: &Path, queries: &[String]) -> Result<Value> {
    let started = Instant::now();
    let generation = Generation::open(index)?;
    let open_ms = started.elapsed().as_secs_f64() * 1e3;
    drop(generation);
    let started = Instant::now();
    let engine = Engine::open(index, None)?;
    let ready_ms = started.elapsed().as_secs_f64() * 1e3;
    let requests = queries.iter().map(|q| Request::of_any_length(q)).collect::<Result<Vec<_>, _>>()?;
    // What warms up is not measured: its vectors are remembered.
    let (warm, requests) = requests.split_at(requests.len().min(50).min(requests.len() / 2));
    for request in warm {
        engine.search(request)?;
    }
    let mut took = Vec::with_capacity(requests.len());
    let mut phases: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
    for request in requests {
        let started = Instant::now();
        let (_, timings) = engine.search_timed(request)?;
        took.push(started.elapsed().as_secs_f64() * 1e3);
        let known = [
            ("encode", timings.encode),
            ("semantic", timings.semantic),
            ("lexical", timings.lexical),
            ("fuse", Some(timings.fuse)),
            ("present", Some(timings.present)),
        ];
        for (phase, took) in known {
            phases.entry(phase).or_default().push(took.unwrap_or_default().as_secs_f64() * 1e3);
        }
    }
    let phases: BTreeMap<&str, f64> = phases.into_iter().map(|(name, mut took)| (name, median(&mut took))).collect();
    took.sort_unstable_by(f64::total_cmp);
    let at = |share: f64| took[((took.len() - 1) as f64 * share) as usize];
    Ok(json!({
        "passages": engine.generation().passages(), "queries": took.len(), "open_ms": open_ms, "ready_ms": ready_ms,
        "p50_ms": at(0.5), "p99_ms": at(0.99), "medians_ms": phases,
    }))
}

fn median(values: &mut [f64]) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    values[values.len() / 2]
}

/// How far beyond unrelated queries the nearest passage is, in distances between their quartiles, and
/// the share of the query's words that it has.
fn nearness(index: &Path, queries: &[String]) -> Result<Value> {
    let generation = Generation::open(index)?;
    let dir = ModelSource::Default.locate()?;
    let encoder = Encoder::open(&dir, "all-MiniLM-L6-v2", EncoderOptions::default())?;
    let calibration = &generation.manifest().calibration;
    let mut rows = Vec::new();
    for text in queries {
        let text: String = text.chars().take(512).collect();
        let vector = encoder.encode(TextKind::Query, &text)?.vector;
        let nearest = generation.body().nearest(&vector, 1, None)?;
        let best = nearest.first().context("an empty index")?;
        let words = generation.head().keyword_query(&KeywordText { words: text, ..KeywordText::default() })?;
        let fences = (best.score - calibration.upper) / (calibration.upper - calibration.lower).max(f32::EPSILON);
        let near = generation.body().candidates().coverage(&words.subject(), &[best.passage])?[0];
        let hits = generation.body().keyword(&words.subject(), 1, Extent::Best, None)?.hits;
        let most = hits.first().map_or(Ok(0.0), |h| {
            generation.body().candidates().coverage(&words.subject(), &[h.passage]).map(|c| c[0])
        })?;
        rows.push(json!([fences, near, most]));
    }
    Ok(Value::Array(rows))
}

/// The first five hits of every query, in turn with and without their best sentences.
fn highlight(index: &Path, queries: &[String]) -> Result<Value> {
    let engine = Engine::open(index, None)?;
    let mut took = [Vec::new(), Vec::new()];
    for (n, query) in queries.iter().enumerate() {
        let mut request = Request::of_any_length(query)?.page(0, 5)?;
        for (which, took) in [Highlight::Keyword, Highlight::Semantic].into_iter().zip(&mut took) {
            request.highlight = which;
            let started = Instant::now();
            let hits = engine.search(&request)?.hits.len();
            // The first ones warm up; less than five hits are less work.
            if n >= queries.len() / 20 && hits == 5 {
                took.push(started.elapsed().as_secs_f64() * 1e3);
            }
        }
    }
    let at = |took: &mut Vec<f64>, share: f64| {
        took.sort_unstable_by(f64::total_cmp);
        took.get((took.len().saturating_sub(1) as f64 * share) as usize).copied()
    };
    let [mut plain, mut semantic] = took;
    Ok(json!({
        "queries": semantic.len(),
        "plain_p50_ms": at(&mut plain, 0.5), "plain_p95_ms": at(&mut plain, 0.95), "plain_p99_ms": at(&mut plain, 0.99),
        "semantic_p50_ms": at(&mut semantic, 0.5), "semantic_p95_ms": at(&mut semantic, 0.95),
        "semantic_p99_ms": at(&mut semantic, 0.99),
    }))
}

/// The nearest ten under a filter, beside an exact scan of the passages that pass, and beside no filter.
fn filters(index: &Path, queries: &[String], key: &str) -> Result<Value> {
    let engine = Engine::open(index, None)?;
    let generation = engine.generation();
    let dir = ModelSource::Default.locate()?;
    let encoder = Encoder::open(&dir, "all-MiniLM-L6-v2", EncoderOptions::default())?;
    let vectors = queries.iter().map(|q| Ok(encoder.encode(TextKind::Query, q)?.vector)).collect::<Result<Vec<_>>>()?;
    let all: Vec<u32> = generation.ids().collect();
    let shown = generation.body().show(&[], &all, &[key.to_owned()], false)?;
    let counts = shown.facets().get(key).cloned().unwrap_or_default();
    let nothing = generation.head().keyword_query(&KeywordText::default())?;
    let unfiltered = median_us(&vectors, |v| generation.body().nearest(v, 10, None).map(drop))?;
    let mut rows = vec![json!({"value": null, "passages": all.len(), "p50_us": unfiltered})];
    for value in counts.keys() {
        let filter = BTreeMap::from([(key.to_owned(), vec![value.clone()])]);
        let selection = generation.files()?.select(&filter, &nothing)?.context("the filter selects nothing")?;
        let chosen: Vec<u32> = selection.iter().collect();
        let mut recall = 0.0;
        for vector in &vectors {
            let mut exact = generation.body().candidates().similarities(vector, &chosen)?;
            exact.sort_unstable_by(|a, b| b.total_cmp(a));
            let worst = exact.get(9).or(exact.last()).copied().unwrap_or_default() - 1e-6;
            let found = generation.body().nearest(vector, 10, Some(&selection))?;
            recall += found.iter().filter(|f| f.score >= worst).count() as f64 / exact.len().min(10) as f64;
        }
        let took = median_us(&vectors, |v| generation.body().nearest(v, 10, Some(&selection)).map(drop))?;
        rows.push(json!({
            "value": value, "passages": chosen.len(), "recall_at_10": recall / vectors.len() as f64,
            "p50_us": took, "ratio": took / unfiltered,
        }));
    }
    Ok(json!({"queries": vectors.len(), "rows": rows}))
}

fn median_us(vectors: &[Vec<f32>], search: impl Fn(&[f32]) -> cloze_index::Result<()>) -> Result<f64> {
    let mut took = Vec::with_capacity(vectors.len());
    for vector in vectors {
        let started = Instant::now();
        search(vector)?;
        took.push(started.elapsed().as_secs_f64() * 1e6);
    }
    took.sort_unstable_by(f64::total_cmp);
    Ok(took[took.len() / 2])
}
