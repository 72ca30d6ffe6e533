//! Text files as blocks of tokens, some of them held out.

use std::path::{Path, PathBuf};

use cloze_models::Tokenizer;
use rand::{Rng, SeedableRng, seq::SliceRandom};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

use crate::{Error, Result, vocabulary::Vocabulary};

/// Paragraphs that are held out together, at most: neighbours tell about each other.
const GROUP: usize = 8;
/// Groups that are held out at least, if there are paragraphs enough.
const FEWEST_GROUPS: f64 = 8.0;
/// Blocks that the held-out part has at most.
const MOST_HELD_OUT: usize = 512;

/// Tokens of all files, without special ones.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Corpus {
    train: Vec<u32>,
    held_out: Vec<u32>,
}

impl Corpus {
    /// Tokenises texts; `share` of their paragraphs are held out.
    pub(crate) fn of(texts: &[String], tokenizer: &Tokenizer, share: f64) -> Result<Self> {
        let every = if share > 0.0 { (1.0 / share).round().max(2.0) as usize } else { usize::MAX };
        let (mut train, mut held_out) = (Vec::new(), Vec::new());
        for text in texts {
            let paragraphs: Vec<&str> = text.split('\n').filter(|p| !p.trim().is_empty()).collect();
            let group = (paragraphs.len() as f64 * share / FEWEST_GROUPS) as usize;
            let groups: Vec<Result<Vec<u32>>> = paragraphs
                .par_chunks(group.clamp(1, GROUP))
                .map(|group| {
                    let mut ids = Vec::new();
                    for paragraph in group {
                        ids.extend(tokenizer.plain_ids(paragraph)?);
                    }
                    Ok(ids)
                })
                .collect();
            for (i, ids) in groups.into_iter().enumerate() {
                let part = if i % every == every - 1 { &mut held_out } else { &mut train };
                part.extend(ids?);
            }
        }
        Ok(Self { train, held_out })
    }

    /// Tokens to train on.
    pub(crate) fn tokens(&self) -> usize {
        self.train.len()
    }

    /// How often each token occurs in the training part.
    pub(crate) fn counts(&self, vocabulary: usize) -> Vec<u64> {
        let mut counts = vec![0; vocabulary];
        self.train.iter().for_each(|&id| counts[id as usize] += 1);
        counts
    }

    /// Blocks of one pass over the training part.
    pub(crate) fn blocks(&self, block: usize) -> usize {
        self.train.len().saturating_sub(block) / (block - 2)
    }

    /// The blocks of step `step`, `count` of them: a pass goes through all blocks in an order of its
    /// own, cut at places of its own, both decided by `seed`. Depends on nothing else, so that a run can
    /// be resumed at any step.
    pub(crate) fn batch(&self, step: u64, count: usize, block: usize, seed: u64, v: &Vocabulary) -> Vec<Vec<u32>> {
        let per_pass = self.blocks(block).max(1) as u64;
        let first = step * count as u64;
        let mut order: (u64, Vec<usize>, usize) = (u64::MAX, Vec::new(), 0);
        (first..first + count as u64)
            .map(|n| {
                let pass = n / per_pass;
                if order.0 != pass {
                    let mut random = ChaCha8Rng::seed_from_u64(seed ^ pass.wrapping_mul(0x9E37_79B9_7F4A_7C15));
                    let mut list: Vec<usize> = (0..per_pass as usize).collect();
                    list.shuffle(&mut random);
                    order = (pass, list, random.random_range(0..block));
                }
                let at = order.1[(n % per_pass) as usize] * (block - 2) + order.2;
                framed(&self.train, at, block, v)
            })
            .collect()
    }

    /// The training part in blocks, in order.
    pub(crate) fn all(&self, block: usize, v: &Vocabulary) -> Vec<Vec<u32>> {
        (0..self.train.len() / (block - 2)).map(|i| framed(&self.train, i * (block - 2), block, v)).collect()
    }

    /// The held-out part in blocks, evenly chosen if there are many.
    pub(crate) fn held_out(&self, block: usize, v: &Vocabulary) -> Vec<Vec<u32>> {
        let count = self.held_out.len() / (block - 2);
        let step = count.div_ceil(MOST_HELD_OUT).max(1);
        (0..count).step_by(step).map(|i| framed(&self.held_out, i * (block - 2), block, v)).collect()
    }
}

/// `[CLS] tokens [SEP]`, `block` together.
fn framed(tokens: &[u32], at: usize, block: usize, v: &Vocabulary) -> Vec<u32> {
    let at = at.min(tokens.len().saturating_sub(block - 2));
    let inner = &tokens[at..(at + block - 2).min(tokens.len())];
    std::iter::once(v.cls).chain(inner.iter().copied()).chain([v.sep]).collect()
}

/// Reads UTF-8 text files.
pub(crate) fn read(files: &[PathBuf]) -> Result<Vec<String>> {
    files.iter().map(|f| read_text(f)).collect()
}

fn read_text(path: &Path) -> Result<String> {
    let bytes = std::fs::read(path).map_err(|cause| Error::Read { path: path.to_owned(), cause })?;
    let bad = |found: String| Error::NotText { path: path.to_owned(), found };
    let text = String::from_utf8(bytes)
        .map_err(|e| bad(format!("byte {} is not valid UTF-8", e.utf8_error().valid_up_to())))?;
    if let Some(at) = text.find('\0') {
        return Err(bad(format!("byte {at} is zero")));
    }
    if text.trim().is_empty() {
        return Err(bad("it has only white space".into()));
    }
    Ok(text)
}
