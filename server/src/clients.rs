//! Who asks: the address that a client's requests are counted by.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use actix_web::http::header::HeaderMap;
use ipnet::IpNet;

/// Proxies whose word about their clients' addresses is taken.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TrustedProxies(Vec<IpNet>);

impl TrustedProxies {
    /// Reads addresses and networks, such as `10.0.0.0/8` or `::1`.
    ///
    /// # Errors
    /// The text that is neither.
    pub fn parse(texts: &[String]) -> Result<Self, String> {
        let one = |text: &String| {
            let address = || text.parse::<IpAddr>().map(IpNet::from);
            text.parse::<IpNet>().or_else(|_| address()).map(canonical).map_err(|_| text.clone())
        };
        texts.iter().map(one).collect::<Result<_, _>>().map(Self)
    }

    fn trusts(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(&address))
    }

    /// The address of the client. Each proxy adds the address it was called from to the end of
    /// `X-Forwarded-For`, so the last one that is no trusted proxy's is the client's; anything before
    /// it may be made up.
    pub(crate) fn client(&self, peer: Option<SocketAddr>, headers: &HeaderMap) -> IpAddr {
        let mut client = peer.map_or(IpAddr::V6(Ipv6Addr::UNSPECIFIED), |p| p.ip().to_canonical());
        let forwarded = headers.get_all("x-forwarded-for").filter_map(|value| value.to_str().ok());
        let addresses: Vec<&str> = forwarded.flat_map(|value| value.split(',')).map(str::trim).collect();
        for address in addresses.iter().rev() {
            match address.parse::<IpAddr>() {
                Ok(address) if self.trusts(client) => client = address.to_canonical(),
                _ => break,
            }
        }
        network_of(client)
    }
}

/// A socket that listens at `[::]` sees IPv4 clients as `::ffff:1.2.3.4`: both are compared in the short form.
fn canonical(network: IpNet) -> IpNet {
    let (address, bits) = (network.addr().to_canonical(), network.prefix_len());
    match (network, address) {
        (IpNet::V6(_), IpAddr::V4(_)) => bits.checked_sub(96).and_then(|bits| IpNet::new(address, bits).ok()),
        _ => None,
    }
    .unwrap_or(network)
}

/// One client: an IPv4 address, or the /64 network of one IPv6 subscriber.
fn network_of(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(v4) => IpAddr::V4(v4),
        IpAddr::V6(v6) => {
            let [a, b, c, d, ..] = v6.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
    }
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::{HeaderName, HeaderValue};

    use super::*;

    fn client(trusted: &[&str], peer: &str, forwarded: &[&str]) -> String {
        let trusted: Vec<String> = trusted.iter().map(|t| (*t).to_owned()).collect();
        let mut headers = HeaderMap::new();
        for value in forwarded {
            headers.append(HeaderName::from_static("x-forwarded-for"), HeaderValue::from_str(value).expect("a header"));
        }
        let proxies = TrustedProxies::parse(&trusted).expect("networks");
        proxies.client(Some(SocketAddr::new(peer.parse().expect("peer"), 1)), &headers).to_string()
    }

    #[test]
    fn only_trusted_proxies_are_believed() {
        assert_eq!(client(&[], "9.9.9.9", &["1.2.3.4"]), "9.9.9.9");
        assert_eq!(client(&["10.0.0.0/8"], "10.1.1.1", &["1.2.3.4"]), "1.2.3.4");
        assert_eq!(
            client(&["10.0.0.0/8"], "10.1.1.1", &["6.6.6.6, 1.2.3.4, 10.2.2.2"]),
            "1.2.3.4",
            "6.6.6.6 is made up"
        );
        assert_eq!(client(&["10.0.0.0/8"], "10.1.1.1", &["6.6.6.6", "1.2.3.4"]), "1.2.3.4", "two headers");
        assert_eq!(client(&["127.0.0.1"], "127.0.0.1", &["rubbish"]), "127.0.0.1");
        assert_eq!(client(&["10.0.0.1"], "::ffff:10.0.0.1", &["1.2.3.4"]), "1.2.3.4", "listening at [::]");
        assert_eq!(client(&["::ffff:10.0.0.0/104"], "10.9.9.9", &["::ffff:1.2.3.4"]), "1.2.3.4");
        assert_eq!(client(&[], "::ffff:9.9.9.9", &["1.2.3.4"]), "9.9.9.9");
        assert_eq!(client(&[], "2001:db8:1:2:3:4:5:6", &[]), "2001:db8:1:2::");
        assert!(TrustedProxies::parse(&["10.0.0.0/99".into()]).is_err());
    }
}
