//! Keeps a consumer a member: asks the coordinator for its partitions again and again, which is its heartbeat; finds
//! the coordinator anew, reports one that is dead, joins again when taken for dead itself (wire-contract §4.11).
#![expect(clippy::disallowed_methods, reason = "heartbeats are due by the clock")]

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use super::{AssignedPartition, ConsumerOptions};
use crate::client::backoff::Backoff;
use crate::client::error::{Error, Result};
use crate::client::inner::{Api, Inner, with_deadline};
use crate::client::transport::Call;
use crate::model::{Broker, ErrorKind, Failure, StreamName, Target};
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
    core: &Arc<Inner>,
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
    let limit = core.options.request_timeout;
    core.call_any(Rpc::JoinConsumerGroup, &target, limit, send)
        .await
}

/// The heartbeat of one member.
pub(super) struct Heartbeat {
    core: Arc<Inner>,
    options: ConsumerOptions,
    target: Target,
    coordinator: String,
    epoch: u64,
    interval: Duration,
    backoff: Backoff,
    membership: watch::Sender<Membership>,
}

impl Heartbeat {
    /// The heart of a member that has just joined, and where it tells what it hears.
    pub(super) fn new(
        core: Arc<Inner>,
        options: &ConsumerOptions,
        joined: &pb::JoinConsumerGroupResponse,
    ) -> (Self, watch::Receiver<Membership>) {
        let allowed = Duration::from_nanos(u64::try_from(joined.consumer_timeout).unwrap_or(0));
        let (tells, hears) = watch::channel(Membership::default());
        let this = Self {
            core,
            target: Target::Group(options.group.clone()),
            options: options.clone(),
            coordinator: joined.coordinator.clone(),
            epoch: joined.epoch,
            interval: options
                .heartbeat_every
                .unwrap_or_else(|| allowed.mul_f64(HEARTBEAT_FRACTION)),
            backoff: Backoff::of_request(),
            membership: tells,
        };
        (this, hears)
    }

    /// Beats until it is dropped.
    pub(super) async fn run(mut self) {
        loop {
            let wait = match self.fetch().await {
                Ok(answer) => {
                    self.publish_assignment(answer);
                    self.backoff = Backoff::of_request();
                    self.interval
                }
                Err(error) => {
                    let wait = self.backoff.next_wait();
                    self.recover(&error).await;
                    wait
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
        let wait = self.core.options.request_timeout;
        let request = pb::FetchConsumerGroupAssignmentsRequest {
            group_id: self.options.group.clone(),
            consumer_id: self.options.consumer.clone(),
            epoch: self.epoch,
        };
        let send = |mut api: Api| async move {
            let request = with_deadline(request, wait);
            api.fetch_consumer_group_assignments(request).await
        };
        self.core.call(call, wait, send).await
    }

    async fn coordinator_address(&self) -> Result<String> {
        let known = self.core.cached_metadata().await?;
        if let Some(broker) = known.broker(&self.coordinator) {
            return Ok(broker.address());
        }
        let generation = self.core.metadata.generation();
        let fresh = self.core.refresh_metadata(generation).await?;
        let address = fresh.broker(&self.coordinator).map(Broker::address);
        address.ok_or_else(|| self.no_coordinator())
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

    /// Does about a failed heartbeat what can be done.
    async fn recover(&mut self, error: &Error) {
        let is_unheard = matches!(error.kind(), ErrorKind::Unreachable | ErrorKind::Timeout);
        let done = if is_unheard {
            self.report().await
        } else if error.kind() == ErrorKind::NotMember {
            self.rejoin().await
        } else {
            Ok(())
        };
        let found = match done {
            Ok(()) => self.find_coordinator().await,
            Err(error) => Err(error),
        };
        match found {
            Ok(()) if is_unheard => self.publish_failure(error),
            // The others of the group, or the brokers, are on their way to agree.
            Ok(()) => {}
            Err(error) => self.publish_failure(&error),
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
        match self.core.fetch_group(&self.options.group).await {
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
        match join(&self.core, &self.options).await {
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
    async fn report(&self) -> Result<()> {
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
        let limit = self.core.options.request_timeout;
        let rpc = Rpc::ReportConsumerGroupCoordinator;
        let reported = self.core.call_any(rpc, &self.target, limit, send).await;
        match reported {
            // Others were faster.
            Err(error) if error.kind() == ErrorKind::EpochMismatch => Ok(()),
            outcome => outcome.map(|_| ()),
        }
    }
}
