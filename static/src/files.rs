//! One file of an export: compressed data with a check that says which file of which export it is.
//!
//! Many hosts do not compress unknown types, so every file is compressed by itself (raw DEFLATE, RFC 1951), some of them
//! with a dictionary that they share ([`super::dictionary`]). In front stand four bytes, the [`check`], and bytes that
//! cannot be compressed, the lead. The check covers the tag of the export, the kind and number of the file, and all its
//! bytes. So a cut or damaged file, a file at the wrong place, of another export, or the host's error page in its place,
//! is never read as data.

use std::{
    fs,
    io::{self, Read},
    path::Path,
    sync::Arc,
};

use flate2::{Compress, Compression, FlushCompress, Status, read::DeflateDecoder};

use crate::{Error, Result};

/// Bytes of the check.
const CHECK: usize = 4;
/// Largest file that a reader takes, in bytes.
const LARGEST: u64 = 1 << 30;

/// A data file in memory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct DataFile {
    /// One letter that names the kind.
    pub(crate) kind: char,
    /// Number among those of its kind.
    pub(crate) number: usize,
    /// Bytes that cannot be compressed.
    pub(crate) lead: Vec<u8>,
    /// The data after them.
    pub(crate) data: Vec<u8>,
    /// The dictionary, which readers need too; usually empty.
    pub(crate) dictionary: Arc<Vec<u8>>,
}

impl DataFile {
    /// A file of a kind.
    pub(crate) fn new(kind: char, number: usize, data: Vec<u8>) -> Self {
        Self { kind, number, lead: Vec::new(), data, dictionary: Arc::default() }
    }

    /// Its name in the folder of the export.
    pub(crate) fn name(&self) -> String {
        name(self.kind, self.number)
    }

    /// Writes it below a folder; returns its size in bytes.
    pub(crate) fn write(&self, folder: &Path, tag: u32) -> Result<u64> {
        let path = folder.join(self.name());
        let mut rest = self.lead.clone();
        rest.extend(packed(&self.data, &self.dictionary).map_err(Error::io("compress", &path))?);
        let mut bytes = check(tag, self.kind, self.number, &rest).to_le_bytes().to_vec();
        bytes.extend(rest);
        fs::write(&path, &bytes).map_err(Error::io("write", &path))?;
        Ok(bytes.len() as u64)
    }
}

/// FNV-1a of 32 bits (Fowler, Noll and Vo) of some bytes, after those that gave `before`.
pub(crate) fn hash(before: u32, bytes: impl Iterator<Item = u8>) -> u32 {
    bytes.fold(before, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}

/// The first value of [`hash`].
pub(crate) const HASH: u32 = 0x811c_9dc5;

/// What the first bytes of a file say.
fn check(tag: u32, kind: char, number: usize, rest: &[u8]) -> u32 {
    let place = tag.to_le_bytes().into_iter().chain([kind as u8]).chain((number as u32).to_le_bytes());
    hash(hash(HASH, place), rest.iter().copied())
}

/// DEFLATE with a dictionary: the dictionary is compressed first, and its part of the stream is left out.
fn packed(data: &[u8], dictionary: &[u8]) -> io::Result<Vec<u8>> {
    let mut deflate = Compress::new(Compression::best(), false);
    if !dictionary.is_empty() {
        feed(&mut deflate, dictionary, FlushCompress::Sync)?;
    }
    feed(&mut deflate, data, FlushCompress::Finish)
}

fn feed(deflate: &mut Compress, mut data: &[u8], flush: FlushCompress) -> io::Result<Vec<u8>> {
    let mut out = Vec::with_capacity(data.len() / 2 + 64);
    loop {
        let before = deflate.total_in();
        out.reserve(1024);
        let status = deflate.compress_vec(data, &mut out, flush).map_err(io::Error::other)?;
        data = &data[(deflate.total_in() - before) as usize..];
        let has_room = out.len() < out.capacity();
        if status == Status::StreamEnd || (flush == FlushCompress::Sync && data.is_empty() && has_room) {
            return Ok(out);
        }
    }
}

/// A stored block of DEFLATE with a dictionary, which has less than 64 KiB. In front of a stream, it puts the dictionary into the window.
fn stored(dictionary: &[u8]) -> Vec<u8> {
    if dictionary.is_empty() {
        return Vec::new();
    }
    let length = dictionary.len() as u16;
    let mut block = vec![0];
    block.extend(length.to_le_bytes());
    block.extend((!length).to_le_bytes());
    block.extend(dictionary);
    block
}

/// The name of a data file.
pub(crate) fn name(kind: char, number: usize) -> String {
    format!("{kind}{number}.bin")
}

/// Reads the lead and the data of a file, after all checks. `lead` is the length of the lead.
pub(crate) fn read(
    folder: &Path,
    tag: u32,
    (kind, number): (char, usize),
    lead: usize,
    dictionary: &[u8],
) -> Result<(Vec<u8>, Vec<u8>)> {
    let path = folder.join(name(kind, number));
    let bytes = fs::read(&path).map_err(Error::io("read", &path))?;
    let damaged = |found: String| Error::Damaged { path: path.clone(), found, expected: "a data file of this export" };
    let (first, rest) = bytes.split_at_checked(CHECK).ok_or_else(|| damaged("too short".to_owned()))?;
    if check(tag, kind, number, rest).to_le_bytes() != first {
        return Err(damaged("another file, or a damaged one".to_owned()));
    }
    let (lead, packed) = rest.split_at_checked(lead).ok_or_else(|| damaged("too short".to_owned()))?;
    let block = stored(dictionary);
    let mut all = Vec::new();
    let unpacked = DeflateDecoder::new(block.chain(packed)).take(LARGEST).read_to_end(&mut all);
    unpacked.map_err(|e| damaged(format!("not whole ({e})")))?;
    Ok((lead.to_vec(), all.split_off(dictionary.len())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_right_file_is_read() {
        let dir = tempfile::tempdir().expect("a folder");
        let file = DataFile { lead: b"lead".to_vec(), ..DataFile::new('w', 3, b"some data".to_vec()) };
        file.write(dir.path(), 7).expect("written");
        let read = |tag, at| read(dir.path(), tag, at, 4, &[]);
        assert_eq!(read(7, ('w', 3)).expect("read"), (b"lead".to_vec(), b"some data".to_vec()));
        assert!(read(8, ('w', 3)).is_err(), "another export");
        let path = dir.path().join("w3.bin");
        fs::copy(&path, dir.path().join("w4.bin")).expect("copied");
        assert!(read(7, ('w', 4)).is_err(), "another place");
        let whole = fs::read(&path).expect("read");
        for wrong in [&whole[..whole.len() - 3], b"<!doctype html>", b""] {
            fs::write(&path, wrong).expect("written");
            assert!(read(7, ('w', 3)).is_err());
        }
    }

    #[test]
    fn a_dictionary_makes_files_small() {
        let dir = tempfile::tempdir().expect("a folder");
        let words = (0..3000).map(|n| format!("word{} ", (n * 7919) % 10_007));
        let data = words.clone().skip(2900).collect::<String>().into_bytes();
        let dictionary = Arc::new(words.collect::<String>().into_bytes().split_off(4000));
        let plain = DataFile::new('t', 0, data.clone()).write(dir.path(), 1).expect("written");
        let file = DataFile { dictionary: dictionary.clone(), ..DataFile::new('t', 0, data.clone()) };
        let with = file.write(dir.path(), 1).expect("written");
        assert!(with * 5 < plain, "{with} and {plain}");
        assert_eq!(read(dir.path(), 1, ('t', 0), 0, &dictionary).expect("read").1, data);
    }
}
