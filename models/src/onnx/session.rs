//! Sessions: one single-threaded runner per core, all on one copy of the weights.
//!
//! The first use of a model builds its graph and stores it, optimised and with its weights packed for this
//! processor, in the user's cache. Every session maps that file, so each further session costs megabytes, not
//! another copy of the model.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::{
        Arc, Condvar, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

use ort::{
    session::{
        Session,
        builder::{GraphOptimizationLevel, SessionBuilder},
    },
    value::{TensorRef, ValueType},
};

use super::{
    distances::Distances,
    embeddings::Embeddings,
    graph::{self, Kind},
    quantize::Storage,
    runtime,
};
use crate::{Artifact, Error, Result, artifact, cache, fingerprint, weights::Weights};

const GRAPH_FILE: &str = "encoder.onnx";
const WEIGHTS_FILE: &str = "encoder.weights";

/// A fixed number of sessions, each lent to one caller at a time.
pub(crate) struct SessionPool {
    idle: Mutex<Vec<Runner>>,
    returned: Condvar,
    /// The number of callers that are waiting for a session.
    waiting: AtomicUsize,
    /// The number of values that a run returns per requested token.
    width: usize,
}

/// One session and the input format of its graph.
struct Runner {
    session: Session,
    inputs: Inputs,
    output: String,
}

enum Inputs {
    /// Our own graph: int32 ids, nothing else.
    Ids32,
    /// Our own graph, with embeddings summed here.
    Embedded(Arc<Embeddings>),
    /// Our own graph with relative positions: int32 ids, and what distances add to attention.
    Distant(Arc<Distances>),
    /// Our own graph with a head: int32 ids and positions.
    Masked32,
    /// A third-party graph: int64 tensors with these names.
    Named64(Vec<String>),
}

impl SessionPool {
    /// Opens `count` sessions (at least one) of a model.
    pub(crate) fn open(artifact: &Artifact, count: usize) -> Result<Self> {
        let runners = match &artifact.weights {
            artifact::Weights::Onnx(path) => (0..count.max(1)).map(|_| from_onnx(path)).collect::<Result<_>>()?,
            artifact::Weights::Safetensors(path) => {
                let open = || Weights::open(path);
                let kind = if artifact.config.has_relative_positions() {
                    Kind::Distant
                } else if Embeddings::are_large(&artifact.config) {
                    Kind::Embedded
                } else {
                    Kind::Encoder
                };
                from_checkpoint(artifact, &Source { kind, head: String::new(), open: &open }, count)?
            }
        };
        Ok(Self::of(runners, artifact.record.dimension))
    }

    /// Opens `count` sessions (at least one) of a model with the masked-language-model head `head`.
    pub(crate) fn open_masked(
        artifact: &Artifact,
        head: &str,
        weights: &dyn Fn() -> Result<Weights>,
        count: usize,
    ) -> Result<Self> {
        let source = Source { kind: Kind::MaskedLm, head: head.to_owned(), open: weights };
        Ok(Self::of(from_checkpoint(artifact, &source, count)?, artifact.config.vocab_size))
    }

    fn of(runners: Vec<Runner>, width: usize) -> Self {
        Self { idle: Mutex::new(runners), returned: Condvar::new(), waiting: AtomicUsize::new(0), width }
    }

    /// Runs one text; returns its token vectors, `ids.len()` rows of the model's dimension. Waits for an idle
    /// session; no lock is held while it runs.
    pub(crate) fn run(&self, ids: &[u32]) -> Result<Vec<f32>> {
        self.run_at(ids, None, ids.len())
    }

    /// Runs one text; returns the logits of the tokens at `positions`, one row of the vocabulary's size each.
    pub(crate) fn predict(&self, ids: &[u32], positions: &[u32]) -> Result<Vec<f32>> {
        self.run_at(ids, Some(positions), positions.len())
    }

    fn run_at(&self, ids: &[u32], positions: Option<&[u32]>, rows: usize) -> Result<Vec<f32>> {
        let mut lent = self.lend();
        let runner =
            lent.runner.as_mut().ok_or(Error::Onnx { doing: "lend a session", reason: "no session is free".into() })?;
        let values = runner.run(ids, positions.unwrap_or_default())?;
        if values.len() == rows * self.width {
            Ok(values)
        } else {
            let reason = format!(
                "it returned {} values for {rows} tokens; expected {} values for each token",
                values.len(),
                self.width
            );
            Err(Error::Onnx { doing: "encode a text", reason })
        }
    }

    fn lend(&self) -> Lent<'_> {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            if let Some(runner) = idle.pop() {
                return Lent { pool: self, runner: Some(runner) };
            }
            self.waiting.fetch_add(1, Ordering::Relaxed);
            idle = self.returned.wait(idle).unwrap_or_else(PoisonError::into_inner);
            self.waiting.fetch_sub(1, Ordering::Relaxed);
        }
    }

    /// The number of callers that are waiting for a session now.
    pub(crate) fn waiting(&self) -> usize {
        self.waiting.load(Ordering::Relaxed)
    }
}

/// Returns the session to the pool on drop, even if a run fails or panics.
struct Lent<'a> {
    pool: &'a SessionPool,
    runner: Option<Runner>,
}

impl Drop for Lent<'_> {
    fn drop(&mut self) {
        if let Some(runner) = self.runner.take() {
            self.pool.idle.lock().unwrap_or_else(PoisonError::into_inner).push(runner);
            self.pool.returned.notify_one();
        }
    }
}

impl Runner {
    fn run(&mut self, ids: &[u32], positions: &[u32]) -> Result<Vec<f32>> {
        let doing = "encode a text";
        let n = ids.len();
        let as_i32 = |values: &[u32]| values.iter().map(|&i| i as i32).collect::<Vec<i32>>();
        let outputs = match &self.inputs {
            Inputs::Ids32 => {
                let ids = as_i32(ids);
                let ids = TensorRef::from_array_view(([1, n], ids.as_slice())).map_err(Error::onnx(doing))?;
                self.session.run(ort::inputs![ids]).map_err(Error::onnx(doing))?
            }
            Inputs::Embedded(embeddings) => {
                let sums = embeddings.sums(ids)?;
                let shape = [1, n, sums.len().checked_div(n).unwrap_or(0)];
                let sums = TensorRef::from_array_view((shape, sums.as_slice())).map_err(Error::onnx(doing))?;
                self.session.run(ort::inputs![sums]).map_err(Error::onnx(doing))?
            }
            Inputs::Distant(distances) => {
                let (ids, bias) = (as_i32(ids), distances.bias(n));
                let shape = [1, bias.len().checked_div(n * n).unwrap_or(0), n, n];
                let ids = TensorRef::from_array_view(([1, n], ids.as_slice())).map_err(Error::onnx(doing))?;
                let bias = TensorRef::from_array_view((shape, bias.as_slice())).map_err(Error::onnx(doing))?;
                self.session.run(ort::inputs![ids, bias]).map_err(Error::onnx(doing))?
            }
            Inputs::Masked32 => {
                let (ids, at) = (as_i32(ids), as_i32(positions));
                let ids = TensorRef::from_array_view(([1, n], ids.as_slice())).map_err(Error::onnx(doing))?;
                let at = TensorRef::from_array_view(([at.len()], at.as_slice())).map_err(Error::onnx(doing))?;
                self.session.run(ort::inputs![ids, at]).map_err(Error::onnx(doing))?
            }
            Inputs::Named64(names) => {
                let columns = names.iter().map(|name| named_input(name, ids)).collect::<Vec<_>>();
                let mut tensors = Vec::with_capacity(columns.len());
                for (name, column) in names.iter().zip(&columns) {
                    let t = TensorRef::from_array_view(([1, n], column.as_slice())).map_err(Error::onnx(doing))?;
                    tensors.push((name.as_str(), t));
                }
                self.session.run(tensors).map_err(Error::onnx(doing))?
            }
        };
        let (_, values) = outputs[self.output.as_str()].try_extract_tensor::<f32>().map_err(Error::onnx(doing))?;
        Ok(values.to_vec())
    }
}

fn named_input(name: &str, ids: &[u32]) -> Vec<i64> {
    match name {
        "input_ids" => ids.iter().map(|&i| i64::from(i)).collect(),
        "attention_mask" => vec![1; ids.len()],
        "position_ids" => (0..ids.len() as i64).collect(),
        _ => vec![0; ids.len()],
    }
}

fn builder() -> Result<SessionBuilder> {
    let doing = "set up a session";
    let b = SessionBuilder::new(runtime::environment()?).map_err(Error::onnx(doing))?;
    let b = b.with_intra_threads(1).map_err(Error::onnx(doing))?;
    let b = b.with_inter_threads(1).map_err(Error::onnx(doing))?;
    // Texts differ in length, so a memory plan made for one does not fit the next.
    let b = b.with_memory_pattern(false).map_err(Error::onnx(doing))?;
    b.with_intra_op_spinning(false).map_err(Error::onnx(doing))
}

fn from_onnx(path: &Path) -> Result<Runner> {
    let bad = |found: String, expected: &str| Error::bad_file(path, found, expected);
    let mut b =
        builder()?.with_optimization_level(GraphOptimizationLevel::All).map_err(Error::onnx("set up a session"))?;
    let session = b.commit_from_file(path).map_err(|e| bad(e.to_string(), "an ONNX model of an encoder"))?;
    let names: Vec<String> = session.inputs().iter().map(|i| i.name().to_owned()).collect();
    let known = ["input_ids", "attention_mask", "token_type_ids", "position_ids"];
    if let Some(odd) = names.iter().find(|n| !known.contains(&n.as_str())) {
        return Err(bad(
            format!("unknown input {odd:?}"),
            "only the inputs input_ids, attention_mask, token_type_ids and position_ids",
        ));
    }
    let wanted = ["last_hidden_state", "token_embeddings"];
    let by_name = session.outputs().iter().find(|o| wanted.contains(&o.name()));
    let by_rank =
        || session.outputs().iter().find(|o| matches!(o.dtype(), ValueType::Tensor { shape, .. } if shape.len() == 3));
    let output = by_name.or_else(by_rank).map(|o| o.name().to_owned());
    let output = output.ok_or_else(|| {
        bad("no output has token vectors".into(), "an output last_hidden_state of shape [1, tokens, hidden]")
    })?;
    Ok(Runner { session, inputs: Inputs::Named64(names), output })
}

/// What the runners of a checkpoint compute outside of its graph.
enum Outside {
    Nothing,
    Embeddings(Arc<Embeddings>),
    Distances(Arc<Distances>),
}

/// The kind of graph to make from a checkpoint, and its weights.
struct Source<'a> {
    kind: Kind,
    /// The key of its head; empty without one.
    head: String,
    open: &'a dyn Fn() -> Result<Weights>,
}

fn from_checkpoint(artifact: &Artifact, source: &Source<'_>, count: usize) -> Result<Vec<Runner>> {
    let count = count.max(1);
    // The weights, the configuration, the library and the processor determine the graph.
    let (path, config) = (artifact.weights.path(), &artifact.config);
    let outside = match source.kind {
        Kind::Embedded => Outside::Embeddings(Arc::new(Embeddings::of(path, config)?)),
        Kind::Distant => Outside::Distances(Arc::new(Distances::of(path, config)?)),
        Kind::Encoder | Kind::MaskedLm => Outside::Nothing,
    };
    let which = if source.kind == Kind::Embedded { "embedded" } else { &source.head };
    let config = fingerprint::sha256_text(&format!("{:?}{which}", artifact.config));
    let key = format!(
        "{}-{}-{}-{}-{}-v{}",
        &artifact.record.weights_sha256[..32],
        &config[..8],
        artifact.record.precision,
        runtime::VERSION,
        runtime::cpu_features(),
        graph::VERSION
    );
    if let Ok(root) = cache::root() {
        let dir = root.join("graphs").join(&key);
        let load = |dir: &Path| (0..count).map(|_| from_stored(dir, source.kind, &outside)).collect::<Result<Vec<_>>>();
        if dir.join(GRAPH_FILE).is_file() {
            match load(&dir) {
                Ok(runners) => return Ok(runners),
                Err(error) => {
                    tracing::warn!(%error, dir = %dir.display(), "cannot load the stored graph; building it again")
                }
            }
        }
        match store(artifact, source, &dir) {
            Ok(()) => return load(&dir),
            Err(error @ (Error::Write { .. } | Error::Read { .. })) => {
                tracing::warn!(%error, "cannot store the graph; each session keeps its own copy of the weights");
            }
            Err(error) => return Err(error),
        }
    }
    (0..count).map(|_| Ok(own(from_memory(artifact, source, builder()?)?, source.kind, &outside))).collect()
}

fn from_stored(dir: &Path, kind: Kind, outside: &Outside) -> Result<Runner> {
    let doing = "load a stored graph";
    // The stored graph is already optimised.
    let b = builder()?.with_optimization_level(GraphOptimizationLevel::Disable).map_err(Error::onnx(doing))?;
    let mut b = b;
    let session = b.commit_from_file(dir.join(GRAPH_FILE)).map_err(Error::onnx(doing))?;
    Ok(own(session, kind, outside))
}

fn own(session: Session, kind: Kind, outside: &Outside) -> Runner {
    let (inputs, output) = match (kind, outside) {
        (Kind::MaskedLm, _) => (Inputs::Masked32, graph::LOGITS),
        (_, Outside::Embeddings(embeddings)) => (Inputs::Embedded(embeddings.clone()), graph::OUTPUT),
        (_, Outside::Distances(distances)) => (Inputs::Distant(distances.clone()), graph::OUTPUT),
        (_, Outside::Nothing) => (Inputs::Ids32, graph::OUTPUT),
    };
    Runner { session, inputs, output: output.to_owned() }
}

fn from_memory(artifact: &Artifact, source: &Source<'_>, b: SessionBuilder) -> Result<Session> {
    runtime::environment()?;
    let opened = (source.open)()?;
    // The graph already has the right operators. Beyond the first level, the library would replace them with slower
    // ones.
    let b = b.with_optimization_level(GraphOptimizationLevel::Level1).map_err(Error::onnx("set up a session"))?;
    let model = graph::build(artifact, &opened, source.kind, Storage::for_this_cpu())?;
    model.into_session(&b).map_err(Error::onnx("load the encoder's graph"))
}

/// Builds the graph and stores it in `dir`: writes a temporary directory beside it, then renames that, so that two
/// programs that start at the same time do not interfere.
fn store(artifact: &Artifact, source: &Source<'_>, dir: &Path) -> Result<()> {
    let parent = dir.parent().unwrap_or(dir);
    fs::create_dir_all(parent).map_err(Error::write(parent))?;
    let staging = tempfile::Builder::new().prefix(".new-").tempdir_in(parent).map_err(Error::write(parent))?;
    let doing = "store the encoder's graph";
    let b = builder()?
        .with_optimized_model_path(staging.path().join(GRAPH_FILE))
        .map_err(Error::onnx(doing))?
        .with_config_entry("session.optimized_model_external_initializers_file_name", WEIGHTS_FILE)
        .map_err(Error::onnx(doing))?
        .with_config_entry("session.save_external_prepacked_constant_initializers", "1")
        .map_err(Error::onnx(doing))?;
    drop(from_memory(artifact, source, b)?);
    let staged: PathBuf = staging.path().to_owned();
    if !staged.join(GRAPH_FILE).is_file() {
        return Err(Error::Onnx { doing, reason: "it did not write a file".into() });
    }
    if dir.exists() {
        // Left by an interrupted or damaged store. A parallel store would have left a complete graph.
        fs::remove_dir_all(dir).map_err(Error::write(dir))?;
    }
    match fs::rename(&staged, dir) {
        Ok(()) => {
            let _renamed_away = staging.keep();
            Ok(())
        }
        Err(_) if dir.join(GRAPH_FILE).is_file() => Ok(()),
        Err(cause) => Err(Error::Write { path: dir.to_owned(), cause }),
    }
}
