//! One file of an export: compressed data with a mark that says which file of which export it is.
//!
//! Every data file is a gzip stream of its own, because many hosts do not compress unknown types. Gzip's checksum and
//! length find a cut or damaged file. The content begins with [`MAGIC`], the export's tag, the kind and the number of the
//! file. So a file at the wrong place, of another export, or the host's error page in its place, is never read as data.

use std::{
    fs,
    io::{Read, Write},
    path::Path,
};

use flate2::{Compression, read::GzDecoder, write::GzEncoder};

use crate::{Error, Result};

/// The first bytes of every data file.
pub(crate) const MAGIC: &[u8; 4] = b"CZS1";
/// Bytes before the data: magic, tag, kind, number.
const HEADER: usize = 13;
/// Largest file that a reader takes, in bytes.
const LARGEST: u64 = 1 << 30;

/// A data file in memory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct DataFile {
    /// One letter that names the kind.
    pub(crate) kind: char,
    /// Number among those of its kind.
    pub(crate) number: usize,
    /// The data.
    pub(crate) data: Vec<u8>,
}

impl DataFile {
    /// A file of a kind.
    pub(crate) fn new(kind: char, number: usize, data: Vec<u8>) -> Self {
        Self { kind, number, data }
    }

    /// Its name in the folder of the export.
    pub(crate) fn name(&self) -> String {
        name(self.kind, self.number)
    }

    /// Writes it below a folder; returns its size in bytes.
    pub(crate) fn write(&self, folder: &Path, tag: u32) -> Result<u64> {
        let path = folder.join(self.name());
        let bytes = self.packed(tag).map_err(Error::io("compress", &path))?;
        fs::write(&path, &bytes).map_err(Error::io("write", &path))?;
        Ok(bytes.len() as u64)
    }

    fn packed(&self, tag: u32) -> std::io::Result<Vec<u8>> {
        let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
        gzip.write_all(MAGIC)?;
        gzip.write_all(&tag.to_le_bytes())?;
        gzip.write_all(&[self.kind as u8])?;
        gzip.write_all(&(self.number as u32).to_le_bytes())?;
        gzip.write_all(&self.data)?;
        gzip.finish()
    }
}

/// The name of a data file.
pub(crate) fn name(kind: char, number: usize) -> String {
    format!("{kind}{number}.bin")
}

/// Reads the data of a file, after all checks.
pub(crate) fn read(folder: &Path, tag: u32, kind: char, number: usize) -> Result<Vec<u8>> {
    let path = folder.join(name(kind, number));
    let bytes = fs::read(&path).map_err(Error::io("read", &path))?;
    let mut all = Vec::new();
    let unpacked = GzDecoder::new(&bytes[..]).take(LARGEST).read_to_end(&mut all);
    let damaged = |found: String| Error::Damaged { path: path.clone(), found, expected: "a data file of this export" };
    unpacked.map_err(|e| damaged(format!("not whole ({e})")))?;
    let mut header = MAGIC.to_vec();
    header.extend(tag.to_le_bytes());
    header.push(kind as u8);
    header.extend((number as u32).to_le_bytes());
    if !all.starts_with(&header) {
        return Err(damaged("another file".to_owned()));
    }
    Ok(all.split_off(HEADER))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_right_file_is_read() {
        let dir = tempfile::tempdir().expect("a folder");
        let file = DataFile::new('w', 3, b"some data".to_vec());
        file.write(dir.path(), 7).expect("written");
        assert_eq!(read(dir.path(), 7, 'w', 3).expect("read"), b"some data");
        assert!(read(dir.path(), 8, 'w', 3).is_err(), "another export");
        let path = dir.path().join("w3.bin");
        fs::copy(&path, dir.path().join("w4.bin")).expect("copied");
        assert!(read(dir.path(), 7, 'w', 4).is_err(), "another place");
        let whole = fs::read(&path).expect("read");
        for wrong in [&whole[..whole.len() - 3], b"<!doctype html>", b""] {
            fs::write(&path, wrong).expect("written");
            assert!(read(dir.path(), 7, 'w', 3).is_err());
        }
    }
}
