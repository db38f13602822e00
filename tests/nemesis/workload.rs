//! What runs while brokers fail: who publishes, who reads, and what they share.

pub(crate) mod changes;
pub(crate) mod cursors;
pub(crate) mod group;
pub(crate) mod producers;
pub(crate) mod tails;

use std::sync::Arc;
use std::time::Duration;

use liftui::client::{Client, ConnectOptions};
use liftui::model::{StreamName, StreamOptions, Timestamp};
use tokio::sync::{Notify, watch};
use tokio::time::{Interval, MissedTickBehavior};
use tokio_util::sync::CancellationToken;

use super::history::{History, Place};
use super::proxy::Proxies;
use super::target::Target;

/// Partitions of the streams that have several.
pub(crate) const PARTITIONS: i32 = 3;

/// Members of the group.
pub(crate) const MEMBERS: usize = 3;

/// The streams of one run.
#[derive(Clone, Debug)]
pub(crate) struct Names {
    /// Begins the name of each.
    pub(crate) prefix: String,
    /// Three partitions, each on all brokers.
    pub(crate) main: StreamName,
    /// Three partitions, each on one broker alone.
    pub(crate) single: StreamName,
    /// Keeps its messages for a moment only.
    pub(crate) brief: StreamName,
    /// Has its subject in common with another one.
    pub(crate) shared: StreamName,
    /// That other one; nobody reads it.
    pub(crate) sharer: StreamName,
    pub(crate) group: String,
}

impl Names {
    fn new() -> Self {
        let prefix = format!("nemesis-{}-{}-", std::process::id(), Timestamp::now().0);
        let name = |what: &str| StreamName::from(format!("{prefix}{what}"));
        Self {
            main: name("main"),
            single: name("single"),
            brief: name("brief"),
            shared: name("shared"),
            sharer: name("sharer"),
            group: format!("{prefix}group"),
            prefix,
        }
    }

    /// All streams, and how they are made.
    fn streams(&self, scale: f64) -> Vec<StreamOptions> {
        let seconds = |seconds: f64| Some(Duration::from_secs_f64(seconds * scale));
        let stream = |name: &StreamName, partitions, replicas| StreamOptions {
            name: name.to_string(),
            partitions: Some(partitions),
            replication_factor: Some(replicas),
            ..StreamOptions::default()
        };
        let subject = format!("{}subject", self.prefix);
        let mut brief = stream(&self.brief, 1, -1);
        brief.retention_max_age = seconds(1.0);
        brief.segment_max_age = seconds(0.5);
        brief.cleaner_interval = seconds(0.2);
        let mut shared = stream(&self.shared, 1, -1);
        shared.subject.clone_from(&subject);
        let mut other = stream(&self.sharer, 1, 1);
        other.subject = subject;
        vec![
            stream(&self.main, PARTITIONS, -1),
            stream(&self.single, PARTITIONS, 1),
            brief,
            shared,
            other,
        ]
    }

    /// All partitions that are published to and read.
    pub(crate) fn places(&self) -> Vec<Place> {
        let of = |stream: &StreamName, partitions| {
            let stream = Arc::clone(stream);
            (0..partitions).map(move |partition| (Arc::clone(&stream), partition))
        };
        of(&self.main, PARTITIONS)
            .chain(of(&self.single, PARTITIONS))
            .chain(of(&self.brief, 1))
            .chain(of(&self.shared, 1))
            .collect()
    }
}

/// What all tasks of a run share.
pub(crate) struct Run {
    pub(crate) history: History,
    pub(crate) target: Target,
    pub(crate) proxies: Proxies,
    /// Reaches brokers as they are.
    pub(crate) client: Client,
    /// Reaches brokers by way of the proxies.
    pub(crate) proxied: Client,
    pub(crate) names: Names,
    /// While it is true, the slow reader does not read.
    pub(crate) hold_reader: watch::Sender<bool>,
    /// Has a member of the group leave and join again.
    pub(crate) rejoin: [Notify; MEMBERS],
    /// Streams that come and go.
    pub(crate) changes: changes::Existence,
    /// Ends who changes anything: what follows is read alone.
    pub(crate) quiet: CancellationToken,
    /// Ends everybody.
    pub(crate) over: CancellationToken,
}

impl Run {
    /// A run on that cluster, with its streams made.
    pub(crate) async fn begin(target: Target) -> Arc<Self> {
        let addresses = target.addresses();
        let proxies = Proxies::before(&addresses).await;
        let client = Client::new(ConnectOptions::new(addresses));
        let by_proxy = Client::new(ConnectOptions {
            advertise: proxies.advertise(),
            ..ConnectOptions::new(proxies.addresses())
        });
        let names = Names::new();
        let run = Arc::new(Self {
            history: History::new(),
            proxies,
            client: client.expect("the addresses are such"),
            proxied: by_proxy.expect("the addresses are such"),
            names,
            hold_reader: watch::Sender::new(false),
            rejoin: std::array::from_fn(|_| Notify::new()),
            changes: changes::Existence::default(),
            quiet: CancellationToken::new(),
            over: CancellationToken::new(),
            target,
        });
        for options in run.names.streams(run.target.scale()) {
            let made = run.client.create_stream(&options).await;
            made.expect("a new name can be made a stream");
            run.changes.exists(&options.name);
        }
        for (stream, partition) in run.names.places() {
            let mut pace = ticks(Duration::from_millis(20));
            while run
                .client
                .fetch_partition(&stream, partition)
                .await
                .is_err()
            {
                pace.tick().await;
            }
        }
        run
    }

    /// Deletes what was made.
    pub(crate) async fn end(&self) {
        for name in self.changes.names() {
            self.client.delete_stream(&name).await.ok();
        }
    }
}

/// Ticks of a task that does something again and again.
pub(crate) fn ticks(every: Duration) -> Interval {
    let mut ticks = tokio::time::interval(every);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ticks
}
