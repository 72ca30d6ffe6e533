//! The memory of a writer from build to build: vectors by their text, and the outcome for each source. The only
//! module that uses sled.
//!
//! Readers do not need the ledger. It may be deleted at any time, and the next build then reads and encodes
//! everything again. If the ledger turns out to be damaged, at once or later, the writer renames it aside and starts
//! a new one.

use std::{
    fs,
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError, RwLock},
    thread,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use crate::{Encoded, Error, Result, lock::WriterLock};

/// Memory for sled's pages, in bytes; sled's default is a gigabyte.
const CACHE: u64 = 16 << 20;
/// Interval between flushes to disk. After a killed build, the next build encodes again the texts since the last
/// flush.
const FLUSH_EVERY_MS: u64 = 300;
/// How long to wait for threads that still have the ledger open, in this process or in one that is ending.
const PATIENCE: Duration = Duration::from_secs(10);

/// An open ledger. It holds the writer's lock of the index until it is closed, so no other process opens it before
/// that.
pub struct Ledger {
    path: PathBuf,
    store: RwLock<Store>,
    set_aside: Mutex<Option<PathBuf>>,
    /// This field comes after the store, so its release follows the closing of the store.
    _lock: Arc<WriterLock>,
}

/// The open sled database.
struct Store {
    open: Option<Trees>,
    /// Number of stores before this one.
    number: u32,
}

struct Trees {
    vectors: sled::Tree,
    sources: sled::Tree,
    db: sled::Db,
}

impl Ledger {
    /// Opens the ledger at `path`, or starts one. It renames an unreadable ledger aside and never deletes it;
    /// [`Self::set_aside`] then gives its place.
    ///
    /// # Errors
    /// [`Error::Ledger`] if a new one cannot be started either, or if it is open elsewhere.
    pub(crate) fn open(path: &Path, lock: Arc<WriterLock>) -> Result<Self> {
        let (trees, set_aside) = match open(path) {
            Ok(trees) => (trees, None),
            Err(failure) if failure.is_damage() => {
                let aside = put_aside(path, &failure)?;
                (open(path).map_err(|f| f.into_error(path, "be created"))?, Some(aside))
            }
            Err(failure) => return Err(failure.into_error(path, "be opened")),
        };
        let store = RwLock::new(Store { open: Some(trees), number: 0 });
        Ok(Self { path: path.to_owned(), store, set_aside: Mutex::new(set_aside), _lock: lock })
    }

    /// The new place of an unreadable ledger.
    #[must_use]
    pub fn set_aside(&self) -> Option<PathBuf> {
        self.set_aside.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The vector of a text (of `dimension` values) and the codes of its tokens, by a key that also stands for the
    /// model. It also returns `None` for an entry that is too short.
    ///
    /// # Errors
    /// [`Error::Ledger`] if it cannot be read.
    pub fn vector(&self, key: &[u8], dimension: usize) -> Result<Option<Encoded>> {
        let bytes = self.run("read a vector", |trees| trees.vectors.get(key))?;
        let number = |b: &[u8]| f32::from_le_bytes([b[0], b[1], b[2], b[3]]);
        Ok(bytes.and_then(|bytes| {
            let (vector, tokens) = bytes.split_at_checked(4 * dimension)?;
            Some(Encoded { vector: vector.chunks_exact(4).map(number).collect(), tokens: tokens.to_owned() })
        }))
    }

    /// Stores the vector of a text and the codes of its tokens.
    ///
    /// # Errors
    /// [`Error::Ledger`] if it cannot be written.
    pub fn put_vector(&self, key: &[u8], encoded: &Encoded) -> Result<()> {
        let vector = encoded.vector.iter().flat_map(|v| v.to_le_bytes());
        let bytes: Vec<u8> = vector.chain(encoded.tokens.iter().copied()).collect();
        self.run("store a vector", |trees| trees.vectors.insert(key, bytes.as_slice()).map(drop))
    }

    /// The outcome for a source, by its fingerprint.
    ///
    /// # Errors
    /// [`Error::Ledger`] if it cannot be read.
    pub fn source(&self, fingerprint: &[u8]) -> Result<Option<Vec<u8>>> {
        Ok(self.run("read a source", |trees| trees.sources.get(fingerprint))?.map(|v| v.to_vec()))
    }

    /// Stores the outcome for a source.
    ///
    /// # Errors
    /// [`Error::Ledger`] if it cannot be written.
    pub fn put_source(&self, fingerprint: &[u8], outcome: &[u8]) -> Result<()> {
        self.run("store a source", |trees| trees.sources.insert(fingerprint, outcome).map(drop))
    }

    /// Deletes the sources that `keep_source` rejects, and the vectors that `keep_vector` rejects.
    ///
    /// # Errors
    /// [`Error::Ledger`] if it cannot be written.
    pub fn retain(&self, keep_source: impl Fn(&[u8]) -> bool, keep_vector: impl Fn(&[u8]) -> bool) -> Result<()> {
        self.run("remove unused entries", |trees| {
            retain(&trees.sources, &keep_source)?;
            retain(&trees.vectors, &keep_vector)
        })
    }

    /// Numbers of stored vectors and sources.
    ///
    /// # Errors
    /// [`Error::Ledger`] if it cannot be read.
    pub fn counts(&self) -> Result<(usize, usize)> {
        self.run("be counted", |trees| Ok((trees.vectors.len(), trees.sources.len())))
    }

    /// Makes everything durable.
    ///
    /// # Errors
    /// [`Error::Ledger`] if it cannot be written.
    pub fn flush(&self) -> Result<()> {
        self.run("be written", |trees| trees.db.flush().map(drop))
    }

    /// Runs an operation. If it finds the ledger damaged, runs it once more on a new ledger.
    fn run<T>(&self, doing: &'static str, operation: impl Fn(&Trees) -> sled::Result<T>) -> Result<T> {
        let attempt = || {
            let store = self.store.read().unwrap_or_else(PoisonError::into_inner);
            let Some(trees) = &store.open else { return (store.number, Err(Failure::Closed)) };
            (store.number, guarded(|| operation(trees)))
        };
        match attempt() {
            (_, Ok(value)) => Ok(value),
            (number, Err(failure)) if failure.is_damage() => {
                self.replace(number, &failure)?;
                attempt().1.map_err(|f| f.into_error(&self.path, doing))
            }
            (_, Err(failure)) => Err(failure.into_error(&self.path, doing)),
        }
    }

    /// Puts the store of this number aside and starts another one, unless another thread has already done so.
    fn replace(&self, number: u32, failure: &Failure) -> Result<()> {
        let mut store = self.store.write().unwrap_or_else(PoisonError::into_inner);
        if store.number != number {
            return Ok(());
        }
        // A damaged store may also fail while it closes.
        let damaged = store.open.take();
        catch_unwind(AssertUnwindSafe(|| drop(damaged))).ok();
        let aside = put_aside(&self.path, failure)?;
        *self.set_aside.lock().unwrap_or_else(PoisonError::into_inner) = Some(aside);
        let fresh = open(&self.path).map_err(|f| f.into_error(&self.path, "be created"))?;
        *store = Store { open: Some(fresh), number: number + 1 };
        Ok(())
    }
}

fn retain(tree: &sled::Tree, keep: impl Fn(&[u8]) -> bool) -> sled::Result<()> {
    for key in tree.iter().keys() {
        let key = key?;
        if !keep(&key) {
            tree.remove(&key)?;
        }
    }
    Ok(())
}

/// Opens a ledger. A process that just ended, or a thread of this one, may still have it open.
fn open(path: &Path) -> Result<Trees, Failure> {
    let started = Instant::now();
    loop {
        let opened = guarded(|| {
            let config = sled::Config::new().path(path).cache_capacity(CACHE).flush_every_ms(Some(FLUSH_EVERY_MS));
            let db = config.open()?;
            Ok(Trees { vectors: db.open_tree("vectors")?, sources: db.open_tree("sources")?, db })
        });
        match opened {
            Err(failure) if failure.is_open_elsewhere() && started.elapsed() < PATIENCE => {
                thread::sleep(Duration::from_millis(20));
            }
            other => return other,
        }
    }
}

/// Renames an unreadable ledger and returns its new place, which was free.
fn put_aside(path: &Path, failure: &Failure) -> Result<PathBuf> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| d.as_secs());
    let place = |n: u64| path.with_file_name(format!("ledger.unreadable-{}", now + n));
    let aside = (0..).map(place).find(|p| !p.exists()).unwrap_or_else(|| place(0));
    fs::rename(path, &aside).map_err(Error::io("rename", path))?;
    let (path, reason) = (aside.display(), failure.to_string());
    tracing::warn!(%path, reason, "cannot read the ledger; renamed it and created a new one");
    Ok(aside)
}

/// A failure of sled; some of its checks of stored data are assertions.
enum Failure {
    Answered(sled::Error),
    Panicked(String),
    /// The store was put aside, and a new one could not be started.
    Closed,
}

fn guarded<T>(operation: impl FnOnce() -> sled::Result<T>) -> Result<T, Failure> {
    match catch_unwind(AssertUnwindSafe(operation)) {
        Ok(outcome) => outcome.map_err(Failure::Answered),
        Err(panic) => {
            let text = panic.downcast_ref::<String>().cloned();
            Err(Failure::Panicked(text.unwrap_or_else(|| panic.downcast_ref::<&str>().unwrap_or(&"").to_string())))
        }
    }
}

impl Failure {
    /// Whether the stored data is damaged. A full disk, a missing permission or a lock of another process is no
    /// evidence of damage.
    fn is_damage(&self) -> bool {
        use std::io::ErrorKind::{InvalidData, Other, UnexpectedEof};
        match self {
            Self::Answered(sled::Error::Io(cause)) => {
                matches!(cause.kind(), InvalidData | Other | UnexpectedEof) && !self.is_open_elsewhere()
            }
            Self::Answered(_) | Self::Panicked(_) => true,
            Self::Closed => false,
        }
    }

    /// sled has no error kind for this; a test checks the text of its message.
    fn is_open_elsewhere(&self) -> bool {
        matches!(self, Self::Answered(sled::Error::Io(cause)) if cause.to_string().contains("could not acquire lock"))
    }

    fn into_error(self, path: &Path, doing: &'static str) -> Error {
        match self {
            _ if self.is_open_elsewhere() => {
                let reason = "another process has it open; try again when that process has finished".into();
                Error::Ledger { path: path.to_owned(), doing, reason }
            }
            Self::Answered(sled::Error::Io(cause)) if doing == "be opened" => {
                Error::Io { doing: "open the ledger", path: path.to_owned(), cause }
            }
            other => Error::Ledger { path: path.to_owned(), doing, reason: other.to_string() },
        }
    }
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Answered(error) => error.fmt(f),
            Self::Panicked(text) => f.write_str(text),
            Self::Closed => f.write_str("it was renamed, and a new one could not be created"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layout::Layout;

    fn begin(root: &Path) -> Ledger {
        let layout = Layout::new(root);
        Ledger::open(&layout.ledger(), Arc::new(WriterLock::take(&layout).expect("free"))).expect("a ledger")
    }

    #[test]
    fn one_that_is_open_elsewhere_is_waited_for_and_never_put_aside() {
        let dir = tempfile::tempdir().expect("a temporary directory");
        begin(dir.path()).put_vector(b"key", &vec![1.0, 2.0].into()).expect("stored");
        let path = Layout::new(dir.path()).ledger();
        let elsewhere = open(&path).unwrap_or_else(|f| panic!("{f}"));
        let failure = guarded(|| sled::Config::new().path(&path).open().map(drop)).expect_err("it is open");
        assert!(failure.is_open_elsewhere() && !failure.is_damage(), "{failure}");
        let ledger = thread::scope(|scope| {
            let waiting = scope.spawn(|| begin(dir.path()));
            thread::sleep(Duration::from_millis(100));
            assert!(!waiting.is_finished());
            drop(elsewhere);
            waiting.join().expect("opened")
        });
        assert_eq!(ledger.set_aside(), None);
        assert_eq!(ledger.vector(b"key", 2).expect("read"), Some(vec![1.0, 2.0].into()));
    }

    #[test]
    fn damage_anywhere_costs_at_most_what_was_remembered() {
        let vector = |n: u32| -> Vec<f32> { (0..64).map(|i| (n * 64 + i) as f32).collect() };
        let mut aside = 0;
        for part in 0..8 {
            let dir = tempfile::tempdir().expect("a temporary directory");
            let ledger = begin(dir.path());
            (0..3000u32).for_each(|n| ledger.put_vector(&n.to_le_bytes(), &vector(n).into()).expect("stored"));
            drop(ledger);
            let db = Layout::new(dir.path()).ledger().join("db");
            let mut bytes = fs::read(&db).expect("read");
            let at = bytes.len() * part / 8 + 64;
            bytes[at..at + 32].fill(0xa5);
            fs::write(&db, bytes).expect("written");
            let ledger = begin(dir.path());
            for n in 0..3000u32 {
                let found =
                    ledger.vector(&n.to_le_bytes(), vector(n).len()).unwrap_or_else(|e| panic!("part {part}: {e}"));
                assert!(found.is_none_or(|v| v == vector(n).into()), "part {part}: vector {n} is another one");
            }
            ledger.put_vector(b"new", &vec![1.0].into()).expect("stored");
            assert_eq!(ledger.vector(b"new", 1).expect("read"), Some(vec![1.0].into()));
            aside += usize::from(ledger.set_aside().is_some_and(|path| path.is_dir()));
        }
        assert!(aside > 0, "no damage was met");
    }
}
