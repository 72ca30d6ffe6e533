//! The state that a killed run resumes from: parameters, the optimiser's moments, and the step.
//!
//! One safetensors file, written beside and renamed, with the rest as JSON in its header's metadata. All
//! randomness follows from the seed and the step, so nothing else has to be kept.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
};

use candle_core::{Device, Tensor};
use safetensors::SafeTensors;
use serde::{Deserialize, Serialize};

use crate::{Error, Result, curve::Point, optimizer::Parameter};

/// Name of the file in the output directory, while a run is under way.
pub(crate) const FILE: &str = "checkpoint.safetensors";
const KEY: &str = "cloze";

/// How far a run is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Progress {
    /// Every setting that decides the course of the run, as text: another run must not resume from it.
    pub(crate) run: String,
    /// Steps done.
    pub(crate) step: u64,
    /// Seconds they took.
    pub(crate) seconds: f64,
    /// Loss so far.
    pub(crate) curve: Vec<Point>,
}

pub(crate) fn path(out: &Path) -> PathBuf {
    out.join(FILE)
}

/// Writes a checkpoint; the old one stays until the new one is complete.
pub(crate) fn save(out: &Path, parameters: &[Parameter], progress: &Progress) -> Result<()> {
    let path = path(out);
    let mut tensors: Vec<(String, Tensor)> = Vec::new();
    for p in parameters {
        for (kind, tensor) in [("value", &p.value), ("first", &p.first), ("second", &p.second)] {
            tensors.push((format!("{kind}/{}", p.name), tensor.as_tensor().clone()));
        }
    }
    let json =
        serde_json::to_string(progress).map_err(|e| Error::Damaged { path: path.clone(), reason: e.to_string() })?;
    let metadata = HashMap::from([(KEY.to_owned(), json)]);
    crate::export::write_tensors(&path, &tensors, Some(metadata))
}

/// Reads the checkpoint in `out` into `parameters`, if there is one; it must belong to the run `run`.
pub(crate) fn load(out: &Path, parameters: &[Parameter], run: &str) -> Result<Option<Progress>> {
    let path = path(out);
    let bytes = match std::fs::read(&path) {
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        other => other.map_err(|cause| Error::Read { path: path.clone(), cause })?,
    };
    let damaged = |reason: String| Error::Damaged { path: path.clone(), reason };
    let (_, header) = SafeTensors::read_metadata(&bytes).map_err(|e| damaged(e.to_string()))?;
    let json = header
        .metadata()
        .as_ref()
        .and_then(|m| m.get(KEY))
        .ok_or_else(|| damaged("it has no training progress".into()))?;
    let progress: Progress = serde_json::from_str(json).map_err(|e| damaged(e.to_string()))?;
    if progress.run != run {
        return Err(Error::OtherRun { path, what: "run", found: progress.run, expected: run.to_owned() });
    }
    let tensors = SafeTensors::deserialize(&bytes).map_err(|e| damaged(e.to_string()))?;
    for p in parameters {
        for (kind, var) in [("value", &p.value), ("first", &p.first), ("second", &p.second)] {
            let name = format!("{kind}/{}", p.name);
            let view = tensors.tensor(&name).map_err(|e| damaged(format!("{name}: {e}")))?;
            if view.shape() != var.dims() {
                return Err(damaged(format!("{name} has shape {:?}, expected {:?}", view.shape(), var.dims())));
            }
            let values: Vec<f32> =
                view.data().chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect();
            var.set(&Tensor::from_vec(values, view.shape(), &Device::Cpu)?)?;
        }
    }
    Ok(Some(progress))
}
