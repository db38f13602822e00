//! A cluster of one broker with a stream of numbered messages, for the tests of this layer.
//!
//! Nothing here is part of the program.

use std::sync::Arc;

use super::reverse_reader::ReadSource;
use crate::client::{Client, ConnectOptions};
use crate::demo::{DemoCluster, DemoOptions};
use crate::model::{Destination, Operation, PublishOptions, StreamOptions};
use crate::store::Chunk;

/// What a test reads from.
pub(super) struct TestCluster {
    /// The cluster, as long as the test lasts.
    _cluster: DemoCluster,
    /// A client that may change it.
    pub(super) client: Client,
}

impl TestCluster {
    /// A stream `orders` of one partition that holds so many messages.
    pub(super) async fn with_messages(count: usize) -> Self {
        let cluster = Self::with_stream(StreamOptions::default()).await;
        cluster.publish(count).await;
        cluster
    }

    /// A stream `orders` of one partition, with nothing in it.
    pub(super) async fn with_stream(options: StreamOptions) -> Self {
        let stream = StreamOptions {
            name: "orders".into(),
            ..options
        };
        let options = DemoOptions {
            brokers: 1,
            speed: 20.0,
            ..DemoOptions::default()
        };
        let cluster = DemoCluster::start(options).await.unwrap();
        let client = Client::new(ConnectOptions::new(cluster.addresses())).unwrap();
        let cluster = Self {
            _cluster: cluster,
            client,
        };
        cluster.perform(Operation::Create(Box::new(stream))).await;
        cluster
    }

    pub(super) async fn publish(&self, count: usize) {
        for _ in 0..count {
            self.publish_of_key("").await;
        }
    }

    pub(super) async fn publish_of_key(&self, key: &str) {
        let to = Destination::Partition("orders".into(), 0);
        let message = PublishOptions {
            key: key.to_owned().into(),
            ..PublishOptions::new(to, "value")
        };
        self.perform(Operation::Publish(Box::new(message))).await;
    }

    pub(super) async fn perform(&self, operation: Operation) {
        self.client.perform(operation).await.unwrap();
    }

    pub(super) fn source(&self) -> ReadSource {
        ReadSource {
            observer: self.client.observer(),
            stream: "orders".into(),
            partition: 0,
        }
    }
}

/// The offsets of a chunk.
pub(super) fn offsets(chunk: &Arc<Chunk>) -> Vec<i64> {
    chunk.iter().map(|message| message.offset()).collect()
}
