//! The pages that a site's sitemaps list.

use std::collections::{HashSet, VecDeque};

use url::Url;

use super::{
    super::{
        address::{self, Scope},
        sitemap::{self, Sitemap},
    },
    Site,
};

/// Sitemaps that are read of one site.
const MOST_SITEMAPS: usize = 1000;

impl Site<'_> {
    /// Reads the sitemap that the start is, and those that it lists.
    pub(super) fn read_sitemaps(&mut self) {
        self.follows = false;
        self.scope = Scope::host_of(&self.start, self.hosts);
        let (mut waiting, mut seen) = (VecDeque::from([self.start.clone()]), HashSet::from([self.start.clone()]));
        while let Some(place) = waiting.pop_front() {
            match self.read_sitemap(&place) {
                Ok(Sitemap::Pages(pages)) => self.list(&place, &pages),
                Ok(Sitemap::Index(lists)) => {
                    let lists = lists.iter().filter_map(|l| address::normal(&place, l));
                    for list in lists.filter(|l| self.scope.has_host(l)).collect::<Vec<_>>() {
                        if seen.len() < MOST_SITEMAPS && seen.insert(list.clone()) {
                            waiting.push_back(list);
                        }
                    }
                }
                Err(reason) if place == self.start => self.stopped = Some(reason),
                Err(reason) => {
                    self.is_partial = true;
                    self.skip(&place, &format!("{reason}; its pages are unchanged"));
                }
            }
        }
    }

    fn read_sitemap(&mut self, place: &Url) -> Result<Sitemap, String> {
        let (status, body) = self.get_list(place, sitemap::LARGEST)?;
        if status != 200 {
            return Err(format!("HTTP {status}"));
        }
        let most = self.config.crawl.max_pages.saturating_mul(2);
        sitemap::read(&body, most)
            .unwrap_or_else(|| Err("the file is not a sitemap; expected XML with <urlset> or <sitemapindex>".into()))
    }

    /// Puts the pages of a sitemap on the list of what to ask for.
    fn list(&mut self, place: &Url, pages: &[String]) {
        let mut strange = 0;
        for page in pages {
            match address::normal(place, page).and_then(|url| self.scope.admit(&url)) {
                Some(url) => self.frontier.add(url, 0),
                None => strange += 1,
            }
        }
        if strange > 0 {
            let note = format!("{strange} of its addresses are on other hosts and were not requested (--host)");
            self.found.warnings.push((place.to_string(), note));
        }
    }
}
