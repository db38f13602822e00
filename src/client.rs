//! The Liftbridge client: connects, reads, changes, publishes and subscribes. Knows neither terminal nor dashboard.
//!
//! [`Client`] does all of it; [`Observer`], to which it derefs, only what changes nothing. Both are cheap handles on the
//! same connections, which close with the last of them. Values go in and come out as those of [`crate::model`]; protobuf
//! and gRPC types are never seen. Every failure is one [`Error`]: a kind to decide by, a target, one sentence, its cause.
//!
//! Needs a tokio runtime. Facts of the protocol are told with the section of the project's wire contract they come from.
//!
//! # Tail
//!
//! A subscription survives its broker: it goes on elsewhere, each offset once, in order, and says so by events.
//!
//! ```
//! use liftui::client::{Client, ConnectOptions, SubscriptionItem};
//! use liftui::model::{StartAt, StopAt, SubscribeSpec};
//! # use liftui::demo::{DemoCluster, DemoOptions};
//! # use liftui::model::{Destination, PublishOptions, StreamOptions};
//!
//! # #[tokio::main]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let cluster = DemoCluster::start(DemoOptions::default()).await?;
//! # let seeds = cluster.addresses();
//! let client = Client::connect(ConnectOptions::new(seeds)).await?;
//! # client.create_stream(&StreamOptions { name: "orders".into(), ..StreamOptions::default() }).await?;
//! # client.publish(PublishOptions::new(Destination::Partition("orders".into(), 0), "x")).await?;
//! let spec = SubscribeSpec {
//!     start: StartAt::Last(100),
//!     stop: StopAt::Latest, // leave it out to follow for ever
//!     ..SubscribeSpec::new("orders", 0)
//! };
//! let mut orders = client.subscribe(spec).await?;
//! while let Some(item) = orders.next().await {
//!     match item {
//!         SubscriptionItem::Batch(message) => println!("{} {:?}", message.offset, message.value),
//!         SubscriptionItem::Event(event) => eprintln!("{event:?}"),
//!     }
//! }
//! # Ok(())
//! # }
//! ```
//!
//! # Publish
//!
//! One message with [`Client::publish`], many with [`Client::publish_session`]. What ends as
//! [`OutcomeUnknown`](crate::model::ErrorKind::OutcomeUnknown) was sent once and may have been stored or not.
//!
//! ```
//! use liftui::client::{Client, ConnectOptions, PublisherOptions};
//! use liftui::model::{AckPolicy, Destination, ErrorKind, Outcome, PublishOptions};
//! # use liftui::demo::{DemoCluster, DemoOptions};
//! # use liftui::model::StreamOptions;
//!
//! # #[tokio::main]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let cluster = DemoCluster::start(DemoOptions::default()).await?;
//! # let seeds = cluster.addresses();
//! let client = Client::connect(ConnectOptions::new(seeds)).await?;
//! # client.create_stream(&StreamOptions { name: "orders".into(), ..StreamOptions::default() }).await?;
//! let message = PublishOptions {
//!     key: "customer-7".into(),
//!     headers: vec![("content-type".into(), "application/json".into())],
//!     ack_policy: AckPolicy::All,
//!     ..PublishOptions::new(Destination::ByKey("orders".into()), r#"{"total": 9}"#)
//! };
//! if let Outcome::Acked { ack, partition } = client.publish(message.clone()).await? {
//!     println!("stored at {} of partition {partition:?}", ack.offset);
//! }
//!
//! let publisher = client.publish_session(PublisherOptions::default());
//! let mut receipts = Vec::new();
//! for _ in 0..1000 {
//!     receipts.push(publisher.publish(message.clone()).await?); // waits only while too many are in flight
//! }
//! for receipt in receipts {
//!     match receipt.await {
//!         Ok(_) => {}
//!         Err(error) if error.kind() == ErrorKind::OutcomeUnknown => eprintln!("stored or not: {error}"),
//!         Err(error) => eprintln!("not stored: {error}"),
//!     }
//! }
//! # Ok(())
//! # }
//! ```
//!
//! # Watch health
//!
//! Brokers differ in what they believe, so each is asked for itself: none waits for another, each answer has its age.
//!
//! ```
//! use std::time::Duration;
//!
//! use liftui::client::{ConnectOptions, Observer};
//! # use liftui::demo::{DemoCluster, DemoOptions};
//!
//! # #[tokio::main]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let cluster = DemoCluster::start(DemoOptions::default()).await?;
//! # let seeds = cluster.addresses();
//! let observer = Observer::connect(ConnectOptions::new(seeds)).await?;
//! for _ in 0..2 {
//!     let mut asked = tokio::task::JoinSet::new();
//!     for broker in observer.brokers() {
//!         let observer = observer.clone();
//!         asked.spawn(async move { observer.fetch_view(&broker.address).await });
//!     }
//!     while let Some(view) = asked.join_next().await {
//!         let view = view?;
//!         match &view.result {
//!             Ok(cluster) => println!("{} sees {} streams", view.address, cluster.streams.len()),
//!             Err(failure) => println!("{failure}"),
//!         }
//!     }
//!     tokio::time::sleep(Duration::from_millis(20)).await;
//! }
//! # Ok(())
//! # }
//! ```
//!
//! # For who comes from Go
//!
//! The public names of go-liftbridge v1.1.0 and v2.4.0, what stands for each here, and the test that shows it.
//!

#![deny(clippy::indexing_slicing)]
#![doc = include_str!("client/go-api.md")]
//!
//! What its client does and this one does not: drop headers; go on in partition 0 at a wrong offset after a loss; send a
//! publish again whose answer was lost; return neither ack nor error without a deadline (wire-contract §6.1).

mod activity;
mod admin;
mod advertised;
mod backoff;
mod brokers;
mod coalesced_reads;
mod consumer;
mod cursor_log;
mod cursor_move;
mod cursor_reading;
mod cursors;
mod dialler;
mod error;
mod groups;
mod health_check;
mod http2_check;
mod inner;
mod metadata;
mod metadata_options;
mod observer;
mod options;
mod partitioner;
mod pool;
mod probe;
mod publish;
mod publisher;
mod replica_reader;
mod retry;
mod subscribe;
mod tls;
mod transport;
mod views;
mod write_through;

use std::ops::Deref;

pub use activity::ActivityEvents;
#[cfg(feature = "dashboard")]
pub(crate) use advertised::{advice_of_all, split_advice};
pub use brokers::{AddressOrigin, BrokerHealth};
pub use consumer::{Acknowledge, Consumer, ConsumerItem, ConsumerOptions, PartitionPosition};
pub use cursor_log::KnownCursors;
pub use cursor_reading::CursorReading;
pub use error::{Error, Result};
pub use health_check::HealthStatus;
pub use metadata_options::{ConsumerGroupMetadata, Metadata, MetadataOptions};
pub use observer::{Observer, TaskCount};
pub use options::{ConnectOptions, Prefer, TlsOptions};
pub use partitioner::{ByKey, Partitioner, RoundRobin, by_key};
pub use publish::MAX_REQUEST_BYTES;
pub use publisher::{AckFuture, Publisher, PublisherOptions};
pub use replica_reader::{ReplicaReader, ReplicaSpec};
pub use subscribe::{Batches, Subscription, SubscriptionItem};

#[cfg(feature = "dashboard")]
pub(crate) use tls::system_tls;

/// The TLS library of [`TlsOptions::rustls`], in the version that this client speaks.
pub use tokio_rustls::rustls;

pub use crate::model::{DEFAULT_PORT, EndReason, SubscriptionEvent, parse_address};

/// The envelope of messages and acks on NATS, for those who speak NATS themselves (wire-contract §3).
pub mod envelope {
    pub use crate::wire::envelope::{Envelope, EnvelopeError, EnvelopeMessage, decode, encode};
}

use crate::model::{Destination, Outcome, OwnedMessages, PublishOptions, SubscribeSpec, Target};

/// Reads and changes a cluster. Cheap to clone; reads as an [`Observer`] does, to which it derefs.
#[derive(Clone, Debug)]
pub struct Client {
    observer: Observer,
}

impl Client {
    /// Checks the options and does no I/O but reading the files of TLS: brokers are dialled when first asked.
    ///
    /// # Errors
    /// As [`Observer::new`].
    pub fn new(options: ConnectOptions) -> Result<Self> {
        let observer = Observer::new(options)?;
        Ok(Self { observer })
    }

    /// The same, and waits for the first metadata from any of the seeds, tried in random order.
    ///
    /// # Errors
    /// As [`Observer::connect`].
    pub async fn connect(options: ConnectOptions) -> Result<Self> {
        let observer = Observer::connect(options).await?;
        Ok(Self { observer })
    }

    /// Ends the client for all of its handles: waits until what publishers have in flight is answered, for as long as one
    /// request may take, then closes every connection. Publishers have to be dropped for that, or are cut off.
    /// Subscriptions end as [`Closed`](crate::model::ErrorKind::Closed). Dropping the last handle closes too, without
    /// waiting.
    pub async fn close(self) {
        let inner = std::sync::Arc::clone(self.inner());
        let limit = inner.options.request_timeout;
        tokio::time::timeout(limit, inner.tasks.sessions_ended())
            .await
            .ok();
        // Not before: the last handle that goes ends all tasks.
        drop(self);
        inner.tasks.end_all().await;
    }

    /// Publishes one message to the partition that a partitioner chooses by its key and value; `options.to` names the
    /// stream.
    ///
    /// # Errors
    /// As [`publish`](Self::publish); [`Refused`](crate::model::ErrorKind::Refused) where `options.to` is a subject.
    pub async fn publish_by(
        &self,
        partitioner: &dyn Partitioner,
        mut options: PublishOptions,
    ) -> Result<Outcome> {
        let stream = match &options.to {
            Destination::Partition(stream, _)
            | Destination::ByKey(stream)
            | Destination::RoundRobin(stream) => std::sync::Arc::clone(stream),
            Destination::Subject(subject) => {
                let sentence = "a NATS subject has no partitions to choose from";
                return Err(Error::refused(Target::Subject(subject.clone()), sentence));
            }
        };
        let (key, value) = (&options.key, &options.value);
        let chosen = self.partition_for(partitioner, &stream, key, value).await?;
        options.to = Destination::Partition(stream, chosen);
        self.publish(options).await
    }

    /// The read half, on the same connections.
    pub fn observer(&self) -> Observer {
        self.observer.clone()
    }

    /// Reads a partition after resuming it, if it is paused. A subscription cut later resumes nothing any more.
    ///
    /// # Errors
    /// As [`Observer::subscribe`].
    pub async fn subscribe_resuming(
        &self,
        spec: SubscribeSpec,
    ) -> Result<Subscription<OwnedMessages>> {
        let order = subscribe::SubscribeRequest {
            resume: true,
            ..subscribe::SubscribeRequest::read_only(spec)
        };
        let inner = std::sync::Arc::clone(self.inner());
        Subscription::open(inner, order, OwnedMessages::default()).await
    }
}

impl Deref for Client {
    type Target = Observer;

    fn deref(&self) -> &Observer {
        &self.observer
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Operation, StartAt};

    fn spawnable(_: impl Future + Send) {}

    /// Compiles, or callers could not spawn these calls: generic code over async closures hides it from the compiler.
    #[test]
    fn every_call_can_be_spawned() {
        let client = Client::new(ConnectOptions::default()).unwrap();
        let stream = "orders".into();
        spawnable(client.perform(Operation::Delete { stream }));
        spawnable(client.fetch_cursor("id", "orders", 0));
        spawnable(client.fetch_view("127.0.0.1:9292"));
        spawnable(client.probe("orders", 0));
        spawnable(client.cursors());
        spawnable(client.groups());
        spawnable(client.activity(StartAt::New));
        spawnable(client.subscribe(SubscribeSpec::new("orders", 0)));
    }
}
