//! Measures what codes of tokens give and cost, and prints one line of JSON.
//!
//! ```text
//! looks search INDEX QUERIES.jsonl                 a second look at thirty candidates, beside a whole search
//! looks build INDEX                                codes of the tokens of every passage, beside their encoding
//! looks sentences INDEX QUERIES.jsonl QRELS.tsv    how often the sentence with the most marks contains the answer
//! ```
//!
//! `sentences` needs queries with `"metadata": {"answers": […]}`. It takes queries whose first hit is right, and only
//! those that `INDEX` answers with a hit.
#![allow(missing_docs)]

mod common;

use std::{collections::HashSet, fs, path::Path, time::Instant};

use anyhow::{Context, Result, bail};
use cloze_index::{Generation, PassageId, QueryTokens, token_codes};
use cloze_models::{Encoder, EncoderOptions, ModelSource, TextKind};
use cloze_query::{Engine, Highlight, Request, json::Snippet};
use serde_json::{Value, json};
use unicode_segmentation::UnicodeSegmentation;

use common::texts_of;

/// The number of candidates of a second look.
const CANDIDATES: usize = 30;

/// The most queries that are asked, evenly spread over the file.
const QUERIES: usize = 500;

fn main() -> Result<()> {
    let args: Vec<String> = std::env::args().skip(1).filter(|a| a != "--bench").collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let result = match args[..] {
        ["search", index, queries] => search(Path::new(index), &spread(texts_of(queries)?))?,
        ["build", index] => build(Path::new(index))?,
        ["sentences", index, queries, qrels] => sentences(Path::new(index), queries, qrels)?,
        [] => return Ok(()), // `cargo bench` and `cargo test --benches` run it so
        _ => bail!("expected search INDEX QUERIES, build INDEX or sentences INDEX QUERIES QRELS"),
    };
    println!("{result}");
    Ok(())
}

/// At most [`QUERIES`] items.
fn spread<T>(items: Vec<T>) -> Vec<T> {
    let step = (items.len() / QUERIES).max(1);
    items.into_iter().step_by(step).take(QUERIES).collect()
}

fn encoder() -> Result<Encoder> {
    Ok(Encoder::open(&ModelSource::Default.locate()?, "the default model", EncoderOptions::default())?)
}

fn median(took: &mut [f64]) -> f64 {
    took.sort_unstable_by(f64::total_cmp);
    took.get(took.len() / 2).copied().unwrap_or_default()
}

fn seconds<T>(work: impl FnOnce() -> T) -> (T, f64) {
    let started = Instant::now();
    let result = work();
    (result, started.elapsed().as_secs_f64())
}

/// The second look alone, in turn with the search that contains it.
fn search(index: &Path, queries: &[String]) -> Result<Value> {
    let (engine, encoder) = (Engine::open(index, None)?, encoder()?);
    let body = engine.generation().body();
    let (mut looks, mut searches, mut first) = (Vec::new(), Vec::new(), Vec::new());
    for query in queries {
        let request = Request::of_any_length(query)?;
        let (found, took) = seconds(|| engine.search(&request));
        found?;
        let (vector, tokens) = encoder.encode_query(query, |_| true)?;
        let tokens = QueryTokens::new(&tokens, encoder.record().dimension);
        let best: Vec<PassageId> = body.nearest(&vector, CANDIDATES, None)?.iter().map(|n| n.passage).collect();
        let candidates = body.candidates();
        // Other passages were read last, so the first comparison finds cold caches, as in a search.
        first.push(seconds(|| candidates.token_similarities(&tokens, &best)).1 * 1e3);
        looks.push(seconds(|| candidates.token_similarities(&tokens, &best)).1 * 1e3);
        searches.push(took * 1e3);
    }
    let [look, search, first] = [&mut looks, &mut searches, &mut first].map(|took| median(took));
    Ok(json!({
        "queries": queries.len(), "candidates": CANDIDATES, "look_p50_ms": first, "look_again_p50_ms": look,
        "search_p50_ms": search, "share": first / search,
    }))
}

/// Codes of the tokens, in turn with the encoding of the same passages.
fn build(index: &Path) -> Result<Value> {
    let (generation, encoder) = (Generation::open(index)?, encoder()?);
    let mean = vec![0.0; encoder.record().dimension];
    let (mut encoding, mut coding) = (0.0, [0.0; 2]);
    let ids: Vec<PassageId> = generation.ids().collect();
    let ids = spread(ids);
    for &id in &ids {
        let passage = generation.passage(id)?;
        let text = format!("{}{}\n{}", encoder.prefix(TextKind::Passage), passage.context(), passage.text);
        let ids = encoder.tokenizer().tokenize(&text)?.ids;
        let (encoded, took) = seconds(|| encoder.encode_with_tokens(&ids));
        encoding += took;
        let (_, tokens) = encoded?;
        for (neighbours, took) in [3, 1].into_iter().zip(&mut coding) {
            *took += seconds(|| token_codes(&tokens, &mean, neighbours)).1;
        }
    }
    let [small, full] = coding.map(|took| took / encoding);
    Ok(json!({"passages": ids.len(), "encode_s": encoding, "small_share": small, "full_share": full}))
}

/// Marks by words and in meaning, of queries whose first hit is right.
fn sentences(index: &Path, queries: &str, qrels: &str) -> Result<Value> {
    let engine = Engine::open(index, None)?;
    let qrels = fs::read_to_string(qrels).with_context(|| qrels.to_owned())?;
    let right: HashSet<(&str, &str)> = qrels.lines().filter_map(|l| l.split_once('\t')).collect();
    let texts = passages_by_source(engine.generation())?;
    let file = fs::read_to_string(queries).with_context(|| queries.to_owned())?;
    let (mut asked, mut chance, mut good, mut marks, mut took) = (0u32, 0.0, [0, 0], [0, 0], [Vec::new(), Vec::new()]);
    for line in spread(file.lines().collect()) {
        let query: Value = serde_json::from_str(line)?;
        let answers: Vec<String> = query["metadata"]["answers"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|a| a.as_str())
            .map(lower)
            .collect();
        let mut request = Request::of_any_length(query["text"].as_str().unwrap_or_default())?.page(0, 5)?;
        let id = query["_id"].as_str().unwrap_or_default();
        let mut is_asked = false;
        for (which, highlight) in [Highlight::Keyword, Highlight::Semantic].into_iter().enumerate() {
            request.highlight = highlight;
            let (answer, seconds) = seconds(|| engine.search(&request));
            let answer = answer?;
            took[which].push(seconds * 1e3);
            let Some(hit) = answer.hits.first() else { continue };
            let is_right = right.iter().any(|(q, rest)| *q == id && rest.split('\t').next() == Some(&hit.id));
            let shown = hit.snippet.text.trim_matches('…');
            let text = texts.iter().find(|(source, text)| *source == hit.id && text.contains(shown));
            let Some((_, text)) = text.filter(|_| is_right) else { continue };
            is_asked = true;
            let start = text.find(shown).unwrap_or_default();
            let marked = marked(&hit.snippet, start);
            let all: Vec<&str> = text.split_sentence_bounds().collect();
            let best = most_marked(text, &marked);
            let has = |sentence: &str| answers.iter().any(|a| lower(sentence).contains(a.as_str()));
            good[which] += usize::from(has(best));
            marks[which] += marked.len();
            if which == 1 {
                chance += all.iter().filter(|s| has(s)).count() as f64 / all.len().max(1) as f64;
            }
        }
        asked += u32::from(is_asked);
    }
    let share = |n: f64| n / f64::from(asked.max(1));
    let [words, meaning] = good.map(|n| share(f64::from(n as u32)));
    let [word_marks, meaning_marks] = marks.map(|n| share(f64::from(n as u32)));
    let [plain, semantic] = took.map(|mut took| median(&mut took));
    Ok(json!({
        "first_is_right": asked, "chance": share(chance), "words": words, "meaning": meaning,
        "marks_by_words": word_marks, "marks_in_meaning": meaning_marks, "plain_p50_ms": plain, "semantic_p50_ms": semantic,
    }))
}

fn lower(text: &str) -> String {
    text.to_lowercase()
}

fn passages_by_source(generation: &Generation) -> Result<Vec<(String, String)>> {
    let text = |id| {
        let passage = generation.passage(id)?;
        Ok((passage.source, passage.text.split_whitespace().collect::<Vec<_>>().join(" ")))
    };
    generation.ids().map(text).collect()
}

/// The marked bytes of a text whose snippet begins at `start`.
fn marked(snippet: &Snippet, start: usize) -> Vec<(usize, usize)> {
    let units: Vec<u16> = snippet.text.encode_utf16().collect();
    let bytes = |unit: u32| String::from_utf16_lossy(&units[..unit as usize]).len();
    let shift = snippet.text.len() - snippet.text.trim_start_matches('…').len();
    snippet.highlights.iter().map(|[a, b]| (start + bytes(*a) - shift, start + bytes(*b) - shift)).collect()
}

fn most_marked<'t>(text: &'t str, marked: &[(usize, usize)]) -> &'t str {
    let letters = |at: usize, sentence: &str| -> usize {
        let inside = marked.iter().map(|&(a, b)| b.min(at + sentence.len()).saturating_sub(a.max(at)));
        inside.sum()
    };
    let best = text.split_sentence_bound_indices().map(|(at, s)| (letters(at, s), s));
    best.reduce(|a, b| if b.0 > a.0 { b } else { a }).map_or("", |(_, s)| s)
}
