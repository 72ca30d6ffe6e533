//! Which network addresses a crawl connects to.
//!
//! A page on the web must not make this machine send requests to its own services, or to those of its network
//! (server-side request forgery). Each connection looks up the name once, checks the addresses, and connects to one
//! of exactly these: a name that leads elsewhere a moment later (DNS rebinding) gains nothing.

use std::{
    collections::HashMap,
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    sync::{Mutex, PoisonError},
};

use ureq::{
    config::Config,
    http::Uri,
    unversioned::{
        resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver},
        transport::NextTimeout,
    },
};

/// The reach of a network address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reach {
    /// Any host on the internet.
    Public,
    /// This machine, or its own network.
    Private,
    /// The same link, where cloud machines serve their credentials; or no host at all.
    Never,
}

/// The reach of an address: the special-purpose registries of IANA (RFC 6890).
pub(super) fn reach(address: IpAddr) -> Reach {
    match address {
        IpAddr::V4(v4) => reach_v4(v4),
        IpAddr::V6(v6) => reach_v6(v6),
    }
}

fn reach_v4(address: Ipv4Addr) -> Reach {
    match address.octets() {
        [10, ..] | [127, ..] | [172, 16..=31, ..] | [192, 168, ..] | [100, 64..=127, ..] => Reach::Private,
        // This network, link-local, protocol assignments, examples, 6to4 relays, benchmarks.
        [0, ..] | [169, 254, ..] | [192, 0, 0 | 2, _] | [192, 88, 99, _] | [198, 18..=19, ..] => Reach::Never,
        [198, 51, 100, _] | [203, 0, 113, _] | [224..=255, ..] => Reach::Never,
        _ => Reach::Public,
    }
}

fn reach_v6(address: Ipv6Addr) -> Reach {
    if let Some(inner) = address.to_ipv4_mapped() {
        return reach_v4(inner);
    }
    match address.segments() {
        [0, 0, 0, 0, 0, 0, 0, 1] | [0xfc00..=0xfdff, ..] => Reach::Private,
        // NAT64: the last part is the IPv4 address.
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] => reach_v4(Ipv4Addr::from(u32::from(high) << 16 | u32::from(low))),
        // Protocol assignments with Teredo, examples, 6to4.
        [0x2001, 0..=0x1ff | 0xdb8, ..] | [0x2002, ..] | [0x3fff, 0..=0xfff, ..] => Reach::Never,
        [0x2000..=0x3fff, ..] => Reach::Public,
        _ => Reach::Never,
    }
}

/// Resolves names for the crawl, and rejects addresses.
#[derive(Debug, Default)]
pub(super) struct Guard {
    inner: DefaultResolver,
    /// For each host that the user named: whether it was in a private network when it was first looked up.
    named: Mutex<HashMap<String, Option<bool>>>,
}

impl Guard {
    /// For hosts that the user named, without ports.
    pub(super) fn new(named: impl Iterator<Item = String>) -> Self {
        Self { named: Mutex::new(named.map(|host| (host, None)).collect()), ..Self::default() }
    }

    /// The addresses that the crawl may connect to.
    fn choose(&self, host: &str, found: &[SocketAddr]) -> Vec<SocketAddr> {
        let mut named = self.named.lock().unwrap_or_else(PoisonError::into_inner);
        let known = named.get_mut(host);
        if known.is_some() && host.parse::<IpAddr>().is_ok() {
            // The user typed this very address.
            return found.to_vec();
        }
        let has = |reach_wanted: Reach| found.iter().any(|a| reach(a.ip()) == reach_wanted);
        let is_private = known.is_some_and(|known| *known.get_or_insert(has(Reach::Private) && !has(Reach::Public)));
        let wanted = if is_private { Reach::Private } else { Reach::Public };
        found.iter().copied().filter(|a| reach(a.ip()) == wanted).collect()
    }
}

impl Resolver for Guard {
    fn resolve(&self, uri: &Uri, config: &Config, timeout: NextTimeout) -> Result<ResolvedSocketAddrs, ureq::Error> {
        let found = self.inner.resolve(uri, config, timeout)?;
        let host = uri.host().unwrap_or_default().trim_matches(['[', ']']).to_ascii_lowercase();
        let chosen = self.choose(&host, &found);
        if chosen.is_empty() {
            let found = found.first().map_or_else(String::new, |a| a.ip().to_string());
            let reason =
                format!("{host} has the address {found}, which is not public; the indexer did not connect to it");
            return Err(ureq::Error::Io(io::Error::new(io::ErrorKind::PermissionDenied, reason)));
        }
        let mut addresses = self.empty();
        chosen.into_iter().for_each(|address| addresses.push(address));
        Ok(addresses)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().expect("an address")
    }

    fn sockets(ips: &[&str]) -> Vec<SocketAddr> {
        ips.iter().map(|text| SocketAddr::new(ip(text), 80)).collect()
    }

    #[test]
    fn only_the_internet_is_public() {
        for public in ["1.1.1.1", "172.15.0.1", "172.32.0.1", "100.128.0.1", "2606:4700::1", "::ffff:9.9.9.9"] {
            assert_eq!(reach(ip(public)), Reach::Public, "{public}");
        }
        for private in [
            "127.0.0.1",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "100.64.0.1",
            "::1",
            "fd00::1",
            "::ffff:127.0.0.1",
            "64:ff9b::a00:1",
        ] {
            assert_eq!(reach(ip(private)), Reach::Private, "{private}");
        }
        for never in [
            "0.0.0.0",
            "169.254.169.254",
            "224.0.0.1",
            "255.255.255.255",
            "192.0.2.1",
            "198.18.0.1",
            "fe80::1",
            "::",
            "ff02::1",
            "2002:7f00:1::",
            "2001:0:1::",
            "2001:db8::1",
            "::127.0.0.1",
            "64:ff9b::a9fe:a9fe",
        ] {
            assert_eq!(reach(ip(never)), Reach::Never, "{never}");
        }
    }

    #[test]
    fn a_name_does_not_move_into_a_private_network() {
        let guard = Guard::new(["docs.example.org".to_owned()].into_iter());
        let mixed = guard.choose("docs.example.org", &sockets(&["10.0.0.1", "1.1.1.1"]));
        assert_eq!(mixed, sockets(&["1.1.1.1"]));
        assert_eq!(guard.choose("docs.example.org", &sockets(&["127.0.0.1"])), []);
    }

    #[test]
    fn what_the_user_named_may_be_private() {
        let guard = Guard::new(["wiki.corp", "127.0.0.1", "rebound.org"].map(str::to_owned).into_iter());
        assert_eq!(guard.choose("wiki.corp", &sockets(&["10.0.0.1"])), sockets(&["10.0.0.1"]));
        assert_eq!(guard.choose("127.0.0.1", &sockets(&["127.0.0.1"])), sockets(&["127.0.0.1"]));
        assert_eq!(guard.choose("rebound.org", &sockets(&["169.254.169.254"])), []);
        assert_eq!(guard.choose("other.org", &sockets(&["10.0.0.1"])), []);
        assert_eq!(guard.choose("10.0.0.1", &sockets(&["10.0.0.1"])), [], "an address that nobody typed");
    }
}
