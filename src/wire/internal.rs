//! What Liftbridge's own streams hold: cursors in `__cursors`, events in `__activity`. Reading those streams is
//! `client`'s, writing them is a broker's.

use std::sync::Arc;

use prost::Message as _;

use super::fields::{Fields, Malformed, Value};
use super::pb::{self, ActivityStreamOp};
use super::subscription_decoder::int32;
use crate::model::{ActivityEvent, ActivityKind, CursorEntry, Message, StreamName, Timestamp};

/// The stream that holds cursors (wire-contract §4.8).
pub const CURSORS: &str = "__cursors";

/// The stream that holds events of the cluster (wire-contract §4.10).
pub const ACTIVITY: &str = "__activity";

/// The key under which a cursor is stored, whose CRC-32 finds its partition (wire-contract §4.8).
pub fn cursor_key(id: &str, stream: &str, partition: i32) -> String {
    format!("{id},{stream},{partition}")
}

/// The cursor that a message of `__cursors` holds; `None` where it holds none.
pub fn cursor(message: &Message) -> Option<CursorEntry> {
    read_cursor(message)
        .ok()
        .filter(|entry| !entry.id.is_empty())
}

fn read_cursor(message: &Message) -> Result<CursorEntry, Malformed> {
    let mut entry = CursorEntry {
        id: Arc::from(""),
        stream: Arc::from(""),
        partition: 0,
        offset: 0,
        time: message.timestamp,
        read_at: Timestamp::NEVER,
    };
    let mut fields = Fields::new(&message.value);
    while let Some(field) = fields.next()? {
        match field {
            (1, Value::Bytes(stream)) => entry.stream = Arc::from(text(stream)?),
            (2, Value::Varint(partition)) => entry.partition = int32(partition),
            (3, Value::Bytes(id)) => entry.id = Arc::from(text(id)?),
            (4, Value::Varint(offset)) => entry.offset = offset.cast_signed(),
            _ => {}
        }
    }
    Ok(entry)
}

fn text(bytes: &[u8]) -> Result<&str, Malformed> {
    std::str::from_utf8(bytes).or(Err(Malformed))
}

/// The event that a message of `__activity` holds; `None` where it holds none.
pub fn activity(message: &Message) -> Option<ActivityEvent> {
    let event = pb::ActivityStreamEvent::decode(message.value.clone()).ok()?;
    Some(ActivityEvent {
        id: event.id,
        time: message.timestamp,
        kind: kind(event),
    })
}

fn kind(event: pb::ActivityStreamEvent) -> ActivityKind {
    let op = event.op;
    let known = match ActivityStreamOp::try_from(op) {
        Ok(ActivityStreamOp::CreateStream) => event.create_stream_op.map(created),
        Ok(ActivityStreamOp::DeleteStream) => event.delete_stream_op.map(deleted),
        Ok(ActivityStreamOp::PauseStream) => event.pause_stream_op.map(paused),
        Ok(ActivityStreamOp::ResumeStream) => event.resume_stream_op.map(resumed),
        Ok(ActivityStreamOp::SetStreamReadonly) => event.set_stream_readonly_op.map(readonly),
        Ok(ActivityStreamOp::JoinConsumerGroup) => event.join_consumer_group_op.map(joined),
        Ok(ActivityStreamOp::LeaveConsumerGroup) => event.leave_consumer_group_op.map(left),
        Err(_) => None,
    };
    known.unwrap_or(ActivityKind::Unknown { op })
}

fn created(op: pb::CreateStreamOp) -> ActivityKind {
    ActivityKind::CreateStream {
        stream: StreamName::from(op.stream),
        partitions: op.partitions,
    }
}

fn deleted(op: pb::DeleteStreamOp) -> ActivityKind {
    ActivityKind::DeleteStream {
        stream: StreamName::from(op.stream),
    }
}

fn paused(op: pb::PauseStreamOp) -> ActivityKind {
    ActivityKind::PauseStream {
        stream: StreamName::from(op.stream),
        partitions: op.partitions,
        resume_all: op.resume_all,
    }
}

fn resumed(op: pb::ResumeStreamOp) -> ActivityKind {
    ActivityKind::ResumeStream {
        stream: StreamName::from(op.stream),
        partitions: op.partitions,
    }
}

fn readonly(op: pb::SetStreamReadonlyOp) -> ActivityKind {
    ActivityKind::SetReadonly {
        stream: StreamName::from(op.stream),
        partitions: op.partitions,
        readonly: op.readonly,
    }
}

fn joined(op: pb::JoinConsumerGroupOp) -> ActivityKind {
    ActivityKind::JoinGroup {
        group: op.group_id,
        consumer: op.consumer_id,
        streams: op.streams.into_iter().map(StreamName::from).collect(),
    }
}

fn left(op: pb::LeaveConsumerGroupOp) -> ActivityKind {
    ActivityKind::LeaveGroup {
        group: op.group_id,
        consumer: op.consumer_id,
        expired: op.expired,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Timestamp;

    fn holding(value: Vec<u8>) -> Message {
        Message {
            value: value.into(),
            timestamp: Timestamp(5),
            ..Message::default()
        }
    }

    #[test]
    fn a_cursor_is_read_by_field_numbers() {
        // stream = "s5", partition = 1, cursorId = "id", offset = 300
        let record = b"\x0a\x02s5\x10\x01\x1a\x02id\x20\xac\x02".to_vec();
        let entry = cursor(&holding(record)).unwrap();
        assert_eq!((&*entry.stream, entry.partition), ("s5", 1));
        assert_eq!(
            (&*entry.id, entry.offset, entry.time),
            ("id", 300, Timestamp(5))
        );
        assert_eq!(cursor(&holding(b"\x0a\x09".to_vec())), None);
        assert_eq!(cursor(&holding(Vec::new())), None);
    }

    #[test]
    fn the_first_kind_of_event_has_no_number_on_the_wire() {
        // id = 5, createStreamOp = { stream = "a", partitions = [0, 1] }
        let event = activity(&holding(
            b"\x08\x05\x1a\x07\x0a\x01a\x12\x02\x00\x01".to_vec(),
        ));
        let stream = StreamName::from("a");
        let partitions = vec![0, 1];
        let kind = ActivityKind::CreateStream { stream, partitions };
        assert_eq!(event.unwrap().kind, kind);
        let unknown = activity(&holding(b"\x08\x06\x10\x63".to_vec())).unwrap();
        assert_eq!(unknown.kind, ActivityKind::Unknown { op: 99 });
    }
}
