//! Opens a subscription at the right broker and waits for its handshake: once, and again after each loss. What its end
//! means is `end`'s; when to try again is `reader`'s.
#![expect(
    clippy::disallowed_methods,
    reason = "a vanished stream is believed after a while only"
)]

use std::sync::Arc;
use std::time::Instant;

use tracing::Instrument;

use super::deletion::DeletionDetector;
use super::end::OpenError;
use super::log_probe::LogProbe;
use super::positions::{self, LogEnds, StartPosition, SubscribePlan};
use super::resume::{KnownLogs, OtherLog};
use super::{EndReason, SubscribeRequest, SubscriptionEvent};
use crate::client::error::{Error, Result};
use crate::client::inner::Inner;
use crate::client::pool::Lease;
use crate::client::transport::Call;
use crate::model::{
    BrokerId, Cluster, ErrorKind, MessageSink, Offset, Partition, StartAt, StopAt, StreamName,
    Target, Timestamp,
};
use crate::wire::codec::{self, SharedDecoder, SubscriptionStream};
use crate::wire::pb;
use crate::wire::rpc::Rpc;
use crate::wire::subscription_decoder::Disposition;

/// An open Subscribe call.
pub(super) struct OpenSubscription {
    pub(super) stream: SubscriptionStream,
    pub(super) broker: BrokerId,
    pub(super) address: String,
    pub(super) connection: Lease,
    pub(super) opened: Instant,
}

/// Which brokers are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ReadSource {
    Leader,
    /// Any in-sync replica. Not any more once the log went back: from then on replicas may hold other messages than their
    /// leader, at the same offsets and for good.
    AnyReplica,
}

/// Where reading has come to.
#[derive(Clone, Copy, Debug)]
pub(super) struct Progress {
    /// The offset that comes next.
    pub(super) next: Offset,
    /// The newest time of any message delivered.
    pub(super) newest_time: Timestamp,
    /// Offset and time of the message delivered last.
    pub(super) last: Option<(Offset, Timestamp)>,
}

/// What stays the same over all calls of one subscription.
pub(super) struct Connector {
    pub(super) inner: Arc<Inner>,
    pub(super) request: SubscribeRequest,
    pub(super) target: Target,
    /// What has to be told before the next thing that happens.
    pub(super) events: Vec<SubscriptionEvent>,
    /// What was met of another log than the one that was read, until it is looked into.
    pub(super) other_log: Option<OtherLog>,
    /// Why the last call was not opened; `None` where it was.
    pub(super) last_failure: Option<ErrorKind>,
    /// A start by time that brought nothing was looked into.
    pub(super) time_is_checked: bool,
    pub(super) plan: Option<SubscribePlan>,
    /// When the stream was created, which tells it from a later one of the same name.
    created: Option<Timestamp>,
    deletion: DeletionDetector,
    /// Since when the leader's log ends before what was delivered.
    pub(super) shorter_since: Option<Instant>,
    pub(super) source: ReadSource,
    pub(super) closed_segments: u32,
    pub(super) known: KnownLogs,
    /// Whether there was a call before.
    opened: bool,
    /// The generation of the metadata that the last call went by.
    pub(super) generation: u64,
}

type Opened = std::result::Result<OpenSubscription, OpenError>;

impl Connector {
    /// Knows what is asked, and nothing of the stream yet.
    pub(super) fn new(inner: Arc<Inner>, request: SubscribeRequest) -> Self {
        let spec = &request.spec;
        let target = Target::Partition(Arc::clone(&spec.stream), spec.partition);
        let source = if spec.isr_replica {
            ReadSource::AnyReplica
        } else {
            ReadSource::Leader
        };
        Self {
            inner,
            request,
            target,
            events: Vec::new(),
            other_log: None,
            last_failure: None,
            time_is_checked: false,
            plan: None,
            created: None,
            deletion: DeletionDetector::default(),
            shorter_since: None,
            source,
            closed_segments: 0,
            known: KnownLogs::default(),
            opened: false,
            generation: 0,
        }
    }

    /// The stream that is read.
    pub(super) fn stream(&self) -> &StreamName {
        &self.request.spec.stream
    }

    /// Whether any in-sync replica may be read, not its leader alone.
    pub(super) fn reads_replica(&self) -> bool {
        self.source == ReadSource::AnyReplica
    }

    /// Whether a call was open before.
    pub(super) fn was_opened(&self) -> bool {
        self.opened
    }

    /// Where reading begins, once that is resolved.
    pub(super) fn start(&self) -> Option<StartPosition> {
        Some(self.plan?.start)
    }

    /// Begins there, should it be opened again before anything was delivered.
    pub(super) fn start_at(&mut self, offset: Offset) {
        self.plan = self.plan.map(|plan| plan.starting_at(offset));
    }

    /// One attempt. `progress` is where reading goes on, `None` before the first message.
    pub(super) async fn open<S: MessageSink>(
        &mut self,
        progress: Option<Progress>,
        decoder: &SharedDecoder<S>,
    ) -> Opened {
        let next = progress.map(|progress| progress.next);
        let span = tracing::debug_span!("subscribe", target = %self.target, next);
        match self.attempt(progress, decoder).instrument(span).await {
            Ok(subscription) => {
                self.opened = true;
                self.closed_segments = 0;
                // Resuming again later would undo a pause that somebody wants.
                self.request.resume = false;
                Ok(subscription)
            }
            Err(OpenError::Failed(error)) if !self.opened && error.is_missing() => {
                Err(self.confirm_missing(error).await)
            }
            outcome => outcome,
        }
    }

    async fn attempt<S: MessageSink>(
        &mut self,
        progress: Option<Progress>,
        decoder: &SharedDecoder<S>,
    ) -> Opened {
        let (broker, address) = self.choose_broker().await?;
        let plan = match (self.plan, progress) {
            (Some(plan), Some(progress)) => self.resume(plan, progress, &address).await?,
            (Some(plan), None) if plan.begins_past_the_end() => {
                match self.log_ends(&address).await? {
                    Some(ends) => plan.not_beyond(ends),
                    None => plan,
                }
            }
            (Some(plan), None) => plan,
            (None, _) => self.resolve(&address).await?,
        };
        {
            let mut decoder = codec::lock(decoder);
            decoder.reopen(plan.range);
            if self.other_log.take().is_some() {
                decoder.forget_last();
            }
        }
        let mut outcome = self
            .subscribe_at(plan, Arc::clone(&broker), &address, decoder)
            .await;
        if matches!(outcome, Err(OpenError::Empty))
            && let Some(corrected) = self.correct_time(plan, &address).await
        {
            codec::lock(decoder).reopen(corrected.range);
            outcome = self
                .subscribe_at(corrected, broker, &address, decoder)
                .await;
        }
        self.last_failure = outcome.as_ref().err().and_then(OpenError::kind);
        match outcome {
            Err(OpenError::Empty) => Err(self.end_empty(plan, &address).await),
            Err(OpenError::SegmentClosed(error)) => Err(self.confirm_paused(error).await),
            outcome => outcome,
        }
    }

    /// The server says that a range from a time on holds nothing. It looks times up in an index whose newest segment may
    /// be empty, and then finds nothing though every message is newer: the plan from the first of them on.
    async fn correct_time(&mut self, plan: SubscribePlan, address: &str) -> Option<SubscribePlan> {
        let offset = self.first_of_time(address).await?;
        if plan.range.is_past(offset) {
            return None;
        }
        self.start_at(offset);
        self.plan
    }

    /// The first message at or after the time at which reading was told to begin, found message by message; `None` where
    /// it begins elsewhere, or nothing committed is that new.
    pub(super) async fn first_of_time(&self, address: &str) -> Option<Offset> {
        let StartPosition::Time(time) = self.start()? else {
            return None;
        };
        let ends = self.log_ends(address).await.ok()??;
        if ends.high_watermark < 0 {
            return None;
        }
        self.probe(address)?.first_at_time(time, ends).await
    }

    /// Reads single messages of the partition at that broker.
    pub(super) fn probe(&self, address: &str) -> Option<LogProbe> {
        let channel = self.inner.pool.requests(address).ok()?;
        Some(LogProbe::new(channel, &self.request.spec))
    }

    /// The broker to read from; finds out on the way whether the stream is still the same.
    pub(super) async fn choose_broker(
        &mut self,
    ) -> std::result::Result<(BrokerId, String), OpenError> {
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
        let broker = if self.reads_replica() {
            self.in_sync_replica(&cluster)
        } else {
            self.choose_leader(&cluster).await
        };
        broker.map_err(|error| self.classify(error))
    }

    /// The leader as that metadata names it; after a loss the one that most brokers name, if they agree.
    async fn choose_leader(&self, cluster: &Cluster) -> Result<(BrokerId, String)> {
        let (stream, partition) = (self.stream(), self.request.spec.partition);
        if self.opened
            && let Some(agreed) = self.inner.agreed_leader(stream, partition).await
        {
            return self.inner.reach_leader(cluster, agreed, stream, partition);
        }
        self.inner.leader_in(cluster, stream, partition)
    }

    fn check_identity(&mut self, cluster: &Cluster) -> std::result::Result<(), OpenError> {
        let Some(found) = cluster.stream(self.stream()) else {
            return Err(self.missing_stream(cluster));
        };
        self.deletion = DeletionDetector::default();
        if self.opened && self.created != Some(found.created) {
            let created = found.created;
            return Err(OpenError::Ended(EndReason::Replaced { created }));
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

    /// Resolves the positions, once for the subscription's whole life.
    async fn resolve(&mut self, address: &str) -> std::result::Result<SubscribePlan, OpenError> {
        let ends = self.log_ends(address).await?;
        let spec = &self.request.spec;
        if let Some((from, to)) = ends
            .filter(|_| spec.stop == StopAt::Latest)
            .and_then(LogEnds::uncommitted)
        {
            self.events
                .push(SubscriptionEvent::Uncommitted { from, to });
        }
        if let (true, StartAt::Offset(from), Some(ends)) = (self.request.goes_on, spec.start, ends)
            && from > ends.next()
        {
            self.events.push(SubscriptionEvent::Rewound { from, to: 0 });
            self.request.spec.start = StartAt::Earliest;
        }
        let nth_last = self.nth_last(ends, address).await;
        let plan = positions::resolve(&self.request.spec, ends, nth_last, Timestamp::now());
        if let Some(newest) = self.ends_before_start(ends) {
            self.events.push(SubscriptionEvent::PastEnd {
                start: self.request.spec.start,
                newest,
                is_read: plan.is_some(),
            });
        }
        let plan = plan.ok_or(OpenError::Ended(EndReason::StopReached))?;
        self.plan = Some(plan);
        Ok(plan)
    }

    async fn subscribe_at<S: MessageSink>(
        &self,
        plan: SubscribePlan,
        broker: BrokerId,
        address: &str,
        decoder: &SharedDecoder<S>,
    ) -> Opened {
        let spec = &self.request.spec;
        let request = pb::SubscribeRequest {
            stream: spec.stream.to_string(),
            partition: spec.partition,
            read_isr_replica: spec.isr_replica,
            resume: self.request.resume,
            consumer: self.request.consumer.clone(),
            ..plan.positions()
        };
        let lease = self.inner.pool.lease(address).map_err(OpenError::Failed)?;
        self.inner.brokers.record_attempt(address);
        let opening = open_call(&self.inner, &lease, request, decoder);
        let wait = self.inner.options.request_timeout;
        let call = Call {
            rpc: Rpc::Subscribe,
            target: &self.target,
            address,
        };
        let stream = match tokio::time::timeout(wait, opening).await {
            Ok(Ok(stream)) => stream,
            Ok(Err(Some(status))) => return Err(self.interpret_status(&call, status)),
            Ok(Err(None)) => return Err(OpenError::Lost(call.cut())),
            Err(_) => {
                self.inner.pool.mark_suspect(address);
                return Err(OpenError::Lost(call.timed_out(wait)));
            }
        };
        self.inner.brokers.record_answer(address);
        Ok(OpenSubscription {
            stream,
            broker,
            address: address.to_owned(),
            connection: lease,
            opened: Instant::now(),
        })
    }
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
    inner: &Inner,
    lease: &Lease,
    request: pb::SubscribeRequest,
    decoder: &SharedDecoder<S>,
) -> std::result::Result<SubscriptionStream, Option<tonic::Status>> {
    let max = inner.options.max_answer_bytes;
    let mut stream = codec::subscribe(lease.channel(), request, max).await?;
    let first = std::future::poll_fn(|cx| stream.poll_decode(&mut codec::lock(decoder), cx)).await;
    match first.transpose()? {
        Some(Disposition::Handshake) => Ok(stream),
        Some(_) => Err(Some(tonic::Status::data_loss(codec::MALFORMED))),
        None => Err(None),
    }
}
