//! Publishing one message, to a stream or to a NATS subject. Many at a time are `publisher`'s.

use std::sync::Arc;
use std::time::Duration;

use super::Client;
use super::error::{Error, Result};
use super::inner::{Api, Inner, with_deadline};
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
        let core = self.core();
        match core.destination(&options).await? {
            Some((stream, partition)) => core.publish_to_stream(&options, stream, partition).await,
            None => core.publish_to_subject(&options).await,
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
    ) -> Result<Outcome> {
        let request = convert::publish(options, &stream, partition);
        let target = Target::Partition(Arc::clone(&stream), partition);
        let send = |mut api: Api, left| {
            let request = with_deadline(request.clone(), left);
            async move { api.publish(request).await }
        };
        let mut attempts = RetryBudget::within(self.deadline(options));
        let answer = loop {
            let left = attempts.left();
            let error = match self.call_any(Rpc::Publish, &target, left, send).await {
                Ok(answer) => break answer,
                Err(error) => error,
            };
            // One that has just started knows no stream for seconds (wire-contract §5), and has stored nothing.
            if !self.invalidate_if_missing(error.kind()) || !self.is_known(&stream, partition).await
            {
                return Err(error);
            }
            attempts.wait(error).await?;
        };
        outcome(
            options.ack_policy,
            answer.ack,
            Some(partition),
            Rpc::Publish,
            target,
        )
    }

    /// Whether any broker knows the partition now.
    async fn is_known(self: &Arc<Self>, stream: &StreamName, partition: PartitionId) -> bool {
        let generation = self.metadata.generation();
        let fresh = self.refresh_knowing(generation, stream, partition).await;
        fresh.is_ok_and(|cluster| cluster.partition(stream, partition).is_some())
    }

    /// Whether what was chosen by the metadata at hand does not exist: that is asked for anew before the next choice.
    pub(super) fn invalidate_if_missing(&self, kind: ErrorKind) -> bool {
        let is_missing = matches!(kind, ErrorKind::NoSuchStream | ErrorKind::NoSuchPartition);
        if is_missing {
            self.metadata.invalidate();
        }
        is_missing
    }

    async fn publish_to_subject(self: &Arc<Self>, options: &PublishOptions) -> Result<Outcome> {
        let Destination::Subject(subject) = &options.to else {
            return Err(Error::closed());
        };
        let target = Target::Subject(subject.clone());
        super::admin::check_subject(subject, &target)?;
        let request = convert::publish_to_subject(options, subject);
        let send = |mut api: Api, left| {
            let request = with_deadline(request.clone(), left);
            async move { api.publish_to_subject(request).await }
        };
        let limit = self.deadline(options);
        let answer = self
            .call_any(Rpc::PublishToSubject, &target, limit, send)
            .await?;
        outcome(
            options.ack_policy,
            answer.ack,
            None,
            Rpc::PublishToSubject,
            target,
        )
    }
}

/// What an answer to a publish means. An ack can carry an error (wire-contract §4.5), and where one was asked for but
/// none came, nobody knows.
pub(crate) fn outcome(
    policy: AckPolicy,
    ack: Option<pb::Ack>,
    partition: Option<PartitionId>,
    rpc: Rpc,
    target: Target,
) -> Result<Outcome> {
    let Some(ack) = ack else {
        return match policy {
            AckPolicy::None => Ok(Outcome::Sent),
            AckPolicy::Leader | AckPolicy::All => {
                Err(Error::outcome_unknown(rpc, target, "no ack came"))
            }
        };
    };
    if let Some(kind) = status::of_ack(&ack) {
        return Err(Error::of_kind(kind, rpc, target, "the ack says so"));
    }
    Ok(Outcome::Acked {
        ack: convert::ack(ack),
        partition,
    })
}
