//! Goes on with a log that was read before, unless it is another one now: shorter, or with other messages. What it lost is
//! told, and reading goes on at what is new in it.
#![expect(
    clippy::disallowed_methods,
    reason = "a shorter log is believed after a while only"
)]

use std::time::{Duration, Instant};

use super::SubscriptionEvent;
use super::connector::{Connector, Progress, ReadSource};
use super::end::OpenError;
use super::log_probe::LeftLog;
use super::positions::{LogEnds, SubscribePlan};
use crate::client::error::Error;
use crate::model::{ErrorKind, Offset, Timestamp};

/// How long a leader must report a log shorter than what was delivered before it is believed: one that has just started
/// replays what it missed.
pub(crate) const SHORTER_LOG_BELIEVED_AFTER: Duration = Duration::from_secs(3);

/// How long what a log that went back holds uncommitted is waited for: it may be new, or have been delivered before.
const END_BELIEVED_AFTER: Duration = Duration::from_secs(10);

/// Logs that are known again at most. There is one a broker, and a broker may be emptied more than once.
const MOST_LEFT_LOGS: usize = 8;

/// A message that shows that the log is not the one that was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum OtherLog {
    /// Another one stands where one was delivered.
    Rewritten,
    /// In a log that went back, one of before came.
    Older,
}

/// Offsets and times of messages that were delivered, by which a log is known again.
#[derive(Default)]
pub(super) struct KnownLogs {
    /// The last one of each log that was left, the log left last at the end.
    pub(super) left: Vec<(Offset, Timestamp)>,
    /// Some of whatever log, taken when an older message came.
    pub(super) samples: Vec<(Offset, Timestamp)>,
}

impl Connector {
    /// Goes on where reading has come to, unless the log is no longer the one that was read.
    pub(super) async fn resume(
        &mut self,
        plan: SubscribePlan,
        progress: Progress,
        address: &str,
    ) -> Result<SubscribePlan, OpenError> {
        let ends = self.log_ends(address).await?;
        let ends = match ends {
            Some(ends) if self.last_failure == Some(ErrorKind::LogUnreadable) => {
                Some(ends.within_log())
            }
            ends => ends,
        };
        if self.reads_replica() && self.leader_differs(progress).await {
            self.source = ReadSource::Leader;
            return Err(OpenError::Lost(self.another_log()));
        }
        if self.other_log == Some(OtherLog::Older) {
            return self.skip_delivered(plan, progress, ends, address).await;
        }
        let shorter = ends.filter(|ends| !plan.range.reverse && ends.next() < progress.next);
        let Some(went_back) = shorter.or(ends.filter(|_| self.other_log.is_some())) else {
            self.shorter_since = None;
            return Ok(plan.resumed_at(progress.next));
        };
        let since = *self.shorter_since.get_or_insert_with(Instant::now);
        let is_believed = self.other_log.is_some() || since.elapsed() >= SHORTER_LOG_BELIEVED_AFTER;
        if is_believed && self.reads_replica() {
            // What its leader has, and whether that is another log too, its leader tells.
            self.source = ReadSource::Leader;
            self.other_log = None;
        } else if is_believed
            && let Some(plan) = self.rewind(plan, progress, went_back, address).await
        {
            return Ok(plan);
        }
        Err(OpenError::Lost(
            self.shorter_log(progress, went_back, address),
        ))
    }

    /// What comes next is older than what was read before it: of a log that was left, to all appearance. As far as that was
    /// delivered, reading goes on behind it; where it cannot be found, with what is there.
    async fn skip_delivered(
        &mut self,
        plan: SubscribePlan,
        progress: Progress,
        ends: Option<LogEnds>,
        address: &str,
    ) -> Result<SubscribePlan, OpenError> {
        let (Some(probe), Some(ends)) = (self.probe(address), ends) else {
            self.forget_log();
            return Ok(plan.resumed_at(progress.next));
        };
        let is_ahead = |(offset, _): &(Offset, Timestamp)| *offset >= progress.next;
        let ahead =
            |known: &[(Offset, Timestamp)]| known.iter().copied().filter(is_ahead).collect();
        let left: Vec<_> = ahead(&self.known.left);
        let left = probe.end_of_known(&left, ends).await;
        let since = *self.shorter_since.get_or_insert_with(Instant::now);
        let is_early = since.elapsed() < END_BELIEVED_AFTER;
        if matches!(left, LeftLog::Uncommitted(_)) && is_early {
            return Err(OpenError::Lost(self.another_log()));
        }
        let to = match left {
            LeftLog::EndsBefore(to) | LeftLog::Uncommitted(to) => Some(to),
            // It may hold a part of it.
            LeftLog::Unknown => probe.end_of_samples(ahead(&self.known.samples), ends).await,
        };
        if let Some(to) = to {
            return Ok(self.go_on_at(to, plan, progress, ends));
        }
        self.forget_log();
        Ok(plan.resumed_at(progress.next))
    }

    /// What was read last says nothing of what comes.
    fn forget_log(&mut self) {
        self.shorter_since = None;
        self.other_log = Some(OtherLog::Rewritten);
    }

    /// Reads on there in another log, and tells that.
    fn go_on_at(
        &mut self,
        to: Offset,
        plan: SubscribePlan,
        progress: Progress,
        ends: LogEnds,
    ) -> SubscribePlan {
        let from = progress.next;
        self.events.push(SubscriptionEvent::Rewound { from, to });
        self.forget_log();
        let plan = plan.rewound_to(to, ends);
        self.plan = Some(plan);
        plan
    }

    /// Whether the leader holds another message than the one delivered last by a replica: one that stood still while an
    /// emptied leader went by keeps messages of its own.
    async fn leader_differs(&self, progress: Progress) -> bool {
        let (Some((offset, time)), false) = (progress.last, self.request.spec.reverse) else {
            return false;
        };
        let spec = &self.request.spec;
        let found = self.inner.first_from(&spec.stream, spec.partition, offset);
        let found = found.await;
        found.is_some_and(|(at, found)| at == offset && found != time)
    }

    fn another_log(&self) -> Error {
        let target = &self.target;
        let sentence = format!("{target}: replicas hold other messages at the same offsets");
        Error::new(ErrorKind::MessagesLost, target.clone(), sentence)
    }

    fn shorter_log(&self, progress: Progress, ends: LogEnds, address: &str) -> Error {
        let target = &self.target;
        let sentence = format!(
            "{target}: the log of broker {address} ends before offset {}, and {} was delivered",
            ends.next(),
            progress.next - 1
        );
        Error::new(ErrorKind::MessagesLost, target.clone(), sentence)
    }

    /// Remembers the log that is left: another leader may have it still, and more of it.
    fn leave_log(&mut self, progress: Progress) {
        if let Some(last) = progress.last {
            let left = &mut self.known.left;
            left.retain(|left| *left != last);
            left.push(last);
            let surplus = left.len().saturating_sub(MOST_LEFT_LOGS);
            left.drain(..surplus);
        }
    }

    /// The log is another one. Where it is one that was read before, reading goes on where it was left; else what is newer
    /// than all that was delivered has not been read. `None` where that cannot be found yet.
    async fn rewind(
        &mut self,
        plan: SubscribePlan,
        progress: Progress,
        ends: LogEnds,
        address: &str,
    ) -> Option<SubscribePlan> {
        let newer = Timestamp(progress.newest_time.0.saturating_add(1));
        let waited = self.shorter_since.map(|since| since.elapsed());
        let is_waited_for = waited >= Some(END_BELIEVED_AFTER);
        let end = is_waited_for.then(|| ends.next());
        let to = match self.probe(address) {
            None => end?,
            Some(probe) => match probe.end_of_known(&self.known.left, ends).await {
                LeftLog::EndsBefore(next) => next,
                LeftLog::Uncommitted(next) if is_waited_for => next,
                LeftLog::Uncommitted(_) => return None,
                LeftLog::Unknown => probe.next_unread(newer, ends).await.or(end)?,
            },
        };
        self.leave_log(progress);
        self.source = ReadSource::Leader;
        Some(self.go_on_at(to, plan, progress, ends))
    }
}
