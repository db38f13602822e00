//! Makes TLS out of files and names, or out of a configuration of the caller's own, for which it dials too.
//! What a handshake runs into is `transport`'s to tell.

use std::future::Future;
use std::io;
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::ClientConfig;
use tokio_rustls::rustls::pki_types::ServerName;
use tonic::codegen::{Service, StdError};
use tonic::transport::{Certificate, Channel, ClientTlsConfig, Endpoint, Identity, Uri};

use super::error::{Error, Result};
use super::options::{ConnectOptions, TlsOptions};
use super::pool::{KEEPALIVE_AFTER, KEEPALIVE_EVERY, KEEPALIVE_TIMES};
use crate::model::{ErrorKind, Target};

/// How connections are made private.
#[derive(Clone, Debug)]
pub(crate) enum Tls {
    /// Of files, checked.
    Files(Box<ClientTlsConfig>),
    /// As the caller has configured it.
    Own(Dialler),
}

impl Tls {
    /// Reads the files and checks that they can be used, so that a wrong one is told at once and not at the first dial.
    ///
    /// # Errors
    /// [`ErrorKind::Tls`] for a file that cannot be read, for certificates, keys or names that cannot be used, and for
    /// files beside a configuration that would not regard them.
    pub(crate) fn prepare(options: &ConnectOptions) -> Result<Option<Self>> {
        let Some(tls) = &options.tls else {
            return Ok(None);
        };
        let Some(own) = &tls.rustls else {
            return Ok(Some(Self::Files(Box::new(of_files(tls)?))));
        };
        if tls.ca.is_some() || tls.cert.is_some() || tls.key.is_some() {
            let sentence = "a TLS configuration of one's own leaves no place for certificate files";
            return Err(unusable(sentence));
        }
        let dialler = Dialler::new(own, tls.server_name.as_deref(), options.connect_timeout)?;
        Ok(Some(Self::Own(dialler)))
    }

    /// A connection that is dialled when first used.
    pub(crate) fn connect(
        &self,
        endpoint: Endpoint,
    ) -> std::result::Result<Channel, tonic::transport::Error> {
        match self {
            Self::Files(config) => Ok(endpoint.tls_config((**config).clone())?.connect_lazy()),
            Self::Own(dialler) => Ok(endpoint.connect_with_connector_lazy(dialler.clone())),
        }
    }

    /// What an address is prefixed with to be dialled: the second one encrypts by itself.
    pub(crate) fn scheme(&self) -> &'static str {
        match self {
            Self::Files(_) => "https",
            Self::Own(_) => "http",
        }
    }
}

fn of_files(options: &TlsOptions) -> Result<ClientTlsConfig> {
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

/// Dials TCP, then speaks TLS as the caller has configured it.
#[derive(Clone)]
pub(crate) struct Dialler {
    tcp: HttpConnector,
    tls: TlsConnector,
    name: Option<ServerName<'static>>,
    patience: Duration,
}

impl std::fmt::Debug for Dialler {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Dialler").finish_non_exhaustive()
    }
}

impl Dialler {
    fn new(config: &Arc<ClientConfig>, name: Option<&str>, patience: Duration) -> Result<Self> {
        let mut config = Arc::clone(config);
        if config.alpn_protocols.is_empty() {
            Arc::make_mut(&mut config).alpn_protocols = vec![b"h2".to_vec()];
        }
        let read = |name: &str| {
            let sentence = format!("\"{name}\" is no name that a certificate can have");
            ServerName::try_from(name.to_owned())
                .map_err(|error| unusable(sentence).caused_by(error))
        };
        let mut tcp = HttpConnector::new();
        tcp.set_nodelay(true);
        tcp.set_connect_timeout(Some(patience));
        tcp.set_keepalive(Some(KEEPALIVE_AFTER));
        tcp.set_keepalive_interval(Some(KEEPALIVE_EVERY));
        tcp.set_keepalive_retries(Some(KEEPALIVE_TIMES));
        Ok(Self {
            tcp,
            tls: TlsConnector::from(config),
            name: name.map(read).transpose()?,
            patience,
        })
    }

    /// The name that the server must prove: the one configured, or the host dialled.
    fn name_at(&self, uri: &Uri) -> io::Result<ServerName<'static>> {
        if let Some(name) = &self.name {
            return Ok(name.clone());
        }
        let host = uri.host().unwrap_or_default().trim_matches(['[', ']']);
        let invalid = |error| io::Error::new(io::ErrorKind::InvalidInput, error);
        ServerName::try_from(host.to_owned()).map_err(invalid)
    }
}

impl Service<Uri> for Dialler {
    type Response = TokioIo<TlsStream<TcpStream>>;
    type Error = StdError;
    type Future =
        Pin<Box<dyn Future<Output = std::result::Result<Self::Response, StdError>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<std::result::Result<(), StdError>> {
        self.tcp.poll_ready(cx).map_err(Into::into)
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let name = self.name_at(&uri);
        let (tls, patience) = (self.tls.clone(), self.patience);
        let dialling = self.tcp.call(uri);
        Box::pin(async move {
            let tcp = dialling.await?.into_inner();
            let handshake = tokio::time::timeout(patience, tls.connect(name?, tcp));
            Ok(TokioIo::new(handshake.await.map_err(io::Error::from)??))
        })
    }
}
