//! How fast a model encodes on this machine, and what it costs.

use std::time::{Duration, Instant};

use anyhow::Result;
use cloze_models::{Artifact, Encoder, available_threads};

/// Tokens of the text that is encoded: about as many as a passage has.
const TOKENS: usize = 200;
/// How long to encode, at least.
const LONG_ENOUGH: Duration = Duration::from_millis(400);
/// The best of so many rounds counts: other programs only slow a round down.
const ROUNDS: usize = 3;

/// What was measured.
pub(crate) struct Pace {
    /// Tokens a second, on one thread.
    pub(crate) tokens_per_s: f64,
    /// Bytes that the model keeps in memory with one session, if the system says.
    pub(crate) resident: Option<u64>,
}

impl Pace {
    /// Opens a model and encodes with it.
    ///
    /// # Errors
    /// Any fault of the model: every weight is looked at.
    pub(crate) fn of(artifact: &Artifact) -> Result<Self> {
        let before = resident();
        let encoder = Encoder::from_artifact(artifact, 1)?;
        let count = TOKENS.min(artifact.record.max_tokens);
        let known = encoder.tokenizer().vocabulary_size().max(1) as u32;
        // Tokens from everywhere in the vocabulary, always the same.
        let ids: Vec<u32> = (0..count as u32).map(|i| i.wrapping_mul(2_654_435_761) % known).collect();
        encoder.encode_ids(&ids)?;
        let rounds = (0..ROUNDS).map(|_| round(&encoder, &ids)).collect::<Result<Vec<f64>>>()?;
        let resident = before.and_then(|before| Some(resident()?.saturating_sub(before)));
        Ok(Self { tokens_per_s: rounds.into_iter().fold(0.0, f64::max), resident })
    }

    /// Seconds that a build spends to encode 1,000 passages, on all threads.
    pub(crate) fn of_1000_passages(&self) -> f64 {
        1000.0 * TOKENS as f64 / (self.tokens_per_s * available_threads() as f64)
    }
}

/// Tokens a second, while it encodes the same text again and again.
fn round(encoder: &Encoder, ids: &[u32]) -> Result<f64> {
    let (started, mut tokens) = (Instant::now(), 0);
    while started.elapsed() < LONG_ENOUGH {
        encoder.encode_ids(ids)?;
        tokens += ids.len();
    }
    Ok(tokens as f64 / started.elapsed().as_secs_f64())
}

/// Bytes of this process in memory; `None` where the system does not say it in this way.
fn resident() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.trim().strip_suffix(" kB")?.trim().parse::<u64>().ok().map(|kilobytes| kilobytes * 1024)
}
