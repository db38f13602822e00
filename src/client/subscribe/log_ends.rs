//! Where the log ends that is read: asked of its leader, or of metadata where that is not allowed.
//! What follows from it for a start or a stop is `positions`'s.

use super::connector::Connector;
use super::end::OpenError;
use super::log_probe::OldestProbe;
use super::positions::{CLOCK_SKEW, LogEnds, StartPosition, is_past};
use crate::model::{ErrorKind, Offset, StartAt, Timestamp};

impl Connector {
    /// The newest offset of a log that ends before the place where reading is to begin.
    pub(super) fn ends_before_start(&self, ends: Option<LogEnds>) -> Option<Offset> {
        let spec = &self.request.spec;
        let newest = |ends: LogEnds| ends.next().saturating_sub(1);
        match spec.start {
            StartAt::Offset(offset) => ends
                .filter(|ends| offset > ends.next() || ends.lie_before(spec))
                .map(newest),
            // What is stored now would be read from there on all the same: servers take a later time for the end.
            StartAt::Time(time) if time > Timestamp::now().plus(CLOCK_SKEW) && !spec.reverse => {
                ends.map(newest)
            }
            StartAt::Earliest
            | StartAt::Latest
            | StartAt::New
            | StartAt::Last(_)
            | StartAt::Time(_)
            | StartAt::TimeAgo(_) => None,
        }
    }

    /// The newest offset of a log that keeps no message any more, where reading begins at a time that lies behind: no offset
    /// tells then what is missing. `None` where a message is kept, or that cannot be told now.
    pub(super) async fn emptied(&self, address: &str) -> Option<Offset> {
        if !matches!(self.start()?, StartPosition::Time(time) if is_past(time, Timestamp::now())) {
            return None;
        }
        let ends = self.log_ends(address).await.ok()??;
        if ends.high_watermark < 0 || ends.uncommitted().is_some() || ends.lacks_committed() {
            return None;
        }
        let probe = self.probe(address)?;
        let has_none = matches!(probe.oldest(false).await, OldestProbe::Nothing)
            // A server that cannot be asked for the newest first is asked twice.
            && (probe.has_none_reversed(ends.high_watermark).await
                || matches!(probe.oldest(false).await, OldestProbe::Nothing));
        has_none.then_some(ends.high_watermark)
    }

    /// The ends of the leader's log; `None` where the server is too old to tell.
    pub(super) async fn log_ends(&self, address: &str) -> Result<Option<LogEnds>, OpenError> {
        let spec = &self.request.spec;
        if self.request.resume {
            let resumed = self
                .inner
                .resume_at(address, &spec.stream, spec.partition)
                .await;
            resumed.map_err(|error| self.classify(error))?;
        }
        match self
            .inner
            .fetch_partition(&spec.stream, spec.partition)
            .await
        {
            Ok(partition) => Ok(Some(LogEnds::of(&partition))),
            // A policy may allow reading and metadata alone, which is all that the Go client asks for.
            Err(error) if error.kind() == ErrorKind::PermissionDenied => {
                Ok(self.ends_by_metadata(address).await)
            }
            Err(error) if error.kind() == ErrorKind::Unsupported && !spec.reverse => {
                Ok(self.ends_by_metadata(address).await)
            }
            Err(error) => Err(self.classify(error)),
        }
    }

    /// The ends as metadata tells them: what it says is true of the broker that answers (wire-contract §0.4).
    async fn ends_by_metadata(&self, address: &str) -> Option<LogEnds> {
        let spec = &self.request.spec;
        let own = self
            .inner
            .fetch_stream_from(address, &spec.stream)
            .await
            .ok()?;
        let partition = own.partition(&spec.stream, spec.partition)?;
        let leads = partition.leader.is_some() && partition.leader == own.answered_by;
        // Servers before 1.3 fill in none of the two (wire-contract §1.2).
        let fills_them_in = partition.newest_offset != 0 || partition.high_watermark != 0;
        (leads && fills_them_in).then(|| LogEnds::of(partition))
    }
}
