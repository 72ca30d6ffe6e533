//! A site by its address: its pages are fetched and kept beside the index, and read from there.
//!
//! A crawl compares before it fetches: a page that was fetched before is asked for with what its answer was
//! known by then, and the server says when it is the same. A page that cannot be had keeps its last good
//! version; one that the server says is gone goes.
//!
//! - `limits`: how far a crawl goes; `address`: which addresses there are and belong to the site.
//! - `guard`: which network addresses may be connected to; `fetch`: requests.
//! - `robots`, `links`, `sitemap`: what a site says to robots; `frontier`: what is still to be asked for.
//! - `visit`: what became of one address; `site`: one site from its start to its end.

mod address;
mod fetch;
mod frontier;
mod guard;
pub mod limits;
mod links;
mod robots;
mod site;
mod sitemap;
mod visit;

use std::{collections::HashSet, path::PathBuf};

use cloze_index::FetchedPages;
use serde::Serialize;
use url::Url;

use crate::{BuildConfig, Error, Result, source::SourceFile};
use site::Site;

/// What a crawl did; `--json` prints it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Crawled {
    /// Requests, those for robots.txt and sitemaps among them.
    pub requests: u64,
    /// Bytes of answers, decompressed.
    pub bytes: u64,
    /// Pages that are new or have changed.
    pub fetched: u64,
    /// Pages that are as they were: the server said so, or sent the same.
    pub unchanged: u64,
    /// Pages that could not be had and keep their last good version, those that were not asked for among them.
    pub kept: u64,
    /// Pages that were there before and are gone.
    pub gone: u64,
}

/// What a crawl found.
#[derive(Debug, Default)]
pub(crate) struct Found {
    /// Pages to read.
    pub(crate) files: Vec<SourceFile>,
    /// What could not be had, each with the reason.
    pub(crate) skipped: Vec<(String, String)>,
    /// What the site keeps out, each with the reason.
    pub(crate) left_out: Vec<(String, String)>,
    /// What the reader of the report should know.
    pub(crate) warnings: Vec<(String, String)>,
    pub(crate) counts: Crawled,
    /// Where the pages are kept that were seen, those among them that are not read.
    stored: HashSet<PathBuf>,
    /// Whether every site was seen as a whole, so that what was not met is not there any more.
    is_whole: bool,
}

/// Fetches what is new of the sites that were given; `show` is told how many pages were asked for, and how many
/// wait.
///
/// # Errors
/// [`Error::Address`] for what is no address of a site; [`Error::Index`] if pages cannot be kept.
pub(crate) fn crawl(config: &BuildConfig, pages: &FetchedPages, mut show: impl FnMut(usize, usize)) -> Result<Found> {
    let mut found = Found { is_whole: true, ..Found::default() };
    let is_only_source = config.crawl.addresses.len() + config.selection.paths.len() == 1;
    let address = |given: &String, read: fn(&str) -> Result<Url, String>| {
        read(given).map_err(|reason| Error::Address { address: given.clone(), reason })
    };
    let hosts = config.crawl.hosts.iter().map(|host| address(host, address::typed_host)).collect::<Result<Vec<_>>>()?;
    for given in &config.crawl.addresses {
        let start = address(given, address::typed)?;
        Site::new(config, &hosts, pages, &mut found, start, is_only_source).crawl(&mut show)?;
    }
    found.files.sort_by(|a, b| a.name.cmp(&b.name));
    found.files.dedup_by(|a, b| a.path == b.path);
    if found.is_whole {
        found.counts.gone = pages.retain(|path| found.stored.contains(path));
    }
    Ok(found)
}
