//! What the end of a Subscribe call means for the subscription: it is over, or another call reads on.

use super::EndReason;
use super::connector::Connector;
use crate::client::error::Error;
use crate::client::metadata::Existence;
use crate::client::transport::Call;
use crate::model::{ErrorKind, StopAt};
use crate::wire::rpc::Rpc;
use crate::wire::status::Meaning;

/// How often a closed segment is taken for a log that is being compacted before it is taken for a pause, where the
/// leader may not be asked.
const CLOSED_SEGMENTS_BELIEVED: u32 = 3;

/// Why there is no open call.
#[derive(Debug)]
pub(super) enum OpenError {
    /// The subscription is over.
    Ended(EndReason),
    /// A reversed one has come to the oldest message.
    Oldest,
    /// The server says that the range holds nothing.
    Empty,
    /// A segment could not be opened: the partition is paused, or compaction is replacing the segment.
    SegmentClosed(Error),
    /// Another attempt may succeed.
    Lost(Error),
    /// None will.
    Failed(Error),
}

impl OpenError {
    /// What kind of failure it is, where another attempt may succeed.
    pub(super) fn kind(&self) -> Option<ErrorKind> {
        match self {
            Self::Lost(error) => Some(error.kind()),
            Self::Ended(_)
            | Self::Oldest
            | Self::Empty
            | Self::SegmentClosed(_)
            | Self::Failed(_) => None,
        }
    }
}

impl Connector {
    /// What the status at the end of a call means.
    pub(super) fn interpret_status(&self, call: &Call<'_>, status: tonic::Status) -> OpenError {
        if self.inner.tasks.token().is_cancelled() {
            return OpenError::Failed(Error::closed());
        }
        match call.meaning(&status) {
            Ok(Meaning::StopReached | Meaning::StopBeforeStart)
                if self.stops_only_when_readonly() =>
            {
                OpenError::Ended(EndReason::ReadonlyEnd)
            }
            // Who reads forwards is told so by a leader whose log ends before what was committed: nobody can read it now.
            // That of an empty log waits (wire-contract §4.6).
            Ok(Meaning::EmptyRange) if !self.request.spec.reverse => {
                let error = self.unreadable(status.message());
                OpenError::Lost(error.caused_by(status))
            }
            Ok(Meaning::StopReached) => OpenError::Ended(EndReason::StopReached),
            Ok(Meaning::StopBeforeStart | Meaning::EmptyRange) => OpenError::Empty,
            Ok(Meaning::OldestReached) => OpenError::Oldest,
            Ok(Meaning::ReadonlyEnd) => OpenError::Ended(EndReason::ReadonlyEnd),
            Ok(Meaning::ReaderLost) => OpenError::Lost(call.reader_lost().caused_by(status)),
            Ok(Meaning::SegmentClosed) => {
                OpenError::SegmentClosed(call.reader_lost().caused_by(status))
            }
            Ok(Meaning::Failed(_)) => self.classify(call.error(status)),
            Err(error) => {
                let brokers = &self.inner.brokers;
                brokers.record_failure(call.address, &error);
                self.classify(brokers.explain(call.address, error.caused_by(status)))
            }
        }
    }

    /// The leader cannot read its own log.
    pub(super) fn unreadable(&self, text: &str) -> Error {
        let (rpc, target) = (Rpc::Subscribe, self.target.clone());
        Error::of_kind(ErrorKind::LogUnreadable, rpc, target, text)
    }

    fn stops_only_when_readonly(&self) -> bool {
        self.request.spec.stop == StopAt::Never && !self.request.spec.reverse
    }

    /// Whether a failure ends the subscription, or another attempt may mend it.
    pub(super) fn classify(&self, error: Error) -> OpenError {
        let kind = error.kind();
        // Once a stream was found, what names a broker wrongly or hides the partition may pass.
        let misleads = matches!(
            kind,
            ErrorKind::BadAddress
                | ErrorKind::Tls
                | ErrorKind::NotLiftbridge
                | ErrorKind::NoSuchStream
                | ErrorKind::NoSuchPartition
        );
        // It may be a segment that compaction or retention has just taken away; `reader` gives up if it lasts.
        let is_transient = kind.is_retryable() || kind == ErrorKind::LogUnreadable;
        if kind == ErrorKind::PartitionPaused {
            OpenError::Ended(EndReason::Paused)
        } else if kind == ErrorKind::StreamDeleted {
            OpenError::Ended(EndReason::Deleted)
        } else if kind == ErrorKind::Fenced {
            OpenError::Ended(EndReason::Fenced)
        } else if is_transient || (misleads && self.was_opened()) {
            OpenError::Lost(error)
        } else {
            OpenError::Failed(error)
        }
    }

    /// A server does not know what the metadata at hand names. Fresh metadata tells which of the two is late.
    pub(super) async fn confirm_missing(&self, error: Error) -> OpenError {
        let spec = &self.request.spec;
        let (stream, partition) = (&spec.stream, spec.partition);
        match self
            .inner
            .look_for(self.generation, stream, partition)
            .await
        {
            Ok((Existence::Missing, cluster)) => {
                match self.inner.leader_in(&cluster, stream, partition) {
                    Err(missing) if missing.is_missing() => OpenError::Failed(missing),
                    _ => OpenError::Lost(error),
                }
            }
            Ok(_) => OpenError::Lost(error),
            Err(unreachable) => OpenError::Lost(unreachable),
        }
    }

    /// A segment that is closed belongs to a paused partition, or compaction is replacing it: the leader tells.
    pub(super) async fn confirm_paused(&mut self, error: Error) -> OpenError {
        self.closed_segments += 1;
        let spec = &self.request.spec;
        let asked = self
            .inner
            .fetch_partition(&spec.stream, spec.partition)
            .await;
        match asked {
            Err(paused) if paused.kind() == ErrorKind::PartitionPaused => {
                OpenError::Ended(EndReason::Paused)
            }
            Err(refused)
                if !refused.kind().is_retryable()
                    && self.closed_segments >= CLOSED_SEGMENTS_BELIEVED =>
            {
                OpenError::Ended(EndReason::Paused)
            }
            Ok(_) | Err(_) => OpenError::Lost(error),
        }
    }
}
