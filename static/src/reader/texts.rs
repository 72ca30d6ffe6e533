//! The files `t`, with their dictionary, the file `z`.

use serde_json::Value;

use super::{
    Folder,
    overview::Overview,
    vectors::{Cells, Signs},
};
use crate::{Error, Result, bytes::Reader, files};

/// Texts of passages, and the codes beside them.
pub(super) struct Texts<'r> {
    folder: &'r Folder,
    overview: &'r Overview,
    dictionary: Vec<u8>,
    bytes: usize,
}

/// A file of texts.
struct File {
    lead: Vec<u8>,
    json: Value,
    /// Number of passages, and the place of one.
    count: usize,
    at: usize,
}

impl<'r> Texts<'r> {
    pub(super) fn open(folder: &'r Folder, overview: &'r Overview, dimension: usize) -> Result<Self> {
        let dictionary = folder.read('z', 0)?;
        Ok(Self { folder, overview, dictionary, bytes: dimension.div_ceil(8) })
    }

    /// Name of a passage's page in its source.
    pub(super) fn source(&self, passage: u32) -> Result<String> {
        let File { json, at, .. } = self.file(passage)?;
        let page = json[1][at][0].as_u64().unwrap_or_default() as usize;
        Ok(json[0][page][0].as_str().unwrap_or_default().to_owned())
    }

    /// The vector of a passage in three bits a dimension.
    pub(super) fn code(&self, passage: u32, signs: &Signs) -> Result<Cells> {
        let File { lead, count, at, .. } = self.file(passage)?;
        let mut reader = Reader::new(&lead);
        let largest = f64::from(reader.float()?);
        let share = f64::from(reader.raw(count)?[at]);
        reader.raw(at * 2 * self.bytes)?;
        let cells = Some((reader.raw(self.bytes)?.to_vec(), reader.raw(self.bytes)?.to_vec()));
        Ok(Cells { signs: signs.signs.clone(), cells, size: (share / 255.0) * largest })
    }

    fn file(&self, passage: u32) -> Result<File> {
        let starts = &self.overview.text_starts;
        let number = starts.partition_point(|start| *start <= passage).saturating_sub(1);
        let first = starts.get(number).copied().unwrap_or_default() as usize;
        let end = starts.get(number + 1).map_or(self.overview.passages, |end| *end as usize);
        let count = end - first;
        let lead = 4 + count * (1 + 2 * self.bytes);
        let Folder { path, tag } = self.folder;
        let (lead, text) = files::read(path, *tag, ('t', number), lead, &self.dictionary)?;
        let json = serde_json::from_slice(&text).map_err(|_| Error::Cut)?;
        Ok(File { lead, json, count, at: passage as usize - first })
    }
}
