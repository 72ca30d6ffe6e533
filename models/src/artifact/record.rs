//! The data that determines a text's vector.

use serde::{Deserialize, Serialize};

use crate::Pooling;

/// Number format of the encoder's weights at run time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Precision {
    /// 8-bit integers, quantised per output channel at load; the default.
    #[default]
    Int8,
    /// 32-bit floating point, as trained.
    Fp32,
}

impl std::fmt::Display for Precision {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Int8 => "int8",
            Self::Fp32 => "fp32",
        })
    }
}

impl std::str::FromStr for Precision {
    type Err = String;

    fn from_str(s: &str) -> Result<Self, String> {
        match s {
            "int8" => Ok(Self::Int8),
            "fp32" => Ok(Self::Fp32),
            other => Err(format!("unknown precision {other:?}; expected int8 or fp32")),
        }
    }
}

/// All data that determines a text's vector. Two encoders whose records differ in anything but `name` live in
/// different vector spaces.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModelRecord {
    /// The user's name for the model: the default's name, a directory or a hub id.
    pub name: String,
    /// SHA-256 of the weights file.
    pub weights_sha256: String,
    /// SHA-256 of `tokenizer.json`.
    pub tokenizer_sha256: String,
    /// The pooling of token vectors into one.
    pub pooling: Pooling,
    /// Text put before every query.
    pub query_prefix: String,
    /// Text put before every passage.
    pub passage_prefix: String,
    /// Number of dimensions of a vector.
    pub dimension: usize,
    /// The most tokens in a text, including special tokens.
    pub max_tokens: usize,
    /// Number format of the weights at run time.
    pub precision: Precision,
    /// SPDX identifier of the model's licence, if it is a preset other than the default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub licence: Option<String>,
    /// The origin of such a preset.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
}

impl ModelRecord {
    /// Whether vectors of the two models may be compared. The name and the origin do not matter, because different
    /// paths may lead to the same files.
    #[must_use]
    pub fn same_space(&self, other: &Self) -> bool {
        let space = |record: &Self| Self { name: String::new(), licence: None, source: None, ..record.clone() };
        space(self) == space(other)
    }

    /// One line that identifies a model: name, weights, precision, tokens, pooling and prefixes.
    #[must_use]
    pub fn describe(&self) -> String {
        let prefixes = match (self.query_prefix.as_str(), self.passage_prefix.as_str()) {
            ("", "") => String::new(),
            (query, passage) => format!(", prefixes {query:?} and {passage:?}"),
        };
        format!(
            "{} (weights {}, {}, {} dimensions, {} tokens, {:?} pooling{prefixes})",
            self.name,
            self.weights_sha256.get(..12).unwrap_or(&self.weights_sha256),
            self.precision,
            self.dimension,
            self.max_tokens,
            self.pooling
        )
    }
}
