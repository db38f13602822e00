//! Keeps a consumer a member: asks the coordinator for its partitions again and again, which is its heartbeat; finds
//! the coordinator anew, reports one that is dead, joins again when taken for dead itself (wire-contract §4.11).
#![expect(clippy::disallowed_methods, reason = "heartbeats are due by the clock")]

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;
use tracing::Instrument;

use super::{AssignedPartition, ConsumerOptions};
use crate::client::backoff::Backoff;
use crate::client::error::{Error, Result};
use crate::client::inner::{Api, Inner, with_deadline};
use crate::client::transport::Call;
use crate::model::{Broker, Cluster, ErrorKind, Failure, StreamName, Target};
use crate::wire::pb;
use crate::wire::rpc::Rpc;

/// Part of the time that a coordinator waits for a member: two fifths, as the Go client has it.
const HEARTBEAT_FRACTION: f64 = 0.4;

/// What is known of the group.
#[derive(Clone, Debug, Default)]
pub(super) struct Membership {
    /// What the coordinator said last; `None` before it has said anything.
    pub(super) assignment: Option<Assignment>,
    /// Why the last heartbeat failed.
    pub(super) last_failure: Option<Failure>,
}

/// What a member is to read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Assignment {
    pub(super) epoch: u64,
    pub(super) partitions: Vec<AssignedPartition>,
}

/// Joins, once.
pub(super) async fn join(
    inner: &Arc<Inner>,
    options: &ConsumerOptions,
) -> Result<pb::JoinConsumerGroupResponse> {
    let request = pb::JoinConsumerGroupRequest {
        group_id: options.group.clone(),
        consumer_id: options.consumer.clone(),
        streams: options.streams.iter().map(ToString::to_string).collect(),
    };
    let send = |mut api: Api, _| {
        let request = request.clone();
        async move { api.join_consumer_group(request).await }
    };
    let target = Target::Group(options.group.clone());
    let limit = inner.options.request_timeout;
    inner
        .call_any(Rpc::JoinConsumerGroup, &target, limit, send)
        .await
}

/// The heartbeat of one member.
pub(super) struct Heartbeat {
    inner: Arc<Inner>,
    options: ConsumerOptions,
    target: Target,
    coordinator: String,
    epoch: u64,
    interval: Duration,
    /// How long members wait for a coordinator before they report it.
    coordinator_timeout: Duration,
    /// Since when no heartbeat was answered.
    failing_since: Option<Instant>,
    backoff: Backoff,
    membership: watch::Sender<Membership>,
}

impl Heartbeat {
    /// The heartbeat of a member that has just joined, and where it publishes what it learns.
    pub(super) fn new(
        inner: Arc<Inner>,
        options: &ConsumerOptions,
        joined: &pb::JoinConsumerGroupResponse,
    ) -> (Self, watch::Receiver<Membership>) {
        let nanos = |nanos: i64| Duration::from_nanos(u64::try_from(nanos).unwrap_or(0));
        let allowed = nanos(joined.consumer_timeout);
        let (membership, receiver) = watch::channel(Membership::default());
        let this = Self {
            inner,
            target: Target::Group(options.group.clone()),
            options: options.clone(),
            coordinator: joined.coordinator.clone(),
            epoch: joined.epoch,
            interval: options
                .heartbeat_every
                .unwrap_or_else(|| allowed.mul_f64(HEARTBEAT_FRACTION)),
            coordinator_timeout: nanos(joined.coordinator_timeout),
            failing_since: None,
            backoff: Backoff::of_request(),
            membership,
        };
        (this, receiver)
    }

    /// The time between two heartbeats.
    pub(super) fn interval(&self) -> Duration {
        self.interval
    }

    /// Runs until it is dropped.
    pub(super) async fn run(mut self) {
        loop {
            let span = tracing::debug_span!("heartbeat", group = %self.target, epoch = self.epoch);
            let wait = match self.fetch().instrument(span).await {
                Ok(answer) => {
                    self.publish_assignment(answer);
                    self.failing_since = None;
                    self.backoff = Backoff::of_request();
                    self.interval
                }
                Err(error) => {
                    let before = self.coordinator.clone();
                    self.recover(error).await;
                    if self.coordinator != before {
                        // It begins to count the silence of members.
                        self.backoff = Backoff::of_request();
                    }
                    self.backoff.next_wait()
                }
            };
            tokio::time::sleep(wait).await;
        }
    }

    async fn fetch(&self) -> Result<pb::FetchConsumerGroupAssignmentsResponse> {
        let address = self.coordinator_address().await?;
        let call = Call {
            rpc: Rpc::FetchConsumerGroupAssignments,
            target: &self.target,
            address: &address,
        };
        let wait = self.inner.options.request_timeout;
        let request = pb::FetchConsumerGroupAssignmentsRequest {
            group_id: self.options.group.clone(),
            consumer_id: self.options.consumer.clone(),
            epoch: self.epoch,
        };
        let send = |mut api: Api| async move {
            let request = with_deadline(request, wait);
            api.fetch_consumer_group_assignments(request).await
        };
        self.inner.call(call, wait, send).await
    }

    /// Where the coordinator is reached: brokers leave each other out of their lists for minutes, so an address that was
    /// known before will do.
    async fn coordinator_address(&self) -> Result<String> {
        let address = |cluster: &Cluster| {
            let listed = cluster.broker(&self.coordinator).map(Broker::address);
            self.inner.brokers.address(&self.coordinator, listed)
        };
        if let Some(found) = address(&*self.inner.cached_metadata().await?) {
            return Ok(found);
        }
        let generation = self.inner.metadata.generation();
        let fresh = self.inner.refresh_metadata(generation).await?;
        address(&fresh).ok_or_else(|| self.no_coordinator())
    }

    fn no_coordinator(&self) -> Error {
        let kind = ErrorKind::NotCoordinator;
        Error::of_kind(
            kind,
            Rpc::FetchConsumerGroupAssignments,
            self.target.clone(),
            "",
        )
    }

    fn publish_assignment(&mut self, answer: pb::FetchConsumerGroupAssignmentsResponse) {
        self.epoch = answer.epoch;
        let mut places = Vec::new();
        for assigned in answer.assignments {
            let stream = StreamName::from(assigned.stream);
            let partitions = assigned.partitions.into_iter();
            places.extend(partitions.map(|partition| (Arc::clone(&stream), partition)));
        }
        places.sort();
        let assignment = Some(Assignment {
            epoch: answer.epoch,
            partitions: places,
        });
        self.membership.send_if_modified(|known| {
            let is_news = known.assignment != assignment;
            known.last_failure = None;
            known.assignment = assignment;
            is_news
        });
    }

    /// Does about a failed heartbeat what can be done. A coordinator is reported only once it has been silent for as long
    /// as the group allows it: another is chosen then, and every member opens its partitions anew.
    async fn recover(&mut self, error: Error) {
        let failing_since = *self.failing_since.get_or_insert_with(Instant::now);
        let is_unheard = matches!(
            error.kind(),
            ErrorKind::Unreachable | ErrorKind::Timeout | ErrorKind::NotCoordinator
        );
        let is_overdue = failing_since.elapsed() >= self.coordinator_timeout;
        let done = if error.kind() == ErrorKind::NotMember {
            self.rejoin().await
        } else if is_unheard && is_overdue {
            self.report_coordinator().await
        } else {
            Ok(())
        };
        let found = match done {
            Ok(()) => self.find_coordinator().await,
            Err(error) => Err(error),
        };
        // The others of the group, or the brokers, may be on their way to agree: what lasts is told.
        if failing_since.elapsed() >= self.interval {
            self.publish_failure(found.as_ref().err().unwrap_or(&error));
        }
    }

    fn publish_failure(&self, error: &Error) {
        self.membership.send_if_modified(|known| {
            let is_news = known.last_failure.is_none();
            known.last_failure = Some(error.into());
            is_news
        });
    }

    /// Who coordinates the group now, and at which epoch it is.
    async fn find_coordinator(&mut self) -> Result<()> {
        match self.inner.fetch_group(&self.options.group).await {
            Ok(group) => {
                self.coordinator = group.coordinator;
                self.epoch = group.epoch;
                Ok(())
            }
            // The last member was taken for dead, and the group with it; or brokers have not heard of it yet.
            Err(error) if error.kind() == ErrorKind::NoSuchGroup => self.rejoin().await,
            Err(error) => Err(error),
        }
    }

    async fn rejoin(&mut self) -> Result<()> {
        match join(&self.inner, &self.options).await {
            Ok(joined) => {
                self.coordinator = joined.coordinator;
                self.epoch = joined.epoch;
                Ok(())
            }
            Err(error) if error.kind() == ErrorKind::AlreadyMember => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Tells the cluster that the coordinator does not answer: another is chosen once enough members say so.
    async fn report_coordinator(&self) -> Result<()> {
        let request = pb::ReportConsumerGroupCoordinatorRequest {
            group_id: self.options.group.clone(),
            consumer_id: self.options.consumer.clone(),
            coordinator: self.coordinator.clone(),
            epoch: self.epoch,
        };
        let send = |mut api: Api, _| {
            let request = request.clone();
            async move { api.report_consumer_group_coordinator(request).await }
        };
        let limit = self.inner.options.request_timeout;
        let rpc = Rpc::ReportConsumerGroupCoordinator;
        let reported = self.inner.call_any(rpc, &self.target, limit, send).await;
        match reported {
            // Others were faster.
            Err(error) if error.kind() == ErrorKind::EpochMismatch => Ok(()),
            outcome => outcome.map(|_| ()),
        }
    }
}
