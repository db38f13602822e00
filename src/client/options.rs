//! How to reach a cluster: seeds, limits, windows, TLS, address overrides. Dialling is `pool`'s.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio_rustls::rustls::ClientConfig;

use crate::model::BrokerId;
use crate::model::setters::setters;

/// Which broker to ask where any will do. Those that failed last come last in any case, and metadata is answered by
/// whoever is fastest.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Prefer {
    /// Each as likely as the others.
    #[default]
    Random,
    /// The one whose latest answer took the shortest time. One that was never asked goes before all others.
    LowLatency,
    /// The one with the fewest partitions that are not paused, as metadata counts them (wire-contract §4.7).
    LowWorkload,
}

/// How a client reaches its cluster and what it allows itself.
#[derive(Clone, Debug)]
pub struct ConnectOptions {
    /// Brokers to begin with, `host:port`, port 9292 where left out. One that answers is enough.
    pub seeds: Vec<String>,
    /// Which broker to ask where any will do.
    pub prefer: Prefer,
    /// How long one request may take, all its attempts together.
    pub request_timeout: Duration,
    /// How long to wait for a broker's metadata. Servers with a dead peer need 3 s (wire-contract §0.5).
    pub metadata_timeout: Duration,
    /// How long to look for a first broker, until one has answered; no longer than the timeouts above.
    pub first_contact: Duration,
    /// How long to wait for a TCP connection, and again for TLS.
    pub connect_timeout: Duration,
    /// How long a subscription that lost its broker looks for another; `None`: for ever. A subscription may say
    /// otherwise.
    pub resubscribe_limit: Option<Duration>,
    /// After so long without a message a subscription asks its broker whether it lives, still leads, and holds nothing
    /// back; and goes on elsewhere if not.
    pub silence_limit: Duration,
    /// How many connections to a broker subscriptions spread over before they share. Requests have one of their own.
    pub connections_per_broker: usize,
    /// Connections unused for that long are closed.
    pub idle_close: Duration,
    /// HTTP/2 window of each subscription and of the request connection, in bytes: how much a broker may send ahead.
    pub window_bytes: u32,
    /// The largest answer or message taken, in bytes; a larger one fails with a sentence.
    pub max_answer_bytes: usize,
    /// TLS; `None`: plaintext.
    pub tls: Option<TlsOptions>,
    /// Where a broker advertises the left `host:port`, the right one is dialled.
    pub advertise: Vec<(String, String)>,
    /// Where brokers listened in an earlier run, by id. One that partitions name and no broker lists is looked for there:
    /// brokers leave one that has come back out of their lists for up to two minutes (wire-contract §0.5).
    pub remembered: Vec<(BrokerId, String)>,
}

setters! {
    ConnectOptions {
        seeds: Vec<String>,
        prefer: Prefer,
        request_timeout: Duration,
        metadata_timeout: Duration,
        first_contact: Duration,
        connect_timeout: Duration,
        resubscribe_limit: Option<Duration>,
        silence_limit: Duration,
        connections_per_broker: usize,
        idle_close: Duration,
        window_bytes: u32,
        max_answer_bytes: usize,
        tls: Option<TlsOptions>,
        advertise: Vec<(String, String)>,
        remembered: Vec<(BrokerId, String)>,
    }
}

impl Default for ConnectOptions {
    fn default() -> Self {
        Self {
            seeds: vec!["127.0.0.1:9292".into()],
            prefer: Prefer::Random,
            request_timeout: Duration::from_secs(5),
            metadata_timeout: Duration::from_secs(6),
            first_contact: Duration::MAX,
            connect_timeout: Duration::from_secs(1),
            resubscribe_limit: Some(Duration::from_secs(30)),
            silence_limit: Duration::from_secs(10),
            connections_per_broker: 2,
            idle_close: Duration::from_secs(30),
            window_bytes: 4 << 20,
            max_answer_bytes: 64 << 20,
            tls: None,
            advertise: Vec::new(),
            remembered: Vec::new(),
        }
    }
}

impl ConnectOptions {
    /// The defaults, with these brokers to begin with.
    pub fn new(seeds: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self {
            seeds: seeds.into_iter().map(Into::into).collect(),
            ..Self::default()
        }
    }
}

/// TLS: with nothing set, the system's roots, or Mozilla's where the system has none. Brokers speak TLS where `tls.key`
/// and `tls.cert` are set, and ask for a client certificate where `tls.client.auth.enabled` is (wire-contract §4.9).
#[derive(Clone, Debug, Default)]
pub struct TlsOptions {
    /// A PEM file of the only certificate authorities to trust.
    pub ca: Option<PathBuf>,
    /// A PEM file of this client's certificate; needs `key`.
    pub cert: Option<PathBuf>,
    /// A PEM file of the key to `cert`.
    pub key: Option<PathBuf>,
    /// The name that servers' certificates must have, instead of the host dialled.
    pub server_name: Option<String>,
    /// A configuration of one's own instead of `ca`, `cert` and `key`: a key in hardware, a verifier that pins. Its
    /// protocols (ALPN) are set to `h2` where it names none. Made of [`rustls`](super::rustls), re-exported here.
    pub rustls: Option<Arc<ClientConfig>>,
}

setters! {
    TlsOptions {
        ca: Option<PathBuf>,
        cert: Option<PathBuf>,
        key: Option<PathBuf>,
        server_name: Option<String>,
        rustls: Option<Arc<ClientConfig>>,
    }
}
