//! Query vectors without a neural network: the sum of one vector per token.
//!
//! A lookup table holds a row of 8-bit integers and a scale for every token of an encoder's vocabulary. The unit
//! vector of a query is `normalize(sum of row[t] * scale[t])` over its word pieces, without the special tokens. The
//! rows were trained to give the same vector as the encoder, so the result can be compared with passages from the
//! encoder. A lookup costs microseconds and needs no ONNX Runtime. `models/tables` reports its quality.
//!
//! The file is safetensors: `lookup.weight` `[tokens, dimension]` I8 and `lookup.weight.scale` `[tokens]` F32. Its
//! metadata names its encoder by the SHA-256 of the encoder's weights. Rows are read in place: from the mapped
//! file, or from this program.

use std::{fs::File, ops::Range, path::Path, sync::Arc};

use memmap2::Mmap;
use safetensors::{Dtype, SafeTensors};

use crate::{Artifact, Error, Result, Tokenizer, floats::to_f32, head, pooling};

/// Name of the file in a model directory.
pub const FILE: &str = "query_table.safetensors";

/// Name of the tensor of rows. A tensor with `.scale` after this name has the scale of each row.
pub const ROWS: &str = "lookup.weight";
const SCALES: &str = "lookup.weight.scale";

/// The tables in this program.
static BUILT_IN: [&[u8]; 2] = [
    include_bytes!("../tables/all-MiniLM-L6-v2.safetensors"),
    include_bytes!("../tables/bge-small-en-v1.5.safetensors"),
];

/// The bytes of a table.
enum Bytes {
    /// In this program.
    BuiltIn(&'static [u8]),
    /// In a file.
    Mapped(Mmap),
}

impl Bytes {
    fn get(&self) -> &[u8] {
        match self {
            Self::BuiltIn(bytes) => bytes,
            Self::Mapped(map) => map,
        }
    }
}

/// One vector for every token of an encoder's vocabulary. Shared between threads.
#[derive(Clone)]
pub struct LookupTable {
    shared: Arc<Shared>,
}

struct Shared {
    bytes: Bytes,
    /// The range of the rows in the bytes.
    rows: Range<usize>,
    /// The scale of each row.
    scales: Vec<f32>,
    dimension: usize,
    tokenizer: Arc<Tokenizer>,
}

impl LookupTable {
    /// The table of a model: a file in its directory, or the table in this program. `None` if the model has none.
    /// `tokenizer` is the model's.
    ///
    /// # Errors
    /// [`Error::Read`] or [`Error::BadFile`] if the file cannot be read, belongs to another model, or does not have
    /// a row for every token.
    pub fn of(artifact: &Artifact, tokenizer: Arc<Tokenizer>) -> Result<Option<Self>> {
        let model = &artifact.record.weights_sha256;
        let size = [artifact.config.vocab_size, artifact.record.dimension];
        let file = artifact.dir.join(FILE);
        if !file.is_file() {
            let own = BUILT_IN.into_iter().find(|bytes| head::base(bytes).is_ok_and(|base| base == *model));
            let parse =
                |bytes| Self::parse(Path::new("the built-in lookup table"), Bytes::BuiltIn(bytes), size, tokenizer);
            return own.map(parse).transpose();
        }
        let opened = File::open(&file).map_err(Error::read(&file))?;
        // SAFETY: model files are written once, by rename, and never changed in place.
        let map = unsafe { Mmap::map(&opened) }.map_err(Error::read(&file))?;
        let base = head::base(&map).map_err(|found| Error::bad_file(&file, found, "a lookup table"))?;
        if base != *model {
            let found = format!("the lookup table belongs to the model with weights {base}");
            return Err(Error::bad_file(file, found, format!("a lookup table for the weights {model}")));
        }
        Self::parse(&file, Bytes::Mapped(map), size, tokenizer).map(Some)
    }

    fn parse(path: &Path, bytes: Bytes, [tokens, dimension]: [usize; 2], tokenizer: Arc<Tokenizer>) -> Result<Self> {
        let expected = format!("{ROWS} [{tokens}, {dimension}] I8 and {SCALES} [{tokens}] F32");
        let bad = |found: String| Error::bad_file(path, found, expected.clone());
        let tensors = SafeTensors::deserialize(bytes.get()).map_err(|e| bad(e.to_string()))?;
        let tensor = |name: &str| tensors.tensor(name).map_err(|_| bad(format!("tensor {name} is missing")));
        let (weights, scales) = (tensor(ROWS)?, tensor(SCALES)?);
        if (weights.dtype(), weights.shape()) != (Dtype::I8, &[tokens, dimension]) {
            return Err(bad(format!("{ROWS} {:?} {:?}", weights.shape(), weights.dtype())));
        }
        let scales = to_f32(&scales).filter(|s| s.len() == tokens && s.iter().all(|scale| scale.is_finite()));
        let scales = scales.ok_or_else(|| bad(format!("{SCALES} has the wrong size or type")))?;
        // The tensor is a slice of the bytes: its offset stays valid after the view is dropped.
        let start = weights.data().as_ptr() as usize - bytes.get().as_ptr() as usize;
        let rows = start..start + weights.data().len();
        Ok(Self { shared: Arc::new(Shared { bytes, rows, scales, dimension, tokenizer }) })
    }

    /// The unit vector of a query. A text without tokens gets zeros, which are near no passage.
    ///
    /// # Errors
    /// [`Error::Tokenize`] if the tokenizer fails on it.
    pub fn encode(&self, text: &str) -> Result<Vec<f32>> {
        Ok(self.sum(&self.shared.tokenizer.plain_ids(text)?))
    }

    /// The row of a token times its scale; zeros for a token without a row.
    #[must_use]
    pub fn row(&self, id: u32) -> Vec<f32> {
        let mut vector = vec![0f32; self.shared.dimension];
        self.add(id, &mut vector);
        vector
    }

    /// Adds the row of a token, if it has one.
    fn add(&self, id: u32, vector: &mut [f32]) {
        let Shared { bytes, rows, scales, dimension, .. } = &*self.shared;
        let rows = bytes.get().get(rows.clone()).unwrap_or_default();
        let Some(&scale) = scales.get(id as usize) else { return };
        let row = rows.chunks_exact(*dimension).nth(id as usize).unwrap_or_default();
        vector.iter_mut().zip(row).for_each(|(v, &i)| *v += scale * f32::from(i as i8));
    }

    /// The normalised sum of the rows of some tokens; a token without a row is ignored.
    fn sum(&self, ids: &[u32]) -> Vec<f32> {
        let mut vector = vec![0f32; self.shared.dimension];
        ids.iter().for_each(|&id| self.add(id, &mut vector));
        pooling::normalize(&mut vector);
        vector
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use safetensors::tensor::TensorView;

    use super::*;
    use crate::Precision;

    fn tiny() -> Artifact {
        let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures/tiny-bert");
        Artifact::read(&dir, "tiny", Precision::Int8).expect("a model")
    }

    fn tokenizer(artifact: &Artifact) -> Arc<Tokenizer> {
        Arc::new(Tokenizer::open(&artifact.tokenizer_path(), "tiny", 64).expect("a tokenizer"))
    }

    /// A table whose row of token t is t % 7 in the first place, and -1 in the second, with a scale of 1 / (t + 1).
    fn file(tokens: usize, dimension: usize, base: &str) -> Vec<u8> {
        let value = |i: usize| match i % dimension {
            0 => (i / dimension % 7) as u8,
            1 => -1i8 as u8,
            _ => 0,
        };
        let rows: Vec<u8> = (0..tokens * dimension).map(value).collect();
        let scales: Vec<u8> = (0..tokens).flat_map(|t| (1.0 / (t + 1) as f32).to_le_bytes()).collect();
        let view = |ty, shape, data| TensorView::new(ty, shape, data).expect("it fits");
        let tensors = [
            (ROWS, view(Dtype::I8, vec![tokens, dimension], &rows)),
            (SCALES, view(Dtype::F32, vec![tokens], &scales)),
        ];
        let metadata = HashMap::from([("base_sha256".to_owned(), base.to_owned())]);
        safetensors::serialize(tensors, Some(metadata)).expect("a file")
    }

    /// The fixture with a table beside it.
    fn with_table(bytes: &[u8]) -> (tempfile::TempDir, Artifact) {
        let dir = tempfile::tempdir().expect("a folder");
        let mut artifact = tiny();
        std::fs::write(dir.path().join(FILE), bytes).expect("written");
        artifact.dir = dir.path().to_owned();
        (dir, artifact)
    }

    #[test]
    fn a_query_is_the_sum_of_its_tokens() {
        let plain = tiny();
        let tokenizer = tokenizer(&plain);
        let size = [plain.config.vocab_size, plain.record.dimension];
        let (_dir, artifact) = with_table(&file(size[0], size[1], &plain.record.weights_sha256));
        let table = LookupTable::of(&artifact, tokenizer.clone()).expect("good").expect("there is one");
        let ids = tokenizer.plain_ids("rust index").expect("tokens");
        assert_eq!(ids.len(), 2, "no special tokens");
        let sum = |value: &dyn Fn(u32) -> f32| ids.iter().map(|&t| value(t) / (t + 1) as f32).sum::<f32>();
        let (x, y) = (sum(&|t| (t % 7) as f32), sum(&|_| -1.0));
        let length = (x * x + y * y).sqrt();
        let vector = table.encode("rust index").expect("a vector");
        assert!((vector[0] - x / length).abs() < 1e-6 && (vector[1] - y / length).abs() < 1e-6, "{vector:?}");
        assert_eq!(vector, table.encode("index RUST").expect("a vector"), "the order says nothing");
        assert_eq!(table.encode("").expect("a vector"), vec![0.0; size[1]]);
        assert_eq!(table.sum(&[u32::MAX]), vec![0.0; size[1]]);
    }

    #[test]
    fn a_table_belongs_to_one_model() {
        let plain = tiny();
        assert!(LookupTable::of(&plain, tokenizer(&plain)).expect("good").is_none(), "the built-in one is another's");
        let [tokens, dimension] = [plain.config.vocab_size, plain.record.dimension];
        let sha = &plain.record.weights_sha256;
        for bad in [
            file(tokens, dimension, "abc"),
            file(tokens - 1, dimension, sha),
            file(tokens, dimension + 1, sha),
            vec![7; 99],
        ] {
            let (_dir, artifact) = with_table(&bad);
            let error = LookupTable::of(&artifact, tokenizer(&plain)).err().expect("refused");
            assert!(error.to_string().contains(FILE), "{error}");
        }
    }
}
