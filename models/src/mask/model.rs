//! A model with a masked-language-model head.

use std::sync::{Arc, OnceLock};

use super::{find, plain_weights};
use crate::{Artifact, Error, Result, Tokenizer, onnx::SessionPool};

/// The most pieces of a word whose probability without context is computed.
pub const MOST_PIECES: usize = 4;

/// The spelling of a blank in a text.
pub const MASK: &str = "[MASK]";

/// A loaded model that predicts masked tokens. Shared between threads.
#[derive(Clone)]
pub struct MaskModel {
    shared: Arc<Shared>,
}

struct Shared {
    name: String,
    tokenizer: Arc<Tokenizer>,
    sessions: SessionPool,
    mask: u32,
    unknown: Option<u32>,
    vocabulary: usize,
    /// Log-probabilities, without any context, of the tokens of a word of one piece, of two…
    without_context: OnceLock<Vec<Vec<Vec<f32>>>>,
    /// By id: whether the token is a whole word or the beginning of one, and not a special token.
    begins_word: Vec<bool>,
}

impl MaskModel {
    /// Loads a model with its head, with `sessions` sessions (at least one).
    ///
    /// # Errors
    /// [`Error::NoHead`] if it has none, or no mask token; else as for an encoder.
    pub fn open(artifact: &Artifact, sessions: usize) -> Result<Self> {
        let record = &artifact.record;
        let tokenizer = Tokenizer::open(&artifact.tokenizer_path(), &record.name, record.max_tokens)?;
        Self::with_tokenizer(artifact, Arc::new(tokenizer), sessions)
    }

    /// The same with a tokenizer of this model that is already loaded.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn with_tokenizer(artifact: &Artifact, tokenizer: Arc<Tokenizer>, sessions: usize) -> Result<Self> {
        let name = artifact.record.name.clone();
        let no_head = |found: &str| Error::NoHead {
            model: name.clone(),
            found: found.to_owned(),
            expected: "a BERT-class checkpoint with cls.predictions, or a file mask_head.safetensors next to it",
        };
        let mask = tokenizer.token_id(MASK).ok_or_else(|| no_head("its tokenizer has no [MASK]"))?;
        let found = find(artifact, &plain_weights(artifact)?)?.ok_or_else(|| no_head("it has no prediction head"))?;
        let weights = || super::weights(artifact);
        let sessions = SessionPool::open_masked(artifact, &format!("head {}", found.id()), &weights, sessions)?;
        let begins_word = (0..artifact.config.vocab_size as u32).map(|id| begins_word(&tokenizer, id)).collect();
        let shared = Shared {
            unknown: tokenizer.token_id("[UNK]"),
            name,
            tokenizer,
            sessions,
            mask,
            vocabulary: artifact.config.vocab_size,
            without_context: OnceLock::new(),
            begins_word,
        };
        Ok(Self { shared: Arc::new(shared) })
    }

    /// The user's name for the model.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.shared.name
    }

    /// The model's tokenizer.
    #[must_use]
    pub fn tokenizer(&self) -> &Tokenizer {
        &self.shared.tokenizer
    }

    /// Id of the mask.
    #[must_use]
    pub fn mask(&self) -> u32 {
        self.shared.mask
    }

    /// Id of the unknown token, for text outside the vocabulary.
    #[must_use]
    pub fn unknown(&self) -> Option<u32> {
        self.shared.unknown
    }

    /// Whether a token may stand alone as a word.
    #[must_use]
    pub fn begins_word(&self, id: u32) -> bool {
        self.shared.begins_word.get(id as usize).copied().unwrap_or(false)
    }

    /// Logits of the tokens at `positions`, a row of the vocabulary's size for each.
    ///
    /// # Errors
    /// If ONNX Runtime fails.
    pub fn logits(&self, ids: &[u32], positions: &[u32]) -> Result<Vec<f32>> {
        self.shared.sessions.predict(ids, positions)
    }

    /// Log-probabilities of all tokens for each piece of a word of `pieces` pieces (1 to [`MOST_PIECES`]) that
    /// stands alone: the score of a word without any context.
    ///
    /// # Errors
    /// If ONNX Runtime fails.
    pub fn without_context(&self, pieces: usize) -> Result<&[Vec<f32>]> {
        if self.shared.without_context.get().is_none() {
            let one = |pieces: usize| {
                let text = vec![MASK; pieces].join(" ");
                let ids = self.tokenizer().whole(&text)?.ids;
                let places: Vec<u32> =
                    (0u32..).zip(&ids).filter(|(_, id)| **id == self.mask()).map(|(at, _)| at).collect();
                self.log_probabilities(&ids, &places)
            };
            let all = (1..=MOST_PIECES).map(one).collect::<Result<Vec<_>>>()?;
            // Another thread may have computed the same numbers first.
            let _ = self.shared.without_context.set(all);
        }
        let all = self.shared.without_context.get().map_or(&[][..], Vec::as_slice);
        Ok(all.get(pieces.wrapping_sub(1)).map_or(&[][..], Vec::as_slice))
    }

    /// Natural logarithms of the probabilities of all tokens at `positions`; those of a position sum to
    /// one.
    ///
    /// # Errors
    /// If ONNX Runtime fails.
    pub fn log_probabilities(&self, ids: &[u32], positions: &[u32]) -> Result<Vec<Vec<f32>>> {
        let logits = self.logits(ids, positions)?;
        Ok(logits.chunks_exact(self.shared.vocabulary).map(log_softmax).collect())
    }
}

fn begins_word(tokenizer: &Tokenizer, id: u32) -> bool {
    let is_special = |t: &str| t.starts_with('[') && t.ends_with(']') && t.len() > 2;
    tokenizer.token(id).is_some_and(|t| !t.starts_with("##") && !is_special(&t))
}

fn log_softmax(logits: &[f32]) -> Vec<f32> {
    let largest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let sum: f64 = logits.iter().map(|&l| f64::from((l - largest).exp())).sum();
    let normaliser = largest + sum.ln() as f32;
    logits.iter().map(|l| l - normaliser).collect()
}
