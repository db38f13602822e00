//! What a reader does when the wire says too little: a gap, a long silence, a broker that others find dead.
#![expect(clippy::disallowed_methods, reason = "silence is measured")]

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::log_probe::{LogProbe, OldestProbe};
use super::positions::{LogEnds, StartPosition, is_past};
use super::reader::{Reader, ReaderProgress};
use super::{EndReason, SubscriptionEvent};
use crate::client::error::{Error, Result};
use crate::client::inner::Inner;
use crate::client::transport::Call;
use crate::model::{
    ErrorKind, MessageSink, Offset, Partition, PartitionId, StreamName, Target, Timestamp,
};
use crate::wire::codec;
use crate::wire::convert;
use crate::wire::pb;
use crate::wire::rpc::Rpc;
use crate::wire::subscription_decoder::Disposition;

/// Silence after which a server asked for older messages has to show that it understood.
const FORWARDS_AFTER: Duration = Duration::from_millis(500);

/// For so long gaps, once found to be of compaction, are believed to be so.
const COMPACTION_BELIEF: Duration = Duration::from_secs(5);

/// A start by time that brings nothing for so long is looked into.
const TIME_CHECKED_AFTER: Duration = Duration::from_millis(500);

/// Silence after which the broker of a subscription with a stop, or that has brought nothing yet, is asked what keeps it.
const BOUNDED_SILENCE: Duration = Duration::from_millis(500);

/// How long a broker may take to prove that it is alive.
const CHECK_TIMEOUT: Duration = Duration::from_secs(2);

impl<S: MessageSink> Reader<S> {
    /// Whether anything came since the last tick, and whether its absence needs looking into.
    pub(super) async fn on_tick(&mut self) {
        let delivered = self.delivered();
        let heard = std::mem::replace(&mut self.delivered_at_tick, delivered) != delivered;
        if heard {
            self.quiet_since = Instant::now();
            self.starved_at = None;
        }
        self.expire_compaction_belief();
        let quiet = self.quiet_since.elapsed();
        if quiet >= FORWARDS_AFTER && self.has_older() && !self.knows_reverse {
            return self.verify_reverse().await;
        }
        if quiet >= TIME_CHECKED_AFTER && delivered.is_none() && !self.connector.time_is_checked {
            self.connector.time_is_checked = true;
            return self.check_time_start().await;
        }
        if quiet >= BOUNDED_SILENCE && self.has_moved() {
            return self.check_broker().await;
        }
        let limit = self.silence_limit();
        let due = quiet >= limit && self.checked_at.elapsed() >= limit;
        let suspected = self.take_suspicion() && !heard;
        if due || suspected || self.is_past_stop_time() {
            self.checked_at = Instant::now();
            self.check_broker().await;
        }
    }

    /// How long a call may bring nothing. What lies before a stop that was there already comes at once, or never.
    fn silence_limit(&self) -> Duration {
        let limit = self.connector.inner.options.silence_limit;
        let (is_bounded, is_first) = {
            let decoder = codec::lock(&self.decoder);
            (
                decoder.range.stop_offset.is_some(),
                decoder.delivered.is_none(),
            )
        };
        let is_unchecked = self.checked_at <= self.quiet_since;
        let may_stand_still = self.connector.reads_replica() || is_bounded || is_first;
        if is_unchecked && may_stand_still || is_bounded && self.starved_at.is_some() {
            limit.min(BOUNDED_SILENCE)
        } else {
            limit
        }
    }

    /// Whether the metadata at hand names another leader than the broker that is read: one that was stopped may go on with
    /// another log, under an open call.
    fn has_moved(&self) -> bool {
        let spec = &self.connector.request.spec;
        let (Some(session), false) = (&self.subscription, self.connector.reads_replica()) else {
            return false;
        };
        let cluster = self.connector.inner.metadata.latest();
        let leader = cluster.and_then(|cluster| {
            let partition = cluster.partition(&spec.stream, spec.partition)?;
            partition.leader.clone()
        });
        leader.is_some_and(|leader| leader != session.broker)
    }

    /// Servers look a time up in an index whose newest segment may be empty, and then wait for new messages though every
    /// one that there is is newer.
    async fn check_time_start(&mut self) {
        let Some(address) = self.subscription.as_ref().map(|open| open.address.clone()) else {
            return;
        };
        if let Some(first) = self.connector.first_of_time(&address).await
            && self.delivered().is_none()
        {
            return self.restart(Some(first));
        }
        if let Some(newest) = self.connector.emptied(&address).await {
            self.push_event(SubscriptionEvent::Emptied { newest });
        }
    }

    fn expire_compaction_belief(&mut self) {
        let over = |since: &mut Instant| since.elapsed() >= COMPACTION_BELIEF;
        if self.compaction_since.take_if(over).is_some() {
            let mut decoder = codec::lock(&self.decoder);
            decoder.range.gaps_expected = decoder.range.reverse;
        }
    }

    fn take_suspicion(&mut self) -> bool {
        let Some(session) = &mut self.subscription else {
            return false;
        };
        let suspected = session.connection.suspected.has_changed().unwrap_or(false);
        session.connection.suspected.mark_unchanged();
        suspected
    }

    fn is_past_stop_time(&self) -> bool {
        let stop = codec::lock(&self.decoder).range.stop_time;
        stop.is_some_and(|stop| is_past(stop, Timestamp::now()))
    }

    /// Asks the broker that is silent whether it lives, still may be read from, and has nothing that it keeps back.
    async fn check_broker(&mut self) {
        let Some(session) = &self.subscription else {
            return;
        };
        let spec = &self.connector.request.spec;
        let (inner, address) = (&self.connector.inner, &session.address);
        let answer = inner
            .partition_at(address, &spec.stream, spec.partition, CHECK_TIMEOUT)
            .await;
        match answer {
            Ok(partition) => self.apply_leader_state(&partition).await,
            Err(error) if error.kind() != ErrorKind::NotLeader => {
                if error.kind().is_retryable() {
                    self.record_outage(error);
                }
            }
            Err(error) if self.connector.reads_replica() => self.check_replica(error).await,
            Err(error) => self.check_leader_moved(error).await,
        }
    }

    /// What the leader's state means for a reader that hears nothing.
    async fn apply_leader_state(&mut self, partition: &Partition) {
        if let Some(next) = self.undelivered(partition) {
            self.on_undelivered(next, partition.high_watermark).await;
        } else if self.is_past_stop_time() {
            self.end(EndReason::StopReached);
        }
    }

    /// What is committed from `from` on does not come: retention has removed it, or all that was kept, or the broker keeps
    /// it back.
    async fn on_undelivered(&mut self, from: Offset, high_watermark: Offset) {
        let is_again = self.starved_at.replace(from) == Some(from);
        match self.probe_oldest(false).await {
            OldestProbe::Only(oldest) if oldest > from => self.skip_removed(from, oldest - 1),
            OldestProbe::Nothing | OldestProbe::Unknown if is_again => {
                self.skip_removed(from, high_watermark);
            }
            OldestProbe::Nothing if self.has_none_reversed(high_watermark).await => {
                self.skip_removed(from, high_watermark);
            }
            OldestProbe::Nothing | OldestProbe::Unknown => self.restart(None),
            OldestProbe::Only(_) | OldestProbe::Many | OldestProbe::Backwards => {
                let Some(open) = &self.subscription else {
                    return;
                };
                let address = &open.address;
                let sentence = format!("broker {address} has messages that it does not deliver");
                let target = Target::Broker(Arc::clone(&open.broker));
                self.record_outage(Error::new(ErrorKind::Unreachable, target, sentence));
            }
        }
    }

    /// Tells what was removed up to that offset and goes on behind it.
    fn skip_removed(&mut self, from: Offset, to: Offset) {
        let to = match codec::lock(&self.decoder).range.stop_offset {
            Some(stop) => to.min(stop),
            None => to,
        };
        self.push_event(SubscriptionEvent::Gap { from, to });
        if codec::lock(&self.decoder).range.is_past(to + 1) {
            return self.end(EndReason::StopReached);
        }
        self.restart(Some(to + 1));
    }

    /// Hands on that it is over: nothing follows this event.
    pub(super) async fn close(&mut self, reason: EndReason) {
        let is_empty = reason == EndReason::StopReached && self.delivered().is_none();
        if is_empty
            && !self.removal_reported
            && let Some(removed) = self.connector.removed_range().await
        {
            self.push_event(removed);
        }
        self.push_event(SubscriptionEvent::Ended(reason));
        self.progress = ReaderProgress::Ended;
    }

    /// A message past the stop came. What is missing before the stop was removed, or compacted.
    pub(super) async fn end_past_stop(&mut self) {
        let range = codec::lock(&self.decoder).range;
        if let (Some(next), Some(stop), false) = (
            range.next,
            range.stop_offset,
            range.reverse || range.gaps_expected,
        ) && next <= stop
            && let OldestProbe::Only(oldest) = self.probe_oldest(false).await
            && oldest > next
        {
            let to = stop.min(oldest - 1);
            self.push_event(SubscriptionEvent::Gap { from: next, to });
        }
        self.end(EndReason::StopReached);
    }

    /// A replica that is read on purpose is alive. Whether it is in sync still, has all, and no more than there is, its leader
    /// knows: followers of an emptied leader keep what they had, and stand still until it has as much.
    async fn check_replica(&mut self, error: Error) {
        let inner = Arc::clone(&self.connector.inner);
        let spec = &self.connector.request.spec;
        let answer = inner.fetch_partition(&spec.stream, spec.partition);
        let answer = tokio::time::timeout(CHECK_TIMEOUT, answer).await;
        let (Ok(Ok(partition)), Some(session)) = (answer, &self.subscription) else {
            // A leader that cannot be asked now may be one that comes back with less than this replica has.
            self.checked_at = self.quiet_since;
            return;
        };
        let range = codec::lock(&self.decoder).range;
        let end = LogEnds::of(&partition).next();
        let is_ahead = !range.reverse && range.next.is_some_and(|next| end < next);
        if partition.isr.contains(&session.broker) && !is_ahead {
            self.apply_leader_state(&partition).await;
        } else {
            self.record_outage(error);
        }
    }

    /// The first offset that waits on the broker, committed, though it was silent.
    fn undelivered(&self, partition: &Partition) -> Option<Offset> {
        let range = codec::lock(&self.decoder).range;
        let begins = match self.connector.start() {
            Some(StartPosition::Offset(offset)) => Some(offset),
            Some(StartPosition::Earliest) => Some(0),
            // A time that is looked up wrongly was corrected; else nothing is that new.
            Some(StartPosition::Time(_) | StartPosition::New | StartPosition::Latest) | None => {
                None
            }
        };
        let next = range.next.or(begins).or(range.owed_from)?;
        let waits = self.has_older()
            || (!range.reverse && partition.high_watermark >= next && !range.is_past(next));
        waits.then_some(next)
    }

    /// The broker does not lead, at least not any more.
    async fn check_leader_moved(&mut self, error: Error) {
        let inner = Arc::clone(&self.connector.inner);
        let generation = inner.metadata.generation();
        let fresh = tokio::time::timeout(CHECK_TIMEOUT, inner.refresh_metadata(generation)).await;
        let (Ok(Ok(cluster)), Some(session)) = (fresh, &self.subscription) else {
            return;
        };
        let spec = &self.connector.request.spec;
        let Some(partition) = cluster.partition(&spec.stream, spec.partition) else {
            return;
        };
        if partition.leader.as_ref() != Some(&session.broker) {
            self.record_outage(error);
        }
    }

    /// A message came whose predecessors are missing: compaction if older messages are still there, outage if not.
    pub(super) async fn resolve_gap(&mut self) {
        let (from, to) = {
            let decoder = codec::lock(&self.decoder);
            (decoder.range.expected(), decoder.held_back_offset())
        };
        if let (Some(from), Some(to)) = (from, to) {
            if matches!(self.probe_oldest(false).await, OldestProbe::Only(oldest) if oldest < from)
            {
                self.compaction_since = Some(Instant::now());
                codec::lock(&self.decoder).range.gaps_expected = true;
            } else {
                self.push_event(SubscriptionEvent::Gap { from, to: to - 1 });
                codec::lock(&self.decoder).note_loss();
            }
        }
        let kept = codec::lock(&self.decoder).release_held();
        match kept {
            Ok(Disposition::Full) => self.push_full_batch(),
            Ok(Disposition::Older) => self.on_older(),
            Ok(Disposition::Stopped | Disposition::PassedStop) => self.end(EndReason::StopReached),
            Ok(_) | Err(_) => {}
        }
    }

    /// How the log begins, at the same broker.
    async fn probe_oldest(&mut self, reverse: bool) -> OldestProbe {
        let Some(session) = &self.subscription else {
            return OldestProbe::Unknown;
        };
        let channel = session.connection.channel();
        LogProbe::new(channel, &self.connector.request.spec)
            .oldest(reverse)
            .await
    }

    /// Whether the same broker can read backwards, and finds nothing.
    async fn has_none_reversed(&mut self, newest: Offset) -> bool {
        let Some(session) = &self.subscription else {
            return false;
        };
        let channel = session.connection.channel();
        let probe = LogProbe::new(channel, &self.connector.request.spec);
        probe.has_none_reversed(newest).await
    }

    /// Servers that know `reverse` deliver one message from the oldest on, and end; others go on to the next one, in
    /// silence about it (wire-contract §4.6).
    async fn verify_reverse(&mut self) {
        let delivered = self.delivered();
        match self.probe_oldest(true).await {
            OldestProbe::Backwards => self.knows_reverse = true,
            OldestProbe::Many => self.end_without_reverse(),
            OldestProbe::Only(offset) if Some(offset) >= delivered => {
                self.end(EndReason::StopReached);
            }
            OldestProbe::Only(_) | OldestProbe::Nothing | OldestProbe::Unknown => {}
        }
    }

    /// The server was asked for the newest first and reads forwards.
    pub(super) fn end_without_reverse(&mut self) {
        let target = self.connector.target.clone();
        let sentence =
            format!("the server cannot read {target} newest first: it is older than API 2.0");
        let error = Error::new(ErrorKind::Unsupported, target, sentence);
        self.end(EndReason::Failed(error.into()));
    }
}

impl Inner {
    /// The partition as the broker at that address tells it, which must lead it.
    pub(crate) async fn partition_at(
        &self,
        address: &str,
        stream: &StreamName,
        partition: PartitionId,
        wait: Duration,
    ) -> Result<Partition> {
        let target = Target::Partition(Arc::clone(stream), partition);
        let call = Call {
            rpc: Rpc::FetchPartitionMetadata,
            target: &target,
            address,
        };
        let request = pb::FetchPartitionMetadataRequest {
            stream: stream.to_string(),
            partition,
        };
        let answer = self.call(call, wait, async |mut api| {
            api.fetch_partition_metadata(request).await
        });
        let metadata = answer.await?.metadata.unwrap_or_default();
        Ok(convert::partition(&metadata))
    }
}
