//! The read half of a client as a type of its own: it has no method that changes the cluster (architecture I13).

use std::sync::Arc;

use super::brokers::BrokerHealth;
use super::error::{Error, Result};
use super::inner::{Handle, Inner};
use super::metadata::Existence;
use super::options::ConnectOptions;
use super::partitioner::Partitioner;
use super::pool::Tasks;
use super::subscribe::{SubscribeRequest, Subscription};
use crate::model::{
    BrokerView, Cluster, ErrorKind, MessageSink, Offset, OwnedMessages, Partition, PartitionId,
    StreamName, SubscribeSpec, Target, Timestamp,
};
use crate::wire::rpc::Rpc;

/// Reads a cluster and cannot change it. Cheap to clone; the last clone dropped closes its connections and ends its
/// subscriptions.
#[derive(Clone, Debug)]
pub struct Observer {
    handle: Arc<Handle>,
}

impl Observer {
    /// Checks the options and does no I/O but reading the files of TLS: brokers are dialled when first asked.
    ///
    /// # Errors
    /// [`ErrorKind::BadAddress`] for an address that is none, [`ErrorKind::Refused`] without any,
    /// [`ErrorKind::Tls`] for certificates that cannot be used.
    pub fn new(options: ConnectOptions) -> Result<Self> {
        let handle = Handle::new(options)?;
        Ok(Self { handle })
    }

    /// The same, and waits for the first metadata from any of the seeds, tried in random order.
    ///
    /// # Errors
    /// Also those of [`fetch_metadata`](Self::fetch_metadata).
    pub async fn connect(options: ConnectOptions) -> Result<Self> {
        let observer = Self::new(options)?;
        observer.fetch_metadata().await?;
        Ok(observer)
    }

    /// What all handles share.
    pub(crate) fn inner(&self) -> &Arc<Inner> {
        &self.handle.inner
    }

    /// Every broker known so far, seeds and those that metadata named, by address, with how each has answered.
    pub fn brokers(&self) -> Vec<BrokerHealth> {
        self.inner().brokers.list()
    }

    /// Whether an earlier run alone knows that address, and nobody has answered there in this one: that nobody does says
    /// nothing of any broker.
    pub fn is_only_remembered(&self, address: &str) -> bool {
        self.inner().brokers.is_only_remembered(address)
    }

    /// Fresh metadata from whichever broker answers first. A slow broker delays it by less than a second.
    ///
    /// # Errors
    /// The failure of the last broker asked, once the metadata timeout has passed.
    pub async fn fetch_metadata(&self) -> Result<Arc<Cluster>> {
        self.inner().fetch_metadata().await
    }

    /// Fresh metadata of a broker that knows the stream, where there is one: a broker that has just started knows none
    /// for seconds, and tells so like any other (wire-contract §5).
    ///
    /// # Errors
    /// As [`fetch_metadata`](Self::fetch_metadata).
    pub async fn fetch_metadata_knowing(&self, stream: &str) -> Result<Arc<Cluster>> {
        let inner = self.inner();
        let generation = inner.metadata.generation();
        let stream = StreamName::from(stream);
        inner.refresh_knowing(generation, &stream, 0).await
    }

    /// The metadata fetched last, by whichever call.
    pub fn metadata(&self) -> Option<Arc<Cluster>> {
        self.inner().metadata.latest()
    }

    /// When the metadata of [`metadata`](Self::metadata) was fetched.
    pub fn last_updated(&self) -> Option<Timestamp> {
        Some(self.inner().metadata.cached()?.updated)
    }

    /// Asks exactly the broker at that address how the cluster looks. Never fails as a call: why there is no answer
    /// is in the view. Carries no deadline on the wire and gives up here after the metadata timeout, or after 3 s where
    /// the broker does not even answer the health service; after 1 s where it did not answer last time. Brokers and ids that the answer names are known from then on.
    pub async fn fetch_view(&self, address: &str) -> BrokerView {
        self.inner().fetch_view(address).await
    }

    /// Asks the broker at that address, whenever nothing has come from it for a second, whether it is there
    /// (`grpc.health.v1`), and returns the view that says so when nothing came for two and a half, or when it cannot be
    /// reached: to be raced with what waits to ask for the next view. Cancel safe, and cancelling loses no time.
    pub async fn wait_until_hung(&self, address: &str) -> BrokerView {
        self.inner().wait_until_hung(address).await
    }

    /// One partition, as its leader sees it: the true high watermark and newest offset.
    ///
    /// # Errors
    /// [`ErrorKind::PartitionPaused`]: servers refuse it for a paused partition, which is the only reliable sign of one
    /// (wire-contract §0.2). [`ErrorKind::NoSuchStream`], [`ErrorKind::NoSuchPartition`], [`ErrorKind::NoLeader`].
    pub async fn fetch_partition(&self, stream: &str, partition: PartitionId) -> Result<Partition> {
        let stream = StreamName::from(stream);
        self.inner().fetch_partition(&stream, partition).await
    }

    /// The offset at which the last `count` committed messages of a partition begin, which compaction puts further back than
    /// `count` offsets; the oldest one where fewer are kept, `None` where none is.
    ///
    /// # Errors
    /// As [`fetch_partition`](Self::fetch_partition).
    pub async fn nth_last(
        &self,
        stream: &str,
        partition: PartitionId,
        count: u64,
    ) -> Result<Option<Offset>> {
        let stream = StreamName::from(stream);
        self.inner().nth_last(&stream, partition, count).await
    }

    /// The partition that a partitioner chooses for a message of that key and value.
    ///
    /// # Errors
    /// [`ErrorKind::NoSuchStream`].
    pub async fn partition_for(
        &self,
        partitioner: &dyn Partitioner,
        stream: &str,
        key: &[u8],
        value: &[u8],
    ) -> Result<PartitionId> {
        let cluster = self
            .inner()
            .metadata_with(&StreamName::from(stream), 0)
            .await?;
        if cluster.stream(stream).is_none() {
            let target = Target::Stream(stream.into());
            return Err(Error::of_kind(
                ErrorKind::NoSuchStream,
                Rpc::Publish,
                target,
                "",
            ));
        }
        Ok(partitioner.partition(stream, key, value, &cluster))
    }

    /// Reads a partition, message by message.
    ///
    /// # Errors
    /// What no other attempt would mend: [`ErrorKind::NoSuchStream`], [`ErrorKind::NoSuchPartition`],
    /// [`ErrorKind::PermissionDenied`], [`ErrorKind::InvalidArgument`]. All else becomes events of the subscription.
    pub async fn subscribe(&self, spec: SubscribeSpec) -> Result<Subscription<OwnedMessages>> {
        self.subscribe_into(spec, OwnedMessages::default()).await
    }

    /// Reads a partition into a sink, field by field as the wire has them; its batches are what the subscription
    /// yields. The sink is flushed 50 ms after a message at the latest, and before every event.
    ///
    /// # Errors
    /// As [`subscribe`](Self::subscribe).
    pub async fn subscribe_into<S: MessageSink>(
        &self,
        spec: SubscribeSpec,
        sink: S,
    ) -> Result<Subscription<S>> {
        Subscription::open(
            Arc::clone(self.inner()),
            SubscribeRequest::read_only(spec),
            sink,
        )
        .await
    }

    /// Counts the tasks of this client, also after it was dropped.
    pub fn task_count(&self) -> TaskCount {
        TaskCount(self.inner().tasks.clone())
    }
}

/// Counts the tasks that a client runs: one for each connection and what belongs to it, one that closes idle
/// connections. It keeps nothing open: 0 follows the drop of the last handle.
#[derive(Clone, Debug)]
pub struct TaskCount(Tasks);

impl TaskCount {
    /// How many run at this moment.
    pub fn running(&self) -> usize {
        self.0.running()
    }
}

impl Inner {
    /// The partition as its leader tells it.
    pub(crate) async fn fetch_partition(
        self: &Arc<Self>,
        stream: &StreamName,
        partition: PartitionId,
    ) -> Result<Partition> {
        let mut attempts = super::retry::RetryBudget::within(self.options.request_timeout);
        let mut refused = None;
        loop {
            let leader = self.leader(stream, partition).await?;
            let wait = attempts.left();
            let error = match self
                .partition_at(&leader.address, stream, partition, wait)
                .await
            {
                Err(error) if error.kind().is_retryable() => error,
                Err(error) if error.is_missing() => {
                    // Metadata names it: its leader has just started, or the stream was deleted a moment ago.
                    let looking = self.look_for(leader.generation, stream, partition);
                    match tokio::time::timeout(attempts.left(), looking).await {
                        Ok(Ok((Existence::Missing, _))) => return Err(error),
                        _ => error,
                    }
                }
                outcome => return outcome,
            };
            if error.kind() == ErrorKind::NotLeader {
                // A leader that is taking office refuses too, and the flag of a pause outlives it: only one that has
                // refused before, and by its own account leads what was paused, does not serve it.
                let again = refused.replace(Arc::clone(&leader.broker)) == Some(leader.broker);
                let address = &leader.address;
                if again && self.calls_it_paused(address, stream, partition).await {
                    return Err(paused(stream, partition));
                }
            }
            attempts.wait(error).await?;
            self.refresh_metadata(leader.generation).await?;
        }
    }

    /// Whether the broker at that address says of itself that it leads the partition, and that it was paused once.
    async fn calls_it_paused(
        &self,
        address: &str,
        stream: &StreamName,
        partition: PartitionId,
    ) -> bool {
        let own = self.fetch_stream_from(address, stream).await;
        own.is_ok_and(|own| {
            let found = own.partition(stream, partition);
            found.is_some_and(|found| found.paused_flag && found.leader == own.answered_by)
        })
    }
}

fn paused(stream: &StreamName, partition: PartitionId) -> Error {
    let target = Target::Partition(Arc::clone(stream), partition);
    let kind = ErrorKind::PartitionPaused;
    Error::of_kind(kind, Rpc::FetchPartitionMetadata, target, "")
}
