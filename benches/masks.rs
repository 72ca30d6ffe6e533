//! Predicting a masked token beside encoding the same text, in turns, on one thread.
//!
//! ```text
//! cargo bench --bench masks
//! ```
#![allow(missing_docs, clippy::unwrap_used)]

use std::time::{Duration, Instant};

use cloze_models::{Artifact, Encoder, ModelSource, Precision, mask::MaskModel};

/// Rounds, each of which does both.
const ROUNDS: usize = 400;

fn median(mut times: Vec<Duration>) -> f64 {
    times.sort();
    times[times.len() / 2].as_secs_f64() * 1e3
}

fn main() {
    let dir = ModelSource::Default.locate().expect("run `python3 models/provision.py`");
    let artifact = Artifact::read(&dir, "default", Precision::Int8).unwrap();
    let encoder = Encoder::from_artifact(&artifact, 1).unwrap();
    let model = MaskModel::open(&artifact, 1).unwrap();
    let words = "the model predicts a masked word from both sides of its context and the search engine uses that to put queries right ";
    let text = words.repeat(4);
    println!("one thread, medians of {ROUNDS} rounds in turns");
    for tokens in [8, 16, 32, 64, 128] {
        let mut ids = encoder.tokenizer().tokenize(&text).unwrap().ids;
        ids.truncate(tokens - 1);
        ids.push(102);
        let mut masked = ids.clone();
        masked[tokens / 2] = model.mask();
        let (mut encode, mut predict) = (Vec::new(), Vec::new());
        for round in 0..ROUNDS + 20 {
            let started = Instant::now();
            encoder.encode_ids(&ids).unwrap();
            let between = Instant::now();
            model.logits(&masked, &[tokens as u32 / 2]).unwrap();
            if round >= 20 {
                encode.push(between - started);
                predict.push(between.elapsed());
            }
        }
        let (encode, predict) = (median(encode), median(predict));
        println!(
            "{tokens:>4} tokens: encode {encode:.2} ms, predict one mask {predict:.2} ms, ratio {:.2}",
            predict / encode
        );
    }
}
