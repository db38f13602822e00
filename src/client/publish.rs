//! Publishing one message, to a stream or to a NATS subject. Many at a time are `publisher`'s.

use std::sync::Arc;
use std::time::Duration;

use super::Client;
use super::error::{Error, Result};
use super::inner::{Api, Inner, with_deadline};
use super::metadata::Existence;
use super::partitioner::by_key;
use super::retry::RetryBudget;
use crate::model::{
    AckPolicy, Destination, ErrorKind, Outcome, PartitionId, PublishOptions, StreamName, Target,
};
use crate::wire::rpc::Rpc;
use crate::wire::{convert, pb, status};

impl Client {
    /// Publishes one message and waits for its ack, unless its policy asks for none. A deadline is always on the wire:
    /// servers answer publishes without one before they are stored, and without an ack (wire-contract §0.6).
    ///
    /// A paused partition is resumed by it; one that nobody leads loses the message, which ends as
    /// [`ErrorKind::OutcomeUnknown`]. Where several streams share the subject, the ack may be another stream's: it says
    /// whose it is (wire-contract §0.9).
    ///
    /// # Errors
    /// [`ErrorKind::OutcomeUnknown`] where no answer came: it is never sent again on its own.
    /// [`ErrorKind::NoSuchStream`], [`ErrorKind::NoSuchPartition`], [`ErrorKind::ReadonlyPartition`],
    /// [`ErrorKind::IncorrectOffset`], [`ErrorKind::AckPolicyRequired`], [`ErrorKind::TooLarge`].
    pub async fn publish(&self, options: PublishOptions) -> Result<Outcome> {
        let inner = self.inner();
        let mut budget = RetryBudget::within(inner.deadline(&options));
        let destination = inner.destination(&options);
        let destination = budget.limit(destination, Rpc::Publish).await?;
        match destination {
            Some((stream, partition)) => {
                inner
                    .publish_to_stream(&options, stream, partition, &mut budget)
                    .await
            }
            None => inner.publish_to_subject(&options, budget.left()).await,
        }
    }
}

impl Inner {
    /// Where a message goes: `None` to a subject, whose partition servers find.
    pub(crate) async fn destination(
        self: &Arc<Self>,
        options: &PublishOptions,
    ) -> Result<Option<(StreamName, PartitionId)>> {
        let (stream, partition) = match &options.to {
            Destination::Subject(_) => return Ok(None),
            Destination::Partition(stream, partition) => (stream, *partition),
            Destination::ByKey(stream) => (
                stream,
                by_key(&options.key, self.partitions_of(stream).await?),
            ),
            Destination::RoundRobin(stream) => {
                let partitions = self.partitions_of(stream).await?;
                (stream, self.round_robin.next(stream, partitions))
            }
        };
        Ok(Some((Arc::clone(stream), partition)))
    }

    async fn partitions_of(self: &Arc<Self>, stream: &StreamName) -> Result<usize> {
        let cluster = self.metadata_with(stream, 0).await?;
        cluster.partition_count(stream).ok_or_else(|| {
            let target = Target::Stream(Arc::clone(stream));
            Error::of_kind(ErrorKind::NoSuchStream, Rpc::Publish, target, "")
        })
    }

    fn deadline(&self, options: &PublishOptions) -> Duration {
        options.deadline.unwrap_or(self.options.request_timeout)
    }

    async fn publish_to_stream(
        self: &Arc<Self>,
        options: &PublishOptions,
        stream: StreamName,
        partition: PartitionId,
        budget: &mut RetryBudget,
    ) -> Result<Outcome> {
        let expected = ExpectedAck::new(options, Some(Arc::clone(&stream)));
        let request = pb::PublishRequest {
            correlation_id: expected.correlation_id.clone(),
            ..convert::publish(options, &stream, partition)
        };
        let target = Target::Partition(Arc::clone(&stream), partition);
        check_request(&request, Rpc::Publish, &target)?;
        let send = |mut api: Api, left| {
            let request = with_deadline(request.clone(), left);
            async move { api.publish(request).await }
        };
        let answer = loop {
            let left = budget.left();
            let error = match self.call_any(Rpc::Publish, &target, left, send).await {
                Ok(answer) => break answer,
                Err(error) => error,
            };
            // One that has just started knows no stream for seconds (wire-contract §5), and has stored nothing.
            if !self.invalidate_if_missing(error.kind()) {
                return Err(error);
            }
            let left = budget.left();
            match self.existence(&stream, partition, left).await {
                Existence::Missing => return Err(error),
                doubt @ (Existence::Known | Existence::Unclear | Existence::KnownBefore) => {
                    budget.wait(refused_as_missing(error, doubt)).await?;
                }
            }
        };
        expected.outcome(answer.ack, Some(partition), Rpc::Publish, target)
    }

    /// Whether what was chosen by the metadata at hand does not exist: that is asked for anew before the next choice.
    pub(super) fn invalidate_if_missing(&self, kind: ErrorKind) -> bool {
        let is_missing = matches!(kind, ErrorKind::NoSuchStream | ErrorKind::NoSuchPartition);
        if is_missing {
            self.metadata.invalidate();
        }
        is_missing
    }

    async fn publish_to_subject(
        self: &Arc<Self>,
        options: &PublishOptions,
        limit: Duration,
    ) -> Result<Outcome> {
        let Destination::Subject(subject) = &options.to else {
            return Err(Error::closed());
        };
        let target = Target::Subject(subject.clone());
        super::admin::check_subject(subject, &target)?;
        let expected = ExpectedAck::new(options, None);
        let request = pb::PublishToSubjectRequest {
            correlation_id: expected.correlation_id.clone(),
            ..convert::publish_to_subject(options, subject)
        };
        check_size(&request, Rpc::PublishToSubject, &target)?;
        let send = |mut api: Api, left| {
            let request = with_deadline(request.clone(), left);
            async move { api.publish_to_subject(request).await }
        };
        let answer = self
            .call_any(Rpc::PublishToSubject, &target, limit, send)
            .await?;
        expected.outcome(answer.ack, None, Rpc::PublishToSubject, target)
    }
}

/// The largest message that servers take, as it stands on the wire: the default of grpc-go (wire-contract §2). A larger
/// one would end a whole `PublishAsync` call, with all that is in flight on it.
pub const MAX_REQUEST_BYTES: usize = 4 << 20;

/// Refuses what no server takes, and what means nothing, before it is sent.
pub(super) fn check_request(request: &pb::PublishRequest, rpc: Rpc, target: &Target) -> Result<()> {
    let expected = request.expected_offset;
    if expected < -1 {
        let sentence = format!(
            "a message gets an offset from 0 on, or any where -1 is expected: not {expected}"
        );
        return Err(Error::refused(target.clone(), sentence));
    }
    check_size(request, rpc, target)
}

fn check_size(request: &impl prost::Message, rpc: Rpc, target: &Target) -> Result<()> {
    let bytes = request.encoded_len();
    if bytes <= MAX_REQUEST_BYTES {
        return Ok(());
    }
    let text = format!("{bytes} bytes with key and headers, of {MAX_REQUEST_BYTES} at most");
    let error = Error::of_kind(ErrorKind::TooLarge, rpc, target.clone(), &text);
    Err(error.never_sent())
}

/// The error of a message that a broker refused as one to no stream, by what the others know of it. Only where it is missing
/// is the refusal believed.
pub(super) fn refused_as_missing(error: Error, existence: Existence) -> Error {
    let doubt = match existence {
        Existence::Missing => return error,
        Existence::Known => ", says a broker that has just started; others know it",
        Existence::Unclear => ", says a broker that has just started, and too few others answer",
        Existence::KnownBefore => {
            " any more, say the brokers that answer: it was deleted, or they have just started"
        }
    };
    let sentence = format!("{error}{doubt}");
    error
        .explained(ErrorKind::Unreachable, sentence)
        .never_sent()
}

/// What the ack of one message must say. A server hands on the first ack that comes to its inbox, and where streams share
/// a subject, or an inbox is the caller's own, that may be another message's (wire-contract §0.9).
pub(super) struct ExpectedAck {
    policy: AckPolicy,
    /// `None` for a subject: whichever stream stores it answers.
    stream: Option<StreamName>,
    /// What stands on the wire: unique, unless the caller has chosen it.
    correlation_id: String,
    /// What the caller has chosen, maybe nothing.
    chosen_id: String,
}

impl ExpectedAck {
    fn new(options: &PublishOptions, stream: Option<StreamName>) -> Self {
        let chosen_id = options.correlation_id.clone();
        let correlation_id = if chosen_id.is_empty() {
            format!("liftui-{:016x}", fastrand::u64(..))
        } else {
            chosen_id.clone()
        };
        Self {
            policy: options.ack_policy,
            stream,
            correlation_id,
            chosen_id,
        }
    }

    /// What an answer to the publish means. An ack can carry an error (wire-contract §4.5), and where one was asked for
    /// but none came, or another's, nobody knows.
    fn outcome(
        self,
        ack: Option<pb::Ack>,
        partition: Option<PartitionId>,
        rpc: Rpc,
        target: Target,
    ) -> Result<Outcome> {
        let Some(ack) = ack else {
            return no_ack(self.policy, rpc, target);
        };
        let other = self.stream.filter(|stream| ack.stream != **stream);
        if other.is_some() {
            let why = format!(
                "the ack of stream \"{}\" came, which shares its subject",
                ack.stream
            );
            return Err(Error::outcome_unknown(rpc, target, &why));
        }
        if ack.correlation_id != self.correlation_id {
            let why = "the ack of another message came to its inbox";
            return Err(Error::outcome_unknown(rpc, target, why));
        }
        let ack = pb::Ack {
            correlation_id: self.chosen_id,
            ..ack
        };
        outcome_of_ack(ack, partition, rpc, target)
    }
}

/// What no ack means.
pub(super) fn no_ack(policy: AckPolicy, rpc: Rpc, target: Target) -> Result<Outcome> {
    match policy {
        AckPolicy::None => Ok(Outcome::Sent),
        AckPolicy::Leader | AckPolicy::All => {
            Err(Error::outcome_unknown(rpc, target, "no ack came"))
        }
    }
}

/// What the ack of a message means.
pub(super) fn outcome_of_ack(
    ack: pb::Ack,
    partition: Option<PartitionId>,
    rpc: Rpc,
    target: Target,
) -> Result<Outcome> {
    if let Some(kind) = status::of_ack(&ack) {
        return Err(Error::of_kind(kind, rpc, target, "the ack says so"));
    }
    Ok(Outcome::Acked {
        ack: convert::ack(ack),
        partition,
    })
}
