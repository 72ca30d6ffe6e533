//! Pages in the form that a web server sent them. A build of a site by its address compares new answers with them,
//! and falls back on them while a page is unavailable.
//!
//! Each page has one file below `fetched/`, named by the hash of its address: a line of JSON, then the body,
//! compressed. Readers need none of these files, and they may be deleted at any time: the next build then fetches
//! everything again. A damaged file counts as absent.

use std::{
    fs::{self, File},
    io::{BufRead, BufReader, Read, Write},
    path::{Path, PathBuf},
    sync::Arc,
};

use flate2::{Compression, read::ZlibDecoder, write::ZlibEncoder};
use serde::{Deserialize, Serialize};

use crate::{Error, Key, Result, files, layout::Layout, lock::WriterLock};

/// Length limit for the line of JSON, in bytes; headers of an answer are shorter.
const LONGEST_RECORD: u64 = 256 << 10;
/// Suffix of the names of unfinished files.
const UNFINISHED: &str = ".new";

/// A server's answer for a page, without the body.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct FetchedPage {
    /// The address that answered, without a fragment.
    pub address: String,
    /// `ETag`, unchanged.
    pub etag: Option<String>,
    /// `Last-Modified`, unchanged.
    pub last_modified: Option<String>,
    /// `Content-Type`, unchanged.
    pub content_type: Option<String>,
    /// Every `X-Robots-Tag`, unchanged.
    pub robots: Vec<String>,
    /// Size of the body in bytes.
    pub bytes: u64,
    /// BLAKE3 of the body, in hexadecimal.
    pub blake3: String,
}

/// The fetched pages of an index directory. This value holds a share of the writer's lock.
pub struct FetchedPages {
    dir: PathBuf,
    _lock: Arc<WriterLock>,
}

impl FetchedPages {
    pub(crate) fn new(layout: &Layout, lock: Arc<WriterLock>) -> Self {
        Self { dir: layout.fetched(), _lock: lock }
    }

    /// The path for the page of an address, whether or not the file exists.
    #[must_use]
    pub fn path(&self, address: &str) -> PathBuf {
        let name = name_of(address);
        self.dir.join(&name[..2]).join(&name[2..])
    }

    /// The page of an address and its body, if both exist and are undamaged.
    #[must_use]
    pub fn get(&self, address: &str) -> Option<(FetchedPage, Vec<u8>)> {
        let (page, body) = read(&self.path(address), u64::MAX).ok()?;
        (page.address == address).then_some((page, body))
    }

    /// Stores a page and replaces the earlier one of its address. This method sets size and hash.
    ///
    /// # Errors
    /// [`Error::Io`] if it cannot be written; the earlier one then stays.
    pub fn put(&self, page: &FetchedPage, body: &[u8]) -> Result<()> {
        let page = FetchedPage { bytes: body.len() as u64, blake3: files::hash(body), ..page.clone() };
        let path = self.path(&page.address);
        let mut out = serde_json::to_vec(&page).unwrap_or_default();
        out.push(b'\n');
        let mut encoder = ZlibEncoder::new(out, Compression::fast());
        let packed = encoder.write_all(body).and_then(|()| encoder.finish());
        let packed = packed.map_err(Error::io("compress", &path))?;
        files::create_dir_all(path.parent().unwrap_or(&self.dir))?;
        let beside = path.with_extension(&UNFINISHED[1..]);
        files::write(&beside, &packed)?;
        files::rename(&beside, &path)
    }

    /// Every stored page, without the bodies.
    pub fn pages(&self) -> impl Iterator<Item = FetchedPage> {
        let paths = files::list(&self.dir).unwrap_or_default();
        let dir = self.dir.clone();
        paths.into_iter().filter_map(move |path| Some(open(&dir.join(path)).ok()?.0))
    }

    /// Removes the pages whose [`Self::path`] `keep` rejects, and returns their number. A file that cannot be removed
    /// stays: nothing reads it unless its address is requested again.
    pub fn retain(&self, keep: impl Fn(&Path) -> bool) -> u64 {
        let mut removed = 0;
        for path in files::list(&self.dir).unwrap_or_default() {
            let path = self.dir.join(path);
            if !keep(&path) {
                removed += u64::from(fs::remove_file(&path).is_ok());
            }
        }
        removed
    }

    /// The body of a page by its [`Self::path`].
    ///
    /// # Errors
    /// [`Error::Damaged`] if it was changed, or is larger than `limit` bytes.
    pub fn body(path: &Path, limit: u64) -> Result<Vec<u8>> {
        read(path, limit).map(|(_, body)| body)
    }
}

fn name_of(address: &str) -> String {
    format!("{:?}", Key::of(address.as_bytes()))
}

/// The record of a page, and a reader at the start of its body.
fn open(path: &Path) -> Result<(FetchedPage, BufReader<File>)> {
    let mut reader = BufReader::new(File::open(path).map_err(Error::io("read", path))?);
    let mut line = Vec::new();
    reader.by_ref().take(LONGEST_RECORD).read_until(b'\n', &mut line).map_err(Error::io("read", path))?;
    let page = serde_json::from_slice(&line).map_err(|e| Error::damaged(path, e, "the JSON record of a page"))?;
    Ok((page, reader))
}

fn read(path: &Path, limit: u64) -> Result<(FetchedPage, Vec<u8>)> {
    let (page, reader) = open(path)?;
    if page.bytes > limit {
        return Err(Error::damaged(path, format!("{} bytes", page.bytes), format!("at most {limit}")));
    }
    // The record may be damaged too, so the reader stops soon after the length that it states.
    let mut body = Vec::new();
    ZlibDecoder::new(reader)
        .take(page.bytes.saturating_add(1))
        .read_to_end(&mut body)
        .map_err(Error::io("read", path))?;
    let found = files::hash(&body);
    if found != page.blake3 {
        return Err(Error::damaged(path, format!("checksum {found}"), format!("checksum {}", page.blake3)));
    }
    Ok((page, body))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pages(root: &Path) -> FetchedPages {
        let layout = Layout::new(root);
        FetchedPages::new(&layout, Arc::new(WriterLock::take(&layout).expect("free")))
    }

    fn page(address: &str) -> FetchedPage {
        FetchedPage { address: address.into(), etag: Some("\"1\"".into()), ..FetchedPage::default() }
    }

    #[test]
    fn a_page_comes_back_until_it_is_let_go() {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let pages = pages(dir.path());
        assert_eq!(pages.get("https://example.org/a"), None);
        for (address, body) in [("https://example.org/a", "old"), ("https://example.org/b", "b")] {
            pages.put(&page(address), body.as_bytes()).expect("kept");
        }
        pages.put(&page("https://example.org/a"), b"new").expect("replaced");
        let (found, body) = pages.get("https://example.org/a").expect("there");
        assert_eq!((found.etag.as_deref(), found.bytes, body.as_slice()), (Some("\"1\""), 3, &b"new"[..]));
        let kept = pages.path("https://example.org/b");
        pages.retain(|path| path == kept);
        assert_eq!(pages.pages().map(|p| p.address).collect::<Vec<_>>(), ["https://example.org/b"]);
        assert!(FetchedPages::body(&kept, 1).is_ok());
    }

    #[test]
    fn what_is_not_as_it_was_written_counts_as_none() {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let pages = pages(dir.path());
        let address = "https://example.org/";
        pages.put(&page(address), "text ".repeat(100).as_bytes()).expect("kept");
        let path = pages.path(address);
        assert!(FetchedPages::body(&path, 499).is_err(), "larger than the limit");
        let whole = fs::read(&path).expect("read");
        for cut in [0, 10, whole.len() - 9] {
            fs::write(&path, &whole[..cut]).expect("written");
            assert_eq!(pages.get(address), None, "cut at {cut}");
        }
        let mut turned = whole;
        let last = turned.len() - 12;
        turned[last] ^= 0xff;
        fs::write(&path, turned).expect("written");
        assert_eq!(pages.get(address), None);
    }
}
