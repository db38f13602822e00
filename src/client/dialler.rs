//! Dials one broker: TCP that finds out when its peer is gone, and TLS where it is asked for. All connections are made
//! here, so that one time limit and one set of socket options hold for all.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;
use tokio_util::either::Either;
use tonic::codegen::{Service, StdError};
use tonic::transport::Uri;

use super::coalesced_reads::CoalescedReads;
use super::http2_check::Http2Checked;
use super::tls::Tls;

/// Silence after which TCP asks whether the other side lives.
const KEEPALIVE_AFTER: Duration = Duration::from_secs(10);
/// How often it asks again.
const KEEPALIVE_EVERY: Duration = Duration::from_secs(5);
/// How many times it asks in vain.
const KEEPALIVE_TIMES: u32 = 3;

/// How long what was sent may stay unacknowledged. Keepalive is silent while data is under way, and without this a peer
/// that vanished keeps its connection for a quarter of an hour of retransmissions.
#[cfg(target_os = "linux")]
const UNACKNOWLEDGED: Duration = Duration::from_secs(15);

/// A connection, encrypted or not.
type Connection = TokioIo<Http2Checked<CoalescedReads<MaybeTls>>>;

type MaybeTls = Either<TcpStream, TlsStream<TcpStream>>;

/// Makes the connections of one client.
#[derive(Clone)]
pub(crate) struct Dialler {
    tcp: HttpConnector,
    tls: Option<Tls>,
    /// How long TCP may take, and then TLS.
    timeout: Duration,
}

impl std::fmt::Debug for Dialler {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Dialler").finish_non_exhaustive()
    }
}

impl Dialler {
    /// Dials TCP, and speaks TLS where that is configured; each may take that long.
    pub(crate) fn new(tls: Option<Tls>, timeout: Duration) -> Self {
        let mut tcp = HttpConnector::new();
        tcp.set_nodelay(true);
        tcp.set_connect_timeout(Some(timeout));
        tcp.set_keepalive(Some(KEEPALIVE_AFTER));
        tcp.set_keepalive_interval(Some(KEEPALIVE_EVERY));
        tcp.set_keepalive_retries(Some(KEEPALIVE_TIMES));
        #[cfg(target_os = "linux")]
        tcp.set_tcp_user_timeout(Some(UNACKNOWLEDGED));
        Self { tcp, tls, timeout }
    }
}

impl Service<Uri> for Dialler {
    type Response = Connection;
    type Error = StdError;
    type Future = Pin<Box<dyn Future<Output = Result<Connection, StdError>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), StdError>> {
        self.tcp.poll_ready(cx).map_err(Into::into)
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let (tls, timeout) = (self.tls.clone(), self.timeout);
        let host = uri.host().unwrap_or_default().to_owned();
        let dialling = self.tcp.call(uri);
        Box::pin(async move {
            // A resolver may be silent for longer than any connection.
            let tcp = tokio::time::timeout(timeout.saturating_mul(2), dialling).await;
            let tcp = tcp.map_err(io::Error::from)??.into_inner();
            let Some(tls) = tls else {
                return Ok(connection(Either::Left(tcp)));
            };
            let handshake = tokio::time::timeout(timeout, tls.connect(&host, tcp)).await;
            let encrypted = handshake.map_err(io::Error::from)??;
            Ok(connection(Either::Right(encrypted)))
        })
    }
}

fn connection(stream: MaybeTls) -> Connection {
    TokioIo::new(Http2Checked::new(CoalescedReads::new(stream)))
}
