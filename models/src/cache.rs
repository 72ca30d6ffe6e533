//! The user's cache directory, which holds this program's downloaded and derived files.
//!
//! ```text
//! $CLOZE_CACHE, else $XDG_CACHE_HOME/cloze, else $HOME/.cache/cloze
//!   runtime/1.32.0/libonnxruntime.so.1.32.0
//!   models/all-MiniLM-L6-v2/...            the default model
//!   graphs/<key>/                          optimised graphs, derived, deletable at any time
//!   fingerprints/                          hashes of weights already read, deletable at any time
//! ```

use std::{
    env,
    path::{Path, PathBuf},
};

use crate::{Error, Result};

/// Directory of all files that this program caches.
///
/// # Errors
/// [`Error::NoCacheDir`] if none of `CLOZE_CACHE`, `XDG_CACHE_HOME` and `HOME` is set.
pub fn root() -> Result<PathBuf> {
    let set = |name: &str| env::var_os(name).filter(|v| !v.is_empty()).map(PathBuf::from);
    set("CLOZE_CACHE")
        .or_else(|| set("XDG_CACHE_HOME").map(|d| d.join("cloze")))
        .or_else(|| set("HOME").map(|d| d.join(".cache/cloze")))
        .ok_or(Error::NoCacheDir)
}

/// Files installed beside the programs: `<prefix>/lib/cloze` for `<prefix>/bin/indexer`.
/// `make install` puts the runtime library and the default model there.
#[must_use]
pub fn installed() -> Option<PathBuf> {
    let exe = env::current_exe().ok()?.canonicalize().ok()?;
    let dir = exe.parent()?.parent()?.join("lib/cloze");
    dir.is_dir().then_some(dir)
}

/// Writes `bytes` to `path` so that no reader ever sees half a file: writes a temporary file beside it, then
/// renames that.
///
/// # Errors
/// [`Error::Write`] if the directory cannot be made or the file cannot be written.
pub(crate) fn write_atomically(path: &Path, bytes: &[u8]) -> Result<()> {
    let dir = path.parent().unwrap_or_else(|| Path::new("."));
    std::fs::create_dir_all(dir).map_err(Error::write(dir))?;
    let file = tempfile::NamedTempFile::new_in(dir).map_err(Error::write(path))?;
    std::fs::write(file.path(), bytes).map_err(Error::write(path))?;
    file.persist(path).map_err(|e| Error::write(path)(e.error))?;
    Ok(())
}
