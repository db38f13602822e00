//! Protobuf as the recordings have it: JSON without defaults, and without what differs from run to run.
//! Times are TS, inboxes INBOX, brokers BROKER; lists of brokers are their lengths.

use std::collections::HashMap;

use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use liftui::wire::pb;
use serde_json::{Map, Value, json};

/// A message of the API as the recordings write it.
pub(super) trait Plain {
    /// The fields that are not at their defaults.
    fn plain(&self) -> Value;
}

/// A JSON object that leaves out what is empty, as protobuf's JSON does.
#[derive(Default)]
struct Fields(Map<String, Value>);

impl Fields {
    fn with(mut self, name: &str, value: Value, is_default: bool) -> Self {
        if !is_default {
            self.0.insert(name.to_owned(), value);
        }
        self
    }

    fn text(self, name: &str, text: &str) -> Self {
        self.with(name, json!(text), text.is_empty())
    }

    fn long(self, name: &str, number: i64) -> Self {
        self.with(name, json!(number.to_string()), number == 0)
    }

    fn int(self, name: &str, number: i32) -> Self {
        self.with(name, json!(number), number == 0)
    }

    fn flag(self, name: &str, flag: bool) -> Self {
        self.with(name, json!(flag), !flag)
    }

    fn name(self, field: &str, name: &str, number: i32) -> Self {
        self.with(field, json!(name), number == 0)
    }

    fn time(self, name: &str, nanos: i64) -> Self {
        self.with(name, json!("TS"), nanos == 0)
    }

    fn broker(self, name: &str, id: &str) -> Self {
        let known = if id.starts_with("demo-") {
            "BROKER"
        } else {
            id
        };
        self.text(name, known)
    }

    fn bytes(self, name: &str, bytes: &[u8]) -> Self {
        self.text(name, &STANDARD.encode(bytes))
    }

    fn nested(self, name: &str, message: Option<Value>) -> Self {
        let missing = message.is_none();
        self.with(name, message.unwrap_or_default(), missing)
    }

    fn list(self, name: &str, items: Vec<Value>) -> Self {
        let empty = items.is_empty();
        self.with(name, Value::Array(items), empty)
    }

    fn done(self) -> Value {
        Value::Object(self.0)
    }
}

/// Answers that carry nothing.
macro_rules! empty {
    ($($name:ident),*) => {
        $(impl Plain for pb::$name {
            fn plain(&self) -> Value {
                json!({})
            }
        })*
    };
}

empty!(
    CreateStreamResponse,
    DeleteStreamResponse,
    PauseStreamResponse,
    SetStreamReadonlyResponse,
    SetCursorResponse,
    LeaveConsumerGroupResponse
);

impl Plain for pb::FetchMetadataResponse {
    fn plain(&self) -> Value {
        let mut streams: Vec<&pb::StreamMetadata> = self.stream_metadata.iter().collect();
        streams.retain(|stream| !stream.name.starts_with("__"));
        streams.sort_by_key(|stream| &stream.name);
        let streams: Vec<Value> = streams.into_iter().map(Plain::plain).collect();
        let groups = self.group_metadata.iter().map(Plain::plain).collect();
        Fields::default()
            .with("brokers", json!(self.brokers.len()), false)
            .with(
                "streamMetadata",
                Value::Array(streams),
                self.stream_metadata.is_empty(),
            )
            .list("groupMetadata", groups)
            .done()
    }
}

impl Plain for pb::StreamMetadata {
    fn plain(&self) -> Value {
        let partition = |(id, metadata): (&i32, &pb::PartitionMetadata)| {
            let mut plain = metadata.plain();
            // Receive times exist on a partition's leader alone.
            plain
                .as_object_mut()
                .unwrap()
                .remove("messagesReceivedTimestamps");
            (id.to_string(), plain)
        };
        let partitions: Map<String, Value> = self.partitions.iter().map(partition).collect();
        let none = partitions.is_empty();
        Fields::default()
            .text("name", &self.name)
            .text("subject", &self.subject)
            .name("error", self.error().as_str_name(), self.error)
            .with("partitions", Value::Object(partitions), none)
            .time("creationTimestamp", self.creation_timestamp)
            .done()
    }
}

impl Plain for pb::PartitionMetadata {
    fn plain(&self) -> Value {
        let times = |times: &Option<pb::PartitionEventTimestamps>| {
            times.as_ref().map(|times| {
                Fields::default()
                    .time("firstTimestamp", times.first_timestamp)
                    .time("latestTimestamp", times.latest_timestamp)
                    .done()
            })
        };
        Fields::default()
            .int("id", self.id)
            .broker("leader", &self.leader)
            .with(
                "replicas",
                json!(self.replicas.len()),
                self.replicas.is_empty(),
            )
            .with("isr", json!(self.isr.len()), self.isr.is_empty())
            .long("highWatermark", self.high_watermark)
            .long("newestOffset", self.newest_offset)
            .flag("paused", self.paused)
            .flag("readonly", self.readonly)
            .nested(
                "messagesReceivedTimestamps",
                times(&self.messages_received_timestamps),
            )
            .nested("pauseTimestamps", times(&self.pause_timestamps))
            .nested("readonlyTimestamps", times(&self.readonly_timestamps))
            .done()
    }
}

impl Plain for pb::FetchPartitionMetadataResponse {
    fn plain(&self) -> Value {
        let metadata = self.metadata.as_ref().map(Plain::plain);
        Fields::default().nested("metadata", metadata).done()
    }
}

impl Plain for pb::ConsumerGroupMetadata {
    fn plain(&self) -> Value {
        Fields::default()
            .text("groupId", &self.group_id)
            .name("error", self.error().as_str_name(), self.error)
            .broker("coordinator", &self.coordinator)
            .long("epoch", i64::try_from(self.epoch).unwrap())
            .done()
    }
}

impl Plain for pb::Ack {
    fn plain(&self) -> Value {
        let inbox = if self.ack_inbox.is_empty() {
            ""
        } else {
            "INBOX"
        };
        Fields::default()
            .text("stream", &self.stream)
            .text("partitionSubject", &self.partition_subject)
            .text("msgSubject", &self.msg_subject)
            .long("offset", self.offset)
            .text("ackInbox", inbox)
            .text("correlationId", &self.correlation_id)
            .name(
                "ackPolicy",
                self.ack_policy().as_str_name(),
                self.ack_policy,
            )
            .time("receptionTimestamp", self.reception_timestamp)
            .time("commitTimestamp", self.commit_timestamp)
            .name("ackError", self.ack_error().as_str_name(), self.ack_error)
            .done()
    }
}

impl Plain for pb::PublishResponse {
    fn plain(&self) -> Value {
        let error = self.async_error.as_ref().map(|error| {
            Fields::default()
                .name("code", error.code().as_str_name(), error.code)
                .text("message", &error.message)
                .done()
        });
        Fields::default()
            .nested("ack", self.ack.as_ref().map(Plain::plain))
            .nested("asyncError", error)
            .text("correlationId", &self.correlation_id)
            .done()
    }
}

impl Plain for pb::PublishToSubjectResponse {
    fn plain(&self) -> Value {
        Fields::default()
            .nested("ack", self.ack.as_ref().map(Plain::plain))
            .done()
    }
}

impl Plain for pb::Message {
    fn plain(&self) -> Value {
        let header = |(name, value): (&String, &Bytes)| {
            let value = if name == "reply" {
                "INTERNAL".to_owned()
            } else {
                STANDARD.encode(value)
            };
            (name.clone(), value)
        };
        let headers: HashMap<String, String> = self.headers.iter().map(header).collect();
        Fields::default()
            .long("offset", self.offset)
            .bytes("key", &self.key)
            .bytes("value", &self.value)
            .time("timestamp", self.timestamp)
            .text("stream", &self.stream)
            .int("partition", self.partition)
            .text("subject", &self.subject)
            .text("replySubject", &self.reply_subject)
            .with("headers", json!(headers), headers.is_empty())
            .text("ackInbox", &self.ack_inbox)
            .text("correlationId", &self.correlation_id)
            .name(
                "ackPolicy",
                self.ack_policy().as_str_name(),
                self.ack_policy,
            )
            .done()
    }
}

impl Plain for pb::FetchCursorResponse {
    fn plain(&self) -> Value {
        Fields::default().long("offset", self.offset).done()
    }
}

impl Plain for pb::JoinConsumerGroupResponse {
    fn plain(&self) -> Value {
        Fields::default()
            .broker("coordinator", &self.coordinator)
            .long("epoch", i64::try_from(self.epoch).unwrap())
            .long("consumerTimeout", self.consumer_timeout)
            .long("coordinatorTimeout", self.coordinator_timeout)
            .done()
    }
}

impl Plain for pb::FetchConsumerGroupAssignmentsResponse {
    fn plain(&self) -> Value {
        let assignment = |assignment: &pb::PartitionAssignment| json!({ "stream": assignment.stream, "partitions": assignment.partitions });
        Fields::default()
            .long("epoch", i64::try_from(self.epoch).unwrap())
            .list(
                "assignments",
                self.assignments.iter().map(assignment).collect(),
            )
            .done()
    }
}

impl Plain for pb::ActivityStreamEvent {
    /// Its id is a place in a log that differs from run to run.
    fn plain(&self) -> Value {
        let stream = |stream: &str| Fields::default().text("stream", stream);
        let sorted = |partitions: &[i32]| {
            let mut partitions = partitions.to_vec();
            partitions.sort_unstable();
            json!(partitions)
        };
        let with = |name: &str, partitions: &[i32]| {
            stream(name).with("partitions", sorted(partitions), partitions.is_empty())
        };
        let create = self.create_stream_op.as_ref();
        let delete = self.delete_stream_op.as_ref();
        let pause = self.pause_stream_op.as_ref();
        let resume = self.resume_stream_op.as_ref();
        let readonly = self.set_stream_readonly_op.as_ref();
        let member = |group: &str, consumer: &str| {
            Fields::default()
                .text("groupId", group)
                .text("consumerId", consumer)
        };
        let join = self.join_consumer_group_op.as_ref();
        let leave = self.leave_consumer_group_op.as_ref();
        Fields::default()
            .name("op", self.op().as_str_name(), self.op)
            .nested(
                "createStreamOp",
                create.map(|op| with(&op.stream, &op.partitions).done()),
            )
            .nested("deleteStreamOp", delete.map(|op| stream(&op.stream).done()))
            .nested(
                "pauseStreamOp",
                pause.map(|op| {
                    with(&op.stream, &op.partitions)
                        .flag("resumeAll", op.resume_all)
                        .done()
                }),
            )
            .nested(
                "resumeStreamOp",
                resume.map(|op| with(&op.stream, &op.partitions).done()),
            )
            .nested(
                "setStreamReadonlyOp",
                readonly.map(|op| {
                    with(&op.stream, &op.partitions)
                        .flag("readonly", op.readonly)
                        .done()
                }),
            )
            .nested(
                "joinConsumerGroupOp",
                join.map(|op| {
                    let streams = op.streams.iter().map(|name| json!(name)).collect();
                    member(&op.group_id, &op.consumer_id)
                        .list("streams", streams)
                        .done()
                }),
            )
            .nested(
                "leaveConsumerGroupOp",
                leave.map(|op| {
                    member(&op.group_id, &op.consumer_id)
                        .flag("expired", op.expired)
                        .done()
                }),
            )
            .done()
    }
}
