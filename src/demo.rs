//! A cluster of brokers in this process, in memory, that answers as real Liftbridge servers do: for teaching and tests.
//! Nothing is kept: what is published is gone when it stops, and a stream's retention bounds its memory.
//!
//! # As a test double
//!
//! Start one in a test, give its addresses to whatever speaks Liftbridge, and break it when the test asks for that:
//!
//! ```
//! use liftui::demo::{DemoCluster, DemoOptions};
//!
//! # #[tokio::main]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let options = DemoOptions { speed: 10.0, ..DemoOptions::default() };
//! let cluster = DemoCluster::start(options).await?;
//! let seeds = cluster.addresses(); // "127.0.0.1:40123", one for each broker
//! assert_eq!(seeds.len(), 3);
//! // connect(&seeds) …
//! cluster.faults().kill(2)?; // subscribers at demo-2 see Unavailable, an election follows
//! cluster.faults().restart(2)?;
//! cluster.stop().await;
//! # Ok(())
//! # }
//! ```

mod activity;
mod admin;
mod broker;
mod broker_set;
mod cluster;
mod cluster_state;
mod codec;
mod compat;
mod controller;
mod cursors;
mod deadline;
mod faults;
mod framing;
mod groups;
mod known_streams;
mod listener;
mod log;
mod metadata;
mod outages;
mod partition;
mod pending_acks;
mod policy;
mod publish;
mod publish_async;
mod reader;
mod replica;
mod replication;
mod server;
mod service;
mod socket;
mod stream_spec;
mod subject;
mod subscribe;
mod sync;
mod timings;
#[cfg(feature = "dashboard")]
mod traffic;

use std::io;
use std::sync::Arc;

use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::transport::Server;

pub use compat::{AckFault, DeadlineEnd};
pub use faults::{FaultRefused, Faults};
pub use framing::Framing;

use activity::{ACTIVITY, internal_subject};
use broker::Broker;
use broker_set::BrokerIndex;
use cluster::Cluster;
use compat::Compat;
use cursors::CURSORS;
use listener::Listener;
use policy::Policy;
use server::BrokerService;
use stream_spec::StreamSpec;
use timings::Timings;

/// Most brokers that one cluster may have.
pub const MAX_BROKERS: usize = 32;

/// How many accepted connections may wait for the server.
const BACKLOG: usize = 64;

/// What a demo cluster is made of.
#[derive(Clone, Debug)]
pub struct DemoOptions {
    /// How many brokers, 1 to [`MAX_BROKERS`].
    pub brokers: usize,
    /// The first broker's port, the next one's is one higher; 0 takes free ports.
    pub first_port: u16,
    /// How many times faster than a real cluster's elections, lag and cache times are. 1 is real.
    pub speed: f64,
    /// Who publishes and reads in it.
    pub traffic: Traffic,
    /// Whether there is an activity stream, `__activity`.
    pub activity: bool,
    /// Partitions of `__cursors`; none: one for a lone broker, else two. 0 switches cursors off.
    pub cursor_partitions: Option<u32>,
    /// Whether metadata says `paused` and `readonly` for ever once they were true, as real servers do.
    pub sticky_flags: bool,
    /// Whether `reverse` subscriptions are known; servers up to 1.9.0 ignore the field in silence.
    pub reverse: bool,
    /// The host that each broker advertises, `demo-1` first: a name that cannot be resolved, or `0.0.0.0`. Those that are
    /// missing advertise where they listen.
    pub advertised_hosts: Vec<String>,
    /// The calls that a policy allows, as in `FetchMetadata`; none: no policy. What is not allowed is refused in the words of
    /// servers with `tls.client.authz`.
    pub allowed_calls: Option<Vec<String>>,
    /// How messages are cut into frames of HTTP/2: as real servers do it, or in bulk.
    pub framing: Framing,
}

impl Default for DemoOptions {
    fn default() -> Self {
        Self {
            brokers: 3,
            first_port: 0,
            speed: 1.0,
            traffic: Traffic::Quiet,
            activity: true,
            cursor_partitions: None,
            sticky_flags: true,
            reverse: false,
            advertised_hosts: Vec::new(),
            allowed_calls: None,
            framing: Framing::GrpcGo,
        }
    }
}

/// Who publishes and reads in a demo cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Traffic {
    /// Nobody: there are the internal streams and no others.
    Quiet,
    /// The streams, producers, consumers and incidents of `assets/demo.toml`.
    #[cfg(feature = "dashboard")]
    Workload {
        /// Messages per second in all; none: as the file says.
        rate: Option<u32>,
        /// How often something goes wrong.
        incidents: IncidentPace,
    },
}

/// How often something goes wrong in a demo cluster: a broker is killed or stopped, a follower falls behind, a reader stands
/// still.
#[cfg(feature = "dashboard")]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum IncidentPace {
    /// Never, but for what somebody does to it.
    Never,
    /// Every two minutes.
    #[default]
    Usual,
    /// One incident after the other.
    Storm,
}

/// A running cluster on loopback. Dropping it stops it.
#[derive(Debug)]
pub struct DemoCluster {
    cluster: Arc<Cluster>,
}

impl DemoCluster {
    /// What the ids of its brokers begin with: `demo-1`.
    pub(crate) const BROKER_PREFIX: &'static str = "demo-";

    /// Starts all brokers; they answer when this returns.
    ///
    /// # Errors
    /// Where a port is taken, or the number of brokers is not in 1 to [`MAX_BROKERS`].
    pub async fn start(options: DemoOptions) -> io::Result<Self> {
        if options.brokers == 0 || options.brokers > MAX_BROKERS {
            let text = format!("a demo cluster has 1 to {MAX_BROKERS} brokers");
            return Err(io::Error::new(io::ErrorKind::InvalidInput, text));
        }
        let mut brokers = Vec::new();
        for index in 0..options.brokers {
            brokers.push(open_broker(index, &options).await?);
        }
        let compat = Compat {
            sticky_flags: options.sticky_flags,
            reverse: options.reverse,
            acks: AckFault::None,
            outcomes_open: false,
            deadlines: DeadlineEnd::default(),
        };
        let policy = Policy::of(options.allowed_calls.clone());
        let (cluster, to_fetch) = Cluster::new(options.speed, brokers, compat, policy);
        cluster.spawn(Arc::clone(&cluster).run_replication(to_fetch));
        create_internal_streams(&cluster, &options);
        cluster.spawn(Arc::clone(&cluster).run_housekeeping());
        #[cfg(feature = "dashboard")]
        if let Traffic::Workload { rate, incidents } = options.traffic {
            traffic::start(&cluster, rate, incidents)?;
        }
        let health = server::health_server().await;
        for index in 0..options.brokers {
            let service = BrokerService::new(&cluster, index, health.clone(), options.framing);
            serve(&cluster, index, service);
        }
        Ok(Self { cluster })
    }

    /// `HOST:PORT` of each broker, `demo-1` first.
    pub fn addresses(&self) -> Vec<String> {
        let brokers = self.cluster.brokers.iter();
        brokers
            .map(|broker| broker.listener.address.to_string())
            .collect()
    }

    /// The handle that breaks things.
    pub fn faults(&self) -> Faults {
        Faults::new(Arc::clone(&self.cluster))
    }

    /// Stops all brokers and waits until they have.
    pub async fn stop(self) {
        self.cluster.shut_down();
        self.cluster.tasks.wait().await;
    }
}

impl Drop for DemoCluster {
    fn drop(&mut self) {
        self.cluster.shut_down();
    }
}

async fn open_broker(index: BrokerIndex, options: &DemoOptions) -> io::Result<Broker> {
    let port = match (options.first_port, u16::try_from(index)) {
        (0, _) => 0,
        (first, Ok(above)) => first.saturating_add(above),
        (first, Err(_)) => first,
    };
    let listener = Listener::bind(port, options.framing).await?;
    let host = options.advertised_hosts.get(index).cloned();
    let host = host.unwrap_or_else(|| listener.address.ip().to_string());
    Ok(Broker::new(index, options.brokers, host, listener))
}

/// Serves one broker: one gRPC server for all of its lives, behind a listener that opens and closes.
fn serve(cluster: &Arc<Cluster>, index: BrokerIndex, service: BrokerService) {
    let (accepted, incoming) = mpsc::channel(BACKLOG);
    let server = Server::builder()
        .max_concurrent_streams(u32::MAX)
        .http2_max_pending_accept_reset_streams(Some(usize::MAX))
        .serve_with_incoming(service, ReceiverStream::new(incoming));
    cluster.spawn(async move {
        // A server without TLS and with a listener of its own has nothing that could fail.
        server.await.ok();
    });
    let owner = Arc::clone(cluster);
    cluster.spawn(async move {
        owner.brokers[index].listener.run(accepted).await;
    });
}

/// The streams that servers keep for themselves, on all brokers.
fn create_internal_streams(cluster: &Cluster, options: &DemoOptions) {
    let internal = |name: &str, partitions, spec| StreamSpec {
        name: name.to_owned(),
        subject: internal_subject(name),
        replication: -1,
        partitions,
        ..spec
    };
    // Nothing is there yet that these could collide with.
    if options.activity {
        let spec = internal(ACTIVITY, 1, StreamSpec::default());
        cluster.create(spec).ok();
    }
    let default = if options.brokers == 1 { 1 } else { 2 };
    let partitions = options.cursor_partitions.unwrap_or(default);
    if partitions > 0 {
        let partitions = i32::try_from(partitions).unwrap_or(i32::MAX);
        let spec = internal(CURSORS, partitions, cursors_spec(&cluster.timings));
        cluster.create(spec).ok();
    }
}

/// Cursors are compacted and pause after a minute. Their segments are small, since only closed ones are compacted.
fn cursors_spec(timings: &Timings) -> StreamSpec {
    let mut spec = StreamSpec {
        auto_pause: Some(timings.cursors_idle),
        ..StreamSpec::default()
    };
    spec.retention.compact = true;
    spec.retention.age = 0;
    spec.retention.segment_bytes = 256 * 1024;
    spec
}
