//! Fetches the pages of a site, given by its address, and keeps them beside the index. Builds read them from there.
//!
//! A crawl compares before it fetches: it requests a known page with the validators of its earlier answer, and the
//! server reports if the page is unchanged. A page that cannot be fetched keeps its last good version; a page that
//! the server reports as deleted is removed.
//!
//! - `limits`: the limits of a crawl; `address`: forms of addresses, and which belong to the site.
//! - `guard`: which network addresses may be connected to; `fetch`: requests.
//! - `robots`, `links`, `sitemap`: the rules and links of a site for robots; `frontier`: addresses still to request.
//! - `visit`: the result for one address; `site`: one site from its start to its end.

mod address;
mod fetch;
mod frontier;
mod guard;
pub mod limits;
mod links;
#[cfg(test)]
mod mutations;
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

/// The counts of a crawl; `--json` prints them.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Crawled {
    /// Requests, including those for robots.txt and sitemaps.
    pub requests: u64,
    /// Bytes of answers, decompressed.
    pub bytes: u64,
    /// Pages that are new or have changed.
    pub fetched: u64,
    /// Unchanged pages: the server said so, or sent the same content.
    pub unchanged: u64,
    /// Pages that could not be fetched and keep their last good version, including those that were not requested.
    pub kept: u64,
    /// Pages that existed before and were deleted.
    pub gone: u64,
}

/// The result of a crawl.
#[derive(Debug, Default)]
pub(crate) struct Found {
    /// Pages to read.
    pub(crate) files: Vec<SourceFile>,
    /// Pages that could not be fetched, each with the reason.
    pub(crate) skipped: Vec<(String, String)>,
    /// Pages that the site excludes, each with the reason.
    pub(crate) left_out: Vec<(String, String)>,
    /// Notes for the reader of the report.
    pub(crate) warnings: Vec<(String, String)>,
    pub(crate) counts: Crawled,
    /// Places of the pages seen, including those that are not read.
    stored: HashSet<PathBuf>,
    /// Whether every site was seen completely, so that pages not seen no longer exist.
    is_whole: bool,
}

/// Fetches new content of the given sites; `show` receives the number of requested pages, and of waiting ones.
///
/// # Errors
/// [`Error::Address`] for an invalid address of a site; [`Error::Index`] if pages cannot be kept.
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
