//! The result for one address.

use cloze_index::{FetchedPage, FetchedPages};
use url::Url;

use super::{
    address,
    fetch::{self, Fetcher, Head, Validators},
    links::{self, Said},
    robots::Directives,
};
use crate::{Result, extract::Format};

/// The current or the last good version of a page.
pub(super) struct Page {
    pub(super) address: Url,
    pub(super) format: Format,
    pub(super) charset: Option<String>,
    pub(super) bytes: u64,
    /// The directives of the page and its server for robots.
    pub(super) robots: Directives,
    /// The canonical address of the page, if it is another one.
    pub(super) canonical: Option<Url>,
    /// Where it leads.
    pub(super) links: Vec<Url>,
}

/// See the module.
pub(super) enum Visit {
    /// A page that is new or has changed.
    New(Page),
    /// An unchanged page.
    Same(Page),
    /// A redirect, and where it leads.
    Moved(Url),
    /// The page does not exist, or no longer exists.
    Gone(u16),
    /// A file that is not a document.
    Other(String),
    /// The request failed; with the last good version, if there is one.
    Failed(String, Option<Page>),
}

/// Requests a page, unless the kept version is current.
///
/// # Errors
/// If a page cannot be kept.
pub(super) fn visit(fetcher: &mut Fetcher, pages: &FetchedPages, url: &Url, limit: u64) -> Result<Visit> {
    let kept = pages.get(url.as_str());
    let known = kept
        .as_ref()
        .map(|(page, _)| Validators { etag: page.etag.clone(), last_modified: page.last_modified.clone() });
    let wants = |head: &Head| head.status == 200 && format_of(head.content_type.as_deref(), url).is_some();
    let last_good = |kept: Option<(FetchedPage, Vec<u8>)>| kept.and_then(|(page, body)| read(url, &page, &body));
    let (head, body) = match fetcher.get(url, &known.unwrap_or_default(), limit, wants) {
        Ok(answer) => answer,
        Err(reason) => return Ok(Visit::Failed(reason, last_good(kept))),
    };
    if let Some(target) = head.redirect() {
        return Ok(match address::normal(url, target) {
            Some(target) => Visit::Moved(target),
            None => {
                Visit::Failed(format!("redirects to {target:?}, which is not the address of a page"), last_good(kept))
            }
        });
    }
    Ok(match head.status {
        200 if wants(&head) => take(pages, url, head, &body, kept)?,
        200 => Visit::Other(head.media_type().unwrap_or_else(|| "a response without a content type".into())),
        304 => match last_good(kept) {
            Some(page) => Visit::Same(page),
            None => Visit::Failed("HTTP 304 for a page without a stored version".into(), None),
        },
        status @ (404 | 410) => Visit::Gone(status),
        status => Visit::Failed(format!("HTTP {status}"), last_good(kept)),
    })
}

/// Keeps a received page, unless it equals the kept one.
fn take(
    pages: &FetchedPages,
    url: &Url,
    head: Head,
    body: &[u8],
    kept: Option<(FetchedPage, Vec<u8>)>,
) -> Result<Visit> {
    let is_same = kept.is_some_and(|(page, old)| old == body && page.content_type == head.content_type);
    let page = FetchedPage {
        address: url.as_str().to_owned(),
        etag: head.validators.etag,
        last_modified: head.validators.last_modified,
        content_type: head.content_type,
        robots: head.robots,
        ..FetchedPage::default()
    };
    pages.put(&page, body)?;
    Ok(match read(url, &page, body) {
        Some(page) if is_same => Visit::Same(page),
        Some(page) => Visit::New(page),
        None => Visit::Other(page.content_type.unwrap_or_default()),
    })
}

/// A page from its kept version.
pub(super) fn read(url: &Url, page: &FetchedPage, body: &[u8]) -> Option<Page> {
    let format = format_of(page.content_type.as_deref(), url)?;
    let said = match format {
        // Addresses are nearly always ASCII, whatever the text is in.
        Format::Html => links::read(&String::from_utf8_lossy(body)),
        _ => Said::default(),
    };
    let mut robots = said.robots;
    page.robots.iter().for_each(|value| robots.add_header(value));
    let base = said.base.and_then(|base| address::normal(url, &base)).unwrap_or_else(|| url.clone());
    let canonical = said.canonical.and_then(|c| address::normal(url, &c)).filter(|c| c != url);
    let links = said.links.iter().filter(|_| !robots.nofollow).filter_map(|link| address::normal(&base, link));
    Some(Page {
        address: url.clone(),
        format,
        charset: page.content_type.as_deref().and_then(fetch::charset),
        bytes: body.len() as u64,
        robots,
        canonical,
        links: links.collect(),
    })
}

/// How an answer is read, if it is a document.
fn format_of(content_type: Option<&str>, url: &Url) -> Option<Format> {
    let name = url.path().rsplit('/').next().unwrap_or_default();
    let by_name = name.rsplit_once('.').and_then(|(_, extension)| Format::of_extension(extension));
    match content_type.and_then(fetch::media_type) {
        // Servers send Markdown and records as plain text if they do not know better.
        Some(media) if media == "text/plain" => by_name.filter(|f| *f != Format::Html).or(Some(Format::Text)),
        Some(media) if media == "application/octet-stream" => by_name,
        Some(media) => Format::of_content_type(&media),
        None => by_name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_follow_the_content_type() {
        for (content_type, path, expected) in [
            (Some("text/html; charset=x"), "a.txt", Some(Format::Html)),
            (Some("text/plain"), "a.md", Some(Format::Markdown)),
            (Some("text/plain"), "a.html", Some(Format::Text)),
            (Some("text/plain"), "a", Some(Format::Text)),
            (Some("image/png"), "a.html", None),
            (Some("application/octet-stream"), "a.md", Some(Format::Markdown)),
            (None, "a.html", Some(Format::Html)),
            (None, "a", None),
        ] {
            let url = Url::parse(&format!("https://e.org/{path}")).expect("an address");
            assert_eq!(format_of(content_type, &url), expected, "{content_type:?} {path}");
        }
    }
}
