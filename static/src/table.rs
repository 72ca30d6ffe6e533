//! Files of the lookup table: a browser makes the vector of a query from them.
//!
//! The table has a row for each piece of the model's vocabulary; a query's vector is the sum of the rows of its pieces.
//! Files `r` hold the pieces between two strings, each with its rotated row in two bits a dimension. File `r0` repeats
//! the most frequent pieces. The file `v` has the bounds of the others, and for each bound the beginnings of it that are
//! pieces too: the longest piece at the beginning of a word is in the word's file or among these.
//!
//! The table depends on the model alone, so it has a folder of its own that stays the same when pages change.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    fs,
    path::Path,
};

use cloze_index::Manifest;
use cloze_models::{Artifact, LookupTable, ModelRecord, ModelSource, Tokenizer};
use rayon::prelude::*;
use serde_json::Value;

use super::{bytes::Bytes, files::DataFile, inverted::Word, rotation::Rotation};
use crate::{Error, Result};

/// Pieces in a file, and in the file of the most frequent ones.
const PIECES: usize = 12;
const FREQUENT: usize = 48;
/// Width of one of four cells in deviations: the best uniform one for normal numbers (Max, "Quantizing for Minimum
/// Distortion", 1960).
const CELL: f32 = 0.995_7;
/// Cells below zero.
const BELOW: f32 = 2.0;

/// The lookup table of an index's model, with its tokenizer.
pub(crate) struct Table {
    table: LookupTable,
    /// Ids by piece, without special tokens.
    pieces: BTreeMap<String, u32>,
}

/// Opens the table of the model of an index. The second value is the reason why there is none that a browser can use.
pub(crate) fn open(manifest: &Manifest, model: Option<&ModelSource>) -> Result<std::result::Result<Table, String>> {
    let record: ModelRecord = match serde_json::from_value(manifest.model.clone()) {
        Ok(record) => record,
        Err(e) => return Ok(Err(format!("the index names a model that is not understood ({e})"))),
    };
    let source = model.cloned().unwrap_or_else(|| ModelSource::parse(&record.name));
    let dir = match source.locate() {
        Ok(dir) => dir,
        Err(e) => return Ok(Err(format!("the model is not on this machine ({e})"))),
    };
    let artifact = Artifact::read(&dir, &source.to_string(), record.precision)?.with_prefixes_of(&record);
    if !artifact.record.same_space(&record) {
        let [expected, found] = [&record, &artifact.record].map(ModelRecord::describe);
        return Err(Error::Mismatch { what: "model", found, expected });
    }
    if let Some(reason) = unfit(&artifact.tokenizer_path())? {
        return Ok(Err(reason));
    }
    let tokenizer = std::sync::Arc::new(Tokenizer::open(&artifact.tokenizer_path(), &record.name, record.max_tokens)?);
    let Some(table) = LookupTable::of(&artifact, tokenizer.clone())? else {
        return Ok(Err("the model has no lookup table".to_owned()));
    };
    let ids = (0..tokenizer.vocabulary_size() as u32).filter_map(|id| Some((tokenizer.token(id)?, id)));
    let pieces = ids.filter(|(piece, _)| !(piece.starts_with('[') && piece.len() > 1)).collect();
    Ok(Ok(Table { table, pieces }))
}

/// Why a browser cannot use a tokenizer, if so. Browsers know the uncased word pieces of BERT.
fn unfit(path: &Path) -> Result<Option<String>> {
    let text = fs::read_to_string(path).map_err(Error::io("read", path))?;
    let json: Value = serde_json::from_str(&text).unwrap_or_default();
    let is = |pointer: &str, value: Value| json.pointer(pointer) == Some(&value);
    let fits = is("/model/type", "WordPiece".into())
        && is("/model/continuing_subword_prefix", "##".into())
        && is("/normalizer/type", "BertNormalizer".into())
        && is("/normalizer/lowercase", true.into())
        && is("/pre_tokenizer/type", "BertPreTokenizer".into());
    Ok((!fits).then(|| "the model's tokenizer is not one of uncased word pieces".to_owned()))
}

impl Table {
    /// Writes the files. `words` are those of the pages: the most frequent ones are likely in queries too.
    pub(crate) fn files(&self, words: &BTreeMap<String, Word>, rotation: &Rotation) -> Vec<DataFile> {
        let pieces: Vec<(&String, u32)> = self.pieces.iter().map(|(piece, id)| (piece, *id)).collect();
        let rows: HashMap<u32, Vec<u8>> =
            pieces.par_iter().map(|(_, id)| (*id, packed(&rotation.of(&self.table.row(*id))))).collect();
        let mut frequent: Vec<_> =
            pieces.iter().filter_map(|(p, id)| Some((words.get(*p)?.passages, *p, *id))).collect();
        frequent.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(b.1)));
        let mut frequent: Vec<_> = frequent.into_iter().take(FREQUENT).map(|(_, piece, id)| (piece, id)).collect();
        frequent.sort_unstable();
        let groups: Vec<&[(&String, u32)]> = std::iter::once(&frequent[..]).chain(pieces.chunks(PIECES)).collect();
        let mut files: Vec<DataFile> =
            groups.iter().enumerate().map(|(k, group)| DataFile::new('r', k, listed(group, &rows))).collect();
        files.push(DataFile::new('v', 0, bounds(&groups[1..])));
        files
    }
}

/// The pieces of a file and their rows.
fn listed(group: &[(&String, u32)], rows: &HashMap<u32, Vec<u8>>) -> Vec<u8> {
    let mut bytes = Bytes::default();
    bytes.strings(group.iter().map(|(piece, _)| piece.as_str()));
    group.iter().filter_map(|(_, id)| rows.get(id)).for_each(|row| bytes.raw(row));
    bytes.into_inner()
}

/// The first piece of each file, and a bit for each beginning of it (in UTF-16 units, from one) that is a piece.
fn bounds(groups: &[&[(&String, u32)]]) -> Vec<u8> {
    let known: BTreeSet<&str> = groups.iter().copied().flatten().map(|(piece, _)| piece.as_str()).collect();
    let mut bytes = Bytes::default();
    let firsts = groups.iter().filter_map(|group| group.first()).map(|(piece, _)| piece.as_str());
    bytes.strings(firsts.clone().collect::<Vec<_>>().into_iter());
    for first in firsts {
        let ends = first.char_indices().skip(1).map(|(at, _)| at);
        let beginnings = ends.filter(|&at| known.contains(&first[..at])).map(|at| first[..at].encode_utf16().count());
        bytes.number(beginnings.filter(|units| *units <= 32).map(|units| 1usize << (units - 1)).sum());
    }
    bytes.into_inner()
}

/// A row as the width of its cells and the number of each value's cell, the first of four dimensions in the lowest bits.
fn packed(row: &[f32]) -> Vec<u8> {
    let deviation = (row.iter().map(|v| v * v).sum::<f32>() / row.len().max(1) as f32).sqrt();
    let width = (CELL * deviation).max(f32::MIN_POSITIVE);
    let cell = |v: &f32| ((v / width).floor() + BELOW).clamp(0.0, 2.0 * BELOW - 1.0) as u8;
    let four = |values: &[f32]| (0..).zip(values).fold(0, |byte, (at, v)| byte | cell(v) << (2 * at));
    let mut bytes = width.to_le_bytes().to_vec();
    bytes.extend(row.chunks(4).map(four));
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_have_two_bits_a_dimension() {
        let bytes = packed(&[1.0, -1.0, 0.1, -0.1, 1.0]);
        assert_eq!(bytes.len(), 6);
        let width = f32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]);
        assert!((0.5..1.0).contains(&width));
        assert_eq!(bytes[4..], [0b01_10_00_11, 0b11]);
    }

    #[test]
    fn bounds_tell_which_beginnings_are_pieces() {
        let names: Vec<String> = ["p", "po", "pow", "power", "##s"].map(String::from).to_vec();
        let group = |range: std::ops::Range<usize>| names[range].iter().map(|n| (n, 0)).collect::<Vec<_>>();
        let bytes = bounds(&[&group(0..3), &group(3..4)]);
        // "p" has no beginning; "power" has p, po and pow.
        assert_eq!(bytes[bytes.len() - 2..], [0, 0b111]);
    }
}
