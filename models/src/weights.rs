//! `model.safetensors`, memory-mapped, read as f32; a head may lie over it.

use std::{
    borrow::Cow,
    fs::File,
    path::{Path, PathBuf},
};

use memmap2::Mmap;
use safetensors::{Dtype, SafeTensors, tensor::TensorView};

use crate::{Error, Result, head::Head};

/// The weights of a model, by name.
pub struct Weights {
    path: PathBuf,
    map: Mmap,
    /// `"bert."`, `"roberta."`… where a checkpoint prefixes its encoder's names, else empty.
    prefix: &'static str,
    /// Tensors that count instead of the file's.
    head: Option<Head>,
}

/// What the names of a masked-language-model head begin with; they have no other prefix.
pub const HEAD_PREFIX: &str = "cls.";

const PREFIXES: [&str; 4] = ["", "bert.", "roberta.", "model."];

impl Weights {
    /// Maps the file and checks that it is a whole safetensors file.
    ///
    /// # Errors
    /// [`Error::Read`], [`Error::BadFile`] or [`Error::BadWeight`], naming the file.
    pub fn open(path: &Path) -> Result<Self> {
        let file = File::open(path).map_err(Error::read(path))?;
        // SAFETY: model files are written once, by rename, and never changed in place.
        let map = unsafe { Mmap::map(&file) }.map_err(Error::read(path))?;
        let tensors = parse(path, &map)?;
        let anchor = "embeddings.word_embeddings.weight";
        let prefix =
            PREFIXES.into_iter().find(|p| tensors.tensor(&format!("{p}{anchor}")).is_ok()).ok_or_else(|| {
                Error::BadWeight {
                    path: path.into(),
                    name: anchor.into(),
                    found: "is missing".into(),
                    expected: "a BERT checkpoint (other architectures need onnx/model.onnx)".into(),
                }
            })?;
        Ok(Self { path: path.into(), map, prefix, head: None })
    }

    /// The same weights with a head over them: where both have a tensor, the head's counts.
    pub(crate) fn with_head(self, head: Head) -> Self {
        Self { head: Some(head), ..self }
    }

    fn full_name(&self, name: &str) -> String {
        if name.starts_with(HEAD_PREFIX) { name.to_owned() } else { format!("{}{name}", self.prefix) }
    }

    /// The tensor `name` with exactly `shape`, row-major.
    ///
    /// # Errors
    /// [`Error::BadWeight`] if it is absent, of another shape, or no floating-point tensor.
    pub fn tensor(&self, name: &str, shape: &[usize]) -> Result<Vec<f32>> {
        if let Some(part) = self.head.as_ref().and_then(|h| h.get(name)).filter(|part| part.shape == shape) {
            return Ok(part.values.clone());
        }
        let full = self.full_name(name);
        let bad = |found: String| Error::BadWeight {
            path: self.path.clone(),
            name: full.clone(),
            found,
            expected: format!("shape {shape:?} of F32, F16 or BF16"),
        };
        let tensors = parse(&self.path, &self.map)?;
        let view = tensors.tensor(&full).map_err(|_| bad("is missing".into()))?;
        if view.shape() != shape {
            return Err(bad(format!("has shape {:?}", view.shape())));
        }
        to_f32(&view).ok_or_else(|| bad(format!("is of type {:?}", view.dtype())))
    }

    /// Whether there is a tensor of this name.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        let in_head = self.head.as_ref().is_some_and(|h| h.get(name).is_some());
        in_head || parse(&self.path, &self.map).is_ok_and(|t| t.tensor(&self.full_name(name)).is_ok())
    }

    /// Rows of a tensor, whatever their number.
    ///
    /// # Errors
    /// [`Error::BadWeight`] if it is absent.
    pub fn rows(&self, name: &str) -> Result<usize> {
        let full = self.full_name(name);
        let tensors = parse(&self.path, &self.map)?;
        tensors.tensor(&full).map(|v| v.shape().first().copied().unwrap_or(0)).map_err(|_| Error::BadWeight {
            path: self.path.clone(),
            name: full,
            found: "is missing".into(),
            expected: "a table of embeddings".into(),
        })
    }
}

fn parse<'a>(path: &Path, map: &'a Mmap) -> Result<SafeTensors<'a>> {
    SafeTensors::deserialize(map)
        .map_err(|e| Error::bad_file(path, format!("not a whole safetensors file ({e})"), "the weights of a model"))
}

/// The values of a floating-point tensor; nothing of any other.
pub(crate) fn to_f32(view: &TensorView<'_>) -> Option<Vec<f32>> {
    let bytes: Cow<'_, [u8]> = Cow::Borrowed(view.data());
    let pairs = |f: fn(u16) -> f32| bytes.chunks_exact(2).map(|b| f(u16::from_le_bytes([b[0], b[1]]))).collect();
    match view.dtype() {
        Dtype::F32 => Some(bytes.chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect()),
        Dtype::BF16 => Some(pairs(|h| f32::from_bits(u32::from(h) << 16))),
        Dtype::F16 => Some(pairs(f16_to_f32)),
        _ => None,
    }
}

/// IEEE 754 binary16 to binary32.
fn f16_to_f32(h: u16) -> f32 {
    let sign = if h & 0x8000 == 0 { 1.0 } else { -1.0 };
    let exponent = i32::from((h >> 10) & 0x1f);
    let fraction = f32::from(h & 0x3ff);
    match exponent {
        0 => sign * fraction * 2f32.powi(-24),
        31 if fraction == 0.0 => sign * f32::INFINITY,
        31 => f32::NAN,
        e => sign * (1.0 + fraction / 1024.0) * 2f32.powi(e - 15),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_precision_reads_known_values() {
        for (bits, value) in [(0x3c00, 1.0), (0xc000, -2.0), (0x0001, 5.960_464_5e-8), (0x7bff, 65504.0), (0, 0.0)] {
            assert_eq!(f16_to_f32(bits), value);
        }
        assert!(f16_to_f32(0x7c00).is_infinite() && f16_to_f32(0x7e00).is_nan());
    }
}
