//! Writes one vector segment.

use std::{
    fs::File,
    io::{BufWriter, Write},
    path::{Path, PathBuf},
};

use memmap2::Mmap;

use super::{
    build,
    codes::{Scale, halved},
    kernels,
    tokens::TokenWriter,
};
use crate::{Encoded, Error, PassageId, Result, calibration::Standing, faults, files, layout};

/// Number of rows from which a graph pays off: below it, a scan of every row takes less than a millisecond.
const GRAPH_FROM: usize = 4096;

/// Fills a segment's directory. It writes rows as they come and keeps only their passages in memory.
pub(crate) struct SegmentWriter {
    dir: PathBuf,
    dimension: usize,
    rows: BufWriter<File>,
    tokens: TokenWriter,
    passages: Vec<Vec<PassageId>>,
}

impl SegmentWriter {
    pub(crate) fn create(dir: &Path, dimension: usize) -> Result<Self> {
        files::create_dir_all(dir)?;
        let path = dir.join(layout::ROWS);
        let file = files::create(&path)?;
        Ok(Self {
            dir: dir.to_owned(),
            dimension,
            rows: BufWriter::with_capacity(1 << 20, file),
            tokens: TokenWriter::new(dir, dimension),
            passages: Vec::new(),
        })
    }

    /// Appends a vector with the codes of its tokens; returns its row.
    pub(crate) fn add(&mut self, encoded: &Encoded) -> Result<u32> {
        let row = self.add_row(&encoded.vector)?;
        self.tokens.add(&encoded.tokens)?;
        Ok(row)
    }

    fn add_row(&mut self, vector: &[f32]) -> Result<u32> {
        if vector.len() != self.dimension || vector.iter().any(|v| !v.is_finite()) {
            return Err(Error::Mismatch {
                what: "vector",
                found: format!("{} values, {} of them not finite", vector.len(), count_not_finite(vector)),
                expected: format!("{} finite values", self.dimension),
            });
        }
        let limit = u64::from(u32::MAX);
        let row = u32::try_from(self.passages.len()).map_err(|_| Error::TooMany { what: "vectors", limit })?;
        for half in halved(vector) {
            self.rows.write_all(&half.to_le_bytes()).map_err(Error::io("write", self.dir.join(layout::ROWS)))?;
        }
        self.passages.push(Vec::new());
        Ok(row)
    }

    /// Records that a passage has the vector of a row.
    pub(crate) fn add_passage(&mut self, row: u32, passage: PassageId) {
        self.passages[row as usize].push(passage);
    }

    pub(crate) fn rows(&self) -> usize {
        self.passages.len()
    }

    /// The standing of each query among the rows of live passages. Each query comes with its own similarity.
    pub(crate) fn standings(
        &mut self,
        queries: &[(&[f32], f32)],
        is_live: impl Fn(PassageId) -> bool,
    ) -> Result<Vec<Standing>> {
        self.with_rows(|rows| {
            let live = rows.filter(|(_, all)| all.iter().any(|p| is_live(*p))).map(|(row, _)| row);
            super::scan::standings(queries, &live.collect::<Vec<_>>())
        })
    }

    /// The similarity of each query to the row of its passage; `None` if the passage has no row here.
    pub(crate) fn own_similarities(&mut self, queries: &[(&[f32], PassageId)]) -> Result<Vec<Option<f32>>> {
        self.with_rows(|rows| {
            let mut own = vec![None; queries.len()];
            for (row, passages) in rows {
                for (place, (query, _)) in queries.iter().enumerate().filter(|(_, (_, p))| passages.contains(p)) {
                    own[place] = Some(kernels::halves(query, row));
                }
            }
            own
        })
    }

    /// Calls `look` with the rows added so far and their passages.
    fn with_rows<T>(
        &mut self,
        look: impl FnOnce(&mut dyn Iterator<Item = (&[u16], &Vec<PassageId>)>) -> T,
    ) -> Result<T> {
        let path = self.dir.join(layout::ROWS);
        self.rows.flush().map_err(Error::io("write", &path))?;
        if self.passages.is_empty() {
            return Ok(look(&mut std::iter::empty()));
        }
        let map = files::map(&path)?;
        let rows = files::as_u16(&path, &map)?;
        Ok(look(&mut rows.chunks_exact(self.dimension).zip(&self.passages)))
    }

    /// Writes the remaining data and builds the graph. It returns nothing: the files are the result.
    pub(crate) fn finish(mut self) -> Result<()> {
        let rows_path = self.dir.join(layout::ROWS);
        self.rows.flush().map_err(Error::io("write", &rows_path))?;
        if self.passages.is_empty() {
            // The build added no rows, so there is no segment.
            return files::remove_dir_all(&self.dir);
        }
        self.tokens.finish()?;
        let mut words = Vec::with_capacity(self.passages.len() * 2 + 1);
        let mut offset = 0u32;
        words.push(0);
        for list in &self.passages {
            offset += list.len() as u32;
            words.push(offset);
        }
        self.passages.iter().for_each(|list| words.extend(list));
        write_words(&self.dir.join(layout::PASSAGES), &words)?;
        if self.passages.len() >= faults::graph_from(GRAPH_FROM) {
            self.write_graph(&rows_path)?;
        }
        Ok(())
    }

    /// Writes the codes and the graph over them, for a segment with a graph.
    fn write_graph(&self, rows_path: &Path) -> Result<()> {
        let (codes, unit) = self.write_codes(rows_path)?;
        write_words(&self.dir.join(layout::GRAPH), &build::build(&codes, self.dimension, unit))
    }

    /// Writes the codes of all rows, and maps them; gives the inner product of a row with itself, too. The rows are not
    /// mapped any more then: the graph needs memory.
    fn write_codes(&self, rows_path: &Path) -> Result<(Mmap, f32)> {
        let map = files::map(rows_path)?;
        let rows = files::as_u16(rows_path, &map)?;
        let scale = Scale::of(rows);
        let path = self.dir.join(layout::CODES);
        let mut out = BufWriter::with_capacity(1 << 20, files::create(&path)?);
        for row in rows.chunks_exact(self.dimension) {
            let codes: Vec<u8> = scale.row(row).collect();
            out.write_all(&codes).map_err(Error::io("write", &path))?;
        }
        out.flush().map_err(Error::io("write", &path))?;
        Ok((files::map(&path)?, scale.unit()))
    }
}

fn count_not_finite(vector: &[f32]) -> usize {
    vector.iter().filter(|v| !v.is_finite()).count()
}

fn write_words(path: &Path, words: &[u32]) -> Result<()> {
    let file = files::create(path)?;
    let mut out = BufWriter::with_capacity(1 << 20, file);
    for word in words {
        out.write_all(&word.to_le_bytes()).map_err(Error::io("write", path))?;
    }
    out.flush().map_err(Error::io("write", path))
}
