//! `model.safetensors`, memory-mapped, read as f32; a head may override its tensors.

use std::{
    fs::File,
    ops::Range,
    path::{Path, PathBuf},
};

use memmap2::Mmap;
use safetensors::{Dtype, SafeTensors};

use crate::{
    Error, Result,
    floats::to_f32,
    head::Head,
    names::{ANCHOR, Names},
};

pub use crate::names::HEAD_PREFIX;

/// The weights of a model, by name.
pub struct Weights {
    path: PathBuf,
    map: Mmap,
    /// What the checkpoint calls its tensors.
    names: Names,
    /// Tensors that override the file's.
    head: Option<Head>,
}

/// The place of a tensor in its file.
pub(crate) struct Place {
    pub(crate) bytes: Range<usize>,
    pub(crate) dtype: Dtype,
}

impl Weights {
    /// Maps the file and checks that it is a complete safetensors file.
    ///
    /// # Errors
    /// [`Error::Read`], [`Error::BadFile`] or [`Error::BadWeight`], naming the file.
    pub fn open(path: &Path) -> Result<Self> {
        let file = File::open(path).map_err(Error::read(path))?;
        // SAFETY: model files are written once, by rename, and never changed in place.
        let map = unsafe { Mmap::map(&file) }.map_err(Error::read(path))?;
        let tensors = parse(path, &map)?;
        let names = Names::of(|name| tensors.tensor(name).is_ok()).ok_or_else(|| Error::BadWeight {
            path: path.into(),
            name: ANCHOR.into(),
            found: "is missing".into(),
            expected: "a checkpoint of the BERT family (other architectures need onnx/model.onnx)".into(),
        })?;
        Ok(Self { path: path.into(), map, names, head: None })
    }

    /// The same weights with a head: if both have a tensor, the head's counts.
    pub(crate) fn with_head(self, head: Head) -> Self {
        Self { head: Some(head), ..self }
    }

    fn full_name(&self, name: &str) -> String {
        self.names.full(name)
    }

    /// The tensor `name` with exactly `shape`, row-major.
    ///
    /// # Errors
    /// [`Error::BadWeight`] if it is missing, has another shape, or is not a floating-point tensor.
    pub fn tensor(&self, name: &str, shape: &[usize]) -> Result<Vec<f32>> {
        let Some((head, part)) = self.head.as_ref().and_then(|h| Some((h, h.get(name)?))) else {
            return self.of_file(name, shape);
        };
        match head.rows(name) {
            None if part.shape == shape => Ok(part.values.clone()),
            None => self.of_file(name, shape),
            Some(listed) => part.over(self.of_file(name, shape)?, listed).ok_or_else(|| Error::BadWeight {
                path: self.path.clone(),
                name: name.to_owned(),
                found: format!("of the head has rows that shape {shape:?} does not have"),
                expected: "a head for this model".into(),
            }),
        }
    }

    /// The tensor `name` of the file, whatever the head has.
    fn of_file(&self, name: &str, shape: &[usize]) -> Result<Vec<f32>> {
        let full = self.full_name(name);
        let bad = |found: String| Error::BadWeight {
            path: self.path.clone(),
            name: full.clone(),
            found,
            expected: format!("shape {shape:?} and type F32, F16 or BF16"),
        };
        let tensors = parse(&self.path, &self.map)?;
        let view = tensors.tensor(&full).map_err(|_| bad("is missing".into()))?;
        if view.shape() != shape {
            return Err(bad(format!("has shape {:?}", view.shape())));
        }
        to_f32(&view).ok_or_else(|| bad(format!("has type {:?}", view.dtype())))
    }

    /// The place in the file and the type of the tensor `name` with exactly `shape`. A head is ignored.
    ///
    /// # Errors
    /// As [`Self::tensor`].
    pub(crate) fn place(&self, name: &str, shape: &[usize]) -> Result<Place> {
        let full = self.full_name(name);
        let bad = |found: String| Error::BadWeight {
            path: self.path.clone(),
            name: full.clone(),
            found,
            expected: format!("shape {shape:?} and type F32, F16 or BF16"),
        };
        let tensors = parse(&self.path, &self.map)?;
        let view = tensors.tensor(&full).map_err(|_| bad("is missing".into()))?;
        if view.shape() != shape || !matches!(view.dtype(), Dtype::F32 | Dtype::F16 | Dtype::BF16) {
            return Err(bad(format!("has shape {:?} and type {:?}", view.shape(), view.dtype())));
        }
        // The tensor is a slice of the map: its offset stays valid after the view is dropped.
        let start = view.data().as_ptr() as usize - self.map.as_ptr() as usize;
        Ok(Place { bytes: start..start + view.data().len(), dtype: view.dtype() })
    }

    /// Whether a tensor with this name exists.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.is_of_head(name) || parse(&self.path, &self.map).is_ok_and(|t| t.tensor(&self.full_name(name)).is_ok())
    }

    /// Whether a tensor comes from the head, not from the file.
    #[must_use]
    pub fn is_of_head(&self, name: &str) -> bool {
        self.head.as_ref().is_some_and(|h| h.get(name).is_some())
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
            expected: "an embedding matrix".into(),
        })
    }
}

fn parse<'a>(path: &Path, map: &'a Mmap) -> Result<SafeTensors<'a>> {
    SafeTensors::deserialize(map)
        .map_err(|e| Error::bad_file(path, format!("not a valid safetensors file ({e})"), "the weights of a model"))
}
