//! One vector segment on disk.
//!
//! `rows.f16` holds one row for each distinct text; `passages.u32` maps rows to passages (`rows + 1` offsets, then
//! passage numbers). If the segment is large enough for walks instead of scans, `codes.u8` holds the rows with eight
//! bits for each value, and `graph.u32` holds the graph over them.

use std::path::Path;

use memmap2::Mmap;

use super::{graph::Graph, kernels, tokens::Tokens};
use crate::{Error, PassageId, Result, files, layout};

/// The parts of a segment that a walk needs.
#[derive(Debug)]
struct Walkable {
    codes: Mmap,
    words: Mmap,
    graph: Graph,
}

/// A segment opened for reading: all its files are mapped and none is copied.
#[derive(Debug)]
pub(crate) struct Segment {
    rows: Mmap,
    passages: Mmap,
    walkable: Option<Walkable>,
    tokens: Option<Tokens>,
    dimension: usize,
    len: usize,
}

impl Segment {
    /// Opens a segment whose files have passed their checksums; checks that they fit each other.
    pub(crate) fn open(dir: &Path, dimension: usize) -> Result<Self> {
        let rows_path = dir.join(layout::ROWS);
        let rows = files::map(&rows_path)?;
        let values = files::as_u16(&rows_path, &rows)?.len();
        if dimension == 0 || !values.is_multiple_of(dimension) {
            return Err(Error::damaged(rows_path, format!("{values} values"), format!("rows of {dimension} values")));
        }
        let len = values / dimension;
        let passages_path = dir.join(layout::PASSAGES);
        let passages = files::map(&passages_path)?;
        check_passages(&passages_path, files::as_u32(&passages_path, &passages)?, len)?;
        let walkable =
            if dir.join(layout::GRAPH).is_file() { Some(Walkable::open(dir, len, dimension)?) } else { None };
        let tokens = Tokens::open(dir, len, dimension)?;
        Ok(Self { rows, passages, walkable, tokens, dimension, len })
    }

    /// Number of rows.
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// One row, in half floats.
    pub(crate) fn row(&self, row: usize) -> &[u16] {
        &self.values()[row * self.dimension..(row + 1) * self.dimension]
    }

    /// Passages that have this row's vector.
    pub(crate) fn passages(&self, row: usize) -> &[PassageId] {
        let words = words(&self.passages);
        let (from, to) = (words[row] as usize, words[row + 1] as usize);
        &words[self.len + 1 + from..self.len + 1 + to]
    }

    /// Inner product of a vector and one row.
    pub(crate) fn similarity(&self, query: &[f32], row: usize) -> f32 {
        kernels::halves(query, self.row(row))
    }

    /// Codes of the token vectors of a row's text; empty if there are none.
    pub(crate) fn tokens(&self, row: usize) -> &[u8] {
        self.tokens.as_ref().map_or(&[], |tokens| tokens.of(row))
    }

    /// The graph, its array, and the rows' codes, row-major, if the segment has a graph.
    pub(crate) fn graph(&self) -> Option<(&Graph, &[u32], &[u8])> {
        self.walkable.as_ref().map(|w| (&w.graph, words(&w.words), &w.codes[..]))
    }

    fn values(&self) -> &[u16] {
        // SAFETY: alignment and length were checked in `open`; every bit pattern is a u16.
        unsafe { self.rows.align_to::<u16>() }.1
    }
}

impl Walkable {
    /// Opens the files for walks over `rows` rows.
    fn open(dir: &Path, rows: usize, dimension: usize) -> Result<Self> {
        let codes_path = dir.join(layout::CODES);
        let codes = files::map(&codes_path)?;
        if codes.len() != rows * dimension {
            let expected = format!("{rows} rows of {dimension} codes");
            return Err(Error::damaged(codes_path, format!("{} codes", codes.len()), expected));
        }
        let path = dir.join(layout::GRAPH);
        let words = files::map(&path)?;
        let graph = Graph::parse(&path, files::as_u32(&path, &words)?, rows)?;
        Ok(Self { codes, words, graph })
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
        Err(Error::damaged(path, "the offsets do not match the passages", format!("{rows} lists of passages")))
    }
}
