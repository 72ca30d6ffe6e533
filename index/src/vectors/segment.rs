//! One vector segment on disk.
//!
//! `rows.f32` holds one row a distinct text; `passages.u32` says which passages have which row
//! (`rows + 1` offsets, then passage numbers); `graph.u32` exists where the segment is large
//! enough to be walked instead of scanned.

use std::{
    fs::File,
    io::{BufWriter, Write},
    path::{Path, PathBuf},
};

use super::graph::{self, Graph};
use crate::{Error, PassageId, Result, faults, files, layout};
use memmap2::Mmap;

/// Rows from which a graph pays: below, scanning every row takes less than a millisecond.
const GRAPH_FROM: usize = 4096;

/// Fills a segment's directory. Rows are written as they come; nothing but their passages is held.
pub(crate) struct SegmentWriter {
    dir: PathBuf,
    dimension: usize,
    rows: BufWriter<File>,
    passages: Vec<Vec<PassageId>>,
}

impl SegmentWriter {
    pub(crate) fn create(dir: &Path, dimension: usize) -> Result<Self> {
        files::create_dir_all(dir)?;
        let path = dir.join(layout::ROWS);
        let file = files::create(&path)?;
        Ok(Self { dir: dir.to_owned(), dimension, rows: BufWriter::with_capacity(1 << 20, file), passages: Vec::new() })
    }

    /// Appends a vector; gives its row.
    pub(crate) fn add_row(&mut self, vector: &[f32]) -> Result<u32> {
        if vector.len() != self.dimension || vector.iter().any(|v| !v.is_finite()) {
            return Err(Error::Mismatch {
                what: "vector",
                found: format!("{} values, {} of them not finite", vector.len(), count_not_finite(vector)),
                expected: format!("{} finite values", self.dimension),
            });
        }
        let limit = u64::from(u32::MAX);
        let row = u32::try_from(self.passages.len()).map_err(|_| Error::TooMany { what: "vectors", limit })?;
        for value in vector {
            self.rows.write_all(&value.to_le_bytes()).map_err(Error::io("write", self.dir.join(layout::ROWS)))?;
        }
        self.passages.push(Vec::new());
        Ok(row)
    }

    /// Says that a passage has the vector of a row.
    pub(crate) fn add_passage(&mut self, row: u32, passage: PassageId) {
        self.passages[row as usize].push(passage);
    }

    pub(crate) fn rows(&self) -> usize {
        self.passages.len()
    }

    /// For each query, its similarity to the nearest row that a living passage has.
    pub(crate) fn highest(&mut self, queries: &[Vec<f32>], is_live: impl Fn(PassageId) -> bool) -> Result<Vec<f32>> {
        let path = self.dir.join(layout::ROWS);
        self.rows.flush().map_err(Error::io("write", &path))?;
        if self.passages.is_empty() {
            return Ok(Vec::new());
        }
        let map = files::map(&path)?;
        let rows = files::as_f32(&path, &map)?.chunks_exact(self.dimension).zip(&self.passages);
        let live: Vec<&[f32]> = rows.filter(|(_, all)| all.iter().any(|p| is_live(*p))).map(|(row, _)| row).collect();
        Ok(super::search::highest(queries, &live))
    }

    /// Writes the rest; the graph is built here. Gives nothing back: the files are the result.
    pub(crate) fn finish(mut self) -> Result<()> {
        let rows_path = self.dir.join(layout::ROWS);
        self.rows.flush().map_err(Error::io("write", &rows_path))?;
        drop(self.rows);
        if self.passages.is_empty() {
            // Nothing was added: there is no segment.
            return files::remove_dir_all(&self.dir);
        }
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
            let map = files::map(&rows_path)?;
            let graph = graph::build(files::as_f32(&rows_path, &map)?, self.dimension);
            write_words(&self.dir.join(layout::GRAPH), &graph)?;
        }
        Ok(())
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

/// A segment opened for reading: everything is mapped, nothing is copied.
#[derive(Debug)]
pub(crate) struct Segment {
    rows: Mmap,
    passages: Mmap,
    graph: Option<(Mmap, Graph)>,
    dimension: usize,
    len: usize,
}

impl Segment {
    /// Opens a segment whose files have passed their checksums; checks that they fit each other.
    pub(crate) fn open(dir: &Path, dimension: usize) -> Result<Self> {
        let rows_path = dir.join(layout::ROWS);
        let rows = files::map(&rows_path)?;
        let values = files::as_f32(&rows_path, &rows)?.len();
        if dimension == 0 || !values.is_multiple_of(dimension) {
            return Err(Error::damaged(rows_path, format!("{values} values"), format!("rows of {dimension}")));
        }
        let len = values / dimension;
        let passages_path = dir.join(layout::PASSAGES);
        let passages = files::map(&passages_path)?;
        check_passages(&passages_path, files::as_u32(&passages_path, &passages)?, len)?;
        let graph_path = dir.join(layout::GRAPH);
        let graph = if graph_path.is_file() {
            let map = files::map(&graph_path)?;
            let graph = Graph::parse(&graph_path, files::as_u32(&graph_path, &map)?, len)?;
            Some((map, graph))
        } else {
            None
        };
        Ok(Self { rows, passages, graph, dimension, len })
    }

    /// Number of rows.
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// One row.
    pub(crate) fn row(&self, row: usize) -> &[f32] {
        &self.values()[row * self.dimension..(row + 1) * self.dimension]
    }

    /// Passages that have this row's vector.
    pub(crate) fn passages(&self, row: usize) -> &[PassageId] {
        let words = words(&self.passages);
        let (from, to) = (words[row] as usize, words[row + 1] as usize);
        &words[self.len + 1 + from..self.len + 1 + to]
    }

    /// The graph and its array, if the segment has one.
    pub(crate) fn graph(&self) -> Option<(&Graph, &[u32])> {
        self.graph.as_ref().map(|(map, graph)| (graph, words(map)))
    }

    fn values(&self) -> &[f32] {
        // SAFETY: alignment and length were checked in `open`; every bit pattern is an f32.
        unsafe { self.rows.align_to::<f32>() }.1
    }
}

fn words(map: &Mmap) -> &[u32] {
    // SAFETY: alignment and length were checked in `open`; every bit pattern is a u32.
    unsafe { map.align_to::<u32>() }.1
}

fn check_passages(path: &Path, words: &[u32], rows: usize) -> Result<()> {
    let good = words.len() > rows
        && words[0] == 0
        && words[..=rows].is_sorted()
        && words[rows] as usize == words.len() - rows - 1;
    if good {
        Ok(())
    } else {
        Err(Error::damaged(path, "offsets that do not fit", format!("{rows} lists of passages")))
    }
}
