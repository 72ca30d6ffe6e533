//! The requests that a host allows to this robot.

use url::{Position, Url};

use super::{
    super::{
        address,
        fetch::Validators,
        robots::{self, Robots},
    },
    MOST_REDIRECTS, Site,
};

/// Whether an address may be requested.
pub(super) enum Permission {
    Given,
    Refused,
    /// The rules cannot be had, and the reason.
    Unknown(String),
}

impl Site<'_> {
    /// Whether the host allows this robot to request the address.
    pub(super) fn permission(&mut self, url: &Url) -> Permission {
        let host = format!("{}://{}", url.scheme(), address::host(url));
        if !self.robots.contains_key(&host) {
            let rules = self.read_robots(url);
            if let Some(delay) = rules.as_ref().ok().and_then(Robots::delay) {
                self.fetcher.delay = self.fetcher.delay.max(delay);
            }
            self.robots.insert(host.clone(), rules);
        }
        match self.robots.get(&host) {
            Some(Err(reason)) => Permission::Unknown(reason.clone()),
            Some(Ok(rules)) if !rules.allows(&url[Position::BeforePath..]) => Permission::Refused,
            _ => Permission::Given,
        }
    }

    /// RFC 9309: without a file everything is allowed; while the server fails, nothing is.
    fn read_robots(&mut self, url: &Url) -> Result<Robots, String> {
        let Some(place) = address::normal(url, "/robots.txt") else { return Ok(Robots::default()) };
        match self.get_list(&place, robots::LONGEST) {
            Ok((200..=299, body)) => Ok(Robots::parse(&String::from_utf8_lossy(&body))),
            Ok((500.., _)) | Ok((429, _)) => Err("cannot fetch robots.txt: the server reported an error".into()),
            Ok(_) => Ok(Robots::default()),
            Err(reason) => Err(format!("cannot fetch robots.txt: {reason}")),
        }
    }

    /// Asks for a list of the site, a robots.txt or a sitemap; gives the status and the body.
    pub(super) fn get_list(&mut self, place: &Url, limit: u64) -> Result<(u16, Vec<u8>), String> {
        let mut place = place.clone();
        for _ in 0..=MOST_REDIRECTS {
            let (head, body) = self.fetcher.get(&place, &Validators::default(), limit, |head| head.status == 200)?;
            let Some(target) = head.redirect().and_then(|to| address::normal(&place, to)) else {
                return Ok((head.status, body));
            };
            if !self.scope.has_host(&target) {
                return Ok((404, Vec::new()));
            }
            place = target;
        }
        Ok((404, Vec::new()))
    }
}
