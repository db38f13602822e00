//! The activity stream: what changed, as events in the order in which it was agreed on (wire-contract §4.10).

use std::borrow::Cow;

use prost::Message;

use super::cluster::Cluster;
use super::cluster_state::ClusterState;
use super::pending_acks::Publication;
use super::subject::NAMESPACE;
use crate::wire::pb;
use pb::ActivityStreamOp as Op;

/// The name of the activity stream.
pub(super) const ACTIVITY: &str = "__activity";

/// Something that was agreed on.
#[derive(Clone, Debug)]
pub(super) enum ClusterChange {
    Create(pb::CreateStreamOp),
    Delete(pb::DeleteStreamOp),
    Pause(pb::PauseStreamOp),
    Resume(pb::ResumeStreamOp),
    Readonly(pb::SetStreamReadonlyOp),
    Join(pb::JoinConsumerGroupOp),
    Leave(pb::LeaveConsumerGroupOp),
}

impl ClusterChange {
    fn event(self, id: u64) -> pb::ActivityStreamEvent {
        let mut event = pb::ActivityStreamEvent {
            id,
            ..Default::default()
        };
        let op = match self {
            Self::Create(op) => {
                event.create_stream_op = Some(op);
                Op::CreateStream
            }
            Self::Delete(op) => {
                event.delete_stream_op = Some(op);
                Op::DeleteStream
            }
            Self::Pause(op) => {
                event.pause_stream_op = Some(op);
                Op::PauseStream
            }
            Self::Resume(op) => {
                event.resume_stream_op = Some(op);
                Op::ResumeStream
            }
            Self::Readonly(op) => {
                event.set_stream_readonly_op = Some(op);
                Op::SetStreamReadonly
            }
            Self::Join(op) => {
                event.join_consumer_group_op = Some(op);
                Op::JoinConsumerGroup
            }
            Self::Leave(op) => {
                event.leave_consumer_group_op = Some(op);
                Op::LeaveConsumerGroup
            }
        };
        event.set_op(op);
        event
    }
}

/// The subject of an internal stream: its name without the underscores, in the servers' namespace.
pub(super) fn internal_subject(stream: &str) -> String {
    format!("{NAMESPACE}.{}", stream.trim_start_matches('_'))
}

impl Cluster {
    /// Gives a change its place in the cluster's log, publishes it, and returns that place.
    pub(super) fn log_change(&self, state: &mut ClusterState, change: ClusterChange) -> u64 {
        let id = state.next_index();
        if state.streams.contains_key(ACTIVITY) {
            let event = change.event(id).encode_to_vec();
            state.unpublished.push_back(event.into());
            self.publish_events(state);
        }
        id
    }

    /// Publishes events that no leader of the activity stream could take so far.
    pub(super) fn publish_activity(&self) {
        let mut state = self.lock();
        if !state.unpublished.is_empty() {
            self.publish_events(&mut state);
        }
    }

    fn publish_events(&self, state: &mut ClusterState) {
        let Some(partition) = state.partition(ACTIVITY, 0) else {
            return;
        };
        let live = self.live_brokers();
        while partition.is_led(live) {
            let Some(value) = state.unpublished.pop_front() else {
                return;
            };
            let event = Publication {
                subject: Cow::Borrowed(&*partition.subject),
                value,
                expected_offset: -1,
                ..Publication::default()
            };
            if partition.append(&event, live) {
                self.queue_fetch(&partition);
            }
        }
    }
}
