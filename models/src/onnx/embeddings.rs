//! The embeddings of a large vocabulary, read directly from the checkpoint.
//!
//! A table of a quarter of a million rows is most of a multilingual model, and a text needs only a few hundred of
//! the rows. So such a table is not part of the graph. For each text, its rows are read from the checkpoint in
//! their stored precision. A start reads no rows, and the process keeps none in memory: a mapped table would soon
//! count in full. The system caches rows that are read often. A row costs a microsecond, and its token costs a
//! hundred.

use std::{
    fs::File,
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
};

use crate::{
    Error, Result,
    artifact::BertConfig,
    floats,
    weights::{Place, Weights},
};

/// The fewest rows of a table that stays outside the graph.
const LARGE: usize = 1 << 16;

/// The word, position and token-type embeddings of a checkpoint, to sum.
pub(crate) struct Embeddings {
    path: PathBuf,
    file: File,
    words: Place,
    vocabulary: usize,
    width: usize,
    /// Row-major; a single text has token type 0 throughout, so each row includes that token type's row.
    positions: Vec<f32>,
}

impl Embeddings {
    /// Whether the embeddings of a model stay outside its graph.
    pub(crate) fn are_large(config: &BertConfig) -> bool {
        config.vocab_size >= LARGE && !config.has_relative_positions()
    }

    /// Finds the embeddings in a checkpoint with the file `path`.
    ///
    /// # Errors
    /// [`Error::BadWeight`] if one is absent or misshapen, [`Error::Read`] if the file cannot be opened.
    pub(crate) fn of(path: &Path, config: &BertConfig) -> Result<Self> {
        let weights = Weights::open(path)?;
        let words = weights.place("embeddings.word_embeddings.weight", &[config.vocab_size, config.hidden_size])?;
        let positions = positions(&weights, config)?;
        let file = File::open(path).map_err(Error::read(path))?;
        let (vocabulary, width) = (config.vocab_size, config.hidden_size);
        Ok(Self { path: path.to_owned(), file, words, vocabulary, width, positions })
    }

    /// The sums for a text, a row for each token.
    ///
    /// # Errors
    /// [`Error::Onnx`] for an unknown token id, or for a text with more tokens than positions; [`Error::Read`] if
    /// the file cannot be read.
    pub(crate) fn sums(&self, ids: &[u32]) -> Result<Vec<f32>> {
        let mut sums = self.positions.get(..ids.len() * self.width).unwrap_or_default().to_vec();
        if sums.len() != ids.len() * self.width {
            let positions = self.positions.len() / self.width;
            return Err(bad(format!("the text has {} tokens, and the model has {positions} positions", ids.len())));
        }
        for (sum, &id) in sums.chunks_exact_mut(self.width).zip(ids) {
            let row = self.row(id as usize)?;
            sum.iter_mut().zip(row).for_each(|(s, w)| *s += w);
        }
        Ok(sums)
    }

    fn row(&self, id: usize) -> Result<Vec<f32>> {
        let unknown = || bad(format!("token id {id} is outside a vocabulary of {}", self.vocabulary));
        if id >= self.vocabulary {
            return Err(unknown());
        }
        let mut bytes = vec![0; self.words.bytes.len() / self.vocabulary];
        let start = self.words.bytes.start + id * bytes.len();
        self.file.read_exact_at(&mut bytes, start as u64).map_err(Error::read(&self.path))?;
        floats::read(self.words.dtype, &bytes).ok_or_else(unknown)
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
    use super::*;
    use crate::{Artifact, Precision};

    #[test]
    fn sums_are_of_words_positions_and_the_first_type() {
        let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures/tiny-bert");
        let config = Artifact::read(&dir, "tiny", Precision::Fp32).expect("a model").config;
        let path = dir.join("model.safetensors");
        let (hidden, weights) = (config.hidden_size, Weights::open(&path).expect("weights"));
        let table = |name: &str| {
            let name = format!("embeddings.{name}_embeddings.weight");
            weights.tensor(&name, &[weights.rows(&name).expect("there"), hidden]).expect("there")
        };
        let (words, positions, types) = (table("word"), table("position"), table("token_type"));
        let embeddings = Embeddings::of(&path, &config).expect("there");
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
