//! What several tests need.

use std::{
    path::{Path, PathBuf},
    sync::OnceLock,
};

use cloze_models::{Encoder, EncoderOptions, ModelSource, Precision};

/// A file of `tests/fixtures`.
pub fn fixture(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(path)
}

/// The default model in int8 with two sessions, loaded once for all tests.
pub fn encoder() -> &'static Encoder {
    static ENCODER: OnceLock<Encoder> = OnceLock::new();
    ENCODER.get_or_init(|| open_default(Precision::Int8))
}

/// The default model; `make test` puts it in place.
pub fn open_default(precision: Precision) -> Encoder {
    let dir = ModelSource::Default.locate().expect("run `python3 models/provision.py`");
    Encoder::open(&dir, "all-MiniLM-L6-v2", EncoderOptions { precision, sessions: 2 }).expect("default model")
}

pub fn cosine(a: &[f32], b: &[f32]) -> f64 {
    let dot = |x: &[f32], y: &[f32]| x.iter().zip(y).map(|(p, q)| f64::from(*p) * f64::from(*q)).sum::<f64>();
    dot(a, b) / (dot(a, a) * dot(b, b)).sqrt()
}
