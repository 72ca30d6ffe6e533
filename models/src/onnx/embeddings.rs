//! The embeddings of a large vocabulary, read where they lie.
//!
//! A table of a quarter of a million rows is most of a multilingual model, and a text needs a few hundred of them. So
//! such a table is no part of the graph: its rows are taken from the mapped checkpoint, text by text, as exact as they
//! are stored. A start reads nothing of it, and memory holds what was needed.

use crate::{
    Error, Result,
    artifact::BertConfig,
    weights::{Place, Weights},
};

/// Rows from which on a table stays outside of the graph.
const LARGE: usize = 1 << 16;

/// Words, positions and token type of a checkpoint, to be summed.
pub(crate) struct Embeddings {
    weights: Weights,
    words: Place,
    vocabulary: usize,
    width: usize,
    /// Row-major; a single text has token type 0 throughout, so that row is in each of them.
    positions: Vec<f32>,
}

impl Embeddings {
    /// Whether the embeddings of a model stay outside of its graph.
    pub(crate) fn are_large(config: &BertConfig) -> bool {
        config.vocab_size >= LARGE
    }

    /// Finds them in a checkpoint.
    ///
    /// # Errors
    /// [`Error::BadWeight`] if one is absent or misshapen.
    pub(crate) fn of(weights: Weights, config: &BertConfig) -> Result<Self> {
        let words = weights.place("embeddings.word_embeddings.weight", &[config.vocab_size, config.hidden_size])?;
        let positions = positions(&weights, config)?;
        Ok(Self { weights, words, vocabulary: config.vocab_size, width: config.hidden_size, positions })
    }

    /// The sums for a text, a row for each token.
    ///
    /// # Errors
    /// [`Error::Onnx`] for a token that there is not, or a text that is longer than there are positions.
    pub(crate) fn sums(&self, ids: &[u32]) -> Result<Vec<f32>> {
        let mut sums = self.positions.get(..ids.len() * self.width).unwrap_or_default().to_vec();
        if sums.len() != ids.len() * self.width {
            let positions = self.positions.len() / self.width;
            return Err(bad(format!("{} tokens, and {positions} positions", ids.len())));
        }
        for (sum, &id) in sums.chunks_exact_mut(self.width).zip(ids) {
            let row = self.weights.row(&self.words, self.vocabulary, id as usize);
            let row = row.ok_or_else(|| bad(format!("token {id} of {}", self.vocabulary)))?;
            sum.iter_mut().zip(row).for_each(|(s, w)| *s += w);
        }
        Ok(sums)
    }
}

fn bad(reason: String) -> Error {
    Error::Onnx { doing: "embed a text", reason }
}

/// The position table from the first row that a text uses, with the row of token type 0 added to each.
///
/// # Errors
/// [`Error::BadWeight`] if one is absent or misshapen.
pub(crate) fn positions(weights: &Weights, config: &BertConfig) -> Result<Vec<f32>> {
    let hidden = config.hidden_size;
    let rows = weights.rows("embeddings.position_embeddings.weight")?;
    let mut positions = weights.tensor("embeddings.position_embeddings.weight", &[rows, hidden])?;
    positions.drain(..config.first_position().min(rows) * hidden);
    let types = "embeddings.token_type_embeddings.weight";
    if weights.has(types) {
        let rows = weights.rows(types)?;
        let type_table = weights.tensor(types, &[rows, hidden])?;
        for row in positions.chunks_exact_mut(hidden) {
            row.iter_mut().zip(&type_table[..hidden]).for_each(|(p, t)| *p += t);
        }
    }
    Ok(positions)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::{Artifact, Precision};

    #[test]
    fn sums_are_of_words_positions_and_the_first_type() {
        let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures/tiny-bert");
        let config = Artifact::read(&dir, "tiny", Precision::Fp32).expect("a model").config;
        let open = || Weights::open(&dir.join("model.safetensors")).expect("weights");
        let (hidden, weights) = (config.hidden_size, open());
        let table = |name: &str| {
            let name = format!("embeddings.{name}_embeddings.weight");
            weights.tensor(&name, &[weights.rows(&name).expect("there"), hidden]).expect("there")
        };
        let (words, positions, types) = (table("word"), table("position"), table("token_type"));
        let embeddings = Embeddings::of(open(), &config).expect("there");
        let sums = embeddings.sums(&[7, 3, 7]).expect("known tokens");
        for (at, id) in [7usize, 3, 7].into_iter().enumerate() {
            for i in 0..hidden {
                let wanted = words[id * hidden + i] + positions[at * hidden + i] + types[i];
                assert!((sums[at * hidden + i] - wanted).abs() < 1e-6, "{at} {i}");
            }
        }
        assert!(embeddings.sums(&[config.vocab_size as u32]).is_err());
        assert!(embeddings.sums(&vec![0; config.max_position_embeddings + 1]).is_err());
        assert!(!Embeddings::are_large(&config));
    }
}
