//! A masked-language-model head as a small file of its own.
//!
//! A sentence encoder is published without the head that predicts masked tokens. A head file holds the tensors that
//! turn such an encoder into a `BertForMaskedLM`: those of `cls.predictions` and those that were trained with them.
//! All others come from the encoder. Matrices are stored as 8-bit integers with a scale for each row
//! (`NAME.scale`), and they also run in this form. All other tensors are stored as f32. A matrix may be stored in
//! part: `NAME.rows` then lists the rows of the encoder's matrix that these rows replace, such as the embeddings of
//! the most frequent tokens.
//!
//! The file is safetensors; its metadata names its encoder by the SHA-256 of its weights.

use std::{collections::HashMap, path::Path};

use safetensors::{Dtype, SafeTensors, tensor::TensorView};

use crate::{Error, Result, floats::to_f32};

/// Name of the file in a model directory.
pub const FILE: &str = "mask_head.safetensors";

const BASE: &str = "base_sha256";
const ABOUT: &str = "about";
const SCALE: &str = ".scale";
const ROWS: &str = ".rows";

/// A tensor to store.
#[derive(Debug, Clone, PartialEq)]
pub struct Part {
    /// Its name, as in a checkpoint without prefix.
    pub name: String,
    /// Its shape: one or two dimensions.
    pub shape: Vec<usize>,
    /// Its values, row-major.
    pub values: Vec<f32>,
}

/// The bytes of a head file; `base` is the SHA-256 of the encoder's weights, `about` describes the origin of the
/// head.
///
/// # Errors
/// [`Error::BadFile`] if a shape does not fit its values.
pub fn to_bytes(parts: &[Part], base: &str, about: &str) -> Result<Vec<u8>> {
    let mut tensors: Vec<(String, Dtype, Vec<usize>, Vec<u8>)> = Vec::new();
    let bytes = |values: &[f32]| values.iter().flat_map(|v| v.to_le_bytes()).collect::<Vec<u8>>();
    for part in parts {
        if let [rows, columns] = part.shape[..] {
            let (integers, scales) = quantize_rows(&part.values, columns);
            let integers = integers.iter().map(|&i| i as u8).collect();
            tensors.push((part.name.clone(), Dtype::I8, part.shape.clone(), integers));
            tensors.push((format!("{}{SCALE}", part.name), Dtype::F32, vec![rows], bytes(&scales)));
        } else {
            tensors.push((part.name.clone(), Dtype::F32, part.shape.clone(), bytes(&part.values)));
        }
    }
    let bad = |e: safetensors::SafeTensorError| Error::bad_file(FILE, e, "tensors that match their shapes");
    let views =
        tensors.iter().map(|(n, ty, shape, data)| Ok((n, TensorView::new(*ty, shape.clone(), data).map_err(bad)?)));
    let views = views.collect::<Result<Vec<_>>>()?;
    let metadata = HashMap::from([(BASE.to_owned(), base.to_owned()), (ABOUT.to_owned(), about.to_owned())]);
    safetensors::serialize(views, Some(metadata)).map_err(bad)
}

/// Quantises symmetrically to -127..=127, by the largest magnitude of each row.
fn quantize_rows(values: &[f32], columns: usize) -> (Vec<i8>, Vec<f32>) {
    let (mut integers, mut scales) = (Vec::with_capacity(values.len()), Vec::new());
    for row in values.chunks_exact(columns.max(1)) {
        let largest = row.iter().fold(0f32, |m, v| m.max(v.abs()));
        let scale = if largest > 0.0 { largest / 127.0 } else { 1.0 };
        scales.push(scale);
        integers.extend(row.iter().map(|v| (v / scale).round().clamp(-127.0, 127.0) as i8));
    }
    (integers, scales)
}

/// The tensors of a head file.
#[derive(Debug, Clone, Default)]
pub(crate) struct Head {
    parts: HashMap<String, Part>,
    /// Of parts that are some rows of a matrix: which ones.
    rows: HashMap<String, Vec<usize>>,
}

fn bad(path: &Path, found: String) -> Error {
    Error::bad_file(path, found, "a masked-language-model head that Cloze wrote")
}

/// The SHA-256 of the encoder's weights, from the metadata of a file made for that encoder. This reads no tensor.
///
/// # Errors
/// A description of the content found instead.
pub(crate) fn base(bytes: &[u8]) -> Result<String, String> {
    let (_, header) = SafeTensors::read_metadata(bytes).map_err(|e| e.to_string())?;
    let metadata = header.metadata().as_ref();
    metadata.and_then(|m| m.get(BASE)).cloned().ok_or_else(|| format!("its metadata has no {BASE}"))
}

impl Head {
    /// The SHA-256 of the weights of the head file's encoder. This does not read the tensors. Errors name `path`.
    pub(crate) fn base(path: &Path, bytes: &[u8]) -> Result<String> {
        base(bytes).map_err(|found| bad(path, found))
    }

    /// Reads the bytes of a head file. Errors name `path`.
    pub(crate) fn parse(path: &Path, bytes: &[u8]) -> Result<Self> {
        let tensors = SafeTensors::deserialize(bytes).map_err(|e| bad(path, e.to_string()))?;
        let (mut parts, mut rows) = (HashMap::new(), HashMap::new());
        for (name, view) in tensors.iter() {
            if let Some(of) = name.strip_suffix(ROWS) {
                let listed = numbers(&view)
                    .ok_or_else(|| bad(path, format!("{name} has the unsupported type {:?}", view.dtype())))?;
                rows.insert(of.to_owned(), listed);
            }
        }
        for (name, view) in tensors.iter().filter(|(name, _)| !name.ends_with(SCALE) && !name.ends_with(ROWS)) {
            let scales = tensors.tensor(&format!("{name}{SCALE}")).ok();
            let values = values(&view, scales.as_ref())
                .ok_or_else(|| bad(path, format!("{name} has the unsupported type {:?}", view.dtype())))?;
            let part = Part { name: name.to_owned(), shape: view.shape().to_vec(), values };
            parts.insert(part.name.clone(), part);
        }
        if let Some((name, listed)) = rows.iter().find(|(n, listed)| parts.get(*n).is_none_or(|p| !p.has_rows(listed)))
        {
            return Err(bad(path, format!("{name}{ROWS} lists {} rows that it does not have", listed.len())));
        }
        Ok(Self { parts, rows })
    }

    pub(crate) fn get(&self, name: &str) -> Option<&Part> {
        self.parts.get(name)
    }

    /// The rows of the encoder's matrix that the part `name` replaces; `None` if it replaces all of the tensor.
    pub(crate) fn rows(&self, name: &str) -> Option<&[usize]> {
        self.rows.get(name).map(Vec::as_slice)
    }
}

impl Part {
    fn has_rows(&self, listed: &[usize]) -> bool {
        self.shape.len() == 2 && self.shape[0] == listed.len()
    }

    /// Puts these rows over the rows `listed` of a matrix; `None` if the matrix does not have them.
    pub(crate) fn over(&self, mut matrix: Vec<f32>, listed: &[usize]) -> Option<Vec<f32>> {
        let width = self.shape.get(1).copied().unwrap_or(1).max(1);
        for (row, &place) in self.values.chunks_exact(width).zip(listed) {
            matrix.get_mut(place * width..(place + 1) * width)?.copy_from_slice(row);
        }
        Some(matrix)
    }
}

fn numbers(view: &TensorView<'_>) -> Option<Vec<usize>> {
    let read = |bytes: &[u8]| u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]) as usize;
    matches!(view.dtype(), Dtype::I32 | Dtype::U32).then(|| view.data().chunks_exact(4).map(read).collect())
}

fn values(view: &TensorView<'_>, scales: Option<&TensorView<'_>>) -> Option<Vec<f32>> {
    let Some(scales) = scales else { return to_f32(view) };
    if view.dtype() != Dtype::I8 || view.shape().len() != 2 {
        return None;
    }
    let rows = view.data().chunks_exact(view.shape()[1].max(1)).zip(to_f32(scales)?);
    Some(rows.flat_map(|(row, scale)| row.iter().map(move |&i| f32::from(i as i8) * scale)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_stored_is_read() {
        let matrix: Vec<f32> = (0..12).map(|i| (i as f32 - 6.0) * 0.37).collect();
        let parts = [
            Part { name: "a.weight".into(), shape: vec![3, 4], values: matrix.clone() },
            Part { name: "a.bias".into(), shape: vec![3], values: vec![0.1, -2.0, 3.5] },
        ];
        let bytes = to_bytes(&parts, "abc", "{}").expect("good shapes");
        let head = Head::parse(Path::new("x"), &bytes).expect("a head");
        assert_eq!(Head::base(Path::new("x"), &bytes).expect("a base"), "abc");
        assert_eq!(head.get("a.bias"), Some(&parts[1]));
        let back = head.get("a.weight").expect("stored");
        for (row, (found, wanted)) in back.values.chunks(4).zip(matrix.chunks(4)).enumerate() {
            let step = wanted.iter().fold(0f32, |m, v| m.max(v.abs())) / 127.0;
            assert!(found.iter().zip(wanted).all(|(f, w)| (f - w).abs() <= step * 0.501), "row {row}");
        }
        assert!(Head::parse(Path::new("x"), &bytes[..bytes.len() - 1]).is_err());
        assert!(Head::parse(Path::new("x"), b"text").is_err());
    }

    #[test]
    fn some_rows_of_a_matrix_replace_those_of_the_encoder() {
        let part = Part { name: "a".into(), shape: vec![2, 2], values: vec![1.0, 2.0, 3.0, 4.0] };
        assert_eq!(part.over(vec![0.0; 6], &[2, 0]), Some(vec![3.0, 4.0, 0.0, 0.0, 1.0, 2.0]));
        assert_eq!(part.over(vec![0.0; 6], &[3, 0]), None, "there is no row 3");
        let data: Vec<u8> = [2u32, 0].iter().flat_map(|n| n.to_le_bytes()).collect();
        let values: Vec<u8> = part.values.iter().flat_map(|v| v.to_le_bytes()).collect();
        let view = |ty, shape, data| TensorView::new(ty, shape, data).expect("it fits");
        let file = |rows| {
            let tensors = [
                ("a", view(Dtype::F32, vec![2, 2], &values)),
                ("a.rows", view(Dtype::I32, vec![rows], &data[..4 * rows])),
            ];
            safetensors::serialize(tensors, None).expect("a file")
        };
        let head = Head::parse(Path::new("x"), &file(2)).expect("a head");
        assert_eq!((head.get("a"), head.rows("a")), (Some(&part), Some(&[2, 0][..])));
        assert!(Head::parse(Path::new("x"), &file(1)).is_err(), "two rows and one place");
    }
}
