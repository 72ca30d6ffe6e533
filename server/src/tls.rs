//! TLS, where no proxy in front speaks it.

use std::path::Path;

use anyhow::{Context, Result, ensure};
use rustls::{
    ServerConfig,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
};

/// Reads a certificate chain and its key.
///
/// # Errors
/// If one of the files cannot be read or is invalid; the error names it.
pub(crate) fn load(certificate: &Path, key: &Path) -> Result<ServerConfig> {
    let reading = |path: &Path| format!("cannot read the PEM file {}", path.display());
    let chain = CertificateDer::pem_file_iter(certificate).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let chain = chain.with_context(|| reading(certificate))?;
    ensure!(!chain.is_empty(), "{} has no certificate; expected a PEM certificate chain", certificate.display());
    let private = PrivateKeyDer::from_pem_file(key).with_context(|| reading(key))?;
    let fits = || format!("the key in {} does not match the certificate in {}", key.display(), certificate.display());
    ServerConfig::builder().with_no_client_auth().with_single_cert(chain, private).with_context(fits)
}
