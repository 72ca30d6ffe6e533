//! The live generation, opened for reading: a head and a body.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use crate::{
    Body, Error, FilesBody, Head, Manifest, Passage, PassageId, Result, Selection, files,
    layout::{self, Layout},
    lexical::{Opened, WordList},
    pages::{self, PageRecord},
    publish,
    vectors::{Segment, VectorSearch},
};

/// One generation. It does not change; a reader opens the next one when it appears.
pub struct Generation {
    dir: PathBuf,
    head: Arc<Head>,
    /// The body in files, if it is one.
    files: Option<Arc<FilesBody>>,
    body: Arc<dyn Body>,
    live: Selection,
    stale: Option<String>,
}

impl Generation {
    /// Opens the live generation of the index directory `root`. It checks every file against its checksum first. It
    /// writes nothing, so the directory may be read-only.
    ///
    /// # Errors
    /// [`Error::NoIndex`], [`Error::Format`], [`Error::Damaged`] or [`Error::Io`], naming the file.
    pub fn open(root: &Path) -> Result<Self> {
        let layout = Layout::new(root);
        let (name, hash) = publish::current(&layout)?;
        match Self::open_named(&layout, &name, &hash) {
            // A writer may have switched and pruned between the two reads, so read once more.
            Err(error) => match publish::current(&layout)? {
                (newer, hash) if newer != name => Self::open_named(&layout, &newer, &hash),
                _ => Err(error),
            },
            opened => opened,
        }
    }

    /// Opens the live generation. If it is damaged and the previous one is intact, opens the previous one:
    /// [`Self::stale`] then gives the reason. This is for programs that start; a running program already has a
    /// generation open.
    ///
    /// # Errors
    /// Those of [`Self::open`], about the live generation, if the previous one cannot be opened either.
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
        let reason = format!("{live} cannot be opened; the previous generation {name} is used instead: {error}");
        tracing::warn!("{reason}");
        Ok(Self { stale: Some(reason), ..previous })
    }

    fn open_named(layout: &Layout, name: &str, manifest_hash: &str) -> Result<Self> {
        let dir = layout.generation(name);
        let manifest = Manifest::read(&dir, manifest_hash)?;
        manifest.verify_files(&dir)?;
        Self::open_dir(&dir, manifest)
    }

    /// Opens a directory whose files match its manifest.
    pub(crate) fn open_dir(dir: &Path, manifest: Manifest) -> Result<Self> {
        let live = live(dir, &manifest)?;
        let segments = manifest
            .vector_segments
            .iter()
            .map(|s| Segment::open(&dir.join(layout::VECTORS).join(s), manifest.dimension))
            .collect::<Result<Vec<_>>>()?;
        let vectors = VectorSearch::new(segments, &live).ok_or_else(|| {
            let expected = format!("vectors of {} passages", live.len());
            Error::damaged(dir.join(layout::VECTORS), "the vectors do not match the passages", expected)
        })?;
        let opened = Arc::new(Opened::open(&dir.join(layout::LEXICAL), live.clone(), &manifest.languages)?);
        let files = Arc::new(FilesBody::new(opened.clone(), vectors, manifest.dimension)?);
        let head = Arc::new(Head::new(manifest, WordList::new(opened)));
        Ok(Self { dir: dir.to_owned(), head, body: files.clone(), files: Some(files), live, stale: None })
    }

    /// A generation whose body lies elsewhere, without files of its own.
    #[must_use]
    pub fn elsewhere(head: Arc<Head>, body: Arc<dyn Body>) -> Self {
        let live = Selection::of(head.manifest().counts.numbers as usize, head.passages());
        Self { dir: PathBuf::new(), head, files: None, body, live, stale: None }
    }

    /// The checksum of the manifest, which tells generations apart, whatever their names.
    ///
    /// # Errors
    /// [`Error::Mismatch`] if the model's record cannot be written as JSON.
    pub fn checksum(&self) -> Result<String> {
        Ok(files::hash(&self.manifest().to_bytes()?))
    }

    /// Returns the name of the live generation of an index directory if it is not this one. It opens no generation,
    /// so it is cheap enough to call often.
    ///
    /// # Errors
    /// [`Error::NoIndex`] or [`Error::Damaged`].
    pub fn overtaken_by(&self, root: &Path) -> Result<Option<String>> {
        let (name, hash) = publish::current(&Layout::new(root))?;
        let is_same = name == self.manifest().generation && hash == self.checksum()?;
        Ok((!is_same).then_some(name))
    }

    /// Name of the live generation of an index directory, without opening it.
    ///
    /// # Errors
    /// [`Error::NoIndex`] or [`Error::Damaged`].
    pub fn live_name(root: &Path) -> Result<String> {
        publish::current(&Layout::new(root)).map(|(name, _)| name)
    }

    /// Why this is the previous generation and not the live one; `None` if it is live.
    #[must_use]
    pub fn stale(&self) -> Option<&str> {
        self.stale.as_deref()
    }

    /// Its directory.
    #[must_use]
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Its manifest.
    #[must_use]
    pub fn manifest(&self) -> &Manifest {
        self.head.manifest()
    }

    /// Number of passages.
    #[must_use]
    pub fn passages(&self) -> usize {
        self.manifest().counts.passages as usize
    }

    /// The live passages, by number. Deleted passages leave gaps.
    pub fn ids(&self) -> impl Iterator<Item = PassageId> + '_ {
        self.live.iter()
    }

    /// Whether this is the number of a live passage.
    #[must_use]
    pub fn is_live(&self, id: PassageId) -> bool {
        (id as usize) < self.live.universe() && self.live.contains(id)
    }

    /// The pages with their passages, in the order in which the build read them.
    ///
    /// # Errors
    /// [`Error::Io`] or [`Error::Damaged`].
    pub fn pages(&self) -> Result<Vec<PageRecord>> {
        pages::read(&self.dir.join(layout::PAGES))
    }

    /// The facts about the index as a whole.
    #[must_use]
    pub fn head(&self) -> &Head {
        &self.head
    }

    /// The passages, vectors and postings, for searches.
    #[must_use]
    pub fn body(&self) -> &dyn Body {
        &*self.body
    }

    /// The same generation with another body in place of its own, such as one that counts its calls.
    #[must_use]
    pub fn with_body(self, wrap: impl FnOnce(Arc<dyn Body>) -> Arc<dyn Body>) -> Self {
        Self { body: wrap(self.body), ..self }
    }

    /// The files of the body, for writers and measurements.
    ///
    /// # Errors
    /// [`Error::Elsewhere`] if the body is not in files.
    pub fn files(&self) -> Result<&FilesBody> {
        self.files.as_deref().ok_or(Error::Elsewhere)
    }

    /// The vectors, by segment.
    pub(crate) fn vector_search(&self) -> Result<&VectorSearch> {
        Ok(self.files()?.vector_search())
    }

    /// Number of distinct vectors.
    #[must_use]
    pub fn vectors(&self) -> usize {
        self.files.as_ref().map_or(self.manifest().counts.vectors as usize, |files| files.vectors())
    }

    /// The vector of a passage, in the precision of its stored half floats.
    #[must_use]
    pub fn vector(&self, passage: PassageId) -> Vec<f32> {
        self.body.candidates().vector(passage)
    }

    /// A passage as stored.
    ///
    /// # Errors
    /// [`Error::Lexical`] or [`Error::Damaged`] if it cannot be read; those of the body if it lies elsewhere.
    pub fn passage(&self, id: PassageId) -> Result<Passage> {
        match &self.files {
            Some(files) => files.passage(id),
            None => self.body.show(&[id], &[], &[], false)?.passage(id),
        }
    }
}

/// Passages that are not deleted.
fn live(dir: &Path, manifest: &Manifest) -> Result<Selection> {
    let path = dir.join(layout::TOMBSTONES);
    let map = files::map(&path)?;
    let gone = files::as_u32(&path, &map)?;
    let numbers = manifest.counts.numbers;
    if gone.iter().any(|&id| u64::from(id) >= numbers) {
        return Err(Error::damaged(path, "an unknown passage number", format!("numbers below {numbers}")));
    }
    Ok(Selection::all_but(numbers as usize, gone))
}
