//! One site, from its start to its end.

mod ending;
mod lists;
mod rules;

use std::{
    collections::{HashMap, HashSet},
    time::{Duration, Instant},
};

use cloze_index::FetchedPages;
use url::Url;

use super::{
    Found, address,
    address::Scope,
    fetch::Fetcher,
    frontier::Frontier,
    robots::Robots,
    visit::{self, Page, Visit},
};
use crate::{BuildConfig, Result};
use rules::Permission;

/// Redirects that are followed from one address.
const MOST_REDIRECTS: usize = 5;
/// The crawl leaves a site after this many failed pages in a row.
const MOST_FAILURES: u32 = 20;
/// Longer than any crawl.
const NO_END: Duration = Duration::from_secs(1 << 30);
/// Extensions of files that are not documents; the crawl does not request them.
const NO_DOCUMENTS: &str = "7z avi bz2 css deb dmg eot exe gif gz ico iso jar jpeg jpg js map mjs mov mp3 mp4 mpeg \
    msi ogg otf png rpm svg tar tgz tif tiff ttf wasm wav webm webmanifest webp whl woff woff2 xml xz zip";

/// A site while it is crawled.
pub(super) struct Site<'a> {
    config: &'a BuildConfig,
    /// Other hosts that the user named.
    hosts: &'a [Url],
    pages: &'a FetchedPages,
    found: &'a mut Found,
    start: Url,
    scope: Scope,
    is_only_source: bool,
    /// Whether links are followed; a sitemap lists all there is.
    follows: bool,
    fetcher: Fetcher,
    /// Rules of each host that was asked, or why they cannot be had.
    robots: HashMap<String, Result<Robots, String>>,
    frontier: Frontier,
    /// Pages that the index will have, but for those that are another one's copy.
    good: Vec<Page>,
    /// Addresses with a known result.
    settled: HashSet<String>,
    failures: u32,
    until: Instant,
    /// The reason why the rest was left.
    stopped: Option<String>,
    /// Whether a part of the site could not be seen.
    is_partial: bool,
}

impl<'a> Site<'a> {
    pub(super) fn new(
        config: &'a BuildConfig,
        hosts: &'a [Url],
        pages: &'a FetchedPages,
        found: &'a mut Found,
        start: Url,
        is_only_source: bool,
    ) -> Self {
        let crawl = &config.crawl;
        let name = |url: &Url| url.host_str().unwrap_or_default().trim_matches(['[', ']']).to_owned();
        let fetcher = Fetcher::new(crawl, hosts.iter().chain([&start]).map(name));
        Self {
            scope: Scope::below(&start, hosts),
            frontier: Frontier::new(crawl.max_pages),
            // A time that the clock cannot hold is no limit.
            until: Instant::now().checked_add(crawl.max_time).unwrap_or_else(|| Instant::now() + NO_END),
            config,
            hosts,
            pages,
            found,
            start,
            is_only_source,
            follows: true,
            fetcher,
            robots: HashMap::new(),
            good: Vec::new(),
            settled: HashSet::new(),
            failures: 0,
            stopped: None,
            is_partial: false,
        }
    }

    /// Visits everything within the limits.
    pub(super) fn crawl(mut self, show: &mut impl FnMut(usize, usize)) -> Result<()> {
        let name = self.start.path().to_ascii_lowercase();
        if name.ends_with(".xml") || name.ends_with(".gz") {
            self.read_sitemaps();
        } else {
            self.frontier.add(self.start.clone(), 0);
        }
        while self.stopped.is_none() {
            show(self.frontier.asked(), self.frontier.waiting());
            let Some((url, depth)) = self.frontier.next() else { break };
            self.see(url, depth)?;
            self.check_limits();
        }
        self.end();
        Ok(())
    }

    fn check_limits(&mut self) {
        let crawl = &self.config.crawl;
        let waiting = self.frontier.waiting();
        let reason = if self.failures >= MOST_FAILURES {
            format!("{MOST_FAILURES} pages in a row could not be fetched")
        } else if waiting == 0 {
            return;
        } else if self.frontier.is_full() {
            format!("the site has more than {} pages (--max-pages)", crawl.max_pages)
        } else if self.fetcher.bytes >= crawl.max_bytes {
            format!("the site has more than {} bytes (--max-bytes)", crawl.max_bytes)
        } else if Instant::now() >= self.until {
            format!("the crawl took more than {} s (--max-time)", crawl.max_time.as_secs_f64())
        } else {
            return;
        };
        self.stopped = self.stopped.take().or(Some(format!("{reason}; {waiting} addresses were not requested")));
    }

    /// Asks for a page, and follows it where it has moved to.
    fn see(&mut self, first: Url, depth: usize) -> Result<()> {
        let mut next = Some(first.clone());
        for _ in 0..=MOST_REDIRECTS {
            let Some(url) = next.take() else { return Ok(()) };
            next = self.step(&first, &url, depth)?;
        }
        if next.is_some() {
            self.fail(&first, depth, "too many redirects");
        }
        Ok(())
    }

    /// Asks for one address; gives the next one if it has moved. `first` is where the redirects began.
    fn step(&mut self, first: &Url, url: &Url, depth: usize) -> Result<Option<Url>> {
        match self.permission(url) {
            Permission::Given => match visit::visit(&mut self.fetcher, self.pages, url, self.config.max_file_bytes)? {
                Visit::Moved(target) => return Ok(self.moved(first, url, depth, &target)),
                visit => self.settle(url, depth, visit),
            },
            Permission::Refused => self.leave_out(url, "disallowed by robots.txt"),
            Permission::Unknown(reason) => self.fail(url, depth, &reason),
        }
        Ok(None)
    }

    /// The target of a redirect, if it is still to be requested.
    fn moved(&mut self, first: &Url, url: &Url, depth: usize, target: &Url) -> Option<Url> {
        if *url == self.start && !self.move_start(target) {
            return None;
        }
        let Some(target) = self.scope.admit(target) else {
            self.leave_out(first, &format!("redirects to {target}, which is not part of the site"));
            return None;
        };
        if target == *first {
            self.fail(first, depth, "redirect loop");
            return None;
        }
        self.settled.insert(url.as_str().to_owned());
        // A target that is known has its own turn, or had it.
        self.frontier.see(&target).then_some(target)
    }

    /// Begins where the start has moved to; whether that is allowed.
    fn move_start(&mut self, target: &Url) -> bool {
        if !self.scope.has_host(target) {
            let host = address::host(target);
            let reason = format!("redirects to {target}; give that address, or allow its host with --host {host}");
            self.stopped = Some(reason);
            return false;
        }
        if self.follows {
            self.scope = Scope::below(target, self.hosts);
            self.start = target.clone();
        }
        true
    }

    fn settle(&mut self, url: &Url, depth: usize, visit: Visit) {
        if !matches!(visit, Visit::Failed(..)) {
            self.failures = 0;
        }
        match visit {
            Visit::Failed(reason, page) => self.failed(url, depth, &reason, page),
            Visit::New(page) => {
                self.found.counts.fetched += 1;
                self.take(page, depth);
            }
            Visit::Same(page) => {
                self.found.counts.unchanged += 1;
                self.take(page, depth);
            }
            Visit::Gone(status) if *url == self.start => self.stopped = Some(format!("HTTP {status}")),
            Visit::Gone(status) => self.leave_out(url, &format!("HTTP {status}: the page does not exist")),
            Visit::Other(media) if *url == self.start && self.follows && media.ends_with("xml") => {
                self.read_sitemaps();
            }
            Visit::Other(media) => self.leave_out(url, &format!("{media} is not a supported type of document")),
            // Redirects were followed.
            Visit::Moved(_) => {}
        }
    }

    /// A page that cannot be asked for now.
    fn fail(&mut self, url: &Url, depth: usize, reason: &str) {
        let kept = self.pages.get(url.as_str()).and_then(|(page, body)| visit::read(url, &page, &body));
        self.failed(url, depth, reason, kept);
    }

    fn failed(&mut self, url: &Url, depth: usize, reason: &str, last_good: Option<Page>) {
        self.failures += 1;
        match last_good {
            Some(page) => {
                self.skip(url, &format!("{reason}; the last good version is kept"));
                self.found.counts.kept += 1;
                self.take(page, depth);
            }
            None if *url == self.start => self.stopped = Some(reason.to_owned()),
            None => self.skip(url, reason),
        }
    }

    /// Takes a page into the index, unless it asks not to be, and goes where it leads.
    fn take(&mut self, mut page: Page, depth: usize) {
        self.settled.insert(page.address.as_str().to_owned());
        self.found.stored.insert(self.pages.path(page.address.as_str()));
        page.canonical = page.canonical.and_then(|c| self.scope.admit(&c)).filter(|c| *c != page.address);
        let links = std::mem::take(&mut page.links).into_iter().filter(|_| self.follows);
        if depth < self.config.crawl.max_depth {
            for link in links.chain(page.canonical.clone()).filter(may_be_document) {
                if let Some(link) = self.scope.admit(&link) {
                    self.frontier.add(link, depth + 1);
                }
            }
        }
        match page.robots.noindex {
            true => self.leave_out(&page.address, "robots: noindex"),
            false => self.good.push(page),
        }
    }

    fn leave_out(&mut self, url: &Url, reason: &str) {
        self.settled.insert(url.as_str().to_owned());
        let name = self.scope.name(url, self.is_only_source);
        self.found.left_out.push((name, reason.to_owned()));
    }

    fn skip(&mut self, url: &Url, reason: &str) {
        self.found.skipped.push((self.scope.name(url, self.is_only_source), reason.to_owned()));
    }
}

fn may_be_document(url: &Url) -> bool {
    let name = url.path().rsplit('/').next().unwrap_or_default();
    let extension = name.rsplit_once('.').map(|(_, extension)| extension.to_ascii_lowercase());
    !NO_DOCUMENTS.split_whitespace().any(|other| extension.as_deref() == Some(other))
}
