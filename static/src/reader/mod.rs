//! Reads an export as a browser does: the same files, the same arithmetic, the same order.
//!
//! It searches plain words by words and by meaning. Corrections, phrases, filters and exact titles are the browser's alone.
//! Tests compare both, so a change of the format or of a rule in one place only is found.

mod overview;
mod pieces;
mod rank;
mod texts;
mod vectors;
mod words;

use std::path::{Path, PathBuf};

use base64::{Engine as _, engine::general_purpose::STANDARD};

use self::{overview::Overview, pieces::Pieces, texts::Texts, vectors::Vectors, words::Words};
use crate::{Entry, Error, Result, entry::Semantic, files};

/// The data files of a folder.
#[derive(Debug, Clone)]
struct Folder {
    path: PathBuf,
    tag: u32,
}

impl Folder {
    fn read(&self, kind: char, number: usize) -> Result<Vec<u8>> {
        Ok(files::read(&self.path, self.tag, (kind, number), 0, &[])?.1)
    }
}

/// A page that a search finds.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    /// Name of the page in its source.
    pub source: String,
    /// The fused score of its best passage, 0 to 1.
    pub score: f64,
}

/// An export, opened for reading.
pub struct Reader {
    folder: Folder,
    table: Folder,
    overview: Overview,
    semantic: Semantic,
    mean: Vec<f64>,
}

impl Reader {
    /// Opens the export in a folder.
    ///
    /// # Errors
    /// [`Error::Io`] or [`Error::Damaged`], naming the file; [`Error::Mismatch`] for an export without vectors.
    pub fn open(dir: &Path) -> Result<Self> {
        let entry = Entry::read(dir)?;
        let Some(semantic) = entry.semantic else {
            let found = entry.reason.unwrap_or_default();
            return Err(Error::Mismatch { what: "export", found, expected: "an export with vectors".into() });
        };
        let folder = Folder { path: dir.join(&entry.folder), tag: entry.tag };
        let table = Folder { path: dir.join(&semantic.table), tag: semantic.tag };
        let overview = Overview::parse(&folder.read('h', 0)?, entry.average_length)?;
        let mean = STANDARD.decode(&semantic.mean).map_err(|_| Error::Cut)?;
        let mean = mean.iter().map(|&byte| f64::from(byte as i8) * semantic.mean_step).collect();
        Ok(Self { folder, table, overview, semantic, mean })
    }

    /// The best pages for some plain words, best first.
    ///
    /// # Errors
    /// If a file that the search needs cannot be read.
    pub fn search(&self, query: &str, limit: usize) -> Result<Vec<Found>> {
        let words = Words::new(&self.folder, &self.overview);
        let texts = Texts::open(&self.folder, &self.overview, self.semantic.dimension)?;
        let vectors = Vectors::open(&self.folder, self.overview.passages, self.semantic.dimension)?;
        let vector = Pieces::open(&self.table, self.semantic.dimension)?.encode(query)?;
        let search =
            rank::Search { words, texts: &texts, vectors: &vectors, overview: &self.overview, mean: &self.mean };
        let pages = search.pages(query, vector)?.into_iter().take(limit);
        pages.map(|hit| Ok(Found { source: texts.source(hit.passage)?, score: hit.score })).collect()
    }
}
