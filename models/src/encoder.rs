//! Text to one unit vector.

use std::{path::Path, sync::Arc};

use crate::{Artifact, ModelRecord, Precision, Result, Tokenizer, available_threads, onnx::SessionPool, pooling};

/// Which of the model's prompts goes in front of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TextKind {
    /// What a user typed.
    Query,
    /// What is searched.
    Passage,
}

/// A text's vector and what became of the text on the way.
#[derive(Debug, Clone, PartialEq)]
pub struct Encoded {
    /// Unit vector of the model's dimension.
    pub vector: Vec<f32>,
    /// Tokens encoded, the special ones included.
    pub tokens: usize,
    /// Tokens that did not fit the model's limit and had no part in the vector.
    pub cut: usize,
}

/// How an encoder is opened.
#[derive(Debug, Clone, Copy)]
pub struct EncoderOptions {
    /// Number format of the weights.
    pub precision: Precision,
    /// Sessions, each of which runs on the thread that calls it.
    pub sessions: usize,
}

impl Default for EncoderOptions {
    fn default() -> Self {
        Self { precision: Precision::default(), sessions: available_threads() }
    }
}

/// A loaded model. Shared between threads; each call uses one idle session on the caller's thread,
/// so the vector of a text does not depend on what else is being encoded.
#[derive(Clone)]
pub struct Encoder {
    shared: Arc<Shared>,
}

struct Shared {
    record: ModelRecord,
    tokenizer: Arc<Tokenizer>,
    sessions: SessionPool,
}

impl Encoder {
    /// Loads the model in the directory `dir`; `name` is what the user calls it.
    ///
    /// # Errors
    /// Whatever is wrong with the directory or with the ONNX Runtime library, naming the file.
    pub fn open(dir: &Path, name: &str, options: EncoderOptions) -> Result<Self> {
        Self::from_artifact(&Artifact::read(dir, name, options.precision)?, options.sessions)
    }

    /// Loads a model that has been read already, with `sessions` sessions (at least one).
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn from_artifact(artifact: &Artifact, sessions: usize) -> Result<Self> {
        let record = artifact.record.clone();
        let tokenizer = Arc::new(Tokenizer::open(&artifact.tokenizer_path(), &record.name, record.max_tokens)?);
        let sessions = SessionPool::open(artifact, sessions)?;
        Ok(Self { shared: Arc::new(Shared { record, tokenizer, sessions }) })
    }

    /// What decides this encoder's vector space.
    #[must_use]
    pub fn record(&self) -> &ModelRecord {
        &self.shared.record
    }

    /// The model's tokenizer.
    #[must_use]
    pub fn tokenizer(&self) -> &Tokenizer {
        &self.shared.tokenizer
    }

    /// The model's tokenizer, for another user of it.
    #[must_use]
    pub fn shared_tokenizer(&self) -> Arc<Tokenizer> {
        self.shared.tokenizer.clone()
    }

    /// The prompt that goes in front of a text of this kind; empty for most models.
    #[must_use]
    pub fn prefix(&self, kind: TextKind) -> &str {
        match kind {
            TextKind::Query => &self.shared.record.query_prefix,
            TextKind::Passage => &self.shared.record.passage_prefix,
        }
    }

    /// Encodes one text.
    ///
    /// # Errors
    /// If the tokenizer or ONNX Runtime fails; a text that is too long is cut, and that is reported.
    pub fn encode(&self, kind: TextKind, text: &str) -> Result<Encoded> {
        let prefix = self.prefix(kind);
        let tokenized = if prefix.is_empty() {
            self.tokenizer().tokenize(text)?
        } else {
            self.tokenizer().tokenize(&format!("{prefix}{text}"))?
        };
        let vector = self.encode_ids(&tokenized.ids)?;
        Ok(Encoded { vector, tokens: tokenized.ids.len(), cut: tokenized.cut })
    }

    /// Encodes a query: its unit vector, and the unit vectors of its tokens, without special ones and the prompt
    /// (row-major).
    ///
    /// # Errors
    /// As [`Self::encode`].
    pub fn encode_query(&self, text: &str) -> Result<(Vec<f32>, Vec<f32>)> {
        let prefix = self.prefix(TextKind::Query);
        let tokenized = self.tokenizer().tokenize(&format!("{prefix}{text}"))?;
        let (vector, rows) = self.encode_with_tokens(&tokenized.ids)?;
        let offsets = tokenized.offsets.iter().skip(1);
        let own =
            rows.chunks_exact(self.shared.record.dimension).zip(offsets).filter(|(_, (from, _))| *from >= prefix.len());
        Ok((vector, own.flat_map(|(row, _)| row).copied().collect()))
    }

    /// Encodes token ids, the special ones included: the unit vector of the text they stand for.
    ///
    /// # Errors
    /// If ONNX Runtime fails, for example because there are more ids than the model has positions.
    pub fn encode_ids(&self, ids: &[u32]) -> Result<Vec<f32>> {
        Ok(self.encode_with_tokens(ids)?.0)
    }

    /// As [`Self::encode_ids`], with the unit vectors of all tokens but the first and the last, which are special:
    /// row-major, of the model's dimension.
    ///
    /// # Errors
    /// As [`Self::encode_ids`].
    pub fn encode_with_tokens(&self, ids: &[u32]) -> Result<(Vec<f32>, Vec<f32>)> {
        let dimension = self.shared.record.dimension;
        let mut tokens = self.shared.sessions.run(ids)?;
        let mut vector = self.shared.record.pooling.pool(&tokens, dimension);
        pooling::normalize(&mut vector);
        tokens.truncate(tokens.len().saturating_sub(dimension));
        let mut inner = tokens.split_off(dimension.min(tokens.len()));
        inner.chunks_exact_mut(dimension).for_each(pooling::normalize);
        Ok((vector, inner))
    }

    /// The contextual vector of every token: `ids.len()` rows of the model's dimension.
    ///
    /// # Errors
    /// As [`Self::encode_ids`].
    pub fn token_vectors(&self, ids: &[u32]) -> Result<Vec<f32>> {
        self.shared.sessions.run(ids)
    }
}
