//! The number of token vector codes in an index.

use serde::Deserialize;

/// The number of token vector codes in an index. A search compares them with the tokens of the query.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum TokenCodes {
    /// None: the index is smaller, and a search skips the second ranking step.
    None,
    /// One per three neighbouring tokens: about 2 kB per passage.
    #[default]
    Small,
    /// One per token: about 6 kB per passage.
    Full,
}

impl TokenCodes {
    /// Number of neighbouring tokens that share a code; 0 for no codes.
    #[must_use]
    pub fn neighbours(self) -> u8 {
        match self {
            Self::None => 0,
            Self::Small => 3,
            Self::Full => 1,
        }
    }
}
