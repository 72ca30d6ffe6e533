//! Turns a text into a vector and codes of its tokens.

use cloze_index::{Encoded, token_codes};
use cloze_models::{Encoder, TextKind};

use super::off_topic;
use crate::Result;

/// Encodes texts in the form that an index stores.
pub(crate) struct Coder<'a> {
    encoder: &'a Encoder,
    /// The mean token vector of ordinary questions: token vectors vary around it, not around zero.
    mean: Vec<f32>,
    neighbours: u8,
}

impl<'a> Coder<'a> {
    /// A coder with one code per `neighbours` tokens; 0 means no codes. The mean depends only on the model, so
    /// vectors of one model always get the same codes.
    ///
    /// # Errors
    /// If the encoder fails.
    pub(crate) fn new(encoder: &'a Encoder, neighbours: u8) -> Result<Self> {
        let mut mean = vec![0f32; encoder.record().dimension];
        if neighbours > 0 {
            let mut count = 0;
            let prefix = encoder.prefix(TextKind::Passage);
            for question in off_topic::QUESTIONS {
                let ids = encoder.tokenizer().tokenize(&format!("{prefix}{question}"))?.ids;
                let (_, tokens) = encoder.encode_with_tokens(&ids)?;
                for row in tokens.chunks_exact(mean.len()) {
                    mean.iter_mut().zip(row).for_each(|(m, v)| *m += v);
                    count += 1;
                }
            }
            mean.iter_mut().for_each(|m| *m /= count.max(1) as f32);
        }
        Ok(Self { encoder, mean, neighbours })
    }

    /// Encodes token ids, including the special tokens.
    ///
    /// # Errors
    /// If the encoder fails.
    pub(crate) fn encode(&self, ids: &[u32]) -> Result<Encoded> {
        let (vector, tokens) = self.encoder.encode_with_tokens(ids)?;
        Ok(Encoded { vector, tokens: token_codes(&tokens, &self.mean, usize::from(self.neighbours)) })
    }

    /// Whether a remembered text has everything that the index stores.
    pub(crate) fn accepts(&self, encoded: &Encoded) -> bool {
        self.neighbours == 0 || !encoded.tokens.is_empty()
    }
}
