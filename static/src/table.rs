//! Files of the lookup table: a browser makes the vector of a query from them.
//!
//! The table has a row for each piece of the model's vocabulary; a query's vector is the sum of the rows of its pieces.
//! Files `r` hold the pieces between two strings, each with the code of its rotated row: three bits a dimension if the
//! pages have the piece, else one. Pieces with letters that no page has are left out. File `r0` repeats the most frequent
//! pieces. The file `v` has the bounds of the others, and for each bound the beginnings of it that are
//! pieces too: the longest piece at the beginning of a word is in the word's file or among these.
//!
//! The table has a folder of its own, which stays the same while the pages have the same pieces and frequent words.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
    fs,
    path::Path,
    sync::Arc,
};

use cloze_index::Manifest;
use cloze_models::{Artifact, LookupTable, ModelRecord, ModelSource, Tokenizer};
use rayon::prelude::*;
use serde_json::Value;

use super::{bytes::Bytes, codes::Code, files::DataFile, inverted::Word, rotation::Rotation};
use crate::{Error, Result};

/// Pieces in a file, and in the file of the most frequent ones.
const PIECES: usize = 12;
const FREQUENT: usize = 48;
/// Steps of the size of a row.
const STEPS: f32 = 65_535.0;

/// The lookup table of an index's model, with its tokenizer.
pub(crate) struct Table {
    table: LookupTable,
    tokenizer: Arc<Tokenizer>,
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
    let tokenizer = Arc::new(Tokenizer::open(&artifact.tokenizer_path(), &record.name, record.max_tokens)?);
    let Some(table) = LookupTable::of(&artifact, tokenizer.clone())? else {
        return Ok(Err("the model has no lookup table".to_owned()));
    };
    let ids = (0..tokenizer.vocabulary_size() as u32).filter_map(|id| Some((tokenizer.token(id)?, id)));
    let pieces = ids.filter(|(piece, _)| !(piece.starts_with('[') && piece.len() > 1)).collect();
    Ok(Ok(Table { table, tokenizer, pieces }))
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
    pub(crate) fn files(&self, words: &BTreeMap<String, Word>, rotation: &Rotation) -> Result<Vec<DataFile>> {
        let letters: HashSet<char> = words.keys().flat_map(|word| word.chars()).collect();
        let may_be = |piece: &str| piece.chars().all(|c| c.is_ascii() || !c.is_alphanumeric() || letters.contains(&c));
        let pieces: Vec<(&String, u32)> =
            self.pieces.iter().filter(|(piece, _)| may_be(piece)).map(|(piece, id)| (piece, *id)).collect();
        let on_pages = self.on_pages(words)?;
        let row = |id: u32| Row { code: Code::of(&rotation.of(&self.table.row(id))), is_fine: on_pages.contains(&id) };
        let rows: HashMap<u32, Row> = pieces.par_iter().map(|(_, id)| (*id, row(*id))).collect();
        let mut frequent: Vec<_> =
            pieces.iter().filter_map(|(p, id)| Some((words.get(*p)?.passages, *p, *id))).collect();
        frequent.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(b.1)));
        let mut frequent: Vec<_> = frequent.into_iter().take(FREQUENT).map(|(_, piece, id)| (piece, id)).collect();
        frequent.sort_unstable();
        let groups: Vec<&[(&String, u32)]> = std::iter::once(&frequent[..]).chain(pieces.chunks(PIECES)).collect();
        let mut files: Vec<DataFile> =
            groups.iter().enumerate().map(|(k, group)| DataFile::new('r', k, listed(group, &rows))).collect();
        files.push(DataFile::new('v', 0, bounds(&groups[1..])));
        Ok(files)
    }

    /// The rows of all pieces.
    pub(crate) fn rows(&self) -> Vec<Vec<f32>> {
        self.pieces.values().map(|id| self.table.row(*id)).collect()
    }

    /// The pieces that the words of the pages consist of.
    fn on_pages(&self, words: &BTreeMap<String, Word>) -> Result<HashSet<u32>> {
        let words: Vec<&String> = words.keys().collect();
        let ids = words.par_iter().map(|word| Ok(self.tokenizer.plain_ids(word)?)).collect::<Result<Vec<_>>>()?;
        Ok(ids.into_iter().flatten().collect())
    }
}

/// The row of a piece.
struct Row {
    code: Code,
    /// Whether its cells are stored.
    is_fine: bool,
}

impl Row {
    fn size(&self) -> f32 {
        if self.is_fine { self.code.by_cells } else { self.code.by_signs }
    }
}

/// The pieces of a file; the largest size of their rows; a bit for each row that says whether its cells are stored. Then
/// for each row its size as a share of the largest, in two bytes, its signs, and the bits of its cells.
fn listed(group: &[(&String, u32)], rows: &HashMap<u32, Row>) -> Vec<u8> {
    let rows: Vec<&Row> = group.iter().filter_map(|(_, id)| rows.get(id)).collect();
    let largest = rows.iter().map(|row| row.size()).fold(f32::MIN_POSITIVE, f32::max);
    let mut bytes = Bytes::default();
    bytes.strings(group.iter().map(|(piece, _)| piece.as_str()));
    bytes.float(largest);
    let eight = |rows: &[&Row]| (0u8..).zip(rows).map(|(bit, row)| u8::from(row.is_fine) << bit).sum::<u8>();
    bytes.raw(&rows.chunks(8).map(eight).collect::<Vec<_>>());
    for row in rows {
        bytes.raw(&((row.size() / largest * STEPS).round() as u16).to_le_bytes());
        bytes.raw(&row.code.signs);
        row.code.cells.iter().filter(|_| row.is_fine).for_each(|bits| bytes.raw(bits));
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_that_the_pages_have_get_more_bits() {
        let names = ["a", "b"].map(String::from);
        let group: Vec<(&String, u32)> = names.iter().zip(0..).collect();
        let row = |is_fine| Row { code: Code::of(&[1.0, -1.0, 1.0, 1.0]), is_fine };
        let bytes = listed(&group, &HashMap::from([(0, row(true)), (1, row(false))]));
        // All sizes are in the second cell; a row without cells is smaller by the value of that cell.
        assert_eq!(bytes[bytes.len() - 9..], [0b01, 255, 255, 0b1101, 0b1111, 0, 0x88, 0xc1, 0b1101]);
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
