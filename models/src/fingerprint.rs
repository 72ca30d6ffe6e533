//! SHA-256 of model files, cached so that a 90 MB file is not hashed at every start.

use std::{
    fs::{File, Metadata},
    io::Read,
    os::unix::fs::MetadataExt,
    path::Path,
};

use sha2::{Digest, Sha256};

use crate::{Error, Result, cache};

/// SHA-256 of a file, in hexadecimal, without the cache.
pub(crate) fn sha256_now(path: &Path) -> Result<String> {
    hash_file::<Sha256>(path, &[])
}

/// Hash of `prefix` followed by the file's content, in hexadecimal.
pub(crate) fn hash_file<D: Digest>(path: &Path, prefix: &[u8]) -> Result<String> {
    let mut file = File::open(path).map_err(Error::read(path))?;
    let mut hasher = D::new();
    hasher.update(prefix);
    let mut buffer = vec![0; 1 << 20];
    loop {
        let n = file.read(&mut buffer).map_err(Error::read(path))?;
        if n == 0 {
            break;
        }
        hasher.update(&buffer[..n]);
    }
    Ok(hex(&hasher.finalize()))
}

/// SHA-256 of a text, in hexadecimal.
pub(crate) fn sha256_text(text: &str) -> String {
    sha256_bytes(text.as_bytes())
}

/// SHA-256 of some bytes, in hexadecimal.
pub(crate) fn sha256_bytes(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut s, b| {
        let _ = write!(s, "{b:02x}");
        s
    })
}

/// SHA-256 of a file; it comes from the cache if the file's identity (device, inode, size and times to the
/// nanosecond) has not changed since the file was hashed.
pub(crate) fn sha256(path: &Path) -> Result<String> {
    let meta = std::fs::metadata(path).map_err(Error::read(path))?;
    let Ok(root) = cache::root() else { return sha256_now(path) };
    let memo = root.join("fingerprints").join(identity(path, &meta));
    if let Ok(hash) = std::fs::read_to_string(&memo)
        && hash.len() == 64
    {
        return Ok(hash);
    }
    let hash = sha256_now(path)?;
    // A failed write to the cache only costs time at the next start.
    if let Err(error) = cache::write_atomically(&memo, hash.as_bytes()) {
        tracing::debug!(%error, "cannot store the fingerprint in the cache");
    }
    Ok(hash)
}

fn identity(path: &Path, m: &Metadata) -> String {
    let text = format!(
        "{}\0{}\0{}\0{}\0{}.{}\0{}.{}",
        path.display(),
        m.dev(),
        m.ino(),
        m.size(),
        m.mtime(),
        m.mtime_nsec(),
        m.ctime(),
        m.ctime_nsec()
    );
    sha256_text(&text)
}
