//! What a server's refusal means: the one table of codes and texts of wire-contract §4.
//! Failures of the transport, which no server sent, are told apart in `client::transport`.

mod nested;

use tonic::Code;

use super::pb;
use super::rpc::Rpc;
use crate::model::ErrorKind;

/// What a status says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meaning {
    /// The request failed.
    Failed(ErrorKind),
    /// A subscription delivered its stop offset, or the newest one of a readonly partition.
    StopReached,
    /// A subscription came to the end of a readonly partition.
    ReadonlyEnd,
    /// A subscription's stop lies before its start: nothing is in between. A readonly partition stops at its newest
    /// message and so answers this to whoever begins behind it.
    StopBeforeStart,
    /// The log holds nothing where a subscription asked for it.
    EmptyRange,
    /// A subscription that reads backwards came to the oldest message.
    OldestReached,
    /// The server lost its place in the log: it shuts down, or retention or compaction took the segment that it was
    /// reading. Another subscription reads on.
    ReaderLost,
    /// No segment could be opened: the partition is paused, or compaction is replacing the segment. Its leader tells.
    SegmentClosed,
}

/// How a row's text is compared with the server's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Text {
    /// The whole text.
    Is(&'static str),
    /// What comes before a name or number.
    Begins(&'static str),
}

/// One row of the contract: which call, which code and text, what it means.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// Section of wire-contract.md.
    pub section: &'static str,
    /// Calls that answer so; none named: any call.
    pub rpcs: &'static [Rpc],
    /// The code.
    pub code: Code,
    /// The text.
    pub text: Text,
    /// The meaning.
    pub meaning: Meaning,
}

impl Row {
    fn matches(&self, rpc: Rpc, code: Code, text: &str) -> bool {
        let of_call = self.rpcs.is_empty() || self.rpcs.contains(&rpc);
        let same_text = match self.text {
            Is(whole) => text == whole,
            Begins(start) => text.starts_with(start),
        };
        of_call && self.code == code && same_text
    }
}

const fn row(
    section: &'static str,
    rpcs: &'static [Rpc],
    code: Code,
    text: Text,
    kind: ErrorKind,
) -> Row {
    let meaning = Meaning::Failed(kind);
    Row {
        section,
        rpcs,
        code,
        text,
        meaning,
    }
}

const fn end(code: Code, text: Text, meaning: Meaning) -> Row {
    Row {
        section: "4.6",
        rpcs: SUBSCRIBE,
        code,
        text,
        meaning,
    }
}

use ErrorKind as K;
use Text::{Begins, Is};

const ANY: &[Rpc] = &[];
const AGREED: &[Rpc] = &Rpc::AGREED;
const CREATE: &[Rpc] = &[Rpc::CreateStream];
const DELETE: &[Rpc] = &[Rpc::DeleteStream];
const PAUSE: &[Rpc] = &[Rpc::PauseStream, Rpc::SetStreamReadonly];
const PUBLISH: &[Rpc] = &[Rpc::Publish, Rpc::PublishAsync, Rpc::PublishToSubject];
const SUBSCRIBE: &[Rpc] = &[Rpc::Subscribe];
const PARTITION: &[Rpc] = &[Rpc::FetchPartitionMetadata];
const CURSOR: &[Rpc] = &[Rpc::SetCursor, Rpc::FetchCursor];
const JOIN: &[Rpc] = &[Rpc::JoinConsumerGroup];
const MEMBER: &[Rpc] = &[Rpc::LeaveConsumerGroup, Rpc::FetchConsumerGroupAssignments];
const ASSIGN: &[Rpc] = &[Rpc::FetchConsumerGroupAssignments];
const REPORT: &[Rpc] = &[Rpc::ReportConsumerGroupCoordinator];

/// The table, first match first.
#[rustfmt::skip]
pub const ROWS: &[Row] = &[
    row("4.1", CREATE, Code::InvalidArgument, Is("Name cannot be empty"), K::InvalidArgument),
    row("4.1", CREATE, Code::InvalidArgument, Is("Subject is invalid"), K::InvalidArgument),
    row("4.1", ANY, Code::InvalidArgument, Is("Stream is reserved"), K::ReservedStream),
    row("4.1", CREATE, Code::FailedPrecondition, Begins("Failed on preconditions for stream's encryption handler"), K::EncryptionFailed),
    row("4.1", CREATE, Code::InvalidArgument, Begins("Invalid replicationFactor"), K::InvalidArgument),
    row("4.1", CREATE, Code::AlreadyExists, Is("stream already exists"), K::StreamExists),
    row("4.1", AGREED, Code::Internal, Is("no known metadata leader"), K::NoMetadataLeader),
    row("4.1", AGREED, Code::Internal, Is("nats: no responders available for request"), K::NoMetadataLeader),
    row("4.1", AGREED, Code::Internal, Begins("Failed to replicate partition"), K::OutcomeUnknown),
    row("4.1", DELETE, Code::NotFound, Is("stream does not exist"), K::NoSuchStream),
    row("4.2", PAUSE, Code::NotFound, Is("stream not found"), K::NoSuchStream),
    row("4.2", PAUSE, Code::NotFound, Is("stream does not exist"), K::NoSuchStream),
    row("4.2", PAUSE, Code::NotFound, Is("partition does not exist"), K::NoSuchPartition),
    row("4.3", PUBLISH, Code::InvalidArgument, Is("no stream provided"), K::InvalidArgument),
    row("4.3", PUBLISH, Code::NotFound, Begins("no such stream"), K::NoSuchStream),
    row("4.3", PUBLISH, Code::NotFound, Begins("no such partition"), K::NoSuchPartition),
    row("4.3", PUBLISH, Code::FailedPrecondition, Begins("readonly partition"), K::ReadonlyPartition),
    row("4.3", PUBLISH, Code::InvalidArgument, Is("stream with concurrency control must have AckPolicy set"), K::AckPolicyRequired),
    row("4.3", PUBLISH, Code::Unknown, Is("incorrect expected offset"), K::IncorrectOffset),
    row("4.3", PUBLISH, Code::Unknown, Is("failed to publish to NATS: nats: maximum payload exceeded"), K::TooLarge),
    row("4.3", PUBLISH, Code::InvalidArgument, Is("message exceeds max replication size"), K::TooLarge),
    row("4.3", PUBLISH, Code::Internal, Is("encryption failed on partition"), K::EncryptionFailed),
    row("4.3", PUBLISH, Code::Unknown, Is("unknown error"), K::Server),
    row("4.3", ANY, Code::DeadlineExceeded, Is("context deadline exceeded"), K::Timeout),
    row("4.4", PUBLISH, Code::Internal, Begins("failed to resume stream"), K::PartitionPaused),
    row("4.5", PUBLISH, Code::Unknown, Is("failed to publish to NATS: nats: invalid subject"), K::InvalidArgument),
    row("4.6", SUBSCRIBE, Code::NotFound, Is("No such partition"), K::NoSuchPartition),
    row("4.6", SUBSCRIBE, Code::FailedPrecondition, Is("Server not partition leader"), K::NotLeader),
    row("4.6", SUBSCRIBE, Code::InvalidArgument, Is("Consumer id cannot be empty when group id is provided"), K::InvalidArgument),
    row("4.6", SUBSCRIBE, Code::InvalidArgument, Is("Consumer groups not compatible with ReadISRReplica"), K::InvalidArgument),
    row("4.6", SUBSCRIBE, Code::FailedPrecondition, Is("Consumer is not currently assigned this partition"), K::Fenced),
    row("4.6", SUBSCRIBE, Code::InvalidArgument, Begins("Unknown StartPosition"), K::InvalidArgument),
    row("4.6", SUBSCRIBE, Code::InvalidArgument, Begins("Unknown StopPosition"), K::InvalidArgument),
    end(Code::InvalidArgument, Begins("Stop offset is before start offset"), Meaning::StopBeforeStart),
    end(Code::ResourceExhausted, Is("Stream is empty"), Meaning::EmptyRange),
    end(Code::Internal, Is("Failed to lookup offset for timestamp: timestamp is before the beginning of the log"), Meaning::EmptyRange),
    end(Code::Internal, Is("Failed to lookup offset for timestamp: failed to find log segment for timestamp: EOF"), Meaning::EmptyRange),
    end(Code::Internal, Is("Failed to create stream reader: segment has been closed"), Meaning::SegmentClosed),
    end(Code::Internal, Is("Failed to lookup offset for timestamp: failed to find log segment for timestamp: segment has been closed"), Meaning::SegmentClosed),
    end(Code::Internal, Is("Failed to create stream reader: segment not found"), Meaning::EmptyRange),
    row("4.6", SUBSCRIBE, Code::Internal, Begins("Failed to create stream reader"), K::LogUnreadable),
    row("4.6", SUBSCRIBE, Code::Internal, Begins("Failed to lookup offset for timestamp"), K::LogUnreadable),
    row("4.6", SUBSCRIBE, Code::Internal, Begins("Failed to resume stream"), K::PartitionPaused),
    row("4.6", SUBSCRIBE, Code::FailedPrecondition, Is("commit log was closed"), K::PartitionPaused),
    end(Code::Internal, Is("commit log was closed"), Meaning::ReaderLost),
    end(Code::Unknown, Begins("failed to read message headers"), Meaning::ReaderLost),
    end(Code::Unknown, Begins("failed to ready message payload"), Meaning::ReaderLost),
    end(Code::Unknown, Begins("failed to reinitialize reader"), Meaning::ReaderLost),
    end(Code::Unknown, Is("segment has been closed"), Meaning::ReaderLost),
    end(Code::Unknown, Is("segment not found"), Meaning::ReaderLost),
    end(Code::Unknown, Is("entry not found"), Meaning::ReaderLost),
    end(Code::Unknown, Is("no segment to consume"), Meaning::ReaderLost),
    row("4.6", SUBSCRIBE, Code::NotFound, Is("commit log was deleted"), K::StreamDeleted),
    end(Code::ResourceExhausted, Is("End of readonly partition"), Meaning::ReadonlyEnd),
    end(Code::ResourceExhausted, Is("Stop offset reached"), Meaning::StopReached),
    end(Code::Unknown, Is("EOF"), Meaning::OldestReached),
    row("4.7", PARTITION, Code::NotFound, Is("partition not found"), K::NoSuchPartition),
    row("4.7", PARTITION, Code::FailedPrecondition, Is("The request should be sent to partition leader"), K::NotLeader),
    row("4.8", CURSOR, Code::InvalidArgument, Is("No stream provided"), K::InvalidArgument),
    row("4.8", CURSOR, Code::InvalidArgument, Is("No cursorId provided"), K::InvalidArgument),
    row("4.8", CURSOR, Code::Internal, Is("Cursors stream does not exist"), K::CursorsDisabled),
    row("4.8", CURSOR, Code::FailedPrecondition, Begins("Server not leader for cursors partition"), K::NotLeader),
    row("4.8", CURSOR, Code::FailedPrecondition, Is("Server not cursor partition leader"), K::NotLeader),
    row("4.8", CURSOR, Code::Internal, Begins("Cursors partition "), K::CursorsDisabled),
    row("4.8", CURSOR, Code::Internal, Is("context deadline exceeded"), K::Timeout),
    row("4.9", ANY, Code::Unknown, Begins("The client is not authorized to call"), K::PermissionDenied),
    row("4.9", ANY, Code::Unknown, Begins("api: Failed to retrieve client ID"), K::PermissionDenied),
    row("4.11", ANY, Code::InvalidArgument, Is("No groupId provided"), K::InvalidArgument),
    row("4.11", ANY, Code::InvalidArgument, Is("No consumerId provided"), K::InvalidArgument),
    row("4.11", JOIN, Code::InvalidArgument, Is("No streams provided"), K::InvalidArgument),
    row("4.11", REPORT, Code::InvalidArgument, Is("No coordinator provided"), K::InvalidArgument),
    row("4.11", JOIN, Code::FailedPrecondition, Is("stream does not exist"), K::NoSuchStream),
    row("4.11", JOIN, Code::FailedPrecondition, Is("consumer is already a member of the consumer group"), K::AlreadyMember),
    row("4.11", MEMBER, Code::NotFound, Is("consumer group does not exist"), K::NoSuchGroup),
    row("4.11", MEMBER, Code::FailedPrecondition, Is("consumer is not a member of the consumer group"), K::NotMember),
    row("4.11", ASSIGN, Code::FailedPrecondition, Is("broker is not the consumer group coordinator"), K::NotCoordinator),
    row("4.11", ASSIGN, Code::FailedPrecondition, Is("client-provided group epoch differs from broker group epoch"), K::EpochMismatch),
    row("4.11", REPORT, Code::FailedPrecondition, Begins("No such consumer group"), K::NoSuchGroup),
    row("4.11", REPORT, Code::FailedPrecondition, Begins("Coordinator generation mismatch"), K::EpochMismatch),
    row("4.11", REPORT, Code::FailedPrecondition, Begins("Consumer "), K::NotMember),
    row("4.11", REPORT, Code::FailedPrecondition, Is("No group coordinator candidates"), K::Server),
    row("2", ANY, Code::ResourceExhausted, Begins("grpc: received message larger than max"), K::TooLarge),
];

/// What a status that a server sent means. Where no row fits, the code alone decides.
pub fn of_status(rpc: Rpc, code: Code, text: &str) -> Meaning {
    if code == Code::Internal
        && let Some(kind) = agreement_failure(rpc, text)
    {
        return Meaning::Failed(kind);
    }
    if let Some((code, text)) = nested::status_in(text) {
        return nested::meaning(rpc, code, text);
    }
    let found = ROWS.iter().find(|row| row.matches(rpc, code, text));
    found.map_or_else(|| Meaning::Failed(of_code(code)), |row| row.meaning)
}

/// The metadata leader has not begun a change, whichever of these says so: nothing of it reached the log that brokers
/// agree on, so it may be sent again.
const NOT_BEGUN: [&str; 5] = [
    "no known metadata leader",
    "nats: no responders available for request",
    "node is not the leader",
    "timed out enqueuing operation",
    "leadership transfer in progress",
];

/// A change was handed to the metadata leader, and what became of it nobody knows.
const LEFT_OPEN: [&str; 7] = [
    "leadership lost",
    "context deadline exceeded",
    "nats: timeout",
    "nats: connection closed",
    "operation timed out",
    "raft is already shutdown",
    "invalid response",
];

/// What the failure of brokers to agree on a change means. Each call has its own words in front of the reason, and a
/// subscription or a publish that resumes a paused partition has them too.
fn agreement_failure(rpc: Rpc, text: &str) -> Option<ErrorKind> {
    let resumes = text.get(1..)?.starts_with("ailed to resume stream");
    if !(resumes || rpc.is_agreed_on()) {
        return None;
    }
    let says = |reasons: &[&str]| reasons.iter().any(|reason| text.contains(reason));
    if says(&NOT_BEGUN) {
        Some(K::NoMetadataLeader)
    } else if rpc.is_agreed_on() && (says(&LEFT_OPEN) || text.starts_with("Failed to ")) {
        Some(K::OutcomeUnknown)
    } else {
        None
    }
}

fn of_code(code: Code) -> ErrorKind {
    match code {
        Code::Unavailable => K::Unreachable,
        Code::DeadlineExceeded => K::Timeout,
        Code::Unimplemented => K::Unsupported,
        Code::PermissionDenied | Code::Unauthenticated => K::PermissionDenied,
        Code::InvalidArgument | Code::OutOfRange => K::InvalidArgument,
        Code::AlreadyExists => K::StreamExists,
        Code::Ok
        | Code::Cancelled
        | Code::Unknown
        | Code::NotFound
        | Code::ResourceExhausted
        | Code::FailedPrecondition
        | Code::Aborted
        | Code::Internal
        | Code::DataLoss => K::Server,
    }
}

/// What the error of an answer to `PublishAsync` means (wire-contract §4.4): text first, since `BAD_REQUEST` and
/// `NOT_FOUND` stand for two things each.
pub fn of_async_error(error: &pb::PublishAsyncError) -> ErrorKind {
    use pb::publish_async_error::Code as Async;
    let text = error.message.as_str();
    match Async::try_from(error.code).unwrap_or(Async::Unknown) {
        Async::NotFound if text.starts_with("no such partition") => K::NoSuchPartition,
        Async::NotFound => K::NoSuchStream,
        Async::BadRequest if text.starts_with("stream with concurrency") => K::AckPolicyRequired,
        Async::BadRequest if text.starts_with("message exceeds") => K::TooLarge,
        Async::BadRequest => K::InvalidArgument,
        Async::Internal if text.contains("maximum payload exceeded") => K::TooLarge,
        Async::Internal if agreement_failure(Rpc::PublishAsync, text).is_some() => {
            K::NoMetadataLeader
        }
        Async::Internal if text.starts_with("failed to resume stream") => K::PartitionPaused,
        Async::Internal | Async::Unknown => K::Server,
        Async::Readonly => K::ReadonlyPartition,
        Async::IncorrectOffset => K::IncorrectOffset,
        Async::EncryptionFailed => K::EncryptionFailed,
        Async::PermissionDenied => K::PermissionDenied,
    }
}

/// What the error inside an ack means; `None` where the message was stored. Publishes to a subject tell errors this
/// way alone (wire-contract §4.5).
pub fn of_ack(ack: &pb::Ack) -> Option<ErrorKind> {
    match pb::ack::Error::try_from(ack.ack_error) {
        Ok(pb::ack::Error::Ok) => None,
        Ok(pb::ack::Error::IncorrectOffset) => Some(K::IncorrectOffset),
        Ok(pb::ack::Error::TooLarge) => Some(K::TooLarge),
        Ok(pb::ack::Error::Encryption) => Some(K::EncryptionFailed),
        Ok(pb::ack::Error::Unknown) | Err(_) => Some(K::Server),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_found_by_its_own_text() {
        for row in ROWS {
            let rpc = row.rpcs.first().copied().unwrap_or(Rpc::CreateStream);
            let (Is(text) | Begins(text)) = row.text;
            assert_eq!(of_status(rpc, row.code, text), row.meaning, "{text}");
        }
    }

    #[test]
    fn a_resume_that_failed_for_want_of_a_leader_may_be_tried_again() {
        for text in [
            "failed to resume stream: no known metadata leader",
            "Failed to resume stream: rpc error: code = Internal desc = no known metadata leader",
        ] {
            let meant = of_status(Rpc::Subscribe, Code::Internal, text);
            assert_eq!(
                meant,
                Meaning::Failed(ErrorKind::NoMetadataLeader),
                "{text}"
            );
        }
        let other = of_status(Rpc::Subscribe, Code::Internal, "Failed to resume stream: x");
        assert_eq!(other, Meaning::Failed(ErrorKind::PartitionPaused));
    }

    #[test]
    fn a_change_that_nobody_took_may_be_sent_again_and_one_left_open_may_not() {
        let meant = |rpc, text| of_status(rpc, Code::Internal, text);
        for rpc in Rpc::AGREED {
            for text in [
                "nats: no responders available for request",
                "Failed to pause stream: node is not the leader",
                "Failed to delete stream: timed out enqueuing operation",
            ] {
                let failed = Meaning::Failed(K::NoMetadataLeader);
                assert_eq!(meant(rpc, text), failed, "{rpc}: {text}");
            }
            for text in [
                "Failed to replicate partition: leadership lost while committing log",
                "Failed to set stream readonly flag: raft operation timed out",
                "context deadline exceeded",
                "nats: timeout",
            ] {
                let failed = Meaning::Failed(K::OutcomeUnknown);
                assert_eq!(meant(rpc, text), failed, "{rpc}: {text}");
            }
        }
        let resuming = "Failed to resume stream: rpc error: code = Internal desc = nats: no responders available for request";
        let failed = Meaning::Failed(K::NoMetadataLeader);
        assert_eq!(meant(Rpc::Subscribe, resuming), failed);
        assert_eq!(meant(Rpc::Publish, resuming), failed);
    }

    #[test]
    fn a_reader_that_lost_its_segment_is_no_failure_of_the_partition() {
        for text in [
            "failed to read message headers: segment has been closed",
            "failed to ready message payload: segment has been closed",
            "failed to reinitialize reader: segment not found",
        ] {
            let meant = of_status(Rpc::Subscribe, Code::Unknown, text);
            assert_eq!(meant, Meaning::ReaderLost, "{text}");
        }
    }

    #[test]
    fn the_same_text_means_another_thing_with_another_code() {
        let closed = |code| of_status(Rpc::Subscribe, code, "commit log was closed");
        let paused = Meaning::Failed(ErrorKind::PartitionPaused);
        assert_eq!(closed(Code::FailedPrecondition), paused);
        assert_eq!(closed(Code::Internal), Meaning::ReaderLost);
    }
}
