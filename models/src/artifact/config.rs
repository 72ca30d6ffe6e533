//! The architecture of an encoder: `config.json`.

use std::path::Path;

use serde::Deserialize;

use super::read_json;
use crate::Result;

/// The parts of `config.json` that the encoder's graph is built from.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct BertConfig {
    /// Architecture family; this crate builds those of [`BUILT`].
    #[serde(default)]
    pub model_type: String,
    /// Width of a token's vector. Other architectures call it by other names.
    #[serde(alias = "dim", alias = "d_model", alias = "n_embd")]
    pub hidden_size: usize,
    /// Number of transformer layers.
    #[serde(default, alias = "n_layers", alias = "n_layer")]
    pub num_hidden_layers: usize,
    /// Attention heads per layer.
    #[serde(default, alias = "n_heads")]
    pub num_attention_heads: usize,
    /// Width of the feed-forward layer.
    #[serde(default, alias = "hidden_dim")]
    pub intermediate_size: usize,
    /// Rows of the position table.
    #[serde(default, alias = "n_positions")]
    pub max_position_embeddings: usize,
    /// Number of token ids.
    pub vocab_size: usize,
    /// Epsilon of the layer normalisations.
    #[serde(default = "default_layer_norm_eps")]
    pub layer_norm_eps: f32,
    /// Activation of the feed-forward layer.
    #[serde(default = "default_hidden_act", alias = "activation")]
    pub hidden_act: String,
    /// Id of the padding token; RoBERTa's positions start after it.
    #[serde(default)]
    pub pad_token_id: Option<usize>,
    /// `absolute` for every model that this crate builds.
    #[serde(default)]
    pub position_embedding_type: Option<String>,
    /// Rows of the table of relative positions, if attention depends on the distance of two tokens (MPNet).
    #[serde(default)]
    pub relative_attention_num_buckets: usize,
}

/// The architectures whose graph this crate builds.
pub const BUILT: [&str; 6] = ["bert", "roberta", "xlm-roberta", "camembert", "distilbert", "mpnet"];

fn default_layer_norm_eps() -> f32 {
    1e-12
}

fn default_hidden_act() -> String {
    "gelu".into()
}

impl BertConfig {
    /// Whether the graph builder knows this architecture.
    #[must_use]
    pub fn is_bert_class(&self) -> bool {
        is_bert_class(&self.model_type, self.position_embedding_type.as_deref())
    }

    /// First row of the position table that a text uses. RoBERTa and MPNet skip their padding id.
    #[must_use]
    pub fn first_position(&self) -> usize {
        if matches!(self.model_type.as_str(), "bert" | "distilbert") { 0 } else { self.pad_token_id.unwrap_or(1) + 1 }
    }

    /// Whether attention also depends on the distance of two tokens, as in MPNet.
    #[must_use]
    pub fn has_relative_positions(&self) -> bool {
        self.model_type == "mpnet"
    }
}

/// Whether this crate builds the graph of the architecture in a `config.json`, and the name of that architecture.
pub(crate) fn architecture(config: &Path) -> Result<(bool, String)> {
    #[derive(Deserialize)]
    struct Architecture {
        #[serde(default)]
        model_type: String,
        position_embedding_type: Option<String>,
    }
    let found: Architecture = read_json(config, "a JSON object that describes the model")?;
    Ok((is_bert_class(&found.model_type, found.position_embedding_type.as_deref()), found.model_type))
}

fn is_bert_class(model_type: &str, positions: Option<&str>) -> bool {
    BUILT.contains(&model_type) && positions.is_none_or(|p| p == "absolute")
}
