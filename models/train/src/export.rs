//! A trained model as others read it: a directory in the Hugging Face layout.

use std::{
    collections::HashMap,
    fs,
    path::{Path, PathBuf},
};

use candle_core::Tensor;
use cloze_models::{Artifact, head, weights::Weights};
use safetensors::{Dtype, tensor::TensorView};
use serde_json::Value;

use crate::{
    Error, Result,
    bert::{Bert, HEAD},
    evaluate::Quality,
};

/// Files of a model directory that training does not change.
const COPIED: [&str; 9] = [
    "tokenizer.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "vocab.txt",
    "modules.json",
    "sentence_bert_config.json",
    "config_sentence_transformers.json",
    "1_Pooling/config.json",
    "README.md",
];

/// Writes tensors as safetensors, beside and then renamed.
pub(crate) fn write_tensors(
    path: &Path,
    tensors: &[(String, Tensor)],
    metadata: Option<HashMap<String, String>>,
) -> Result<()> {
    let mut bytes: Vec<(String, Vec<usize>, Vec<u8>)> = Vec::with_capacity(tensors.len());
    for (name, tensor) in tensors {
        let values = tensor.flatten_all()?.to_vec1::<f32>()?;
        let data = values.iter().flat_map(|v| v.to_le_bytes()).collect();
        bytes.push((name.clone(), tensor.dims().to_vec(), data));
    }
    let views = bytes.iter().map(|(name, shape, data)| {
        let view = TensorView::new(Dtype::F32, shape.clone(), data);
        view.map(|v| (name.clone(), v)).map_err(|e| candle_core::Error::Msg(e.to_string()))
    });
    let views = views.collect::<candle_core::Result<Vec<_>>>()?;
    let file = safetensors::serialize(views, metadata).map_err(|e| candle_core::Error::Msg(e.to_string()))?;
    write_whole(path, &file)
}

/// Writes a file beside its place, makes it durable, and renames it there.
pub fn write_whole(path: &Path, bytes: &[u8]) -> Result<()> {
    use std::io::Write;
    let dir = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(dir).map_err(Error::write(dir))?;
    let mut file = tempfile::NamedTempFile::new_in(dir).map_err(Error::write(path))?;
    file.write_all(bytes).map_err(Error::write(path))?;
    file.as_file().sync_all().map_err(Error::write(path))?;
    let file = file.persist(path).map_err(|e| Error::write(path)(e.error))?;
    // A temporary file is its owner's alone; a model is for any reader.
    let mode = <fs::Permissions as std::os::unix::fs::PermissionsExt>::from_mode(0o644);
    file.set_permissions(mode).map_err(Error::write(path))
}

/// Writes the model to `out`: weights, configuration, and the unchanged files of `artifact`.
pub(crate) fn write_model(out: &Path, artifact: &Artifact, bert: &Bert) -> Result<PathBuf> {
    let tensors: Vec<(String, Tensor)> = bert.tensors().iter().map(|(name, t)| (full_name(name), t.clone())).collect();
    let format = HashMap::from([("format".to_owned(), "pt".to_owned())]);
    let weights = out.join("model.safetensors");
    write_tensors(&weights, &tensors, Some(format))?;
    let from = artifact.dir.join("config.json");
    let text = fs::read_to_string(&from).map_err(|cause| Error::Read { path: from.clone(), cause })?;
    let mut config: Value =
        serde_json::from_str(&text).map_err(|e| Error::Damaged { path: from, reason: e.to_string() })?;
    config["architectures"] = serde_json::json!(["BertForMaskedLM"]);
    write_whole(&out.join("config.json"), format!("{config:#}\n").as_bytes())?;
    copy(out, artifact, &COPIED)?;
    Ok(weights)
}

fn copy(out: &Path, artifact: &Artifact, names: &[&str]) -> Result<()> {
    for source in names.iter().map(|name| artifact.dir.join(name)).filter(|path| path.is_file()) {
        let bytes = fs::read(&source).map_err(|cause| Error::Read { path: source.clone(), cause })?;
        write_whole(&out.join(source.strip_prefix(&artifact.dir).unwrap_or(&source)), &bytes)?;
    }
    Ok(())
}

/// Writes a report beside a model.
///
/// # Errors
/// If it cannot be written.
pub fn write_report(path: &Path, text: &str) -> Result<()> {
    write_whole(path, format!("{text}\n").as_bytes())
}

/// Copies an encoder to `out`.
///
/// # Errors
/// If a file cannot be read or written.
pub fn copy_encoder(out: &Path, artifact: &Artifact) -> Result<()> {
    copy(out, artifact, &COPIED)?;
    copy(out, artifact, &["config.json", "model.safetensors"])
}

/// Writes an encoder to `out` whose weights are those of `encoder`, moved by `share` of what training made
/// of `before` (`after - before`). 1 takes all of the change, 0 takes none.
///
/// Ilharco et al., "Editing Models with Task Arithmetic" (2023); Wortsman et al., "Robust Fine-Tuning of
/// Zero-Shot Models" (2022), on interpolation as a remedy for forgetting.
///
/// # Errors
/// If the weights do not fit each other, or a file cannot be written.
pub fn write_moved_encoder(
    out: &Path,
    artifact: &Artifact,
    encoder: &Weights,
    (before, after): (&Weights, &Weights),
    share: f32,
) -> Result<()> {
    let mut tensors = Vec::new();
    for (name, shape) in crate::bert::shapes(artifact, encoder)?.into_iter().filter(|(n, _)| !n.starts_with(HEAD)) {
        let mut values = encoder.tensor(&name, &shape)?;
        let (from, to) = (before.tensor(&name, &shape)?, after.tensor(&name, &shape)?);
        values.iter_mut().zip(from.iter().zip(&to)).for_each(|(v, (from, to))| *v += share * (to - from));
        tensors.push((name, Tensor::from_vec(values, shape, &candle_core::Device::Cpu)?));
    }
    let format = HashMap::from([("format".to_owned(), "pt".to_owned())]);
    write_tensors(&out.join("model.safetensors"), &tensors, Some(format))?;
    copy(out, artifact, &COPIED)?;
    copy(out, artifact, &["config.json"])
}

/// As `BertForMaskedLM` calls its parameters.
fn full_name(name: &str) -> String {
    if name.starts_with(HEAD) { name.to_owned() } else { format!("bert.{name}") }
}

/// Writes what differs from the encoder with the weights `base` to one small file, as a head of it: the head's own
/// parameters, the layers that were trained with them, and those that the head had brought which training began
/// with; as 8-bit integers with a scale for each row.
pub(crate) fn write_head(path: &Path, base: &str, bert: &Bert, quality: &Quality, run: &str) -> Result<()> {
    let mut parts = Vec::new();
    for (name, tensor) in bert.apart() {
        let values = tensor.flatten_all()?.to_vec1::<f32>()?;
        parts.push(head::Part { name: name.clone(), shape: tensor.dims().to_vec(), values });
    }
    let about = serde_json::json!({"quality": quality, "run": run});
    let bytes = head::to_bytes(&parts, base, &about.to_string())?;
    write_whole(path, &bytes)
}
