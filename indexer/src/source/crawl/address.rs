//! Addresses of pages, and which of them belong to a site.

use url::Url;

use super::limits::is_address;

/// The longest address that is followed, in bytes.
const LONGEST: usize = 2048;

/// An address in its normal form: absolute, http or https, without a fragment, a user name, a default port, or dot
/// segments. `None` if it is not such an address.
pub(super) fn normal(base: &Url, reference: &str) -> Option<Url> {
    let reference = reference.trim();
    if reference.len() > LONGEST {
        return None;
    }
    let mut url = base.join(reference).ok()?;
    if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none_or(str::is_empty) {
        return None;
    }
    url.set_fragment(None);
    url.set_username("").ok()?;
    url.set_password(None).ok()?;
    if url.query() == Some("") {
        url.set_query(None);
    }
    (url.as_str().len() <= LONGEST).then_some(url)
}

/// An address as it was typed.
///
/// # Errors
/// A sentence that states the fault.
pub(super) fn typed(text: &str) -> Result<Url, String> {
    let url = Url::parse(text.trim()).map_err(|e| e.to_string())?;
    normal(&url, "").ok_or_else(|| "expected http:// or https:// and a host".to_owned())
}

/// A host as it was typed, with a port or without, as an address.
///
/// # Errors
/// A sentence that states the fault.
pub(super) fn typed_host(text: &str) -> Result<Url, String> {
    match is_address(text) {
        true => typed(text),
        // The default port of https is omitted.
        false => typed(&format!("https://{}/", text.trim()))
            .map_err(|e| format!("{e}; expected a host, such as api.example.org")),
    }
}

/// Host and port, for comparison: a default port is omitted.
pub(super) fn host(url: &Url) -> String {
    let name = url.host_str().unwrap_or_default();
    url.port().map_or_else(|| name.to_owned(), |port| format!("{name}:{port}"))
}

/// Which addresses belong to a site.
#[derive(Debug, Clone)]
pub(super) struct Scope {
    start: Url,
    hosts: Vec<String>,
    /// Prefix of the paths on the start's host.
    prefix: String,
}

impl Scope {
    /// Pages below the folder of the start, and those of `hosts`.
    pub(super) fn below(start: &Url, hosts: &[Url]) -> Self {
        let path = start.path();
        let folder = path.rfind('/').map_or("/", |at| &path[..=at]);
        Self { start: start.clone(), hosts: hosts.iter().map(host).collect(), prefix: folder.into() }
    }

    /// Every page on the host of the start, and those of `hosts`: the scope of a sitemap.
    pub(super) fn host_of(start: &Url, hosts: &[Url]) -> Self {
        Self { prefix: "/".into(), ..Self::below(start, hosts) }
    }

    /// The address to request, if it belongs to the site. Each host is requested over one scheme only.
    pub(super) fn admit(&self, url: &Url) -> Option<Url> {
        let same_host = host(url) == host(&self.start);
        let belongs = match same_host {
            true => url.path().starts_with(&self.prefix),
            false => self.hosts.contains(&host(url)),
        };
        if !belongs {
            return None;
        }
        let mut url = url.clone();
        if same_host && url.port().is_none() {
            url.set_scheme(self.start.scheme()).ok()?;
        }
        Some(url)
    }

    /// Whether the host may receive any request at all, such as for its robots.txt.
    pub(super) fn has_host(&self, url: &Url) -> bool {
        host(url) == host(&self.start) || self.hosts.contains(&host(url))
    }

    /// The name of a page: its path and query; the host comes first where there are several sources.
    pub(super) fn name(&self, url: &Url, is_only_source: bool) -> String {
        let path = &url[url::Position::BeforePath..];
        let path = path.strip_prefix('/').filter(|p| !p.is_empty()).unwrap_or(path);
        match is_only_source && host(url) == host(&self.start) {
            true => path.to_owned(),
            false => format!("{}/{}", host(url), path.trim_start_matches('/')),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        typed(text).expect("an address")
    }

    #[test]
    fn addresses_have_one_form() {
        let base = url("https://Example.org:443/docs/a/b.html");
        for (reference, expected) in [
            ("../c.html#part", "https://example.org/docs/c.html"),
            ("./x/../../y", "https://example.org/docs/y"),
            ("?page=2", "https://example.org/docs/a/b.html?page=2"),
            ("?", "https://example.org/docs/a/b.html"),
            ("//user:word@other.org:80/z", "https://other.org:80/z"),
            ("http://other.org:80/z", "http://other.org/z"),
            ("über uns.html", "https://example.org/docs/a/%C3%BCber%20uns.html"),
        ] {
            assert_eq!(normal(&base, reference).map(String::from).as_deref(), Some(expected), "{reference}");
        }
        let long = "x".repeat(3000);
        for reference in ["mailto:a@example.org", "javascript:void(0)", "ftp://example.org/", "https://", &long] {
            assert_eq!(normal(&base, reference), None, "{reference}");
        }
        assert_eq!(typed_host("[::1]:8080").map(|u| host(&u)).as_deref(), Ok("[::1]:8080"));
        assert!(typed_host("a b").is_err());
        assert!(typed("docs").is_err() && typed("file:///etc/passwd").is_err());
    }

    #[test]
    fn a_site_is_what_is_below_its_start() {
        let scope = Scope::below(
            &url("https://example.org/docs/index.html"),
            &[typed_host("API.example.org:443").expect("a host")],
        );
        for inside in ["https://example.org/docs/", "https://example.org/docs/a?b", "https://api.example.org/x"] {
            assert_eq!(scope.admit(&url(inside)), Some(url(inside)));
        }
        assert_eq!(scope.admit(&url("http://example.org/docs/a")), Some(url("https://example.org/docs/a")));
        for outside in ["https://example.org/blog/", "https://example.org:8443/docs/", "https://evil.org/docs/"] {
            assert_eq!(scope.admit(&url(outside)), None, "{outside}");
        }
        let all = Scope::host_of(&url("https://example.org/sitemap.xml"), &[]);
        assert!(all.admit(&url("https://example.org/blog/")).is_some());
    }

    #[test]
    fn names_are_paths() {
        let scope = Scope::below(&url("https://example.org/docs/"), &[url("https://api.example.org/")]);
        for (address, alone, among) in [
            ("https://example.org/docs/a.html?v=2", "docs/a.html?v=2", "example.org/docs/a.html?v=2"),
            ("https://example.org/", "/", "example.org/"),
            ("https://api.example.org/x", "api.example.org/x", "api.example.org/x"),
        ] {
            assert_eq!(scope.name(&url(address), true), alone);
            assert_eq!(scope.name(&url(address), false), among);
        }
    }
}
