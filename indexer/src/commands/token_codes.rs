//! How many codes of token vectors an index keeps.

use serde::Deserialize;

/// How many codes of token vectors an index keeps. A search compares them with the tokens of the query.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum TokenCodes {
    /// None: the index is smaller, and a search takes no second look.
    None,
    /// One for three neighbouring tokens: about 2 kB for a passage.
    #[default]
    Small,
    /// One for each token: about 6 kB for a passage.
    Full,
}

impl TokenCodes {
    /// Neighbouring tokens that share a code; 0 for none.
    #[must_use]
    pub fn neighbours(self) -> u8 {
        match self {
            Self::None => 0,
            Self::Small => 3,
            Self::Full => 1,
        }
    }
}
