//! The cluster under test: a demo cluster of its own for each test, or the real one that `LIFTUI_TEST_ADDR` names.
//! Names are unique to each run; what was made is deleted at the end.

use std::io::Write;
use std::process::{ExitCode, Termination};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use liftui::client::{Client, ConnectOptions, Subscription, SubscriptionItem};
use liftui::demo::{DemoCluster, DemoOptions, Faults};
use liftui::model::{
    Ack, AckPolicy, Cluster, Destination, EndReason, ErrorKind, Message, Offset, Outcome,
    OwnedMessages, Partition, PartitionId, PublishOptions, StartAt, StopAt, StreamName,
    StreamOptions, SubscribeSpec, SubscriptionEvent, Timestamp,
};

use tokio::sync::{RwLock, RwLockReadGuard, RwLockWriteGuard};

use super::demo_stub::{Stub, connect_lazily};

/// The variable that names a real cluster: `host:port,…`.
pub(crate) const ADDRESS: &str = "LIFTUI_TEST_ADDR";

/// How long anything may take before a test is given up on.
pub(crate) const CAP: Duration = Duration::from_secs(30);

/// How long nothing must come before it is taken for nothing.
pub(crate) fn nothing() -> Duration {
    Duration::from_millis(if real_addresses().is_some() {
        2000
    } else {
        700
    })
}

static NAMES: AtomicU32 = AtomicU32::new(0);

/// Tests share a real cluster. One that puts the cluster's own streams to sleep waits until it is alone.
static SHARED: RwLock<()> = RwLock::const_new(());

/// A test's part of a real cluster.
enum Share {
    /// Others are there too.
    Part(#[expect(dead_code, reason = "held")] RwLockReadGuard<'static, ()>),
    /// No other is.
    Whole(#[expect(dead_code, reason = "held")] RwLockWriteGuard<'static, ()>),
}

/// Says something that every run shows: the harness keeps what macros print, and not what is written here.
pub(crate) fn aloud(text: &str) {
    writeln!(std::io::stderr(), "contract: {text}").expect("standard error is there");
}

/// A cluster under test.
pub(crate) struct TestCluster {
    pub(crate) client: Client,
    pub(crate) addresses: Vec<String>,
    demo: Option<DemoCluster>,
    /// Whether it would be the real one where one is named.
    is_of_any: bool,
    made: Mutex<Vec<String>>,
    _share: Option<Share>,
}

/// The seeds of the real cluster, where there is one.
pub(crate) fn real_addresses() -> Option<Vec<String>> {
    let text = std::env::var(ADDRESS)
        .ok()
        .filter(|text| !text.is_empty())?;
    Some(text.split(',').map(|seed| seed.trim().to_owned()).collect())
}

/// Lets every test see spans from the beginning: a span that is met first while nobody looks is thought to be of no interest,
/// and whether a test that looks later changes that is a matter of moments.
#[cfg(feature = "dashboard")]
fn see_spans() {
    static SEEN: std::sync::Once = std::sync::Once::new();
    SEEN.call_once(|| {
        tracing::subscriber::set_global_default(tracing_subscriber::registry())
            .expect("nothing else sets it");
    });
}

/// Nobody looks at spans.
#[cfg(not(feature = "dashboard"))]
fn see_spans() {}

/// A demo cluster that lives faster than a real one.
pub(crate) fn lively() -> DemoOptions {
    DemoOptions {
        speed: 20.0,
        reverse: true,
        ..DemoOptions::default()
    }
}

impl TestCluster {
    /// The real cluster, or else three demo brokers.
    pub(crate) async fn any() -> Self {
        Self::any_or(lively()).await
    }

    /// The real cluster, or else a demo cluster of that kind.
    pub(crate) async fn any_or(options: DemoOptions) -> Self {
        let mut test = match real_addresses() {
            Some(addresses) => {
                let share = Share::Part(SHARED.read().await);
                Self::at(addresses, None, Some(share)).await
            }
            None => Self::demo(options).await,
        };
        test.is_of_any = true;
        test
    }

    /// The real cluster while no other test uses it, or else three demo brokers.
    pub(crate) async fn any_alone() -> Self {
        let mut test = match real_addresses() {
            Some(addresses) => {
                let share = Share::Whole(SHARED.write().await);
                Self::at(addresses, None, Some(share)).await
            }
            None => Self::demo(lively()).await,
        };
        test.is_of_any = true;
        test
    }

    /// A demo cluster, whatever the environment says.
    pub(crate) async fn demo(options: DemoOptions) -> Self {
        see_spans();
        let demo = DemoCluster::start(options)
            .await
            .expect("loopback has ports");
        let addresses = demo.addresses();
        Self::at(addresses, Some(demo), None).await
    }

    async fn at(addresses: Vec<String>, demo: Option<DemoCluster>, share: Option<Share>) -> Self {
        let client = Client::connect(ConnectOptions::new(addresses.clone())).await;
        Self {
            client: client.expect("the cluster answers"),
            addresses,
            demo,
            is_of_any: false,
            made: Mutex::default(),
            _share: share,
        }
    }

    pub(crate) fn faults(&self) -> Faults {
        self.demo
            .as_ref()
            .expect("this test is for the demo")
            .faults()
    }

    /// The number of the demo broker that leads the partition 0, from 1 as faults count.
    pub(crate) async fn leader(&self, stream: &str) -> usize {
        let cluster = self.client.fetch_metadata().await;
        let cluster = cluster.expect("some broker answers");
        let leader = cluster
            .partition(stream, 0)
            .and_then(|found| found.leader.clone());
        let number = leader.and_then(|id| id.strip_prefix("demo-")?.parse().ok());
        number.expect("the partition has a leader of the demo's")
    }

    /// The generated client of some broker, as it may be asked anything that any broker answers.
    pub(crate) async fn stub(&self) -> Stub {
        let cluster = self.client.metadata().expect("it is connected");
        let asked = cluster.answered_by.clone();
        self.stub_of(&asked.expect("a broker answered")).await
    }

    /// The generated client of the broker of that id.
    pub(crate) async fn stub_of(&self, broker: &str) -> Stub {
        let cluster = self.client.fetch_metadata().await.expect("brokers answer");
        let found = cluster.broker(broker).expect("it is listed");
        connect_lazily(&found.address())
    }

    /// The generated client of a partition's leader.
    pub(crate) async fn leader_stub(&self, stream: &str, partition: PartitionId) -> Stub {
        let found = self.until(|| self.client.fetch_partition(stream, partition));
        self.stub_of(&found.await.leader.expect("it answered"))
            .await
    }

    /// The generated client of a broker that does not lead the partition; says aloud where there is none.
    pub(crate) async fn other_stub(&self, stream: &str, partition: PartitionId) -> Option<Stub> {
        let found = self.until(|| self.client.fetch_partition(stream, partition));
        let leader = found.await.leader;
        let cluster = self.client.fetch_metadata().await.expect("brokers answer");
        let other = cluster
            .brokers
            .iter()
            .find(|broker| Some(&broker.id) != leader.as_ref());
        if other.is_none() {
            aloud("SKIPPED: one broker cannot show what a broker answers that does not lead");
        }
        other.map(|broker| connect_lazily(&broker.address()))
    }

    /// How many brokers there are.
    pub(crate) fn size(&self) -> usize {
        self.client
            .metadata()
            .expect("it is connected")
            .brokers
            .len()
    }

    /// Whether the cluster has that stream of its own; says aloud where not.
    pub(crate) fn keeps(&self, internal: &str) -> bool {
        let cluster = self.client.metadata().expect("it is connected");
        let found = cluster.stream(internal).is_some();
        if !found {
            aloud(&format!("SKIPPED: this cluster has no {internal}"));
        }
        found
    }

    pub(crate) fn is_real(&self) -> bool {
        self.demo.is_none()
    }

    /// A name that nobody else uses.
    pub(crate) fn name(&self, what: &str) -> String {
        let nanos = Timestamp::now().0;
        let count = NAMES.fetch_add(1, Ordering::Relaxed);
        let name = format!("lt-{what}-{}-{nanos}-{count}", std::process::id());
        self.made
            .lock()
            .expect("no test panics here")
            .push(name.clone());
        name
    }

    /// A stream of that many partitions, on its own subject, replicated where there are brokers for it.
    pub(crate) async fn stream(&self, what: &str, partitions: i32) -> StreamName {
        self.stream_with(StreamOptions {
            name: self.name(what),
            partitions: Some(partitions),
            replication_factor: Some(-1),
            ..StreamOptions::default()
        })
        .await
    }

    /// A stream made as the options say; its leaders lead when this returns.
    pub(crate) async fn stream_with(&self, options: StreamOptions) -> StreamName {
        let made = self.client.create_stream(&options).await;
        made.expect("a new name can be made a stream");
        let stream = StreamName::from(options.name);
        for partition in 0..options.partitions.unwrap_or(1) {
            self.until(|| self.client.fetch_partition(&stream, partition))
                .await;
        }
        self.settled(|cluster| cluster.stream(&stream).is_some())
            .await;
        stream
    }

    /// Waits until every broker tells of the cluster so: they learn of changes one after the other.
    pub(crate) async fn settled(&self, so: impl Fn(&Cluster) -> bool) {
        let cluster = self.client.fetch_metadata().await.expect("brokers answer");
        for address in cluster.addresses() {
            until_so(async || {
                let view = self.client.fetch_view(&address).await;
                view.result.is_ok_and(|told| so(&told))
            })
            .await;
        }
    }

    /// Pauses, and waits until all brokers know.
    pub(crate) async fn pause(&self, stream: &str, partitions: &[PartitionId], resume_all: bool) {
        let done = self.client.pause(stream, partitions, resume_all).await;
        done.expect("it can be paused");
        let meant = |found: &Partition| partitions.is_empty() || partitions.contains(&found.id);
        let told = |cluster: &Cluster| {
            let found = cluster.stream(stream).map(|found| &found.partitions);
            found.is_some_and(|all| all.iter().filter(|p| meant(p)).all(|p| p.paused_flag))
        };
        self.settled(told).await;
        let cluster = self.client.fetch_metadata().await.expect("brokers answer");
        let found = cluster.stream(stream).expect("it was told of");
        for partition in found.partitions.iter().filter(|p| meant(p)) {
            // The flag may be of a pause before.
            until_so(async || self.is_paused(stream, partition.id).await).await;
        }
    }

    /// Whether its leader says that it does not serve the partition.
    pub(crate) async fn is_paused(&self, stream: &str, partition: PartitionId) -> bool {
        let answer = self.client.fetch_partition(stream, partition).await;
        answer.is_err_and(|error| error.kind() == ErrorKind::PartitionPaused)
    }

    /// Makes readonly or writable, and waits until all brokers know.
    pub(crate) async fn set_readonly(&self, stream: &str, partitions: &[PartitionId], on: bool) {
        let done = self.client.set_readonly(stream, partitions, on).await;
        done.expect("it can be made so");
        let meant = |found: &Partition| partitions.is_empty() || partitions.contains(&found.id);
        self.settled(|cluster| {
            let found = cluster.stream(stream).map(|found| &found.partitions);
            found.is_some_and(|all| {
                all.iter()
                    .filter(|p| meant(p))
                    .all(|p| p.readonly_flag == on)
            })
        })
        .await;
    }

    /// Deletes, and waits until all brokers know.
    pub(crate) async fn delete_stream(&self, stream: &str) {
        self.client
            .delete_stream(stream)
            .await
            .expect("it can be deleted");
        self.settled(|cluster| cluster.stream(stream).is_none())
            .await;
    }

    /// Repeats a call until it succeeds.
    pub(crate) async fn until<T, A>(&self, call: impl Fn() -> A) -> T
    where
        A: Future<Output = liftui::client::Result<T>>,
    {
        let mut pace = tokio::time::interval(Duration::from_millis(10));
        let repeat = async {
            loop {
                if let Ok(done) = call().await {
                    return done;
                }
                pace.tick().await;
            }
        };
        tokio::time::timeout(CAP, repeat)
            .await
            .expect("it succeeds in time")
    }

    /// Publishes a value and gives the offset it got.
    pub(crate) async fn publish(
        &self,
        stream: &str,
        partition: PartitionId,
        value: &str,
    ) -> Offset {
        let options = PublishOptions {
            ack_policy: AckPolicy::All,
            deadline: Some(CAP),
            ..to(stream, partition, value)
        };
        acked(self.client.publish(options).await).0.offset
    }

    /// Publishes one message to a stream with concurrency control.
    pub(crate) async fn publish_occ(&self, stream: &str) {
        assert_eq!(self.publish(stream, 0, "first").await, 0);
    }

    /// Publishes `0`, `1`, … up to that many.
    pub(crate) async fn fill(&self, stream: &str, partition: PartitionId, count: i64) {
        for number in 0..count {
            self.publish(stream, partition, &number.to_string()).await;
        }
    }

    /// Deletes what was made, at the end of a test that shows a row of the contract of any cluster.
    pub(crate) async fn close_of_any(self) -> OfAnyCluster {
        assert!(self.is_of_any, "this test is for the demo");
        self.close().await;
        OfAnyCluster(())
    }

    /// Deletes what was made.
    pub(crate) async fn close(mut self) {
        let made = std::mem::take(&mut *self.made.lock().expect("no test panics here"));
        if self.is_real() {
            delete(&self.client, &made).await;
        }
        if let Some(demo) = self.demo.take() {
            demo.stop().await;
        }
    }
}

/// What a test returns that was of any cluster: the real one where one is named. Nothing else makes one.
pub(crate) struct OfAnyCluster(());

impl Termination for OfAnyCluster {
    fn report(self) -> ExitCode {
        ExitCode::SUCCESS
    }
}

/// Of a test that failed nothing is left behind either.
impl Drop for TestCluster {
    fn drop(&mut self) {
        let made = std::mem::take(&mut *self.made.lock().expect("no test panics here"));
        if self.demo.is_some() || made.is_empty() {
            return;
        }
        let addresses = self.addresses.clone();
        let deleting = std::thread::spawn(move || {
            let runtime = tokio::runtime::Runtime::new().expect("threads can be had");
            runtime.block_on(async {
                let client = Client::connect(ConnectOptions::new(addresses)).await;
                delete(&client.expect("the cluster answers"), &made).await;
            });
        });
        deleting.join().ok();
    }
}

/// Names that are no streams, as those of groups, are none to be deleted either.
async fn delete(client: &Client, names: &[String]) {
    for name in names {
        client.delete_stream(name).await.ok();
    }
}

/// Waits until that is so.
pub(crate) async fn until_so(mut so: impl AsyncFnMut() -> bool) {
    let mut pace = tokio::time::interval(Duration::from_millis(10));
    let wait = async {
        while !so().await {
            pace.tick().await;
        }
    };
    tokio::time::timeout(CAP, wait)
        .await
        .expect("it comes to be so");
}

/// The ack of a message, and the partition it went to.
pub(crate) fn acked(outcome: liftui::client::Result<Outcome>) -> (Ack, Option<PartitionId>) {
    let Ok(Outcome::Acked { ack, partition }) = outcome else {
        panic!("no ack: {outcome:?}");
    };
    (ack, partition)
}

/// A message for a partition.
pub(crate) fn to(stream: &str, partition: PartitionId, value: &str) -> PublishOptions {
    let to = Destination::Partition(stream.into(), partition);
    PublishOptions::new(to, value.to_owned())
}

/// A partition from where to where.
pub(crate) fn range(
    stream: &str,
    partition: PartitionId,
    start: StartAt,
    stop: StopAt,
) -> SubscribeSpec {
    SubscribeSpec {
        start,
        stop,
        ..SubscribeSpec::new(stream, partition)
    }
}

/// What a subscription brought until it ended.
#[derive(Debug)]
pub(crate) struct Read {
    pub(crate) messages: Vec<Message>,
    pub(crate) events: Vec<SubscriptionEvent>,
}

impl Read {
    pub(crate) fn offsets(&self) -> Vec<Offset> {
        self.messages.iter().map(|message| message.offset).collect()
    }

    pub(crate) fn end(&self) -> &EndReason {
        match self.events.last() {
            Some(SubscriptionEvent::Ended(reason)) => reason,
            other => panic!("it did not end: {other:?}"),
        }
    }
}

/// Reads a subscription to its end.
pub(crate) async fn drain(mut subscription: Subscription<OwnedMessages>) -> Read {
    let mut read = Read {
        messages: Vec::new(),
        events: Vec::new(),
    };
    let all = async {
        while let Some(item) = subscription.next().await {
            match item {
                SubscriptionItem::Batch(message) => read.messages.push(message),
                SubscriptionItem::Event(event) => read.events.push(event),
            }
        }
    };
    tokio::time::timeout(CAP, all)
        .await
        .expect("the subscription ends");
    read
}

/// The next message, whatever events come before it.
pub(crate) async fn next_message(subscription: &mut Subscription<OwnedMessages>) -> Message {
    let next = async {
        loop {
            match subscription.next().await {
                Some(SubscriptionItem::Batch(message)) => return message,
                Some(SubscriptionItem::Event(SubscriptionEvent::Ended(reason))) => {
                    panic!("it ended: {reason:?}")
                }
                Some(SubscriptionItem::Event(_)) => {}
                None => panic!("it is over"),
            }
        }
    };
    tokio::time::timeout(CAP, next)
        .await
        .expect("a message comes")
}

/// The next event, whatever messages come before it.
pub(crate) async fn next_event(
    subscription: &mut Subscription<OwnedMessages>,
) -> SubscriptionEvent {
    let next = async {
        loop {
            match subscription.next().await {
                Some(SubscriptionItem::Batch(_)) => {}
                Some(SubscriptionItem::Event(event)) => return event,
                None => panic!("it is over"),
            }
        }
    };
    tokio::time::timeout(CAP, next)
        .await
        .expect("an event comes")
}
