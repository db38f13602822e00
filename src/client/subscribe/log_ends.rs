//! Where the log ends that is read: asked of its leader, or of metadata where that is not allowed.
//! What follows from it for a start or a stop is `positions`'s.

use super::connector::Connector;
use super::end::OpenError;
use super::log_probe::OldestProbe;
use super::positions::{CLOCK_SKEW, LogEnds, StartPosition, SubscribePlan, is_past};
use crate::model::{EndReason, ErrorKind, Offset, StartAt, StopAt, SubscriptionEvent, Timestamp};

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

    /// The range holds nothing. What retention has removed of it is told.
    pub(super) async fn end_empty(&mut self, plan: SubscribePlan, address: &str) -> OpenError {
        let ends = match self.log_ends(address).await {
            Ok(ends) => ends,
            Err(error) => return error,
        };
        // A log of which all was removed keeps its end; one that ends before what was committed lacks messages.
        if ends.is_some_and(LogEnds::lacks_committed) {
            return OpenError::Lost(self.unreadable("it ends before what was committed"));
        }
        if let (Some(ends), Some(from), false) = (ends, plan.range.next, plan.range.reverse) {
            let stop = plan.range.stop_offset.unwrap_or(ends.high_watermark);
            let to = stop.min(ends.high_watermark);
            if from <= to {
                self.events.push(SubscriptionEvent::Gap { from, to });
            }
        } else if let Some(newest) = self.emptied(address).await {
            self.events.push(SubscriptionEvent::Emptied { newest });
        }
        OpenError::Ended(EndReason::StopReached)
    }

    /// What was removed of a range that ends at an offset and has brought nothing: all of it, where the oldest message that
    /// is kept comes after it. One that begins at an offset says so by itself.
    pub(super) async fn removed_range(&mut self) -> Option<SubscriptionEvent> {
        let spec = &self.request.spec;
        let (StopAt::Offset(stop), false) = (spec.stop, spec.reverse) else {
            return None;
        };
        if matches!(spec.start, StartAt::Offset(_)) {
            return None;
        }
        let (_, address) = self.choose_broker().await.ok()?;
        let ends = self.log_ends(&address).await.ok()??;
        if ends.high_watermark < 0 || ends.lacks_committed() {
            return None;
        }
        let probe = self.probe(&address)?;
        let is_gone = match probe.oldest(false).await {
            OldestProbe::Only(oldest) => oldest > stop,
            OldestProbe::Nothing => probe.has_none_reversed(ends.high_watermark).await,
            OldestProbe::Unknown | OldestProbe::Many | OldestProbe::Backwards => false,
        };
        let to = stop.min(ends.high_watermark);
        is_gone.then_some(SubscriptionEvent::Gap { from: 0, to })
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
