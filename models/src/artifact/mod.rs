//! A model directory in the Hugging Face layout, read and checked: `config` is its architecture, and `record` holds
//! the data that determines its vectors.

mod config;
mod record;

pub(crate) use config::architecture;
pub use config::{BUILT, BertConfig};
pub use record::{ModelRecord, Precision};

use std::{
    fs,
    path::{Path, PathBuf},
};

use serde::{Deserialize, de::DeserializeOwned};

use crate::{
    Error, Pooling, Result, fingerprint,
    preset::{Preset, SMALL},
};

/// The source of the encoder's graph.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Weights {
    /// `model.safetensors` of a BERT-class checkpoint; this crate builds the graph.
    Safetensors(PathBuf),
    /// `onnx/model.onnx` or `model.onnx`, for other architectures; it keeps its own precision.
    Onnx(PathBuf),
}

impl Weights {
    /// The file.
    #[must_use]
    pub fn path(&self) -> &Path {
        let (Self::Safetensors(path) | Self::Onnx(path)) = self;
        path
    }
}

/// The file in which a model lists its prompts for queries and passages.
const PROMPTS: &str = "config_sentence_transformers.json";

/// A model directory, read and checked; nothing is loaded yet.
#[derive(Debug, Clone)]
pub struct Artifact {
    /// The directory.
    pub dir: PathBuf,
    /// Its `config.json`.
    pub config: BertConfig,
    /// The source of the graph.
    pub weights: Weights,
    /// The data that determines the vector space.
    pub record: ModelRecord,
}

#[derive(Deserialize)]
struct PoolingConfig {
    #[serde(default)]
    pooling_mode_cls_token: bool,
    #[serde(default)]
    pooling_mode_mean_tokens: bool,
    #[serde(default)]
    pooling_mode_max_tokens: bool,
    /// Ways of pooling that this crate does not have.
    #[serde(default)]
    pooling_mode_mean_sqrt_len_tokens: bool,
    #[serde(default)]
    pooling_mode_weightedmean_tokens: bool,
    #[serde(default)]
    pooling_mode_lasttoken: bool,
}

#[derive(Deserialize, Default)]
struct SentenceBertConfig {
    max_seq_length: Option<usize>,
}

#[derive(Deserialize, Default)]
struct TokenizerConfig {
    model_max_length: Option<f64>,
}

#[derive(Deserialize, Default)]
struct SentenceTransformersConfig {
    #[serde(default)]
    prompts: std::collections::BTreeMap<String, String>,
}

#[derive(Deserialize)]
struct Module {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    path: String,
}

impl Module {
    /// The last part of the name of its class.
    fn class(&self) -> &str {
        self.kind.rsplit('.').next().unwrap_or_default()
    }
}

impl Artifact {
    /// Reads the directory `dir`; `name` is the user's name for the model.
    ///
    /// # Errors
    /// [`Error::MissingFile`] or [`Error::BadFile`], naming the file, if the directory is not a model in the
    /// Hugging Face layout or needs an unsupported feature.
    pub fn read(dir: &Path, name: &str, precision: Precision) -> Result<Self> {
        let config_path = dir.join("config.json");
        let config: BertConfig = required_json(dir, "config.json", "a JSON object that describes the model")?;
        if config.hidden_size == 0 || config.vocab_size == 0 {
            return Err(Error::bad_file(config_path, "hidden_size or vocab_size is 0", "both sizes above 0"));
        }
        let pooling = read_pooling(dir, &checked_modules(dir)?)?;
        let weights = find_weights(dir, &config)?;
        let tokenizer = dir.join("tokenizer.json");
        if !tokenizer.is_file() {
            return Err(missing(dir, "tokenizer.json", "a tokenizer of the tokenizers library"));
        }
        let prompts = optional_json::<SentenceTransformersConfig>(dir, PROMPTS)?.prompts;
        let prompt = |names: &[&str]| names.iter().find_map(|n| prompts.get(*n)).cloned().unwrap_or_default();
        let weights_sha256 = weights_sha256(&weights)?;
        // Earlier programs recorded no origin for the default model, and their indices must stay valid.
        let preset = Preset::of_weights(&weights_sha256).filter(|preset| preset.model != SMALL.model);
        let record = ModelRecord {
            name: name.to_owned(),
            weights_sha256,
            tokenizer_sha256: fingerprint::sha256(&tokenizer)?,
            pooling,
            query_prefix: prompt(&["query", "search_query"]),
            passage_prefix: prompt(&["passage", "document", "corpus", "search_document"]),
            dimension: config.hidden_size,
            max_tokens: max_tokens(dir, &config)?,
            // An ONNX file has its own number format, so it runs unchanged.
            precision: if matches!(weights, Weights::Onnx(_)) { Precision::Fp32 } else { precision },
            licence: preset.map(|p| p.licence.to_owned()),
            source: preset.map(|p| p.source.to_owned()),
        };
        Ok(Self { dir: dir.to_owned(), config, weights, record })
    }

    /// Puts the user's prompts in front of queries and passages, if the model itself lists none.
    ///
    /// # Errors
    /// [`Error::BadFile`] if the model lists another one.
    pub fn with_prefixes(mut self, query: Option<&str>, passage: Option<&str>) -> Result<Self> {
        let file = self.dir.join(PROMPTS);
        let pairs =
            [("query", query, &mut self.record.query_prefix), ("passage", passage, &mut self.record.passage_prefix)];
        for (kind, given, own) in pairs {
            match given {
                Some(given) if own.is_empty() => given.clone_into(own),
                Some(given) if given != own => {
                    let found = format!("the {kind} prefix is {own:?}");
                    let expected = format!("the configured prefix {given:?}, or no prefix in the file");
                    return Err(Error::bad_file(file, found, expected));
                }
                _ => {}
            }
        }
        Ok(self)
    }

    /// Uses the prompts of an index, if the model itself lists none.
    #[must_use]
    pub fn with_prefixes_of(mut self, record: &ModelRecord) -> Self {
        if self.record.query_prefix.is_empty() {
            self.record.query_prefix.clone_from(&record.query_prefix);
        }
        if self.record.passage_prefix.is_empty() {
            self.record.passage_prefix.clone_from(&record.passage_prefix);
        }
        self
    }

    /// Path of `tokenizer.json`.
    #[must_use]
    pub fn tokenizer_path(&self) -> PathBuf {
        self.dir.join("tokenizer.json")
    }
}

fn missing(dir: &Path, file: &str, expected: &'static str) -> Error {
    Error::MissingFile { dir: dir.to_owned(), file: file.to_owned(), expected }
}

fn required_json<T: DeserializeOwned>(dir: &Path, file: &str, expected: &'static str) -> Result<T> {
    let path = dir.join(file);
    if !path.is_file() {
        return Err(missing(dir, file, expected));
    }
    read_json(&path, expected)
}

fn optional_json<T: DeserializeOwned + Default>(dir: &Path, file: &str) -> Result<T> {
    let path = dir.join(file);
    if path.is_file() { read_json(&path, "JSON as sentence-transformers writes it") } else { Ok(T::default()) }
}

fn read_json<T: DeserializeOwned>(path: &Path, expected: &'static str) -> Result<T> {
    let text = fs::read_to_string(path).map_err(Error::read(path))?;
    serde_json::from_str(&text).map_err(|e| Error::bad_file(path, e, expected))
}

/// Refuses a model whose vectors pass through a module that this crate does not build, such as a dense layer.
fn checked_modules(dir: &Path) -> Result<Vec<Module>> {
    let modules = optional_json::<Vec<Module>>(dir, "modules.json")?;
    for module in &modules {
        if !matches!(module.class(), "Transformer" | "Pooling" | "Normalize") {
            return Err(Error::bad_file(
                dir.join("modules.json"),
                format!("module {} is not supported", module.kind),
                "only the modules Transformer, Pooling and Normalize",
            ));
        }
    }
    Ok(modules)
}

/// Whether a file of the folder `onnx` holds weights of `model.onnx`: tools store the weights of large models
/// beside the graph, under one of these names.
pub(crate) fn is_external_data(name: &str) -> bool {
    name.starts_with("model.onnx_data") || name.starts_with("model.onnx.data")
}

/// SHA-256 of the weights file; if the weights are in separate files, SHA-256 of all their hashes.
fn weights_sha256(weights: &Weights) -> Result<String> {
    let own = fingerprint::sha256(weights.path())?;
    let Weights::Onnx(path) = weights else { return Ok(own) };
    let folder = path.parent().unwrap_or(path);
    let entries = fs::read_dir(folder).map_err(Error::read(folder))?.flatten();
    let mut data: Vec<PathBuf> =
        entries.filter(|e| is_external_data(&e.file_name().to_string_lossy())).map(|e| e.path()).collect();
    if data.is_empty() {
        return Ok(own);
    }
    data.sort();
    let sums = data.iter().map(|file| fingerprint::sha256(file)).collect::<Result<Vec<_>>>()?;
    Ok(fingerprint::sha256_text(&format!("{own} {}", sums.join(" "))))
}

fn find_weights(dir: &Path, config: &BertConfig) -> Result<Weights> {
    let safetensors = dir.join("model.safetensors");
    let onnx = ONNX_PLACES.map(|place| dir.join(place)).into_iter().find(|path| path.is_file());
    if config.is_bert_class() && safetensors.is_file() {
        Ok(Weights::Safetensors(safetensors))
    } else if let Some(onnx) = onnx {
        Ok(Weights::Onnx(onnx))
    } else if safetensors.is_file() {
        Err(Error::bad_file(
            dir.join("config.json"),
            format!("the architecture {:?} is not supported", config.model_type),
            format!("{} with absolute positions, or a file onnx/model.onnx", BUILT.join(", ")),
        ))
    } else if let Some(pickle) = PICKLES.map(|name| dir.join(name)).into_iter().find(|path| path.is_file()) {
        Err(Error::bad_file(pickle, "the weights are a pickle, which can run code when it is read", SAFE_WEIGHTS))
    } else {
        Err(missing(dir, "model.safetensors", "weights in model.safetensors, onnx/model.onnx or model.onnx"))
    }
}

/// Where an ONNX file of a model may be, in order of preference.
pub(crate) const ONNX_PLACES: [&str; 2] = ["onnx/model.onnx", "model.onnx"];

/// Names of weights that Python's pickle wrote.
pub(crate) const PICKLES: [&str; 2] = ["pytorch_model.bin", "model.bin"];

/// The way out for who has a pickle.
pub(crate) const SAFE_WEIGHTS: &str = "model.safetensors; convert it in Python: \
     AutoModel.from_pretrained(FOLDER).save_pretrained(FOLDER, safe_serialization=True), with transformers";

fn read_pooling(dir: &Path, modules: &[Module]) -> Result<Pooling> {
    let named = modules.iter().find(|m| m.class() == "Pooling" && !m.path.is_empty()).map(|m| m.path.as_str());
    let path = dir.join(named.unwrap_or("1_Pooling")).join("config.json");
    if !path.is_file() {
        // sentence-transformers does the same for a checkpoint that was never a sentence encoder.
        return Ok(Pooling::Mean);
    }
    let c: PoolingConfig = read_json(&path, "pooling modes as sentence-transformers writes them")?;
    let is_other =
        c.pooling_mode_mean_sqrt_len_tokens || c.pooling_mode_weightedmean_tokens || c.pooling_mode_lasttoken;
    match (c.pooling_mode_mean_tokens, c.pooling_mode_cls_token, c.pooling_mode_max_tokens, is_other) {
        (true, false, false, false) => Ok(Pooling::Mean),
        (false, true, false, false) => Ok(Pooling::Cls),
        (false, false, true, false) => Ok(Pooling::Max),
        modes => Err(Error::bad_file(
            path,
            format!("the pooling modes (mean, cls, max, another) are {modes:?}"),
            "exactly one true mode of pooling_mode_mean_tokens, pooling_mode_cls_token and pooling_mode_max_tokens",
        )),
    }
}

/// The smallest of three limits: that of the sentence encoder's training, that of its tokenizer, and the size of
/// its position table.
fn max_tokens(dir: &Path, config: &BertConfig) -> Result<usize> {
    let trained = optional_json::<SentenceBertConfig>(dir, "sentence_bert_config.json")?.max_seq_length;
    let tokenizer = optional_json::<TokenizerConfig>(dir, "tokenizer_config.json")?.model_max_length;
    // transformers writes 1e30 for "no limit"; the BERT family has 512.
    let positions = match config.max_position_embeddings {
        0 => 512,
        rows => rows.saturating_sub(config.first_position()),
    };
    let limit = positions
        .min(trained.unwrap_or(usize::MAX))
        .min(tokenizer.filter(|&l| (1.0..1e6).contains(&l)).map_or(usize::MAX, |l| l as usize));
    if limit < 8 {
        return Err(Error::bad_file(dir.join("config.json"), format!("the token limit is {limit}"), "at least 8"));
    }
    Ok(limit)
}
