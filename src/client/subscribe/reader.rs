//! The life of a subscription: reads an open call, finds out why it ended, goes on with the next one. One future a step,
//! no task of its own, so that not being polled is the back-pressure.
#![expect(
    clippy::disallowed_methods,
    reason = "silence is flushed, looked into and given up on by the clock"
)]

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use tokio::time::{Interval, Sleep};
use tonic::Status;

use super::connector::{Connector, OpenSubscription, Progress};
use super::end::OpenError;
use super::outage::Outage;
use super::resume::OtherLog;
use super::{EndReason, SubscribeRequest, SubscriptionEvent, SubscriptionItem};
use crate::client::error::{Error, Result};
use crate::client::inner::Inner;
use crate::client::transport::Call;
use crate::model::{Failure, MessageSink, Offset, RetryLimit};
use crate::wire::codec::{self, SharedDecoder, SubscriptionStream};
use crate::wire::rpc::Rpc;
use crate::wire::subscription_decoder::{Disposition, SubscriptionDecoder};

/// What has come together in the sink is handed on after so long at the latest.
const FLUSH_AFTER: Duration = Duration::from_millis(50);

/// How often the reader looks at what the wire has not brought.
const TICK: Duration = Duration::from_millis(250);

/// The shortest interval between two looks, where little silence is allowed.
const SHORTEST_TICK: Duration = Duration::from_millis(50);

/// Messages taken in a row before other tasks get their turn.
const MAX_CONSECUTIVE: usize = 1024;

/// A session that lasted so long was a real one: the next outage is a new story.
const STABLE_AFTER: Duration = Duration::from_secs(2);

/// What the wire brought.
enum StreamEvent {
    Message(Disposition),
    Failed(Status),
    Ended,
    /// Nothing for a while, with messages in the sink.
    FlushDue,
    /// It is time to look at what has not come.
    Tick,
}

/// What the next open call is to the caller.
enum Announce {
    Opened,
    Resumed,
    /// No event: the call before ended for a reason of this side's.
    Nothing,
}

/// Whether a subscription goes on.
pub(super) enum ReaderProgress {
    Reading,
    /// It is over for that reason, which is to be handed on.
    Ending(EndReason),
    Ended,
}

/// A subscription and where it has come to.
pub(super) struct Reader<S: MessageSink> {
    pub(super) connector: Connector,
    pub(super) decoder: SharedDecoder<S>,
    pub(super) subscription: Option<OpenSubscription>,
    ready: VecDeque<SubscriptionItem<S::Batch>>,
    outage: Option<Outage>,
    announce: Announce,
    pub(super) progress: ReaderProgress,
    /// Whether it was reported that messages were removed.
    pub(super) removal_reported: bool,
    flush: Pin<Box<Sleep>>,
    flush_is_set: bool,
    tick: Interval,
    /// Since when the wire has brought nothing, as far as ticks can tell.
    pub(super) quiet_since: Instant,
    /// When the broker was asked last whether it keeps something back.
    pub(super) checked_at: Instant,
    /// What had been delivered at the last tick.
    pub(super) delivered_at_tick: Option<Offset>,
    /// When gaps were found to be of compaction.
    pub(super) compaction_since: Option<Instant>,
    /// The server has shown that it reads newest first.
    pub(super) knows_reverse: bool,
    /// Where a broker delivered nothing though it has committed more, when it was asked last.
    pub(super) starved_at: Option<Offset>,
}

impl<S: MessageSink> Reader<S> {
    /// A reader without an open call.
    pub(super) fn new(inner: Arc<Inner>, request: SubscribeRequest, sink: S) -> Self {
        let every = inner.options.silence_limit.clamp(SHORTEST_TICK, TICK);
        let mut tick = tokio::time::interval(every);
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        Self {
            connector: Connector::new(inner, request),
            decoder: Arc::new(Mutex::new(SubscriptionDecoder::new(sink))),
            subscription: None,
            ready: VecDeque::new(),
            outage: None,
            announce: Announce::Opened,
            progress: ReaderProgress::Reading,
            removal_reported: false,
            flush: Box::pin(tokio::time::sleep(FLUSH_AFTER)),
            flush_is_set: false,
            tick,
            quiet_since: Instant::now(),
            checked_at: Instant::now(),
            delivered_at_tick: None,
            compaction_since: None,
            knows_reverse: false,
            starved_at: None,
        }
    }

    /// The first attempt: what can not pass is an error, all else is told by events.
    pub(super) async fn open_first(&mut self) -> Result<()> {
        // The first attempt takes of the patience too: no broker delivers while it lasts.
        self.outage = Some(Outage::new(None, Instant::now()));
        match self.open().await {
            Err(OpenError::Failed(error)) => Err(error),
            outcome => {
                self.apply_open_result(outcome);
                Ok(())
            }
        }
    }

    /// The next batch or event; `None` after the end.
    pub(super) async fn next(&mut self) -> Option<SubscriptionItem<S::Batch>> {
        loop {
            if let Some(item) = self.ready.pop_front() {
                return Some(item);
            }
            match &self.progress {
                ReaderProgress::Reading => {}
                ReaderProgress::Ending(reason) => {
                    self.close(reason.clone()).await;
                    continue;
                }
                ReaderProgress::Ended => return None,
            }
            if self.subscription.is_some() {
                self.read_stream().await;
            } else {
                self.reopen().await;
            }
        }
    }

    async fn open(&mut self) -> std::result::Result<OpenSubscription, OpenError> {
        let progress = {
            let decoder = codec::lock(&self.decoder);
            let next = decoder.delivered.and(decoder.range.next);
            next.map(|next| Progress {
                next,
                newest_time: decoder.newest_time,
                last: decoder.last,
            })
        };
        let decoder = Arc::clone(&self.decoder);
        self.connector.open(progress, &decoder).await
    }

    /// The last offset delivered.
    pub(super) fn delivered(&self) -> Option<Offset> {
        codec::lock(&self.decoder).delivered
    }

    /// Another attempt, after a wait.
    async fn reopen(&mut self) {
        let delivered = self.delivered();
        let outage = self
            .outage
            .get_or_insert_with(|| Outage::new(delivered, Instant::now()));
        let wait = outage.backoff.next_wait();
        let token = self.connector.inner.tasks.token().clone();
        let closing = token.cancelled();
        tokio::select! {
            () = tokio::time::sleep(wait) => {}
            () = closing => return self.end(EndReason::Failed(Error::closed().into())),
        }
        let outcome = self.open().await;
        self.apply_open_result(outcome);
    }

    fn apply_open_result(&mut self, outcome: std::result::Result<OpenSubscription, OpenError>) {
        match outcome {
            Ok(subscription) => self.start_reading(subscription),
            Err(OpenError::Ended(reason)) => self.end(reason),
            Err(OpenError::Oldest | OpenError::Empty) => self.end(EndReason::StopReached),
            Err(OpenError::Failed(error)) => self.end(EndReason::Failed(error.into())),
            Err(OpenError::Lost(error) | OpenError::SegmentClosed(error)) => {
                self.record_outage(error);
            }
        }
    }

    fn start_reading(&mut self, subscription: OpenSubscription) {
        let broker = Arc::clone(&subscription.broker);
        let next = codec::lock(&self.decoder).range.next;
        self.quiet_since = Instant::now();
        self.checked_at = self.quiet_since;
        self.tick.reset();
        self.subscription = Some(subscription);
        match std::mem::replace(&mut self.announce, Announce::Resumed) {
            Announce::Opened => {
                self.push_event(SubscriptionEvent::Opened { broker });
                self.push_connector_events();
            }
            Announce::Resumed => {
                self.push_connector_events();
                let next = next.unwrap_or(-1);
                self.push_event(SubscriptionEvent::Resumed { broker, next });
            }
            Announce::Nothing => self.push_connector_events(),
        }
    }

    /// What was found out while a call was opened.
    fn push_connector_events(&mut self) {
        for event in std::mem::take(&mut self.connector.events) {
            self.push_event(event);
        }
    }

    /// The call is lost: says so and looks for another, unless that has taken too long already.
    pub(super) fn record_outage(&mut self, error: Error) {
        let delivered = self.delivered();
        let lost = self.subscription.take();
        let was_stable = lost.is_some_and(|lost| lost.opened.elapsed() >= STABLE_AFTER);
        self.outage
            .take_if(|outage| was_stable || outage.delivered != delivered);
        let limit = match self.connector.request.spec.give_up {
            RetryLimit::AsClient => self.connector.inner.options.resubscribe_limit,
            RetryLimit::After(limit) => Some(limit),
            RetryLimit::Never => None,
        };
        let outage = self
            .outage
            .get_or_insert_with(|| Outage::new(delivered, Instant::now()));
        outage.attempt += 1;
        let attempt = outage.attempt;
        let is_over = limit.is_some_and(|limit| outage.since.elapsed() >= limit);
        let is_unreadable = outage.record_failure(error.kind(), Instant::now());
        let failure = Failure::from(error);
        if is_over {
            return self.end(EndReason::Unavailable(failure));
        }
        // Who looks for ever is told of each try: such a log may be readable again after the next election.
        if is_unreadable && limit.is_some() {
            return self.end(EndReason::Failed(failure));
        }
        self.push_event(SubscriptionEvent::Resuming { attempt, failure });
    }

    /// Ends the call without a word and opens the next one, from that offset on where one is named.
    pub(super) fn restart(&mut self, from: Option<Offset>) {
        if let Some(from) = from {
            self.connector.start_at(from);
            codec::lock(&self.decoder).range.next = Some(from);
        }
        self.subscription = None;
        if matches!(self.announce, Announce::Resumed) {
            self.announce = Announce::Nothing;
        }
    }

    /// The subscription is over.
    pub(super) fn end(&mut self, reason: EndReason) {
        self.subscription = None;
        self.push_connector_events();
        self.progress = ReaderProgress::Ending(reason);
    }

    /// An event comes after the messages before it.
    pub(super) fn push_event(&mut self, event: SubscriptionEvent) {
        self.removal_reported |= matches!(
            event,
            SubscriptionEvent::Gap { .. } | SubscriptionEvent::Emptied { .. }
        );
        self.flush_batches();
        self.ready.push_back(SubscriptionItem::Event(event));
    }

    /// Hands on the batch that the last message filled.
    pub(super) fn push_full_batch(&mut self) {
        self.flush_is_set = false;
        let full = codec::lock(&self.decoder).take_batch();
        self.ready.extend(full.map(SubscriptionItem::Batch));
    }

    /// Hands on what has come together.
    fn flush_batches(&mut self) {
        self.flush_is_set = false;
        let mut decoder = codec::lock(&self.decoder);
        let (full, rest) = (decoder.take_batch(), decoder.flush());
        drop(decoder);
        let batches = full.into_iter().chain(rest);
        self.ready.extend(batches.map(SubscriptionItem::Batch));
    }

    /// Reads until there is something to hand on.
    async fn read_stream(&mut self) {
        match self.next_stream_event().await {
            StreamEvent::Message(Disposition::Full) => self.push_full_batch(),
            StreamEvent::Message(Disposition::Held) => self.resolve_gap().await,
            StreamEvent::Message(Disposition::Stopped) => self.end(EndReason::StopReached),
            StreamEvent::Message(Disposition::Forwards) => self.on_forward_message(),
            StreamEvent::Message(Disposition::PassedStop) => self.end_past_stop().await,
            StreamEvent::Message(Disposition::Diverged) => {
                self.connector.other_log = Some(OtherLog::Rewritten);
                self.subscription = None;
                self.announce = Announce::Resumed;
            }
            StreamEvent::Message(Disposition::Older) => self.on_older(),
            StreamEvent::Message(
                Disposition::Handshake | Disposition::Kept | Disposition::Repeated,
            ) => {}
            StreamEvent::FlushDue => self.flush_batches(),
            StreamEvent::Tick => self.on_tick().await,
            StreamEvent::Failed(status) => {
                let closed =
                    self.judge_end(|connector, call| connector.interpret_status(call, status));
                self.close_stream(closed);
            }
            StreamEvent::Ended => {
                let closed = self.judge_end(|connector, call| {
                    if connector.request.consumer.is_some() {
                        return OpenError::Ended(EndReason::Fenced);
                    }
                    OpenError::Lost(call.cut())
                });
                self.close_stream(closed);
            }
        }
    }

    fn judge_end(&self, judge: impl FnOnce(&Connector, &Call<'_>) -> OpenError) -> OpenError {
        let address = self
            .subscription
            .as_ref()
            .map_or("", |session| &session.address);
        let call = Call {
            rpc: Rpc::Subscribe,
            target: &self.connector.target,
            address,
        };
        judge(&self.connector, &call)
    }

    /// A message of before came: where to go on is found out before the next call.
    pub(super) fn on_older(&mut self) {
        self.connector.other_log = Some(OtherLog::Older);
        self.connector.known.samples = codec::lock(&self.decoder).samples.all().to_vec();
        self.subscription = None;
        self.announce = Announce::Resumed;
    }

    fn close_stream(&mut self, closed: OpenError) {
        let stopped = matches!(closed, OpenError::Ended(EndReason::StopReached));
        if stopped && self.has_older() && !codec::lock(&self.decoder).is_fresh() {
            // A readonly partition ends a reversed subscription after one message (wire-contract §4.6).
            return self.restart(None);
        }
        self.apply_open_result(Err(closed));
    }

    /// Whether a reversed subscription that was told to be done can not be.
    pub(super) fn has_older(&self) -> bool {
        let decoder = codec::lock(&self.decoder);
        let range = &decoder.range;
        let more = |next: Offset| !range.is_past(next);
        range.reverse && decoder.delivered.is_some() && range.next.is_some_and(more)
    }

    /// A message that should be older is not: the server reads forwards, or has nothing older.
    fn on_forward_message(&mut self) {
        if codec::lock(&self.decoder).is_fresh() {
            return self.end(EndReason::StopReached);
        }
        self.end_without_reverse();
    }

    /// Waits for the wire, for silence with something in the sink, or for the next tick.
    async fn next_stream_event(&mut self) -> StreamEvent {
        let Some(session) = &mut self.subscription else {
            return StreamEvent::Ended;
        };
        let decoder = &self.decoder;
        let (flush, is_set) = (&mut self.flush, &mut self.flush_is_set);
        let (stream, tick) = (&mut session.stream, &mut self.tick);
        std::future::poll_fn(|cx| {
            let mut decoder = codec::lock(decoder);
            if let Poll::Ready(wire) = poll_wire(stream, &mut decoder, cx) {
                return Poll::Ready(wire);
            }
            if !*is_set && decoder.is_open() {
                flush
                    .as_mut()
                    .reset(tokio::time::Instant::now() + FLUSH_AFTER);
                *is_set = true;
            }
            if *is_set && flush.as_mut().poll(cx).is_ready() {
                return Poll::Ready(StreamEvent::FlushDue);
            }
            tick.poll_tick(cx).map(|_| StreamEvent::Tick)
        })
        .await
    }
}

/// Takes messages off the wire until one needs more than being kept.
fn poll_wire<S: MessageSink>(
    stream: &mut SubscriptionStream,
    decoder: &mut SubscriptionDecoder<S>,
    cx: &mut Context<'_>,
) -> Poll<StreamEvent> {
    for _ in 0..MAX_CONSECUTIVE {
        match std::task::ready!(stream.poll_decode(decoder, cx)) {
            Some(Ok(Disposition::Kept | Disposition::Repeated)) => {}
            Some(Ok(taken)) => return Poll::Ready(StreamEvent::Message(taken)),
            Some(Err(status)) => return Poll::Ready(StreamEvent::Failed(status)),
            None => return Poll::Ready(StreamEvent::Ended),
        }
    }
    cx.waker().wake_by_ref();
    Poll::Pending
}
