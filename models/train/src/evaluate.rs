//! How well masked tokens are predicted.

use cloze_models::{Artifact, Tokenizer, weights::Weights};
use serde::{Deserialize, Serialize};

use crate::{Error, Masking, Result, Scope, bert::Bert, corpus::Corpus, ops::Prediction, vocabulary::Vocabulary};

/// Blocks that go through the model together.
const TOGETHER: usize = 16;

/// Figures over the masked tokens of some text.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Quality {
    /// Masked tokens that were predicted.
    pub masked: usize,
    /// Mean negative log-likelihood, in nats.
    pub loss: f64,
    /// `e^loss`.
    pub perplexity: f64,
    /// Share of the tokens that were held the most likely.
    pub top1: f64,
    /// Share of the tokens among the five most likely.
    pub top5: f64,
}

impl Quality {
    pub(crate) fn of(predictions: &[Prediction]) -> Self {
        let n = predictions.len().max(1) as f64;
        let share = |below: usize| predictions.iter().filter(|p| p.rank < below).count() as f64 / n;
        let loss = predictions.iter().map(|p| f64::from(p.loss)).sum::<f64>() / n;
        Self { masked: predictions.len(), loss, perplexity: loss.exp(), top1: share(1), top5: share(5) }
    }
}

/// Predicts the masked tokens of `blocks`; `seed` decides which tokens are masked.
pub(crate) fn evaluate(
    bert: &Bert,
    blocks: &[Vec<u32>],
    v: &Vocabulary,
    masking: Masking,
    seed: u64,
) -> Result<Quality> {
    let mut predictions = Vec::new();
    for (blocks, i) in blocks.chunks(TOGETHER).zip(0u64..) {
        let batch = masking.apply(blocks, v, seed.wrapping_add(i));
        predictions.extend(bert.loss(&batch)?.1);
    }
    Ok(Quality::of(&predictions))
}

/// What always predicting by frequency in `counts` would reach on the same masked tokens: add-one smoothed.
pub(crate) fn unigram(counts: &[u64], blocks: &[Vec<u32>], v: &Vocabulary, masking: Masking, seed: u64) -> Quality {
    let total = counts.iter().sum::<u64>() as f64 + counts.len() as f64;
    let mut predictions = Vec::new();
    for (blocks, i) in blocks.chunks(TOGETHER).zip(0u64..) {
        for &target in masking.apply(blocks, v, seed.wrapping_add(i)).targets.iter() {
            let count = counts[target as usize];
            let loss = -(((count + 1) as f64 / total).ln()) as f32;
            predictions.push(Prediction { loss, rank: counts.iter().filter(|&&c| c > count).count() });
        }
    }
    Quality::of(&predictions)
}

/// Blocks, masked places and predictions, so that another program can be asked the same.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Masked {
    /// Token ids of each block, masked.
    pub blocks: Vec<Vec<u32>>,
    /// Block and place of every token that is predicted.
    pub places: Vec<(usize, usize)>,
    /// What stood there.
    pub targets: Vec<u32>,
}

/// An evaluation of a checkpoint.
#[derive(Debug, Clone, PartialEq)]
pub struct Evaluation {
    /// Of the model.
    pub quality: Quality,
    /// Of predicting by the frequencies of the same text.
    pub unigram: Quality,
    /// The prediction.
    pub masked: Masked,
}

/// Evaluates a checkpoint on texts, in blocks of `block` tokens; every text is used whole.
///
/// # Errors
/// If the model cannot be used, or the texts are too short for one block.
pub fn evaluate_texts(
    artifact: &Artifact,
    weights: &Weights,
    texts: &[String],
    block: usize,
    masking: Masking,
    seed: u64,
) -> Result<Evaluation> {
    let tokenizer = Tokenizer::open(&artifact.tokenizer_path(), &artifact.record.name, artifact.record.max_tokens)?;
    let vocabulary = Vocabulary::of(&tokenizer, &artifact.record.name)?;
    let corpus = Corpus::of(texts, &tokenizer, 0.0)?;
    let blocks: Vec<Vec<u32>> = corpus.all(block, &vocabulary);
    if blocks.is_empty() {
        return Err(Error::TooLittle { purpose: "evaluate", found: corpus.tokens(), expected: block });
    }
    let bert = Bert::load(artifact, weights, Scope::Head)?;
    let counts = corpus.counts(artifact.config.vocab_size);
    Ok(Evaluation {
        quality: evaluate(&bert, &blocks, &vocabulary, masking, seed)?,
        unigram: unigram(&counts, &blocks, &vocabulary, masking, seed),
        masked: masked(&blocks, &vocabulary, masking, seed),
    })
}

fn masked(blocks: &[Vec<u32>], v: &Vocabulary, masking: Masking, seed: u64) -> Masked {
    let mut all = Masked { blocks: Vec::new(), places: Vec::new(), targets: Vec::new() };
    for (blocks, i) in blocks.chunks(TOGETHER).zip(0u64..) {
        let batch = masking.apply(blocks, v, seed.wrapping_add(i));
        let first = all.blocks.len();
        let place = |&row: &u32| (first + row as usize / batch.tokens, row as usize % batch.tokens);
        all.places.extend(batch.rows.iter().map(place));
        all.targets.extend(batch.targets.iter());
        all.blocks.extend(batch.ids.chunks(batch.tokens).map(<[u32]>::to_vec));
    }
    all
}
