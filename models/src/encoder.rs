//! Text to one unit vector.

use std::{
    path::Path,
    sync::{Arc, OnceLock},
};

use crate::{
    Artifact, Error, ModelRecord, Precision, Result, Tokenizer, available_threads, onnx::SessionPool, pooling,
};

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

/// Whether an encoder can encode at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Readiness {
    /// It is not loaded yet; whoever encodes waits for that.
    Loading,
    /// It is loaded.
    Ready,
    /// It could not be loaded; encoding fails.
    Failed,
}

struct Shared {
    artifact: Artifact,
    tokenizer: Arc<Tokenizer>,
    /// How many sessions there are, once they are loaded.
    count: usize,
    /// The sessions, or why there are none.
    sessions: OnceLock<Result<SessionPool, String>>,
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
        let encoder = Self::unloaded(artifact, sessions)?;
        let pool = SessionPool::open(artifact, sessions)?;
        // Nobody else has seen it yet, so nothing is there.
        let _ = encoder.shared.sessions.set(Ok(pool));
        Ok(encoder)
    }

    /// The same with the tokenizer alone: sessions are loaded by [`Self::load`], or when the first text is
    /// encoded.
    ///
    /// # Errors
    /// [`Error::BadFile`] if the tokenizer cannot be read.
    pub fn unloaded(artifact: &Artifact, sessions: usize) -> Result<Self> {
        let record = &artifact.record;
        let tokenizer = Arc::new(Tokenizer::open(&artifact.tokenizer_path(), &record.name, record.max_tokens)?);
        let (count, artifact) = (sessions.max(1), artifact.clone());
        Ok(Self { shared: Arc::new(Shared { artifact, tokenizer, count, sessions: OnceLock::new() }) })
    }

    /// Loads the sessions, if nobody did so before; waits if somebody does so now.
    ///
    /// # Errors
    /// [`Error::NotLoaded`], now and whenever it is called again.
    pub fn load(&self) -> Result<()> {
        self.sessions().map(drop)
    }

    fn sessions(&self) -> Result<&SessionPool> {
        let Shared { artifact, count, sessions, .. } = &*self.shared;
        let loaded = sessions.get_or_init(|| SessionPool::open(artifact, *count).map_err(|e| e.to_string()));
        let failed = |reason: &String| Error::NotLoaded { model: artifact.record.name.clone(), reason: reason.clone() };
        loaded.as_ref().map_err(failed)
    }

    /// Whether it can encode at once.
    #[must_use]
    pub fn readiness(&self) -> Readiness {
        match self.shared.sessions.get() {
            None => Readiness::Loading,
            Some(Ok(_)) => Readiness::Ready,
            Some(Err(_)) => Readiness::Failed,
        }
    }

    /// Texts that wait for a session at this moment, for each session that there is.
    #[must_use]
    pub fn waiting_a_session(&self) -> usize {
        let waiting = self.shared.sessions.get().and_then(|s| s.as_ref().ok()).map_or(0, SessionPool::waiting);
        waiting / self.shared.count
    }

    /// What decides this encoder's vector space.
    #[must_use]
    pub fn record(&self) -> &ModelRecord {
        &self.shared.artifact.record
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
            TextKind::Query => &self.record().query_prefix,
            TextKind::Passage => &self.record().passage_prefix,
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
            rows.chunks_exact(self.record().dimension).zip(offsets).filter(|(_, (from, _))| *from >= prefix.len());
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
        let dimension = self.record().dimension;
        let mut tokens = self.sessions()?.run(ids)?;
        let mut vector = self.record().pooling.pool(&tokens, dimension);
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
        self.sessions()?.run(ids)
    }
}
