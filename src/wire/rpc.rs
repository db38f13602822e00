//! The calls of the API by name. What they carry is generated code; what they answer when they fail is `wire::status`.

use std::fmt;

/// One call of service `proto.API` (wire-contract §2.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Rpc {
    /// Makes a stream.
    CreateStream,
    /// Removes a stream.
    DeleteStream,
    /// Pauses partitions.
    PauseStream,
    /// Makes partitions readonly or writable.
    SetStreamReadonly,
    /// Reads a partition.
    Subscribe,
    /// Tells brokers, streams and partitions.
    FetchMetadata,
    /// Tells one partition, at its leader.
    FetchPartitionMetadata,
    /// Publishes one message.
    Publish,
    /// Publishes many messages over one stream.
    PublishAsync,
    /// Publishes one message to a NATS subject.
    PublishToSubject,
    /// Stores a cursor.
    SetCursor,
    /// Reads a cursor.
    FetchCursor,
    /// Joins a consumer group.
    JoinConsumerGroup,
    /// Leaves a consumer group.
    LeaveConsumerGroup,
    /// Asks for a member's partitions, which is its heartbeat too.
    FetchConsumerGroupAssignments,
    /// Tells that a group's coordinator does not answer.
    ReportConsumerGroupCoordinator,
}

impl Rpc {
    /// All calls, in the order of the contract.
    pub const ALL: [Self; 16] = [
        Self::CreateStream,
        Self::DeleteStream,
        Self::PauseStream,
        Self::SetStreamReadonly,
        Self::Subscribe,
        Self::FetchMetadata,
        Self::FetchPartitionMetadata,
        Self::Publish,
        Self::PublishAsync,
        Self::PublishToSubject,
        Self::SetCursor,
        Self::FetchCursor,
        Self::JoinConsumerGroup,
        Self::LeaveConsumerGroup,
        Self::FetchConsumerGroupAssignments,
        Self::ReportConsumerGroupCoordinator,
    ];

    /// Whether the call changes the cluster, so that it must not be sent twice where no answer came.
    pub fn changes(self) -> bool {
        match self {
            Self::CreateStream
            | Self::DeleteStream
            | Self::PauseStream
            | Self::SetStreamReadonly
            | Self::Publish
            | Self::PublishAsync
            | Self::PublishToSubject
            | Self::SetCursor
            | Self::JoinConsumerGroup
            | Self::LeaveConsumerGroup
            | Self::ReportConsumerGroupCoordinator => true,
            Self::Subscribe
            | Self::FetchMetadata
            | Self::FetchPartitionMetadata
            | Self::FetchCursor
            | Self::FetchConsumerGroupAssignments => false,
        }
    }
}

impl Rpc {
    /// The calls whose effect the metadata leader has the brokers agree on (Raft).
    pub(crate) const AGREED: [Self; 7] = [
        Self::CreateStream,
        Self::DeleteStream,
        Self::PauseStream,
        Self::SetStreamReadonly,
        Self::JoinConsumerGroup,
        Self::LeaveConsumerGroup,
        Self::ReportConsumerGroupCoordinator,
    ];

    /// Whether it is one of [`Rpc::AGREED`].
    pub(crate) fn is_agreed_on(self) -> bool {
        Self::AGREED.contains(&self)
    }
}

impl fmt::Display for Rpc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}
