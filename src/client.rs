//! The Liftbridge client: connects, reads, changes, publishes and subscribes. Knows neither terminal nor dashboard.

mod activity;
mod admin;
mod backoff;
mod brokers;
mod connect;
mod consumer;
mod core;
mod cursors;
mod error;
mod failover;
mod groups;
mod metadata;
mod observer;
mod partitioner;
mod pool;
mod probe;
mod publish;
mod publisher;
mod subscribe;
mod tls;
mod transport;
mod views;

use std::ops::Deref;

pub use activity::ActivityEvents;
pub use brokers::{BrokerHealth, Origin};
pub use connect::{ConnectOptions, TlsOptions};
pub use consumer::{Consumer, ConsumerItem, ConsumerOptions};
pub use cursors::CursorReading;
pub use error::{Error, Result};
pub use observer::{Observer, TaskCount};
pub use partitioner::{ByKey, Partitioner, RoundRobin, by_key};
pub use publisher::{Publisher, PublisherOptions, Receipt};
pub use subscribe::{Subscription, SubscriptionItem};

/// The TLS library of [`TlsOptions::rustls`], in the version that this client speaks.
pub use tokio_rustls::rustls;

pub use crate::model::{DEFAULT_PORT, EndReason, SubscriptionEvent, parse_address};

/// The envelope of messages and acks on NATS, for those who speak NATS themselves (wire-contract §3).
pub mod envelope {
    pub use crate::wire::envelope::{Envelope, EnvelopeError, EnvelopeMessage, decode, encode};
}

use crate::model::{OwnedMessages, SubscribeSpec};

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
        let order = subscribe::Order {
            resume: true,
            ..subscribe::Order::reading(spec)
        };
        let core = std::sync::Arc::clone(self.core());
        Subscription::open(core, order, OwnedMessages::default()).await
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
