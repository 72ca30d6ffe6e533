//! The vectors of an index, given to others and searched.
//!
//! ```text
//! vectors dump INDEX OUT.f32                       all vectors, row-major, little-endian
//! vectors encode TEXTS.jsonl OUT.f32               vectors of queries
//! vectors walk INDEX QUERIES.f32 WIDTH...          recall@10 and queries/s of one thread, by width of the walk
//! vectors graph INDEX OUT                          seconds to write the vectors and their graph into an index
//! ```
#![allow(missing_docs)]

mod common;

use std::{path::Path, time::Instant};

use anyhow::{Context, Result, bail};
use cloze_index::{BuildCounts, Generation, Passage, Writer, WriterOptions};
use cloze_models::{Encoder, EncoderOptions, ModelSource, TextKind};
use serde_json::{Value, json};

fn main() -> Result<()> {
    let args: Vec<String> = std::env::args().skip(1).filter(|a| a != "--bench").collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let result = match args[..] {
        ["dump", index, out] => dump(Path::new(index), Path::new(out))?,
        ["encode", texts, out] => encode(texts, Path::new(out))?,
        ["walk", index, queries, ref widths @ ..] => walk(Path::new(index), Path::new(queries), widths)?,
        ["graph", index, out] => graph(Path::new(index), Path::new(out))?,
        [] => return Ok(()), // `cargo bench` and `cargo test --benches` run it so
        _ => bail!("expected dump INDEX OUT, encode TEXTS OUT, walk INDEX QUERIES WIDTH... or graph INDEX OUT"),
    };
    println!("{result}");
    Ok(())
}

fn write(vectors: impl Iterator<Item = Vec<f32>>, out: &Path) -> Result<Value> {
    let mut bytes = Vec::new();
    let mut rows = 0;
    for vector in vectors {
        bytes.extend(vector.iter().flat_map(|v| v.to_le_bytes()));
        rows += 1;
    }
    std::fs::write(out, bytes)?;
    Ok(json!({"rows": rows}))
}

fn dump(index: &Path, out: &Path) -> Result<Value> {
    let generation = Generation::open(index)?;
    write(generation.ids().map(|id| generation.vector(id)), out)
}

fn encode(texts: &str, out: &Path) -> Result<Value> {
    let encoder = Encoder::open(&ModelSource::Default.locate()?, "all-MiniLM-L6-v2", EncoderOptions::default())?;
    let vector = |text: &String| Ok(encoder.encode(TextKind::Query, text)?.vector);
    let vectors = common::texts_of(texts)?.iter().map(vector).collect::<Result<Vec<_>>>()?;
    write(vectors.into_iter(), out)
}

fn read(path: &Path, dimension: usize) -> Result<Vec<Vec<f32>>> {
    let bytes = std::fs::read(path).with_context(|| path.display().to_string())?;
    let values: Vec<f32> = bytes.as_chunks::<4>().0.iter().map(|b| f32::from_le_bytes(*b)).collect();
    Ok(values.chunks_exact(dimension).map(<[f32]>::to_vec).collect())
}

fn walk(index: &Path, queries: &Path, widths: &[&str]) -> Result<Value> {
    let generation = Generation::open(index)?;
    let queries = read(queries, generation.manifest().dimension)?;
    let all: Vec<u32> = generation.ids().collect();
    let tenth = |q: &Vec<f32>| -> Result<f32> {
        let mut exact = generation.body().candidates().similarities(q, &all)?;
        exact.sort_unstable_by(|a, b| b.total_cmp(a));
        Ok(exact.get(9).or(exact.last()).copied().unwrap_or_default() - 1e-6)
    };
    let tenths = queries.iter().map(tenth).collect::<Result<Vec<f32>>>()?;
    let mut rows = Vec::new();
    for width in widths {
        let width: usize = width.parse()?;
        let mut found = 0;
        let started = Instant::now();
        for (query, tenth) in queries.iter().zip(&tenths) {
            let near = generation.files()?.nearest_within(query, 10, width, None)?;
            found += near.iter().filter(|n| n.score >= *tenth).count();
        }
        let seconds = started.elapsed().as_secs_f64();
        let recall = found as f64 / (10 * queries.len()) as f64;
        rows.push(json!({"width": width, "recall_at_10": recall, "queries_per_s": queries.len() as f64 / seconds}));
    }
    let mapped: u64 =
        generation.manifest().files.iter().filter(|f| f.path.starts_with("vectors/")).map(|f| f.bytes).sum();
    Ok(
        json!({"vectors": generation.vectors(), "bytes_per_vector": mapped as f64 / generation.vectors() as f64, "rows": rows}),
    )
}

fn graph(index: &Path, out: &Path) -> Result<Value> {
    let generation = Generation::open(index)?;
    let vectors: Vec<Vec<f32>> = generation.ids().map(|id| generation.vector(id)).collect();
    let (dimension, model) = (generation.manifest().dimension, generation.manifest().model.clone());
    let started = Instant::now();
    let mut writer = Writer::begin(out, WriterOptions { dimension, model, token_neighbours: 0 })?;
    for (n, vector) in vectors.iter().enumerate() {
        let row = writer.add_vector(&vector.clone().into())?;
        writer.add_passage(&Passage { source: format!("{n}"), ..Passage::default() }, row)?;
    }
    writer.publish(BuildCounts::default())?;
    Ok(json!({"vectors": vectors.len(), "seconds": started.elapsed().as_secs_f64()}))
}
