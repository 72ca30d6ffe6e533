//! One request at a time, with pauses between them.

use std::{
    error::Error as _,
    io::Read,
    thread,
    time::{Duration, Instant},
};

use ureq::{
    Agent, Body,
    http::{HeaderMap, Response, StatusCode, header},
    unversioned::transport::DefaultConnector,
};
use url::Url;

use super::{guard::Guard, limits::CrawlConfig};

/// How the crawl names itself. `robots.txt` knows it as `cloze`.
const USER_AGENT: &str = concat!("Cloze/", env!("CARGO_PKG_VERSION"), " (+site search; robots.txt token: cloze)");
/// The accepted media types, the best first.
const ACCEPT: &str = "text/html, application/xhtml+xml, text/markdown;q=0.9, text/plain;q=0.8, */*;q=0.5";
/// The longest wait that a server may ask for before the single retry.
const LONGEST_RETRY: Duration = Duration::from_secs(30);
/// Time limit for the connection to a server, including the handshake.
const CONNECT: Duration = Duration::from_secs(10);

/// Requests pages.
pub(super) struct Fetcher {
    agent: Agent,
    /// Time between the starts of two requests.
    pub(super) delay: Duration,
    last: Option<Instant>,
    /// Requests so far.
    pub(super) requests: u64,
    /// Bytes of bodies so far, decompressed.
    pub(super) bytes: u64,
}

/// Validators of an earlier answer.
#[derive(Debug, Clone, Default)]
pub(super) struct Validators {
    pub(super) etag: Option<String>,
    pub(super) last_modified: Option<String>,
}

/// The head of an answer, before its body.
#[derive(Debug, Clone)]
pub(super) struct Head {
    pub(super) status: u16,
    pub(super) validators: Validators,
    pub(super) content_type: Option<String>,
    pub(super) robots: Vec<String>,
    location: Option<String>,
    retry_after: Option<Duration>,
}

impl Head {
    fn of(response: &Response<Body>) -> Self {
        let headers = response.headers();
        let text = |name| headers.get(name).and_then(|v| Some(v.to_str().ok()?.to_owned()));
        Self {
            status: response.status().as_u16(),
            validators: Validators { etag: text(header::ETAG), last_modified: text(header::LAST_MODIFIED) },
            content_type: text(header::CONTENT_TYPE),
            robots: robots(headers),
            location: text(header::LOCATION),
            retry_after: text(header::RETRY_AFTER).and_then(|s| s.trim().parse().ok()).map(Duration::from_secs),
        }
    }

    /// Where a redirect leads, as written.
    pub(super) fn redirect(&self) -> Option<&str> {
        self.location.as_deref().filter(|_| matches!(self.status, 301 | 302 | 303 | 307 | 308))
    }

    /// The part of `Content-Type` before the first semicolon, in lower case.
    pub(super) fn media_type(&self) -> Option<String> {
        media_type(self.content_type.as_deref()?)
    }
}

fn robots(headers: &HeaderMap) -> Vec<String> {
    headers.get_all("x-robots-tag").iter().filter_map(|v| Some(v.to_str().ok()?.to_owned())).collect()
}

/// The media type of a `Content-Type`, if it has one.
pub(super) fn media_type(content_type: &str) -> Option<String> {
    let media = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    (!media.is_empty()).then_some(media)
}

/// The `charset` of a `Content-Type`, if it has one.
pub(super) fn charset(content_type: &str) -> Option<String> {
    let parameter = |p: &str| {
        let (key, value) = p.split_once('=')?;
        let value = value.trim().trim_matches('"');
        (key.trim().eq_ignore_ascii_case("charset") && !value.is_empty()).then(|| value.to_owned())
    };
    content_type.split(';').skip(1).find_map(parameter)
}

impl Fetcher {
    /// A fetcher that reaches private networks only at the hosts that are `named`.
    pub(super) fn new(config: &CrawlConfig, named: impl Iterator<Item = String>) -> Self {
        let settings = Agent::config_builder()
            .user_agent(USER_AGENT)
            .accept(ACCEPT)
            .http_status_as_error(false)
            // Every hop is checked before the crawl follows it.
            .max_redirects(0)
            .max_redirects_will_error(false)
            // A proxy would resolve names in our place.
            .proxy(None)
            .timeout_global(Some(config.timeout))
            .timeout_connect(Some(CONNECT.min(config.timeout)))
            .build();
        let agent = Agent::with_parts(settings, DefaultConnector::default(), Guard::new(named));
        Self { agent, delay: config.delay, last: None, requests: 0, bytes: 0 }
    }

    /// Requests an address. The body is read if `wants` accepts it, and is at most `limit` bytes.
    ///
    /// # Errors
    /// A sentence for the report: no connection, no answer in time, a body that is too large.
    pub(super) fn get(
        &mut self,
        url: &Url,
        known: &Validators,
        limit: u64,
        wants: impl Fn(&Head) -> bool,
    ) -> Result<(Head, Vec<u8>), String> {
        let mut response = self.ask(url, known)?;
        let mut head = Head::of(&response);
        let is_busy = matches!(response.status(), StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE);
        if let Some(pause) = head.retry_after.filter(|pause| is_busy && *pause <= LONGEST_RETRY) {
            drop(response);
            thread::sleep(pause);
            response = self.ask(url, known)?;
            head = Head::of(&response);
        }
        if !wants(&head) {
            return Ok((head, Vec::new()));
        }
        let mut body = Vec::new();
        // The reader decompresses, so the limit applies to the decompressed bytes.
        let read = response.body_mut().as_reader().take(limit.saturating_add(1)).read_to_end(&mut body);
        self.bytes += body.len() as u64;
        match read {
            Err(e) => Err(sentence(&ureq::Error::from(e))),
            Ok(_) if body.len() as u64 > limit => {
                Err(format!("the page has more than {limit} bytes (--max-file-bytes)"))
            }
            Ok(_) => Ok((head, body)),
        }
    }

    fn ask(&mut self, url: &Url, known: &Validators) -> Result<Response<Body>, String> {
        if let Some(pause) = self.last.and_then(|last| self.delay.checked_sub(last.elapsed())) {
            thread::sleep(pause);
        }
        self.last = Some(Instant::now());
        self.requests += 1;
        let mut request = self.agent.get(url.as_str());
        if let Some(etag) = &known.etag {
            request = request.header(header::IF_NONE_MATCH, etag);
        }
        if let Some(date) = &known.last_modified {
            request = request.header(header::IF_MODIFIED_SINCE, date);
        }
        request.call().map_err(|e| sentence(&e))
    }
}

/// The fault, for the report.
fn sentence(error: &ureq::Error) -> String {
    match error {
        ureq::Error::Timeout(_) => "no complete response in time (--timeout)".into(),
        ureq::Error::HostNotFound => "the host is unknown".into(),
        ureq::Error::Io(e) => match e.get_ref().and_then(|inner| inner.downcast_ref::<ureq::Error>()) {
            Some(inner) => sentence(inner),
            None if e.kind() == std::io::ErrorKind::PermissionDenied => e.to_string(),
            None => format!("no response ({e})"),
        },
        other => match other.source() {
            Some(cause) => format!("no response ({other}: {cause})"),
            None => format!("no response ({other})"),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_types_are_taken_apart() {
        let header = "Text/HTML ; x=y; Charset=\"ISO-8859-1\"";
        assert_eq!(
            (media_type(header).as_deref(), charset(header).as_deref()),
            (Some("text/html"), Some("ISO-8859-1"))
        );
        assert_eq!((media_type(" ;charset="), charset("text/html;charset=")), (None, None));
    }
}
