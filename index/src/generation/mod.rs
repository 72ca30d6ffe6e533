//! The live generation, opened for reading. What it says about words is in `words`.

mod words;

use std::path::{Path, PathBuf};

use crate::{
    Error, Manifest, Passage, PassageId, Result, Scored, Selection, files,
    layout::{self, Layout},
    lexical::Lexical,
    pages::{self, PageRecord},
    publish,
    vectors::{Segment, VectorSearch},
};

/// Candidates that a walk over a graph keeps at least; recall@10 of 100,000 vectors is about .99 at this width.
const EF: usize = 256;

/// One generation. It does not change; a new one is opened when there is one.
pub struct Generation {
    dir: PathBuf,
    manifest: Manifest,
    vectors: VectorSearch,
    lexical: Lexical,
    live: Selection,
    /// Passages of current versions, where pages have several.
    current: Option<Selection>,
    stale: Option<String>,
}

impl Generation {
    /// Opens the live generation of the index directory `root`. Every file is checked against its
    /// checksum first; nothing is written, so the directory may be read-only.
    ///
    /// # Errors
    /// [`Error::NoIndex`], [`Error::Format`], [`Error::Damaged`] or [`Error::Io`], naming the file.
    pub fn open(root: &Path) -> Result<Self> {
        let layout = Layout::new(root);
        let (name, hash) = publish::current(&layout)?;
        match Self::open_named(&layout, &name, &hash) {
            // A writer may have switched and pruned between the two reads: look once more.
            Err(error) => match publish::current(&layout)? {
                (newer, hash) if newer != name => Self::open_named(&layout, &newer, &hash),
                _ => Err(error),
            },
            opened => opened,
        }
    }

    /// Opens the live generation, or the one before it where the live one is damaged and that one is
    /// whole: [`Self::stale`] then says why. For programs that begin to answer; those that answer
    /// already have the one before it open.
    ///
    /// # Errors
    /// Those of [`Self::open`], about the live generation, if the one before it cannot be opened either.
    pub fn open_or_previous(root: &Path) -> Result<Self> {
        let error = match Self::open(root) {
            Err(error) if !matches!(error, Error::Format { .. }) => error,
            outcome => return outcome,
        };
        let layout = Layout::new(root);
        let live = publish::current(&layout).ok();
        let Some((name, hash)) = publish::previous(&layout).ok().filter(|previous| Some(previous) != live.as_ref())
        else {
            return Err(error);
        };
        let Ok(previous) = Self::open_named(&layout, &name, &hash) else { return Err(error) };
        let live = live.map_or("the live generation".into(), |(live, _)| format!("generation {live}"));
        let reason = format!("{live} cannot be opened, and generation {name} from before it answers: {error}");
        tracing::warn!("{reason}");
        Ok(Self { stale: Some(reason), ..previous })
    }

    fn open_named(layout: &Layout, name: &str, manifest_hash: &str) -> Result<Self> {
        let dir = layout.generation(name);
        let manifest = Manifest::read(&dir, manifest_hash)?;
        manifest.verify_files(&dir)?;
        Self::open_dir(&dir, manifest)
    }

    /// Opens a directory whose files are as its manifest says.
    pub(crate) fn open_dir(dir: &Path, manifest: Manifest) -> Result<Self> {
        let live = live(dir, &manifest)?;
        let segments = manifest
            .vector_segments
            .iter()
            .map(|s| Segment::open(&dir.join(layout::VECTORS).join(s), manifest.dimension))
            .collect::<Result<Vec<_>>>()?;
        let vectors = VectorSearch::new(segments, &live).ok_or_else(|| {
            let expected = format!("vectors of {} passages", live.len());
            Error::damaged(dir.join(layout::VECTORS), "passages that do not fit", expected)
        })?;
        let lexical = Lexical::open(&dir.join(layout::LEXICAL), live.clone(), vectors.sample(), &manifest.languages)?;
        let current = lexical.current()?;
        Ok(Self { dir: dir.to_owned(), manifest, vectors, lexical, live, current, stale: None })
    }

    /// Whether this is the generation that is live in an index directory, which is not opened: cheap
    /// enough to ask often. Gives the live one's name if it is another.
    ///
    /// # Errors
    /// [`Error::NoIndex`] or [`Error::Damaged`].
    pub fn overtaken_by(&self, root: &Path) -> Result<Option<String>> {
        let (name, hash) = publish::current(&Layout::new(root))?;
        let is_same = name == self.manifest.generation && hash == files::hash(&self.manifest.to_bytes()?);
        Ok((!is_same).then_some(name))
    }

    /// Name of the live generation of an index directory, without opening it.
    ///
    /// # Errors
    /// [`Error::NoIndex`] or [`Error::Damaged`].
    pub fn live_name(root: &Path) -> Result<String> {
        publish::current(&Layout::new(root)).map(|(name, _)| name)
    }

    /// Why this is not the generation that is live, if it is the one before it.
    #[must_use]
    pub fn stale(&self) -> Option<&str> {
        self.stale.as_deref()
    }

    /// Its directory.
    #[must_use]
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// What it says of itself.
    #[must_use]
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// Number of passages.
    #[must_use]
    pub fn passages(&self) -> usize {
        self.manifest.counts.passages as usize
    }

    /// The passages, by number. Where some are gone, there are gaps.
    pub fn ids(&self) -> impl Iterator<Item = PassageId> + '_ {
        self.live.iter()
    }

    /// Whether there is a passage of this number.
    #[must_use]
    pub fn is_live(&self, id: PassageId) -> bool {
        (id as usize) < self.live.universe() && self.live.contains(id)
    }

    /// The pages with their passages, in the order they were read.
    ///
    /// # Errors
    /// [`Error::Io`] or [`Error::Damaged`].
    pub fn pages(&self) -> Result<Vec<PageRecord>> {
        pages::read(&self.dir.join(layout::PAGES))
    }

    /// The vectors, by segment.
    pub(crate) fn vector_search(&self) -> &VectorSearch {
        &self.vectors
    }

    /// Number of distinct vectors.
    #[must_use]
    pub fn vectors(&self) -> usize {
        self.vectors.len()
    }

    /// The `k` passages whose vectors are nearest to a unit vector, best first, among those selected.
    ///
    /// # Errors
    /// [`Error::Mismatch`] if the vector has another dimension than the generation.
    pub fn nearest(&self, query: &[f32], k: usize, among: Option<&Selection>) -> Result<Vec<Scored>> {
        // With more vectors, more are nearly as near as the nearest: a front that grows with their root keeps recall.
        self.nearest_within(query, k, EF.max(self.vectors().isqrt()), among)
    }

    /// As [`Self::nearest`], by walks that keep `width` candidates: with more they find more of the
    /// nearest and take longer. For measuring what a width costs and finds.
    ///
    /// # Errors
    /// [`Error::Mismatch`] if the vector has another dimension than the generation.
    pub fn nearest_within(
        &self,
        query: &[f32],
        k: usize,
        width: usize,
        among: Option<&Selection>,
    ) -> Result<Vec<Scored>> {
        self.check_dimension(query)?;
        Ok(self.vectors.nearest(query, k, width.max(k), among))
    }

    /// Standard deviation of the cosine similarities of a unit vector to the vectors of the index.
    ///
    /// # Errors
    /// [`Error::Mismatch`] if the vector has another dimension than the generation.
    pub fn similarity_spread(&self, query: &[f32]) -> Result<f32> {
        self.check_dimension(query)?;
        Ok(self.vectors.spread(query))
    }

    /// The vector of a passage, as it is stored: in half floats.
    #[must_use]
    pub fn vector(&self, passage: PassageId) -> Vec<f32> {
        self.vectors.vector(passage)
    }

    /// Cosine similarity of given passages to a unit vector, in their order.
    ///
    /// # Errors
    /// [`Error::Mismatch`] if the vector has another dimension than the generation.
    pub fn similarities(&self, query: &[f32], passages: &[PassageId]) -> Result<Vec<f32>> {
        self.check_dimension(query)?;
        Ok(passages.iter().map(|&p| self.vectors.similarity(query, p)).collect())
    }

    /// A passage as stored.
    ///
    /// # Errors
    /// [`Error::Lexical`] if it cannot be read.
    pub fn passage(&self, id: PassageId) -> Result<Passage> {
        self.lexical.passage(id)
    }

    /// The page of a passage.
    #[must_use]
    pub fn page_of(&self, id: PassageId) -> u32 {
        self.lexical.page_of(id)
    }

    /// Of passages, the first of each page.
    #[must_use]
    pub fn one_per_page(&self, passages: impl IntoIterator<Item = PassageId>) -> Vec<PassageId> {
        self.lexical.one_per_page(passages)
    }

    fn check_dimension(&self, query: &[f32]) -> Result<()> {
        if query.len() == self.manifest.dimension {
            return Ok(());
        }
        Err(Error::Mismatch {
            what: "dimension of the query's vector",
            found: query.len().to_string(),
            expected: format!("{}, as in generation {}", self.manifest.dimension, self.manifest.generation),
        })
    }
}

/// Passages that are not gone.
fn live(dir: &Path, manifest: &Manifest) -> Result<Selection> {
    let path = dir.join(layout::TOMBSTONES);
    let map = files::map(&path)?;
    let gone = files::as_u32(&path, &map)?;
    let numbers = manifest.counts.numbers;
    if gone.iter().any(|&id| u64::from(id) >= numbers) {
        return Err(Error::damaged(path, "a number that no passage had", format!("numbers below {numbers}")));
    }
    Ok(Selection::all_but(numbers as usize, gone))
}
