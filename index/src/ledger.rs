//! What a writer remembers from build to build: vectors by their text, and what became of each
//! source. The only place that knows sled.
//!
//! Nothing that readers need is here: a ledger may be deleted at any time, and the next build reads
//! and encodes everything again.

use std::{
    fs,
    path::{Path, PathBuf},
    time::{SystemTime, UNIX_EPOCH},
};

use crate::{Error, Result};

/// Memory for sled's pages, in bytes; its own default is a gigabyte.
const CACHE: u64 = 64 << 20;
/// How often what was learnt goes to disk: what a killed build encoded since is encoded again.
const FLUSH_EVERY_MS: u64 = 500;

/// An open ledger. sled locks its folder; the writer's lock of the index comes before it.
pub struct Ledger {
    path: PathBuf,
    db: sled::Db,
    vectors: sled::Tree,
    sources: sled::Tree,
    set_aside: Option<PathBuf>,
}

impl Ledger {
    /// Opens the ledger at `path`, or starts one. One that cannot be read is renamed aside, never
    /// deleted; [`Self::set_aside`] then says where it is.
    ///
    /// # Errors
    /// [`Error::Ledger`] if there is no starting a new one either.
    pub(crate) fn open(path: &Path) -> Result<Self> {
        match Self::try_open(path) {
            Ok(ledger) => Ok(ledger),
            // A full disk or a missing right says nothing about what is stored.
            Err(sled::Error::Io(cause)) if !is_about_content(&cause) => {
                Err(Error::Io { doing: "open the ledger", path: path.to_owned(), cause })
            }
            Err(error) => {
                let error = failed(path, "be opened")(error);
                let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| d.as_secs());
                let aside = path.with_file_name(format!("ledger.unreadable-{now}"));
                fs::rename(path, &aside).map_err(|_| error)?;
                let fresh = Self::try_open(path).map_err(failed(path, "be created"))?;
                Ok(Self { set_aside: Some(aside), ..fresh })
            }
        }
    }

    fn try_open(path: &Path) -> Result<Self, sled::Error> {
        let config = sled::Config::new().path(path).cache_capacity(CACHE).flush_every_ms(Some(FLUSH_EVERY_MS));
        let db = config.open()?;
        let tree = |name: &str| db.open_tree(name);
        Ok(Self { path: path.to_owned(), vectors: tree("vectors")?, sources: tree("sources")?, db, set_aside: None })
    }

    /// Where a ledger was put that could not be read.
    #[must_use]
    pub fn set_aside(&self) -> Option<&Path> {
        self.set_aside.as_deref()
    }

    /// The vector of a text, by a key that also stands for the model.
    ///
    /// # Errors
    /// [`Error::Ledger`] if it cannot be read.
    pub fn vector(&self, key: &[u8]) -> Result<Option<Vec<f32>>> {
        let bytes = self.vectors.get(key).map_err(self.failed("read a vector"))?;
        let number = |b: &[u8]| f32::from_le_bytes([b[0], b[1], b[2], b[3]]);
        Ok(bytes.map(|b| b.chunks_exact(4).map(number).collect()))
    }

    /// Remembers the vector of a text.
    ///
    /// # Errors
    /// [`Error::Ledger`] if it cannot be written.
    pub fn put_vector(&self, key: &[u8], vector: &[f32]) -> Result<()> {
        let bytes: Vec<u8> = vector.iter().flat_map(|v| v.to_le_bytes()).collect();
        self.vectors.insert(key, bytes).map(drop).map_err(self.failed("store a vector"))
    }

    /// What became of a source, by its fingerprint.
    ///
    /// # Errors
    /// [`Error::Ledger`] if it cannot be read.
    pub fn source(&self, fingerprint: &[u8]) -> Result<Option<Vec<u8>>> {
        Ok(self.sources.get(fingerprint).map_err(self.failed("read a source"))?.map(|v| v.to_vec()))
    }

    /// Remembers what became of a source.
    ///
    /// # Errors
    /// [`Error::Ledger`] if it cannot be written.
    pub fn put_source(&self, fingerprint: &[u8], outcome: &[u8]) -> Result<()> {
        self.sources.insert(fingerprint, outcome).map(drop).map_err(self.failed("store a source"))
    }

    /// Forgets the sources that `keep` turns down, and the vectors.
    ///
    /// # Errors
    /// [`Error::Ledger`] if it cannot be written.
    pub fn retain(&self, keep_source: impl Fn(&[u8]) -> bool, keep_vector: impl Fn(&[u8]) -> bool) -> Result<()> {
        for key in self.sources.iter().keys() {
            let key = key.map_err(self.failed("list sources"))?;
            if !keep_source(&key) {
                self.sources.remove(&key).map_err(self.failed("forget a source"))?;
            }
        }
        for key in self.vectors.iter().keys() {
            let key = key.map_err(self.failed("list vectors"))?;
            if !keep_vector(&key) {
                self.vectors.remove(&key).map_err(self.failed("forget a vector"))?;
            }
        }
        Ok(())
    }

    /// Vectors and sources that are remembered.
    #[must_use]
    pub fn len(&self) -> (usize, usize) {
        (self.vectors.len(), self.sources.len())
    }

    /// Whether nothing is remembered.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.vectors.is_empty() && self.sources.is_empty()
    }

    /// Makes everything durable.
    ///
    /// # Errors
    /// [`Error::Ledger`] if it cannot be written.
    pub fn flush(&self) -> Result<()> {
        self.db.flush().map(drop).map_err(self.failed("be written"))
    }

    fn failed(&self, doing: &'static str) -> impl Fn(sled::Error) -> Error + '_ {
        failed(&self.path, doing)
    }
}

fn failed<'a>(path: &'a Path, doing: &'static str) -> impl Fn(sled::Error) -> Error + 'a {
    move |e| Error::Ledger { path: path.to_owned(), doing, reason: e.to_string() }
}

/// Whether an error of reading is about what was read, not about the disk.
fn is_about_content(cause: &std::io::Error) -> bool {
    use std::io::ErrorKind::{InvalidData, Other, UnexpectedEof};
    matches!(cause.kind(), InvalidData | Other | UnexpectedEof)
}
