//! Who asks, from the environment: a settings file is often committed.

use base64::{Engine, engine::general_purpose::STANDARD};
use cloze_index::{Error, Result};
use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig, parse_pem};

use crate::Address;

/// Environment variables: user and password, or a key of the cluster's; and a file with certificates to trust.
const USER: &str = "CLOZE_BODY_USER";
const PASSWORD: &str = "CLOZE_BODY_PASSWORD";
const API_KEY: &str = "CLOZE_BODY_API_KEY";
const CERTIFICATES: &str = "CLOZE_BODY_CA";

fn set(variable: &str) -> Option<String> {
    std::env::var(variable).ok().filter(|value| !value.is_empty())
}

/// The value of the header `Authorization`, if the environment holds credentials.
pub(crate) fn authorization(address: &Address) -> Result<Option<String>> {
    let refused = |reason: String| Error::Refused { place: address.to_string(), reason };
    let value = match (set(API_KEY), set(USER), set(PASSWORD)) {
        (Some(key), ..) => Some(format!("ApiKey {key}")),
        (None, Some(user), Some(password)) => Some(format!("Basic {}", STANDARD.encode(format!("{user}:{password}")))),
        (None, None, None) => None,
        _ => return Err(refused(format!("only one of {USER} and {PASSWORD} is set; expected both"))),
    };
    if value.is_some() && address.is_open() {
        return Err(refused("credentials over http would travel in the clear; expected https".into()));
    }
    Ok(value)
}

/// What to trust: the certificates in the file that the environment names, or else those of the public authorities.
pub(crate) fn tls(address: &Address) -> Result<TlsConfig> {
    let Some(path) = set(CERTIFICATES) else { return Ok(TlsConfig::default()) };
    let refused = |reason: String| Error::Refused { place: address.to_string(), reason };
    let bytes = std::fs::read(&path).map_err(|e| refused(format!("{CERTIFICATES}: cannot read {path}: {e}")))?;
    let certificates: Vec<Certificate<'static>> = parse_pem(&bytes)
        .filter_map(|item| match item {
            Ok(PemItem::Certificate(certificate)) => Some(certificate),
            _ => None,
        })
        .collect();
    if certificates.is_empty() {
        return Err(refused(format!("{CERTIFICATES}: {path} holds no certificate; expected PEM")));
    }
    Ok(TlsConfig::builder().root_certs(RootCerts::new_with_certs(&certificates)).build())
}
