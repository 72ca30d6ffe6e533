//! Fills a staging directory with a new generation.

use std::path::{Path, PathBuf};

use crate::{
    Calibration, Counts, Error, Passage, PassageId, Result, files,
    layout::{self, Layout},
    lexical::LexicalWriter,
    lock::WriterLock,
    publish::{self, Contents, Published},
    vectors::SegmentWriter,
};

/// What a generation is made for.
#[derive(Debug, Clone, PartialEq)]
pub struct WriterOptions {
    /// Number of dimensions of every vector.
    pub dimension: usize,
    /// What decides the vector space; goes into the manifest as it is.
    pub model: serde_json::Value,
}

/// Writes one generation. Nothing that readers see changes before [`Writer::publish`].
pub struct Writer {
    layout: Layout,
    staging: Staging,
    options: WriterOptions,
    lexical: LexicalWriter,
    vectors: SegmentWriter,
    passages: u32,
    pages: u32,
    calibration: Calibration,
    _lock: WriterLock,
}

/// A staging directory; removed on drop unless it was published.
struct Staging {
    path: PathBuf,
    published: bool,
}

impl Drop for Staging {
    fn drop(&mut self) {
        if !self.published {
            std::fs::remove_dir_all(&self.path).ok();
        }
    }
}

const SEGMENT: &str = "0";

impl Writer {
    /// Takes the writer's lock of the index directory `root` (made if it is absent) and starts a generation.
    ///
    /// # Errors
    /// [`Error::Locked`] if another process writes; [`Error::Io`] if the directory cannot be used.
    pub fn begin(root: &Path, options: WriterOptions) -> Result<Self> {
        let layout = Layout::new(root);
        files::create_dir_all(&layout.generations())?;
        let lock = WriterLock::take(&layout)?;
        publish::remove_abandoned(&layout);
        let path = layout.generations().join(format!("{}{}", layout::STAGING_PREFIX, std::process::id()));
        files::create_dir_all(&path)?;
        let staging = Staging { path, published: false };
        let segment = staging.path.join(layout::VECTORS).join(SEGMENT);
        let vectors = SegmentWriter::create(&segment, options.dimension)?;
        let lexical = LexicalWriter::create(&staging.path.join(layout::LEXICAL))?;
        Ok(Self {
            layout,
            staging,
            options,
            lexical,
            vectors,
            passages: 0,
            pages: 0,
            calibration: Calibration::default(),
            _lock: lock,
        })
    }

    /// Adds a vector; gives its row, for [`Self::add_passage`].
    ///
    /// # Errors
    /// [`Error::Mismatch`] for a vector of another dimension or with values that are not finite.
    pub fn add_vector(&mut self, vector: &[f32]) -> Result<u32> {
        self.vectors.add_row(vector)
    }

    /// Adds a passage whose vector is `row`. Passages of identical text may share one.
    ///
    /// # Errors
    /// [`Error::Mismatch`] for a row that was never added; [`Error::TooMany`] past 2^32 passages.
    pub fn add_passage(&mut self, passage: &Passage, row: u32) -> Result<PassageId> {
        if row as usize >= self.vectors.rows() {
            return Err(Error::Mismatch {
                what: "row of a passage",
                found: row.to_string(),
                expected: format!("one of {} rows", self.vectors.rows()),
            });
        }
        let id = self.passages;
        let limit = u64::from(u32::MAX);
        self.passages = id.checked_add(1).ok_or(Error::TooMany { what: "passages", limit })?;
        self.pages = self.pages.max(passage.page + 1);
        self.lexical.add(id, passage)?;
        self.vectors.add_passage(row, id);
        Ok(id)
    }

    /// Measures how near the vectors added so far come to queries that they do not answer.
    ///
    /// # Errors
    /// [`Error::Io`] if the vectors cannot be read back.
    pub fn calibrate(&mut self, off_topic: &[Vec<f32>]) -> Result<()> {
        self.calibration = Calibration::of(self.vectors.highest_similarities(off_topic)?);
        Ok(())
    }

    /// Completes the files, makes them durable and makes the generation the live one.
    ///
    /// # Errors
    /// [`Error::Io`] or [`Error::Lexical`]; the generation that was live before stays live.
    pub fn publish(self) -> Result<Published> {
        let Self { layout, mut staging, options, lexical, vectors, passages, pages, calibration, _lock } = self;
        let counts = Counts { pages: u64::from(pages), passages: u64::from(passages), vectors: vectors.rows() as u64 };
        let languages = lexical.languages();
        // Committing postings and building the graph use different cores.
        let (graph, postings) = rayon::join(|| vectors.finish(), || lexical.finish());
        graph.and(postings)?;
        let contents = Contents { counts, calibration, languages, vector_segments: vec![SEGMENT.to_owned()] };
        let published = publish::publish(&layout, &staging.path, &options, contents)?;
        staging.published = true;
        Ok(published)
    }
}
