//! Makes a TLS configuration out of files and names, or takes one of the caller's own. Dialling is `dialler`'s; what a
//! handshake runs into, `transport` puts into words.

use std::io;
use std::path::Path;
use std::sync::Arc;

use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::pki_types::pem::{self, PemObject};
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use super::error::{Error, Result};
use super::options::TlsOptions;
use crate::model::{ErrorKind, Target};

/// How connections are encrypted.
#[derive(Clone)]
pub(crate) struct Tls {
    connector: TlsConnector,
    /// The name that servers must prove, instead of the host dialled.
    name: Option<ServerName<'static>>,
}

impl Tls {
    /// Reads the files and checks that they can be used, so that a wrong one is told at once and not at the first dial.
    ///
    /// # Errors
    /// [`ErrorKind::Tls`] for a file that cannot be read or holds nothing, for certificates, keys or names that cannot be
    /// used, and for files beside a configuration that would not regard them.
    pub(crate) fn prepare(options: &TlsOptions) -> Result<Self> {
        let config = match &options.rustls {
            Some(own)
                if options.ca.is_none() && options.cert.is_none() && options.key.is_none() =>
            {
                Arc::clone(own)
            }
            Some(_) => {
                let sentence =
                    "a TLS configuration of one's own leaves no place for certificate files";
                return Err(unusable(sentence));
            }
            None => Arc::new(config_of_files(options)?),
        };
        let name = options.server_name.as_deref().map(|name| {
            let sentence = format!("\"{name}\" is no name that a certificate can have");
            ServerName::try_from(name.to_owned())
                .map_err(|error| unusable(sentence).caused_by(error))
        });
        Ok(Self {
            connector: TlsConnector::from(with_http2(config)),
            name: name.transpose()?,
        })
    }

    /// The handshake on a connection to that host.
    pub(crate) async fn connect(
        &self,
        host: &str,
        tcp: TcpStream,
    ) -> io::Result<TlsStream<TcpStream>> {
        let name = if let Some(name) = &self.name {
            name.clone()
        } else {
            let invalid = |error| io::Error::new(io::ErrorKind::InvalidInput, error);
            ServerName::try_from(host.trim_matches(['[', ']']).to_owned()).map_err(invalid)?
        };
        self.connector.connect(name, tcp).await
    }
}

/// HTTP/2 has to be agreed on in the handshake.
fn with_http2(mut config: Arc<ClientConfig>) -> Arc<ClientConfig> {
    if config.alpn_protocols.is_empty() {
        Arc::make_mut(&mut config).alpn_protocols = vec![b"h2".to_vec()];
    }
    config
}

fn config_of_files(options: &TlsOptions) -> Result<ClientConfig> {
    let roots = match &options.ca {
        Some(ca) => authorities(ca)?,
        None => system_authorities(),
    };
    let config = ClientConfig::builder().with_root_certificates(roots);
    match (&options.cert, &options.key) {
        (Some(cert), Some(key)) => {
            let private = PrivateKeyDer::from_pem_file(key).map_err(|error| unread(key, error))?;
            let chain = certificates(cert)?;
            config
                .with_client_auth_cert(chain, private)
                .map_err(|error| {
                    let sentence = format!(
                        "the client certificate in {} and the key in {} do not belong together",
                        cert.display(),
                        key.display()
                    );
                    unusable(sentence).caused_by(error)
                })
        }
        (None, None) => Ok(config.with_no_client_auth()),
        (Some(_), None) => Err(unusable("a client certificate needs its key too")),
        (None, Some(_)) => Err(unusable("a client key needs its certificate too")),
    }
}

/// The handshake with that host for HTTP/1, trusting what the system trusts: for a server that is no broker.
#[cfg(feature = "dashboard")]
pub(crate) async fn system_tls(host: &str, tcp: TcpStream) -> io::Result<TlsStream<TcpStream>> {
    let mut config = config_of_files(&TlsOptions::default()).map_err(io::Error::other)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    let connector = TlsConnector::from(Arc::new(config));
    let name = host.trim_matches(['[', ']']).to_owned();
    let name = ServerName::try_from(name).map_err(io::Error::other)?;
    connector.connect(name, tcp).await
}

/// The authorities of a file, and no others.
fn authorities(path: &Path) -> Result<RootCertStore> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates(path)? {
        roots.add(certificate).map_err(|error| {
            let sentence = format!("{} holds a certificate that cannot be used", path.display());
            unusable(sentence).caused_by(error)
        })?;
    }
    Ok(roots)
}

/// The authorities that the system trusts. A machine without a trust store of its own still knows Mozilla's.
fn system_authorities() -> RootCertStore {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if roots.is_empty() {
        roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    }
    roots
}

/// The certificates of a file; at least one.
fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>> {
    let found = CertificateDer::pem_file_iter(path).map_err(|error| unread(path, error))?;
    let found: std::result::Result<Vec<_>, _> = found.collect();
    let found = found.map_err(|error| unread(path, error))?;
    if found.is_empty() {
        let sentence = format!("{} holds no certificate: is it PEM?", path.display());
        return Err(unusable(sentence));
    }
    Ok(found)
}

fn unread(path: &Path, error: pem::Error) -> Error {
    let path = path.display();
    let sentence = if let pem::Error::Io(error) = &error {
        format!("cannot read {path} for TLS: {error}")
    } else if let pem::Error::NoItemsFound = &error {
        format!("{path} holds no key: is it PEM?")
    } else {
        format!("{path} cannot be used for TLS: is it PEM?")
    };
    unusable(sentence).caused_by(error)
}

fn unusable(sentence: impl Into<String>) -> Error {
    Error::new(ErrorKind::Tls, Target::Cluster, sentence)
}
