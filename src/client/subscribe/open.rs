//! Opens a subscription at the right broker and waits for its handshake. When to try again is `reader`'s.
#![expect(
    clippy::disallowed_methods,
    reason = "a vanished stream is believed after a while only"
)]

use std::sync::Arc;
use std::time::Instant;

use tonic::Streaming;

use super::deletion::DeletionDetector;
use super::positions::{self, LogEnds, SubscribePlan};
use super::{EndReason, SubscribeRequest};
use crate::client::error::{Error, Result};
use crate::client::inner::Inner;
use crate::client::pool::Lease;
use crate::client::transport::Call;
use crate::model::{
    BrokerId, Cluster, ErrorKind, MessageSink, Offset, Partition, StopAt, StreamName, Target,
    Timestamp,
};
use crate::wire::codec::{self, SharedDecoder};
use crate::wire::pb;
use crate::wire::rpc::Rpc;
use crate::wire::status::Meaning;
use crate::wire::subscription_decoder::Disposition;

/// An open Subscribe call.
pub(super) struct OpenSubscription {
    pub(super) stream: Streaming<Disposition>,
    pub(super) broker: BrokerId,
    pub(super) address: String,
    pub(super) connection: Lease,
    pub(super) opened: Instant,
}

/// Why there is no session.
#[derive(Debug)]
pub(super) enum OpenError {
    /// The subscription is over.
    Ended(EndReason),
    /// A reversed one has come to the oldest message.
    Oldest,
    /// Another attempt may succeed.
    Lost(Error),
    /// None will.
    Failed(Error),
}

/// What stays the same over all sessions of one subscription.
pub(super) struct Connector {
    pub(super) inner: Arc<Inner>,
    pub(super) request: SubscribeRequest,
    pub(super) target: Target,
    plan: Option<SubscribePlan>,
    /// When the stream was created, which tells it from a later one of the same name.
    created: Option<Timestamp>,
    deletion: DeletionDetector,
    /// Whether there was a session before.
    opened: bool,
    /// The generation of the metadata that the last session went by.
    generation: u64,
}

impl Connector {
    /// Knows what is asked, and nothing of the stream yet.
    pub(super) fn new(core: Arc<Inner>, order: SubscribeRequest) -> Self {
        let spec = &order.spec;
        let target = Target::Partition(Arc::clone(&spec.stream), spec.partition);
        Self {
            inner: core,
            request: order,
            target,
            plan: None,
            created: None,
            deletion: DeletionDetector::default(),
            opened: false,
            generation: 0,
        }
    }

    /// The stream that is read.
    pub(super) fn stream(&self) -> &StreamName {
        &self.request.spec.stream
    }

    /// One attempt. `next` is where reading goes on, `None` before the first message.
    pub(super) async fn open<S: MessageSink>(
        &mut self,
        next: Option<Offset>,
        decoder: &SharedDecoder<S>,
    ) -> std::result::Result<OpenSubscription, OpenError> {
        match self.attempt(next, decoder).await {
            Ok(session) => {
                self.opened = true;
                // Resuming again later would undo a pause that somebody wants.
                self.request.resume = false;
                Ok(session)
            }
            Err(OpenError::Failed(error)) if !self.opened && is_missing(&error) => {
                Err(self.confirm_missing(error).await)
            }
            Err(closed) => Err(closed),
        }
    }

    async fn attempt<S: MessageSink>(
        &mut self,
        next: Option<Offset>,
        decoder: &SharedDecoder<S>,
    ) -> std::result::Result<OpenSubscription, OpenError> {
        let (broker, address) = self.choose_broker().await?;
        let plan = match (self.plan, next) {
            (Some(plan), Some(next)) => plan.resumed_at(next),
            (Some(plan), None) if plan.begins_past_the_end() => {
                match self.log_ends(&address).await? {
                    Some(ends) => plan.not_beyond(ends),
                    None => plan,
                }
            }
            (Some(plan), None) => plan,
            (None, _) => self.resolve_plan(&address).await?,
        };
        codec::lock(decoder).reopen(plan.range);
        self.subscribe_at(plan, broker, address, decoder).await
    }

    /// A server does not know what the metadata at hand names. Fresh metadata tells which of the two is late.
    async fn confirm_missing(&self, error: Error) -> OpenError {
        let spec = &self.request.spec;
        let (stream, partition) = (&spec.stream, spec.partition);
        let fresh = self
            .inner
            .refresh_knowing(self.generation, stream, partition);
        match fresh.await {
            Ok(cluster) => match self.inner.leader_in(&cluster, &spec.stream, spec.partition) {
                Err(missing) if is_missing(&missing) => OpenError::Failed(missing),
                _ => OpenError::Lost(error),
            },
            Err(unreachable) => OpenError::Lost(unreachable),
        }
    }

    /// The broker to read from; finds out on the way whether the stream is still the same.
    async fn choose_broker(&mut self) -> std::result::Result<(BrokerId, String), OpenError> {
        let (stream, partition) = (self.stream(), self.request.spec.partition);
        let cluster = if self.generation > 0 {
            let generation = self.generation;
            self.inner
                .refresh_knowing(generation, stream, partition)
                .await
        } else {
            self.inner.metadata_with(stream, partition).await
        };
        let cluster = match cluster {
            Ok(cluster) => cluster,
            Err(error) => {
                // Who comes back from an outage may know nothing yet: what was missed before says nothing any more.
                self.deletion = DeletionDetector::default();
                return Err(self.classify(error));
            }
        };
        self.generation = self.inner.metadata.generation();
        self.check_identity(&cluster)?;
        let broker = if self.request.spec.isr_replica {
            self.in_sync_replica(&cluster)
        } else {
            let partition = self.request.spec.partition;
            self.inner.leader_in(&cluster, self.stream(), partition)
        };
        broker.map_err(|error| self.classify(error))
    }

    fn check_identity(&mut self, cluster: &Cluster) -> std::result::Result<(), OpenError> {
        let Some(found) = cluster.stream(self.stream()) else {
            return Err(self.missing_stream(cluster));
        };
        self.deletion = DeletionDetector::default();
        if self.opened && self.created != Some(found.created) {
            return Err(OpenError::Ended(EndReason::Deleted));
        }
        self.created = Some(found.created);
        Ok(())
    }

    fn missing_stream(&mut self, answer: &Cluster) -> OpenError {
        let target = self.target.clone();
        let error = Error::of_kind(ErrorKind::NoSuchStream, Rpc::Subscribe, target, "");
        if !self.opened {
            return OpenError::Failed(error);
        }
        let stream = &self.request.spec.stream;
        if self
            .deletion
            .observe_missing(answer, stream, Instant::now())
        {
            return OpenError::Ended(EndReason::Deleted);
        }
        OpenError::Lost(error)
    }

    /// Any in-sync replica: servers do not check, and one out of sync would be silent for ever (wire-contract §4.6).
    fn in_sync_replica(&self, cluster: &Cluster) -> Result<(BrokerId, String)> {
        let fail = |kind| Error::of_kind(kind, Rpc::Subscribe, self.target.clone(), "");
        let partition = cluster
            .partition(self.stream(), self.request.spec.partition)
            .ok_or_else(|| fail(ErrorKind::NoSuchPartition))?;
        let in_turn = self.inner.brokers.in_preferred_order();
        let replica = |address: &Arc<str>| in_sync_at(cluster, partition, address);
        let found = in_turn.iter().find_map(replica);
        found.ok_or_else(|| fail(ErrorKind::NoLeader))
    }

    /// Pins the positions, once for the subscription's whole life.
    async fn resolve_plan(
        &mut self,
        address: &str,
    ) -> std::result::Result<SubscribePlan, OpenError> {
        let spec = &self.request.spec;
        let ends = if positions::needs_end(spec) {
            self.log_ends(address).await?
        } else {
            None
        };
        let plan = positions::resolve(spec, ends, Timestamp::now());
        let plan = plan.ok_or(OpenError::Ended(EndReason::StopReached))?;
        self.plan = Some(plan);
        Ok(plan)
    }

    /// The ends of the leader's log; `None` where the server is too old to tell.
    async fn log_ends(&self, address: &str) -> std::result::Result<Option<LogEnds>, OpenError> {
        let spec = &self.request.spec;
        if self.request.resume {
            let resumed = self
                .inner
                .resume_at(address, &spec.stream, spec.partition)
                .await;
            resumed.map_err(|error| self.classify(error))?;
        }
        match self
            .inner
            .fetch_partition(&spec.stream, spec.partition)
            .await
        {
            Ok(partition) => Ok(Some(LogEnds {
                high_watermark: partition.high_watermark,
                newest: partition.newest_offset,
            })),
            Err(error) if error.kind() == ErrorKind::Unsupported && !spec.reverse => Ok(None),
            Err(error) => Err(self.classify(error)),
        }
    }

    async fn subscribe_at<S: MessageSink>(
        &self,
        plan: SubscribePlan,
        broker: BrokerId,
        address: String,
        decoder: &SharedDecoder<S>,
    ) -> std::result::Result<OpenSubscription, OpenError> {
        let spec = &self.request.spec;
        let request = pb::SubscribeRequest {
            stream: spec.stream.to_string(),
            partition: spec.partition,
            read_isr_replica: spec.isr_replica,
            resume: self.request.resume,
            consumer: self.request.consumer.clone(),
            ..plan.positions()
        };
        let lease = self.inner.pool.lease(&address).map_err(OpenError::Failed)?;
        self.inner.brokers.record_attempt(&address);
        let opening = open_call(&self.inner, &lease, request, decoder);
        let wait = self.inner.options.request_timeout;
        let call = Call {
            rpc: Rpc::Subscribe,
            target: &self.target,
            address: &address,
        };
        let stream = match tokio::time::timeout(wait, opening).await {
            Ok(Ok(stream)) => stream,
            Ok(Err(Some(status))) => return Err(self.interpret_status(&call, status)),
            Ok(Err(None)) => return Err(OpenError::Lost(call.cut())),
            Err(_) => {
                self.inner.pool.mark_suspect(&address);
                return Err(OpenError::Lost(call.timed_out(wait)));
            }
        };
        self.inner.brokers.record_answer(&address);
        Ok(OpenSubscription {
            stream,
            broker,
            address,
            connection: lease,
            opened: Instant::now(),
        })
    }

    /// What the end of a call means for the subscription.
    pub(super) fn interpret_status(&self, call: &Call<'_>, status: tonic::Status) -> OpenError {
        if self.inner.tasks.token().is_cancelled() {
            return OpenError::Failed(Error::closed());
        }
        match call.meaning(&status) {
            Ok(Meaning::StopReached | Meaning::StopBeforeStart)
                if self.stops_only_when_readonly() =>
            {
                OpenError::Ended(EndReason::ReadonlyEnd)
            }
            // An answer to a stop that was never sent, or of a log whose parts are missing: nothing that waiting mends.
            Ok(Meaning::EmptyRange) if self.stops_only_when_readonly() => {
                let text = status.message().to_owned();
                let (rpc, target) = (Rpc::Subscribe, self.target.clone());
                let error = Error::of_kind(ErrorKind::LogUnreadable, rpc, target, &text);
                OpenError::Failed(error.caused_by(status))
            }
            Ok(Meaning::StopReached | Meaning::StopBeforeStart | Meaning::EmptyRange) => {
                OpenError::Ended(EndReason::StopReached)
            }
            Ok(Meaning::OldestReached) => OpenError::Oldest,
            Ok(Meaning::ReadonlyEnd) => OpenError::Ended(EndReason::ReadonlyEnd),
            Ok(Meaning::LogClosed) => OpenError::Lost(call.cut().caused_by(status)),
            Ok(Meaning::Failed(_)) => self.classify(call.error(status)),
            Err(error) => {
                self.inner.brokers.record_failure(call.address, &error);
                self.classify(error.caused_by(status))
            }
        }
    }

    fn stops_only_when_readonly(&self) -> bool {
        self.request.spec.stop == StopAt::Never && !self.request.spec.reverse
    }

    /// Whether a failure ends the subscription, or another attempt may mend it.
    pub(super) fn classify(&self, error: Error) -> OpenError {
        let kind = error.kind();
        // Once a stream was found, what names a broker wrongly or hides the partition may pass.
        let misleads = matches!(
            kind,
            ErrorKind::BadAddress
                | ErrorKind::Tls
                | ErrorKind::NotLiftbridge
                | ErrorKind::NoSuchStream
                | ErrorKind::NoSuchPartition
        );
        if kind == ErrorKind::PartitionPaused {
            OpenError::Ended(EndReason::Paused)
        } else if kind == ErrorKind::StreamDeleted {
            OpenError::Ended(EndReason::Deleted)
        } else if kind == ErrorKind::Fenced {
            OpenError::Ended(EndReason::Fenced)
        } else if kind.is_retryable() || (misleads && self.opened) {
            OpenError::Lost(error)
        } else {
            OpenError::Failed(error)
        }
    }
}

fn is_missing(error: &Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::NoSuchStream | ErrorKind::NoSuchPartition
    )
}

fn in_sync_at(
    cluster: &Cluster,
    partition: &Partition,
    address: &str,
) -> Option<(BrokerId, String)> {
    let broker = cluster
        .brokers
        .iter()
        .find(|broker| broker.address() == address)?;
    let in_sync = partition.isr.contains(&broker.id);
    in_sync.then(|| (Arc::clone(&broker.id), address.to_owned()))
}

/// Sends the request and takes the empty first message. `None`: the stream ended instead.
async fn open_call<S: MessageSink>(
    core: &Inner,
    lease: &Lease,
    request: pb::SubscribeRequest,
    decoder: &SharedDecoder<S>,
) -> std::result::Result<Streaming<Disposition>, Option<tonic::Status>> {
    let max = core.options.max_answer_bytes;
    let mut stream = codec::subscribe(lease.channel(), request, Arc::clone(decoder), max).await?;
    match stream.message().await? {
        Some(Disposition::Handshake) => Ok(stream),
        Some(_) => Err(Some(tonic::Status::data_loss(codec::MALFORMED))),
        None => Err(None),
    }
}
