//! The end of a crawl: its results.

use std::{collections::HashSet, path::PathBuf};

use url::Url;

use super::{
    super::{
        address,
        visit::{self, Page},
    },
    Site,
};
use crate::source::{Fetched, SourceFile};

impl Site<'_> {
    /// Returns the results.
    pub(super) fn end(mut self) {
        if let Some(reason) = self.stopped.take() {
            self.found.skipped.push((self.start.to_string(), reason));
            self.is_partial = true;
        }
        if self.is_partial {
            self.found.is_whole = false;
            self.keep_the_rest();
        }
        if self.frontier.passed_by > 0 {
            let note = format!(
                "{} addresses were not requested: there were too many, or too many queries of one path",
                self.frontier.passed_by
            );
            self.found.warnings.push((self.start.to_string(), note));
        }
        self.found.counts.requests += self.fetcher.requests;
        self.found.counts.bytes += self.fetcher.bytes;
        // A page is a copy of another one if that exists, and is not a copy itself.
        let originals: HashSet<Url> =
            self.good.iter().filter(|p| p.canonical.is_none()).map(|p| p.address.clone()).collect();
        for page in std::mem::take(&mut self.good) {
            match page.canonical.as_ref().filter(|c| originals.contains(c)) {
                Some(canonical) => self.leave_out(&page.address, &format!("canonical: {canonical}")),
                None => self.found.files.push(self.file(page)),
            }
        }
    }

    /// Pages of earlier crawls that this one did not reach stay unchanged.
    fn keep_the_rest(&mut self) {
        let pages = self.pages;
        for page in pages.pages() {
            let Ok(url) = address::typed(&page.address) else { continue };
            if self.scope.admit(&url).as_ref() != Some(&url) || self.settled.contains(url.as_str()) {
                continue;
            }
            if let Some(page) = pages.get(url.as_str()).and_then(|(page, body)| visit::read(&url, &page, &body)) {
                self.found.counts.kept += 1;
                self.take(page, usize::MAX);
            }
        }
    }

    fn file(&self, page: Page) -> SourceFile {
        let address = page.address.as_str();
        SourceFile {
            path: self.pages.path(address),
            name: self.scope.name(&page.address, self.is_only_source),
            root: PathBuf::new(),
            format: page.format,
            bytes: page.bytes,
            version: None,
            fetched: Some(Fetched { address: address.to_owned(), charset: page.charset }),
        }
    }
}
