//! Makes indexes of any size that are like a real one, and measures what size does.
//!
//! ```text
//! growth make BASE PASSAGES OUT        an index of PASSAGES passages, like those of the index BASE
//! growth like BASE OUT                 how like: similarities and words of both, side by side
//! growth measure INDEX QUERIES.jsonl   open time, memory, recall@10, latency of searches
//! ```
//!
//! How a made passage is like a real one:
//!
//! - *Its vector* lies between the vector of a real passage and one of that passage's ten nearest, at a
//!   share drawn evenly, plus a seventh of the difference of two real vectors drawn at random, and is
//!   scaled to length 1. So made vectors fill the same regions as densely as real ones, in the same
//!   directions, and get nearer to each other as there are more, as real ones do.
//! - *Its words* are a walk through the real text from word to following word, of a real passage's
//!   length. So words and pairs of words are as frequent as in real text. Words that the real text has
//!   once or twice get new forms, by the square root of how much more text there is: vocabularies grow
//!   so (Heaps' law).
//! - *Its page* has as many passages as pages of the base have on average.
#![allow(missing_docs)]

mod common;

use std::{collections::HashMap, path::Path, time::Instant};

use anyhow::{Context, Result, bail};
use cloze_index::{BuildCounts, Generation, Passage, Writer, WriterOptions};
use cloze_models::{Encoder, EncoderOptions, ModelSource, TextKind};
use cloze_query::{Engine, Request};
use serde_json::{Value, json};

fn main() -> Result<()> {
    let args: Vec<String> = std::env::args().skip(1).filter(|a| a != "--bench").collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let result = match args[..] {
        ["make", base, passages, out] => make(Path::new(base), passages.parse()?, Path::new(out))?,
        ["like", base, out] => like(Path::new(base), Path::new(out))?,
        ["measure", index, queries] => measure(Path::new(index), queries)?,
        [] => return Ok(()), // `cargo bench` and `cargo test --benches` run it so
        _ => bail!("expected make BASE PASSAGES OUT, like BASE OUT or measure INDEX QUERIES"),
    };
    println!("{result}");
    Ok(())
}

/// Numbers that repeat from run to run (Marsaglia, "Xorshift RNGs", 2003).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, n: usize) -> usize {
        (self.next() % n.max(1) as u64) as usize
    }

    fn share(&mut self) -> f32 {
        (self.next() >> 40) as f32 / (1u64 << 24) as f32
    }
}

/// The real index that others are made like.
struct Base {
    vectors: Vec<Vec<f32>>,
    near: Vec<Vec<u32>>,
    words: Words,
    page: usize,
    model: Value,
}

/// The real text, as a walk sees it.
struct Words {
    text: Vec<String>,
    /// Where each word stands, so that a walk can go on from any of its places.
    places: HashMap<String, Vec<u32>>,
    lengths: Vec<usize>,
}

impl Base {
    fn read(index: &Path) -> Result<Self> {
        let generation = Generation::open(index)?;
        let ids: Vec<u32> = generation.ids().collect();
        let vectors: Vec<Vec<f32>> = ids.iter().map(|&id| generation.vector(id)).collect();
        let row: HashMap<u32, u32> = ids.iter().copied().zip(0..).collect();
        let near = |v: &Vec<f32>| -> Result<Vec<u32>> {
            Ok(generation.body().nearest(v, 11, None)?.iter().skip(1).map(|n| row[&n.passage]).collect())
        };
        let near = vectors.iter().map(near).collect::<Result<_>>()?;
        let (mut text, mut lengths) = (Vec::new(), Vec::new());
        for &id in &ids {
            let words = generation.passage(id)?.text;
            lengths.push(words.split_whitespace().count());
            text.extend(words.split_whitespace().map(str::to_owned));
        }
        let mut places: HashMap<String, Vec<u32>> = HashMap::new();
        for (at, word) in (0..).zip(&text) {
            places.entry(word.clone()).or_default().push(at);
        }
        let manifest = generation.manifest();
        let page = (manifest.counts.passages / manifest.counts.pages.max(1)).max(1) as usize;
        Ok(Self { vectors, near, words: Words { text, places, lengths }, page, model: manifest.model.clone() })
    }

    fn vector(&self, random: &mut Random) -> Vec<f32> {
        let from = random.below(self.vectors.len());
        let towards = self.near[from].get(random.below(10)).map_or(from, |&n| n as usize);
        let (c, d) = (random.below(self.vectors.len()), random.below(self.vectors.len()));
        let [from, towards, c, d] = [from, towards, c, d].map(|i| &self.vectors[i]);
        let share = random.share();
        let value = |i: usize| from[i] + share * (towards[i] - from[i]) + (c[i] - d[i]) / 7.0;
        let raw: Vec<f32> = (0..from.len()).map(value).collect();
        let length = raw.iter().map(|v| v * v).sum::<f32>().sqrt();
        raw.iter().map(|v| v / length).collect()
    }
}

impl Words {
    /// `growth` is how many times the real text there will be.
    fn passage(&self, random: &mut Random, growth: f32) -> String {
        let length = self.lengths[random.below(self.lengths.len())].max(3);
        let forms = growth.max(1.0).sqrt() as usize;
        let mut at = random.below(self.text.len());
        let mut words = Vec::with_capacity(length);
        for _ in 0..length {
            let word = &self.text[at];
            let places = &self.places[word];
            match random.below(forms) {
                form @ 1.. if places.len() <= 2 => words.push(format!("{word}{form}")),
                _ => words.push(word.clone()),
            }
            at = (places[random.below(places.len())] as usize + 1) % self.text.len();
        }
        words.join(" ")
    }
}

fn make(base: &Path, passages: usize, out: &Path) -> Result<Value> {
    let base = Base::read(base)?;
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    let growth = passages as f32 / base.vectors.len() as f32;
    let before = memory("VmRSS")?;
    let started = Instant::now();
    let options = WriterOptions { dimension: base.vectors[0].len(), model: base.model.clone(), token_neighbours: 0 };
    let mut writer = Writer::begin(out, options)?;
    let mut making = 0.0;
    for n in 0..passages {
        let made = Instant::now();
        let page = n / base.page;
        let (vector, text) = (base.vector(&mut random), base.words.passage(&mut random, growth));
        let title = text.split_whitespace().take(3).collect::<Vec<_>>().join(" ");
        let (source, url) = (format!("page-{page:07}.md"), format!("/page-{page:07}#section-{n}"));
        making += made.elapsed().as_secs_f64();
        let row = writer.add_vector(&vector.into())?;
        writer.add_passage(&Passage { source, url, title, text, ..Passage::default() }, row)?;
    }
    let added = started.elapsed().as_secs_f64() - making;
    let published = Instant::now();
    writer.publish(BuildCounts { encoded: passages as u64, ..BuildCounts::default() })?;
    let seconds = published.elapsed().as_secs_f64();
    Ok(json!({
        "passages": passages, "add_s": added, "publish_s": seconds, "build_s": added + seconds,
        "build_mb": memory("VmHWM")? - before, "base_mb": before,
    }))
}

/// A figure of this process, in MB.
fn memory(which: &str) -> Result<f64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find(|l| l.starts_with(which)).context("no such figure")?;
    Ok(line.split_whitespace().nth(1).context("no number")?.parse::<f64>()? / 1024.0)
}

fn like(base: &Path, made: &Path) -> Result<Value> {
    let figures = |index: &Path| -> Result<Value> {
        let generation = Generation::open(index)?;
        let ids: Vec<u32> = generation.ids().collect();
        let mut random = Random(7);
        let drawn: Vec<u32> = (0..500).map(|_| ids[random.below(ids.len())]).collect();
        let vectors: Vec<Vec<f32>> = drawn.iter().map(|&id| generation.vector(id)).collect();
        let nearest = |k: usize| -> Result<f32> {
            let similarity =
                |v: &Vec<f32>| Ok(generation.body().nearest(v, k + 1, None)?.last().map_or(0.0, |n| n.score));
            let all = vectors.iter().map(similarity).collect::<Result<Vec<f32>>>()?;
            Ok(all.iter().sum::<f32>() / all.len() as f32)
        };
        let spread = vectors.iter().map(|v| deviation(&generation, v, &drawn)).sum::<Result<f32>>()?;
        let (mut words, mut distinct) = (0, std::collections::HashSet::new());
        for &id in ids.iter().take(10_000) {
            let text = generation.passage(id)?.text;
            words += text.split_whitespace().count();
            distinct.extend(text.split_whitespace().map(str::to_owned));
        }
        Ok(json!({
            "passages": ids.len(), "similarity_of_nearest": nearest(1)?, "of_tenth": nearest(10)?,
            "of_hundredth": nearest(100)?, "spread": spread / 500.0, "words_of_10000": words, "distinct": distinct.len(),
        }))
    };
    Ok(json!({"base": figures(base)?, "made": figures(made)?}))
}

/// Standard deviation of a vector's similarities to some passages.
fn deviation(generation: &Generation, vector: &[f32], passages: &[u32]) -> Result<f32> {
    let all = generation.body().candidates().similarities(vector, passages)?;
    let n = all.len().max(1) as f32;
    let mean = all.iter().sum::<f32>() / n;
    Ok((all.iter().map(|s| (s - mean).powi(2)).sum::<f32>() / n).sqrt())
}

fn measure(index: &Path, queries: &str) -> Result<Value> {
    let queries = common::texts_of(queries)?;
    let generation = Generation::open(index)?;
    let bytes: u64 = generation.manifest().files.iter().map(|f| f.bytes).sum();
    let checked_ms = median_ms(|| Generation::open(index).map(drop))?;
    let checks_ms = median_ms(|| generation.manifest().verify_files(generation.dir()))?;
    let recall = recall(&generation, &queries)?;
    drop(generation);
    let engine = Engine::open(index, None)?;
    let mut took = Vec::new();
    for query in &queries {
        let request = Request::of_any_length(query)?;
        let started = Instant::now();
        engine.search(&request)?;
        took.push(started.elapsed().as_secs_f64() * 1e3);
    }
    // The first ones warm up.
    let mut took = took.split_off(took.len() / 10);
    took.sort_unstable_by(f64::total_cmp);
    let at = |share: f64| took[((took.len() - 1) as f64 * share) as usize];
    Ok(json!({
        "passages": engine.generation().passages(), "bytes": bytes, "open_ms": checked_ms - checks_ms,
        "checks_ms": checks_ms, "checks_gb_per_s": bytes as f64 / checks_ms / 1e6,
        "recall_at_10": recall, "p50_ms": at(0.5), "p99_ms": at(0.99), "queries": took.len(),
        "anonymous_mb": memory("RssAnon")?, "resident_mb": memory("VmRSS")?,
    }))
}

/// The median of five runs.
fn median_ms(run: impl Fn() -> cloze_index::Result<()>) -> Result<f64> {
    let mut took = Vec::new();
    for _ in 0..5 {
        let started = Instant::now();
        run()?;
        took.push(started.elapsed().as_secs_f64() * 1e3);
    }
    took.sort_unstable_by(f64::total_cmp);
    Ok(took[2])
}

fn recall(generation: &Generation, queries: &[String]) -> Result<f64> {
    let encoder = Encoder::open(&ModelSource::Default.locate()?, "all-MiniLM-L6-v2", EncoderOptions::default())?;
    let all: Vec<u32> = generation.ids().collect();
    let queries = &queries[..queries.len().min(200)];
    let mut found = 0.0;
    for query in queries {
        let vector = encoder.encode(TextKind::Query, query)?.vector;
        let mut exact = generation.body().candidates().similarities(&vector, &all)?;
        exact.sort_unstable_by(|a, b| b.total_cmp(a));
        let tenth = exact.get(9).or(exact.last()).copied().unwrap_or_default() - 1e-6;
        let near = generation.body().nearest(&vector, 10, None)?;
        found += near.iter().filter(|n| n.score >= tenth).count() as f64 / exact.len().min(10) as f64;
    }
    Ok(found / queries.len() as f64)
}
