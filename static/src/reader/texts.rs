//! The files `t`.

use serde_json::Value;

use super::{Folder, overview::Overview, vectors::Cells};
use crate::{Error, Result, bytes::Reader};

/// Texts of passages, and the codes beside them.
pub(super) struct Texts<'r> {
    folder: &'r Folder,
    overview: &'r Overview,
    bytes: usize,
}

impl<'r> Texts<'r> {
    pub(super) fn new(folder: &'r Folder, overview: &'r Overview, dimension: usize) -> Self {
        Self { folder, overview, bytes: dimension.div_ceil(8) }
    }

    /// Name of a passage's page in its source.
    pub(super) fn source(&self, passage: u32) -> Result<String> {
        let (at, data) = self.file(passage)?;
        let mut reader = Reader::new(&data);
        let length = reader.number()?;
        let json: Value = serde_json::from_slice(reader.raw(length)?).map_err(|_| Error::Cut)?;
        let page = json[1][at][0].as_u64().unwrap_or_default() as usize;
        Ok(json[0][page][0].as_str().unwrap_or_default().to_owned())
    }

    /// The vector of a passage in two bits a dimension.
    pub(super) fn code(&self, passage: u32) -> Result<Cells> {
        let (at, data) = self.file(passage)?;
        let mut reader = Reader::new(&data);
        let length = reader.number()?;
        let json: Value = serde_json::from_slice(reader.raw(length)?).map_err(|_| Error::Cut)?;
        let count = json[1].as_array().map_or(0, Vec::len);
        let largest = f64::from(reader.float()?);
        let share = f64::from(reader.raw(count)?[at]);
        let bits = |reader: &mut Reader<'_>| -> Result<Vec<u8>> {
            Ok(reader.raw(count * self.bytes)?[at * self.bytes..(at + 1) * self.bytes].to_vec())
        };
        let (signs, far) = (bits(&mut reader)?, bits(&mut reader)?);
        Ok(Cells { signs, far, deviation: (share / 255.0) * largest })
    }

    /// The place of a passage in its file, and the file.
    fn file(&self, passage: u32) -> Result<(usize, Vec<u8>)> {
        let number = self.overview.text_starts.partition_point(|start| *start <= passage).saturating_sub(1);
        let first = self.overview.text_starts.get(number).copied().unwrap_or_default();
        Ok(((passage - first) as usize, self.folder.read('t', number)?))
    }
}
