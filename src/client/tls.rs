//! Makes a TLS configuration out of files and names. What a handshake runs into is `transport`'s to tell.

use std::path::Path;

use tonic::transport::{Certificate, ClientTlsConfig, Endpoint, Identity};

use super::connect::TlsOptions;
use super::error::{Error, Result};
use crate::model::{ErrorKind, Target};

/// Reads the files and checks that they can be used, so that a wrong one is told at once and not at the first dial.
///
/// # Errors
/// [`ErrorKind::Tls`] for a file that cannot be read, and for certificates or keys that cannot be used.
pub(crate) fn prepare(options: &TlsOptions) -> Result<ClientTlsConfig> {
    let mut config = ClientTlsConfig::new();
    if let Some(name) = &options.server_name {
        config = config.domain_name(name);
    }
    config = match (&options.cert, &options.key) {
        (Some(cert), Some(key)) => config.identity(Identity::from_pem(read(cert)?, read(key)?)),
        (None, None) => config,
        (Some(_), None) => return Err(unusable("a client certificate needs its key too")),
        (None, Some(_)) => return Err(unusable("a client key needs its certificate too")),
    };
    if let Some(ca) = &options.ca {
        return checked(config.ca_certificate(Certificate::from_pem(read(ca)?)));
    }
    // A machine without a trust store of its own still knows Mozilla's.
    checked(config.clone().with_native_roots()).or_else(|_| checked(config.with_webpki_roots()))
}

/// The configuration, if an endpoint takes it.
fn checked(config: ClientTlsConfig) -> Result<ClientTlsConfig> {
    let endpoint = Endpoint::from_static("https://localhost").tls_config(config.clone());
    match endpoint {
        Ok(_) => Ok(config),
        Err(error) => {
            let sentence = "the certificates or the key for TLS cannot be used: are the files PEM?";
            Err(unusable(sentence).caused_by(error))
        }
    }
}

fn read(path: &Path) -> Result<Vec<u8>> {
    std::fs::read(path).map_err(|error| {
        let sentence = format!("cannot read {} for TLS: {error}", path.display());
        unusable(sentence).caused_by(error)
    })
}

fn unusable(sentence: impl Into<String>) -> Error {
    Error::new(ErrorKind::Tls, Target::Cluster, sentence)
}
