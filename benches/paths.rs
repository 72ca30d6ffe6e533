//! The hot paths of a search that are ours, without the encoder: a walk over the graph, the keyword leg,
//! scores of given passages.
//!
//! ```text
//! cargo bench --bench paths                          times, beside those of the run before
//! paths prepare DIR                                  makes the index that instructions are counted on
//! paths walk|keyword|scores DIR                      does the path's work once, for a counter of instructions
//! ```
#![allow(missing_docs)]

use std::{hint::black_box, path::Path};

use anyhow::{Result, bail};
use cloze_index::{
    BuildCounts, Extent, Generation, KeywordQuery, KeywordText, Passage, PassageId, Writer, WriterOptions,
};
use criterion::Criterion;

const DIMENSION: usize = 384;
const PASSAGES: usize = 6000;
const QUERIES: usize = 50;

fn main() -> Result<()> {
    let args: Vec<String> = std::env::args().skip(1).filter(|a| !a.starts_with("--")).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    match args[..] {
        ["prepare", dir] => prepare(Path::new(dir)),
        [path, dir] => {
            let paths = Paths::open(Path::new(dir))?;
            match path {
                "walk" => measured(|| paths.walk()),
                "keyword" => measured(|| paths.keyword()),
                "scores" => measured(|| paths.scores()),
                _ => bail!("expected walk, keyword or scores, found {path:?}"),
            }
        }
        // `cargo test --benches` runs it without `--bench`.
        [] if std::env::args().any(|a| a == "--bench") => times(),
        [] => Ok(()),
        _ => bail!("expected prepare DIR, or walk, keyword or scores and DIR"),
    }
}

/// What instructions are counted in: a counter looks for the name.
#[inline(never)]
fn measured(work: impl Fn() -> Result<usize>) -> Result<()> {
    black_box(work()?);
    Ok(())
}

fn times() -> Result<()> {
    let dir = tempfile::tempdir()?;
    prepare(dir.path())?;
    let paths = Paths::open(dir.path())?;
    let mut criterion = Criterion::default().configure_from_args();
    let mut group = criterion.benchmark_group(format!("{QUERIES} queries of {PASSAGES} passages"));
    group.bench_function("walk over the graph", |b| b.iter(|| paths.walk()));
    group.bench_function("keyword leg", |b| b.iter(|| paths.keyword()));
    group.bench_function("scores of 100 passages", |b| b.iter(|| paths.scores()));
    group.finish();
    criterion.final_summary();
    Ok(())
}

struct Paths {
    generation: Generation,
    vectors: Vec<Vec<f32>>,
    words: Vec<KeywordQuery>,
    some: Vec<PassageId>,
}

impl Paths {
    fn open(dir: &Path) -> Result<Self> {
        let generation = Generation::open(dir)?;
        let mut made = Made(99);
        let vectors = (0..QUERIES).map(|_| made.vector()).collect();
        let text = |made: &mut Made| KeywordText { words: made.text(8), ..KeywordText::default() };
        let words =
            (0..QUERIES).map(|_| generation.head().keyword_query(&text(&mut made))).collect::<Result<_, _>>()?;
        let some = (0..PASSAGES as PassageId).step_by(PASSAGES / 100).collect();
        Ok(Self { generation, vectors, words, some })
    }

    fn walk(&self) -> Result<usize> {
        self.vectors.iter().map(|v| Ok(self.generation.body().nearest(v, 100, None)?.len())).sum()
    }

    fn keyword(&self) -> Result<usize> {
        self.words.iter().map(|q| Ok(self.generation.body().keyword(q, 100, Extent::Best, None)?.hits.len())).sum()
    }

    fn scores(&self) -> Result<usize> {
        self.words.iter().map(|q| Ok(self.generation.body().candidates().keyword_scores(q, &self.some)?.len())).sum()
    }
}

/// Numbers, vectors and words that are the same in every run (Marsaglia, "Xorshift RNGs", 2003).
struct Made(u64);

impl Made {
    fn share(&mut self) -> f32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 40) as f32 / (1u64 << 24) as f32
    }

    /// A unit vector near one of a hundred places.
    fn vector(&mut self) -> Vec<f32> {
        let mut place = Self(1 + (self.share() * 100.0) as u64);
        let raw: Vec<f32> = (0..DIMENSION).map(|_| place.share() - 0.5 + 0.7 * (self.share() - 0.5)).collect();
        let length = raw.iter().map(|v| v * v).sum::<f32>().sqrt();
        raw.iter().map(|v| v / length).collect()
    }

    /// Words of a vocabulary of 2,000, few of them frequent.
    fn text(&mut self, words: usize) -> String {
        let word = |share: f32| format!("w{}", (share * share * share * 2000.0) as usize);
        (0..words).map(|_| word(self.share())).collect::<Vec<_>>().join(" ")
    }
}

fn prepare(dir: &Path) -> Result<()> {
    let mut made = Made(7);
    let options = WriterOptions { dimension: DIMENSION, model: serde_json::Value::Null, token_neighbours: 0 };
    let mut writer = Writer::begin(dir, options)?;
    for n in 0..PASSAGES {
        let row = writer.add_vector(&made.vector().into())?;
        let passage = Passage { source: format!("{}.md", n / 10), text: made.text(60), ..Passage::default() };
        writer.add_passage(&passage, row)?;
    }
    writer.publish(BuildCounts::default())?;
    Ok(())
}
