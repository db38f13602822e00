//! What the end of a Subscribe call means for the subscription: it is over, or another call reads on.

use super::EndReason;
use super::connector::Connector;
use crate::client::error::Error;
use crate::client::transport::Call;
use crate::model::{ErrorKind, StopAt};
use crate::wire::rpc::Rpc;
use crate::wire::status::Meaning;

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
            // An answer to a stop that was never sent, or of a log whose parts are missing.
            Ok(Meaning::EmptyRange) if self.stops_only_when_readonly() => {
                let text = status.message().to_owned();
                let (rpc, target) = (Rpc::Subscribe, self.target.clone());
                let error = Error::of_kind(ErrorKind::LogUnreadable, rpc, target, &text);
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
}
