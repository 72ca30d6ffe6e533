//! Where a body lies: `https://host:9200,other:9200/NAME`.

use std::fmt;

use serde::Deserialize;

/// The longest name of an index here; the cluster's own limit is 255 bytes with our endings.
const LONGEST_NAME: usize = 100;

/// The address of a body. It holds no credentials.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Address {
    hosts: Vec<String>,
    /// As typed, up to the name.
    place: String,
    name: String,
    exact: bool,
}

impl Address {
    /// Reads an address. Several hosts of one cluster stand side by side, separated by commas. `?exact` at the end makes
    /// searches compare every vector, which is slow for many passages.
    ///
    /// # Errors
    /// A sentence that says what is wrong.
    pub fn parse(text: &str) -> Result<Self, String> {
        let expected = "expected https://HOST:9200/NAME, with several hosts separated by commas";
        let wrong = |what: &str| format!("{what}; {expected}");
        let (rest, exact) = match text.strip_suffix("?exact") {
            Some(rest) => (rest, true),
            None => (text, false),
        };
        let (scheme, rest) = rest.split_once("://").ok_or_else(|| wrong("it has no scheme"))?;
        if !matches!(scheme, "http" | "https") {
            return Err(wrong("its scheme is neither https nor http"));
        }
        if rest.contains('@') {
            return Err("it holds a password; put it into CLOZE_BODY_USER and CLOZE_BODY_PASSWORD".into());
        }
        let (hosts, path) = rest.split_once('/').ok_or_else(|| wrong("it names no index"))?;
        let (prefix, name) = path.trim_end_matches('/').rsplit_once('/').unwrap_or(("", path.trim_end_matches('/')));
        let is_host = |host: &str| {
            let is_good = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | ':' | '[' | ']');
            host.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '[') && host.chars().all(is_good)
        };
        if !hosts.split(',').all(is_host) {
            return Err(wrong("it names no host"));
        }
        let is_good = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | '/');
        if prefix.starts_with('/') || prefix.contains("//") || !prefix.chars().all(is_good) {
            return Err(wrong("its path is no path"));
        }
        check_name(name)?;
        let prefix = if prefix.is_empty() { String::new() } else { format!("/{prefix}") };
        let place = format!("{scheme}://{hosts}{prefix}");
        let hosts = hosts.split(',').map(|host| format!("{scheme}://{host}{prefix}")).collect();
        Ok(Self { hosts, place, name: name.to_owned(), exact })
    }

    /// The same body, with searches that compare every vector.
    #[must_use]
    pub fn exact(self) -> Self {
        Self { exact: true, ..self }
    }

    /// Whether searches compare every vector.
    pub(crate) fn is_exact(&self) -> bool {
        self.exact
    }

    /// Addresses of the hosts, without a slash at the end.
    pub(crate) fn hosts(&self) -> &[String] {
        &self.hosts
    }

    /// Whether a password would travel in the clear to another machine.
    pub(crate) fn is_open(&self) -> bool {
        self.hosts.iter().any(|host| {
            let rest = host.strip_prefix("http://");
            rest.is_some_and(|rest| !["127.", "localhost", "[::1]"].iter().any(|near| rest.starts_with(near)))
        })
    }

    /// The name of the index.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl TryFrom<String> for Address {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        Self::parse(&text)
    }
}

fn check_name(name: &str) -> Result<(), String> {
    let is_good = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'_';
    let begins = name.bytes().next().is_some_and(|b| b.is_ascii_lowercase());
    if begins && name.bytes().all(is_good) && name.len() <= LONGEST_NAME && !name.ends_with("-head") {
        return Ok(());
    }
    Err(format!(
        "the index is named {name:?}; expected at most {LONGEST_NAME} of a-z, 0-9, - and _ that begin with a letter and \
         do not end in -head"
    ))
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.place, self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_and_a_name_are_read() {
        let address = Address::parse("https://a:9200,b/NAME").expect_err("capitals");
        assert!(address.contains("NAME"), "{address}");
        let address = Address::parse("https://a:9200,b:1/proxy/docs?exact").expect("good");
        assert_eq!(address.hosts(), ["https://a:9200/proxy", "https://b:1/proxy"]);
        assert!(address.name() == "docs" && address.is_exact() && !address.is_open());
        assert_eq!(Address::parse("https://a/docs/").expect("good").to_string(), "https://a/docs");
        assert_eq!(address.to_string(), "https://a:9200,b:1/proxy/docs");
        assert_eq!(
            Address::parse(&address.to_string()).map(Address::exact),
            Ok(address),
            "what it prints can be typed"
        );
    }

    #[test]
    fn what_is_wrong_is_said() {
        for (text, part) in [
            ("host:9200/docs", "scheme"),
            ("ftp://host/docs", "scheme"),
            ("https://host", "names no index"),
            ("https:///docs", "no host"),
            ("https://a,,b/docs", "no host"),
            ("https://a,https://b/docs", "no path"),
            ("https://a//b/docs", "no path"),
            ("https://user:secret@host/docs", "CLOZE_BODY_PASSWORD"),
            ("https://host/docs-head", "-head"),
        ] {
            let error = Address::parse(text).expect_err(text);
            assert!(error.contains(part) && !error.contains("secret"), "{text}: {error}");
        }
    }

    #[test]
    fn a_password_needs_https_except_on_this_machine() {
        let is_open = |text| Address::parse(text).expect("good").is_open();
        assert!(is_open("http://search.example.org/docs") && !is_open("https://search.example.org/docs"));
        assert!(!is_open("http://127.0.0.1:9200/docs") && !is_open("http://localhost:9200/docs"));
    }
}
