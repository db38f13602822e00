//! The activity stream: what changed, as events in the order in which it was agreed on (wire-contract §4.10).
//! What the changes do is said where they are made.

use bytes::Bytes;
use prost::Message;

use super::cluster::Cluster;
use super::pending_acks::Publication;
use super::state::ClusterState;
use super::subject::NAMESPACE;
use crate::wire::pb;
use pb::ActivityStreamOp as Op;

/// The name of the activity stream.
pub(super) const ACTIVITY: &str = "__activity";

/// Something that was agreed on.
#[derive(Clone, Debug)]
pub(super) enum ClusterChange {
    Create {
        stream: String,
        partitions: Vec<i32>,
    },
    Delete {
        stream: String,
    },
    Pause {
        stream: String,
        partitions: Vec<i32>,
        resume_all: bool,
    },
    Resume {
        stream: String,
        partitions: Vec<i32>,
    },
    Readonly {
        stream: String,
        partitions: Vec<i32>,
        readonly: bool,
    },
    Join {
        group_id: String,
        consumer_id: String,
        streams: Vec<String>,
    },
    Leave {
        group_id: String,
        consumer_id: String,
        expired: bool,
    },
}

impl ClusterChange {
    fn op(&self) -> Op {
        match self {
            Self::Create { .. } => Op::CreateStream,
            Self::Delete { .. } => Op::DeleteStream,
            Self::Pause { .. } => Op::PauseStream,
            Self::Resume { .. } => Op::ResumeStream,
            Self::Readonly { .. } => Op::SetStreamReadonly,
            Self::Join { .. } => Op::JoinConsumerGroup,
            Self::Leave { .. } => Op::LeaveConsumerGroup,
        }
    }

    fn event(self, id: u64) -> pb::ActivityStreamEvent {
        let op = self.op().into();
        let mut event = pb::ActivityStreamEvent {
            id,
            op,
            ..Default::default()
        };
        match self {
            Self::Create { stream, partitions } => {
                event.create_stream_op = Some(pb::CreateStreamOp { stream, partitions });
            }
            Self::Delete { stream } => event.delete_stream_op = Some(pb::DeleteStreamOp { stream }),
            Self::Pause {
                stream,
                partitions,
                resume_all,
            } => {
                event.pause_stream_op = Some(pb::PauseStreamOp {
                    stream,
                    partitions,
                    resume_all,
                });
            }
            Self::Resume { stream, partitions } => {
                event.resume_stream_op = Some(pb::ResumeStreamOp { stream, partitions });
            }
            Self::Readonly {
                stream,
                partitions,
                readonly,
            } => {
                let op = pb::SetStreamReadonlyOp {
                    stream,
                    partitions,
                    readonly,
                };
                event.set_stream_readonly_op = Some(op);
            }
            Self::Join {
                group_id,
                consumer_id,
                streams,
            } => {
                let op = pb::JoinConsumerGroupOp {
                    group_id,
                    consumer_id,
                    streams,
                };
                event.join_consumer_group_op = Some(op);
            }
            Self::Leave {
                group_id,
                consumer_id,
                expired,
            } => {
                let op = pb::LeaveConsumerGroupOp {
                    group_id,
                    consumer_id,
                    expired,
                };
                event.leave_consumer_group_op = Some(op);
            }
        }
        event
    }
}

/// The subject of an internal stream: its name without the underscores, in the servers' namespace.
pub(super) fn internal_subject(stream: &str) -> String {
    format!("{NAMESPACE}.{}", stream.trim_start_matches('_'))
}

impl Cluster {
    /// Gives a change its place in the cluster's log, publishes it, and answers that place.
    pub(super) fn log_change(&self, state: &mut ClusterState, change: ClusterChange) -> u64 {
        let id = state.next_index();
        if state.streams.contains_key(ACTIVITY) {
            state
                .unpublished
                .push_back(change.event(id).encode_to_vec().into());
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
        let alive = self.live_brokers();
        while partition.accepts(alive) {
            let Some(value) = state.unpublished.pop_front() else {
                return;
            };
            if partition.append(&event(&partition.subject, value), alive) {
                self.queue_fetch(&partition);
            }
        }
    }
}

fn event(subject: &str, value: Bytes) -> Publication<'_> {
    Publication {
        subject,
        value,
        expected_offset: -1,
        ..Publication::default()
    }
}
