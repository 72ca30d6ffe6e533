//! Turns a text into one unit vector.

use std::{
    ops::Range,
    path::Path,
    sync::{Arc, OnceLock},
};

use crate::{
    Artifact, Error, ModelRecord, Precision, Result, Tokenizer, available_threads, onnx::SessionPool, pooling,
};

/// The kind of a text, which selects the model's prompt for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TextKind {
    /// A user's query.
    Query,
    /// A passage of the index.
    Passage,
}

/// A text's vector, with the number of encoded and cut tokens.
#[derive(Debug, Clone, PartialEq)]
pub struct Encoded {
    /// Unit vector of the model's dimension.
    pub vector: Vec<f32>,
    /// Encoded tokens, including special tokens.
    pub tokens: usize,
    /// Tokens beyond the model's limit, which do not affect the vector.
    pub cut: usize,
}

/// Options for opening an encoder.
#[derive(Debug, Clone, Copy)]
pub struct EncoderOptions {
    /// Number format of the weights.
    pub precision: Precision,
    /// Number of sessions. Each runs on the thread that calls it.
    pub sessions: usize,
}

impl Default for EncoderOptions {
    fn default() -> Self {
        Self { precision: Precision::default(), sessions: available_threads() }
    }
}

/// A loaded model. Shared between threads; each call uses one idle session on the caller's thread, so the vector of
/// a text does not depend on other texts encoded at the same time.
#[derive(Clone)]
pub struct Encoder {
    shared: Arc<Shared>,
}

/// Whether an encoder can encode immediately.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Readiness {
    /// It is not loaded yet; callers that encode wait for it.
    Loading,
    /// It is loaded.
    Ready,
    /// It could not be loaded; encoding fails.
    Failed,
}

struct Shared {
    artifact: Artifact,
    tokenizer: Arc<Tokenizer>,
    /// The number of sessions, once they are loaded.
    count: usize,
    /// The sessions, or the reason why loading them failed.
    sessions: OnceLock<Result<SessionPool, String>>,
}

impl Encoder {
    /// Loads the model in the directory `dir`; `name` is the user's name for it.
    ///
    /// # Errors
    /// Any fault of the directory or of the ONNX Runtime library; the error names the file.
    pub fn open(dir: &Path, name: &str, options: EncoderOptions) -> Result<Self> {
        Self::from_artifact(&Artifact::read(dir, name, options.precision)?, options.sessions)
    }

    /// Loads a model whose directory has already been read, with `sessions` sessions (at least one).
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn from_artifact(artifact: &Artifact, sessions: usize) -> Result<Self> {
        let encoder = Self::unloaded(artifact, sessions)?;
        let pool = SessionPool::open(artifact, sessions)?;
        // No other thread has this encoder yet, so the cell is empty.
        let _ = encoder.shared.sessions.set(Ok(pool));
        Ok(encoder)
    }

    /// The same with the tokenizer alone. [`Self::load`] or the first encoded text loads the sessions.
    ///
    /// # Errors
    /// [`Error::BadFile`] if the tokenizer cannot be read.
    pub fn unloaded(artifact: &Artifact, sessions: usize) -> Result<Self> {
        let record = &artifact.record;
        let tokenizer = Arc::new(Tokenizer::open(&artifact.tokenizer_path(), &record.name, record.max_tokens)?);
        let (count, artifact) = (sessions.max(1), artifact.clone());
        Ok(Self { shared: Arc::new(Shared { artifact, tokenizer, count, sessions: OnceLock::new() }) })
    }

    /// Loads the sessions, unless they are loaded already. Waits if another thread is loading them.
    ///
    /// # Errors
    /// [`Error::NotLoaded`], at this call and at every later one.
    pub fn load(&self) -> Result<()> {
        self.loaded().map(drop)
    }

    fn loaded(&self) -> Result<&SessionPool> {
        let Shared { artifact, count, sessions, .. } = &*self.shared;
        let loaded = sessions.get_or_init(|| SessionPool::open(artifact, *count).map_err(|e| e.to_string()));
        let failed = |reason: &String| Error::NotLoaded { model: artifact.record.name.clone(), reason: reason.clone() };
        loaded.as_ref().map_err(failed)
    }

    /// Whether the encoder can encode immediately.
    #[must_use]
    pub fn readiness(&self) -> Readiness {
        match self.shared.sessions.get() {
            None => Readiness::Loading,
            Some(Ok(_)) => Readiness::Ready,
            Some(Err(_)) => Readiness::Failed,
        }
    }

    /// The number of texts that are waiting for a session now.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.shared.sessions.get().and_then(|s| s.as_ref().ok()).map_or(0, SessionPool::waiting)
    }

    /// The number of sessions, one for each core.
    #[must_use]
    pub fn sessions(&self) -> usize {
        self.shared.count
    }

    /// The data that determines this encoder's vector space.
    #[must_use]
    pub fn record(&self) -> &ModelRecord {
        &self.shared.artifact.record
    }

    /// The model's tokenizer.
    #[must_use]
    pub fn tokenizer(&self) -> &Tokenizer {
        &self.shared.tokenizer
    }

    /// The model's tokenizer, as a shared reference.
    #[must_use]
    pub fn shared_tokenizer(&self) -> Arc<Tokenizer> {
        self.shared.tokenizer.clone()
    }

    /// The prompt in front of a text of this kind; empty for most models.
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
    /// If the tokenizer or ONNX Runtime fails; a text that is too long is cut, and the result reports it.
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

    /// Encodes a query: its unit vector, and the unit vectors of its tokens (row-major), except special tokens, the
    /// prompt, and tokens for whose bytes of the text `is_kept` returns false.
    ///
    /// # Errors
    /// As [`Self::encode`].
    pub fn encode_query(&self, text: &str, is_kept: impl Fn(Range<usize>) -> bool) -> Result<(Vec<f32>, Vec<f32>)> {
        let prefix = self.prefix(TextKind::Query);
        let tokenized = self.tokenizer().tokenize(&format!("{prefix}{text}"))?;
        let (vector, rows) = self.encode_with_tokens(&tokenized.ids)?;
        let offsets = tokenized.offsets.iter().skip(1);
        let is_own = |from: usize, to| from >= prefix.len() && is_kept(from - prefix.len()..to - prefix.len());
        let own = rows.chunks_exact(self.record().dimension).zip(offsets).filter(|(_, (from, to))| is_own(*from, *to));
        Ok((vector, own.flat_map(|(row, _)| row).copied().collect()))
    }

    /// Encodes token ids, including special tokens, into the unit vector of their text.
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
        let mut tokens = self.loaded()?.run(ids)?;
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
        self.loaded()?.run(ids)
    }
}
