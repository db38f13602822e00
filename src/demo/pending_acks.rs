//! Messages on their way to partitions, and the acks that come back: at once, or when all in-sync replicas have them.
//! Whether a partition stores a message is decided in `partition.rs`.

use std::borrow::Cow;
use std::collections::{HashMap, VecDeque};

use bytes::Bytes;
use tokio::sync::mpsc;

use super::partition::Partition;
use crate::model::Timestamp;
use crate::wire::pb;

/// Where acks of one publisher go.
pub(super) type AckSender = mpsc::UnboundedSender<pb::Ack>;

/// A message on its way to the partitions that listen on its subject.
#[derive(Clone, Debug, Default)]
pub(super) struct Publication<'a> {
    pub(super) subject: Cow<'a, str>,
    pub(super) reply: Cow<'a, str>,
    pub(super) key: Bytes,
    pub(super) value: Bytes,
    pub(super) headers: HashMap<String, Bytes>,
    pub(super) ack_inbox: String,
    pub(super) correlation_id: String,
    pub(super) policy: pb::AckPolicy,
    pub(super) expected_offset: i64,
    /// None where nobody waits for an ack.
    pub(super) acks: Option<AckSender>,
    /// When it was received, where that is not now.
    pub(super) received: Option<Timestamp>,
}

impl Publication<'_> {
    /// The message as it waits for a broker that is stopped.
    pub(super) fn to_static(&self) -> Publication<'static> {
        Publication {
            subject: Cow::Owned(self.subject.clone().into_owned()),
            reply: Cow::Owned(self.reply.clone().into_owned()),
            key: self.key.clone(),
            value: self.value.clone(),
            headers: self.headers.clone(),
            ack_inbox: self.ack_inbox.clone(),
            correlation_id: self.correlation_id.clone(),
            policy: self.policy,
            expected_offset: self.expected_offset,
            acks: self.acks.clone(),
            received: self.received,
        }
    }

    /// The ack for a message stored at that offset and time. It names the stream's own subject as the partition's, and no
    /// partition number (wire-contract §4.3).
    pub(super) fn ack(
        &self,
        from: &Partition,
        (offset, received): (i64, i64),
        error: pb::ack::Error,
    ) -> pb::Ack {
        pb::Ack {
            stream: from.stream.name.clone(),
            partition_subject: from.stream.subject.clone(),
            msg_subject: self.subject.clone().into_owned(),
            offset,
            ack_inbox: self.ack_inbox.clone(),
            correlation_id: self.correlation_id.clone(),
            ack_policy: self.policy.into(),
            reception_timestamp: received,
            commit_timestamp: 0,
            ack_error: error.into(),
        }
    }

    /// Sends an ack now.
    pub(super) fn send_ack(&self, ack: pb::Ack) {
        if let Some(acks) = &self.acks {
            send(acks, ack);
        }
    }
}

/// An ack carries the time it was sent as its commit time, whatever its policy (wire-contract §4.3).
fn send(acks: &AckSender, mut ack: pb::Ack) {
    ack.commit_timestamp = Timestamp::now().0;
    // A publisher that left reads no acks.
    acks.send(ack).ok();
}

/// The acks of one partition that wait for the high watermark, by offset.
#[derive(Debug, Default)]
pub(super) struct PendingAcks(VecDeque<(pb::Ack, AckSender)>);

impl PendingAcks {
    /// Acks a stored message as its policy says: never, at once, or when it is committed.
    pub(super) fn ack_or_wait(&mut self, ack: pb::Ack, publication: &Publication<'_>) {
        match (publication.policy, &publication.acks) {
            (pb::AckPolicy::None, _) | (_, None) => {}
            (pb::AckPolicy::Leader, Some(acks)) => send(acks, ack),
            (pb::AckPolicy::All, Some(acks)) => self.0.push_back((ack, acks.clone())),
        }
    }

    /// Sends what is committed up to that offset.
    pub(super) fn send_committed(&mut self, committed: i64) {
        let committed = self.0.partition_point(|(ack, _)| ack.offset <= committed);
        for (ack, acks) in self.0.drain(..committed) {
            send(&acks, ack);
        }
    }

    /// Drops them: the leader that kept them is gone.
    pub(super) fn clear(&mut self) {
        self.0.clear();
    }
}
