//! The life of a subscription: reads a session, finds out why it ended, goes on with the next one. One future a step,
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
use tokio_stream::Stream;
use tonic::{Status, Streaming};

use super::open::{Connector, OpenError, OpenSubscription};
use super::{EndReason, SubscribeRequest, SubscriptionEvent, SubscriptionItem};
use crate::client::backoff::Backoff;
use crate::client::error::{Error, Result};
use crate::client::inner::Inner;
use crate::client::transport::Call;
use crate::model::{Failure, MessageSink, Offset, RetryLimit};
use crate::wire::codec::{self, SharedDecoder};
use crate::wire::rpc::Rpc;
use crate::wire::subscription_decoder::{Disposition, SubscriptionDecoder};

/// What has come together in the sink is handed on after so long at the latest.
const FLUSH_AFTER: Duration = Duration::from_millis(50);

/// How often the reader looks up from the wire.
const TICK: Duration = Duration::from_secs(1);

/// The same, where silence is short of patience.
const SHORTEST_TICK: Duration = Duration::from_millis(50);

/// Messages taken in a row before other tasks get their turn.
const TURN: usize = 1024;

/// A session that lasted so long was a real one: the next loss is a new story.
const LASTING: Duration = Duration::from_secs(2);

/// What the wire brought.
enum StreamEvent {
    Told(Disposition),
    Broke(Status),
    Ended,
    /// Nothing for a while, with messages in the sink.
    Quiet,
    /// A second has passed.
    Tick,
}

/// How long no broker has delivered.
struct Outage {
    since: Instant,
    attempt: u32,
    backoff: Backoff,
    /// What had been delivered when it began: a message since then ends it.
    delivered: Option<Offset>,
}

impl Outage {
    fn new(delivered: Option<Offset>) -> Self {
        Self {
            since: Instant::now(),
            attempt: 0,
            backoff: Backoff::of_subscription(),
            delivered,
        }
    }
}

/// What the next session is to the caller.
enum Announce {
    Opened,
    Resumed,
    /// The same story, not worth an event.
    Nothing,
}

/// A subscription and where it has come to.
pub(super) struct Reader<S: MessageSink> {
    pub(super) opener: Connector,
    pub(super) intake: SharedDecoder<S>,
    pub(super) session: Option<OpenSubscription>,
    ready: VecDeque<SubscriptionItem<S::Batch>>,
    loss: Option<Outage>,
    announce: Announce,
    ended: bool,
    flush: Pin<Box<Sleep>>,
    flush_is_set: bool,
    tick: Interval,
    /// Since when the wire has brought nothing, as far as ticks can tell.
    pub(super) quiet_since: Instant,
    /// When the broker was looked after last.
    pub(super) looked_after: Instant,
    /// What had been delivered at the last tick.
    pub(super) delivered_at_tick: Option<Offset>,
    /// When gaps were found to be of compaction.
    pub(super) believed_since: Option<Instant>,
    /// The server has shown that it reads newest first.
    pub(super) knows_reverse: bool,
}

impl<S: MessageSink> Reader<S> {
    /// A reader without a session.
    pub(super) fn new(core: Arc<Inner>, order: SubscribeRequest, sink: S) -> Self {
        let every = core.options.silence_limit.clamp(SHORTEST_TICK, TICK);
        let mut tick = tokio::time::interval(every);
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        Self {
            opener: Connector::new(core, order),
            intake: Arc::new(Mutex::new(SubscriptionDecoder::new(sink))),
            session: None,
            ready: VecDeque::new(),
            loss: None,
            announce: Announce::Opened,
            ended: false,
            flush: Box::pin(tokio::time::sleep(FLUSH_AFTER)),
            flush_is_set: false,
            tick,
            quiet_since: Instant::now(),
            looked_after: Instant::now(),
            delivered_at_tick: None,
            believed_since: None,
            knows_reverse: false,
        }
    }

    /// The first attempt: what can not pass is an error, all else is told by events.
    pub(super) async fn begin(&mut self) -> Result<()> {
        // The first attempt takes of the patience too: no broker delivers while it lasts.
        self.loss = Some(Outage::new(None));
        match self.open().await {
            Err(OpenError::Failed(error)) => Err(error),
            outcome => {
                self.settle(outcome);
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
            if self.ended {
                return None;
            }
            if self.session.is_some() {
                self.read().await;
            } else {
                self.try_again().await;
            }
        }
    }

    async fn open(&mut self) -> std::result::Result<OpenSubscription, OpenError> {
        let next = self.next_offset();
        let intake = Arc::clone(&self.intake);
        self.opener.open(next, &intake).await
    }

    /// The offset to go on at; `None` before the first message.
    pub(super) fn next_offset(&self) -> Option<Offset> {
        let intake = codec::lock(&self.intake);
        intake.delivered.and(intake.course.next)
    }

    /// The last offset delivered.
    pub(super) fn delivered(&self) -> Option<Offset> {
        codec::lock(&self.intake).delivered
    }

    /// Another attempt, after a wait.
    async fn try_again(&mut self) {
        let delivered = self.delivered();
        let loss = self.loss.get_or_insert_with(|| Outage::new(delivered));
        let wait = loss.backoff.next_wait();
        let token = self.opener.core.tasks.token().clone();
        let closing = token.cancelled();
        tokio::select! {
            () = tokio::time::sleep(wait) => {}
            () = closing => return self.end(EndReason::Failed(Error::closed().into())),
        }
        let outcome = self.open().await;
        self.settle(outcome);
    }

    /// Takes in how an attempt went.
    fn settle(&mut self, outcome: std::result::Result<OpenSubscription, OpenError>) {
        match outcome {
            Ok(session) => self.start(session),
            Err(OpenError::Ended(reason)) => self.end(reason),
            Err(OpenError::Oldest) => self.end(EndReason::StopReached),
            Err(OpenError::Failed(error)) => self.end(EndReason::Failed(error.into())),
            Err(OpenError::Lost(error)) => self.lose(error),
        }
    }

    fn start(&mut self, session: OpenSubscription) {
        let broker = Arc::clone(&session.broker);
        let next = codec::lock(&self.intake).course.next;
        self.quiet_since = Instant::now();
        self.looked_after = Instant::now();
        self.tick.reset();
        self.session = Some(session);
        match std::mem::replace(&mut self.announce, Announce::Resumed) {
            Announce::Opened => self.tell(SubscriptionEvent::Opened { broker }),
            Announce::Resumed => {
                let next = next.unwrap_or(-1);
                self.tell(SubscriptionEvent::Resumed { broker, next });
            }
            Announce::Nothing => {}
        }
    }

    /// The session is lost: says so and looks for another, unless that has taken too long already.
    pub(super) fn lose(&mut self, error: Error) {
        let delivered = self.delivered();
        let session = self.session.take();
        let lasted = session.is_some_and(|session| session.opened.elapsed() >= LASTING);
        self.loss
            .take_if(|loss| lasted || loss.delivered != delivered);
        let limit = match self.opener.order.spec.give_up {
            RetryLimit::AsClient => self.opener.core.options.resubscribe_limit,
            RetryLimit::After(limit) => Some(limit),
            RetryLimit::Never => None,
        };
        let loss = self.loss.get_or_insert_with(|| Outage::new(delivered));
        loss.attempt += 1;
        let attempt = loss.attempt;
        let failure = Failure::from(error);
        if limit.is_some_and(|limit| loss.since.elapsed() >= limit) {
            return self.end(EndReason::Unavailable(failure));
        }
        self.tell(SubscriptionEvent::Resuming { attempt, failure });
    }

    /// The subscription is over: nothing follows this event.
    pub(super) fn end(&mut self, reason: EndReason) {
        self.session = None;
        self.tell(SubscriptionEvent::Ended(reason));
        self.ended = true;
    }

    /// An event comes after the messages before it.
    pub(super) fn tell(&mut self, event: SubscriptionEvent) {
        self.hand_on();
        self.ready.push_back(SubscriptionItem::Event(event));
    }

    /// Hands on the batch that the last message filled.
    pub(super) fn hand_on_full(&mut self) {
        self.flush_is_set = false;
        let full = codec::lock(&self.intake).take_batch();
        self.ready.extend(full.map(SubscriptionItem::Batch));
    }

    /// Hands on what has come together.
    fn hand_on(&mut self) {
        self.flush_is_set = false;
        let mut intake = codec::lock(&self.intake);
        let (full, rest) = (intake.take_batch(), intake.flush());
        drop(intake);
        let batches = full.into_iter().chain(rest);
        self.ready.extend(batches.map(SubscriptionItem::Batch));
    }

    /// Reads until there is something to hand on.
    async fn read(&mut self) {
        match self.listen().await {
            StreamEvent::Told(Disposition::Full) => self.hand_on_full(),
            StreamEvent::Told(Disposition::Held) => self.explain_gap().await,
            StreamEvent::Told(Disposition::Stopped) => self.end(EndReason::StopReached),
            StreamEvent::Told(Disposition::Forwards) => self.found_forwards(),
            StreamEvent::Told(
                Disposition::Handshake | Disposition::Kept | Disposition::Repeated,
            ) => {}
            StreamEvent::Quiet => self.hand_on(),
            StreamEvent::Tick => self.look_up().await,
            StreamEvent::Broke(status) => {
                let closed = self.told(|opener, call| opener.meant(call, status));
                self.close(closed);
            }
            StreamEvent::Ended => {
                let closed = self.told(|opener, call| {
                    if opener.order.consumer.is_some() {
                        return OpenError::Ended(EndReason::Fenced);
                    }
                    OpenError::Lost(call.cut())
                });
                self.close(closed);
            }
        }
    }

    fn told(&self, judge: impl FnOnce(&Connector, &Call<'_>) -> OpenError) -> OpenError {
        let address = self.session.as_ref().map_or("", |session| &session.address);
        let call = Call {
            rpc: Rpc::Subscribe,
            target: &self.opener.target,
            address,
        };
        judge(&self.opener, &call)
    }

    fn close(&mut self, closed: OpenError) {
        let stopped = matches!(closed, OpenError::Ended(EndReason::StopReached));
        if stopped && self.has_older() && !codec::lock(&self.intake).is_fresh() {
            // A readonly partition ends a reversed subscription after one message (wire-contract §4.6).
            self.session = None;
            self.announce = Announce::Nothing;
            return;
        }
        self.settle(Err(closed));
    }

    /// Whether a reversed subscription that was told to be done can not be.
    pub(super) fn has_older(&self) -> bool {
        let intake = codec::lock(&self.intake);
        let course = &intake.course;
        let more = |next: Offset| !course.is_past(next);
        course.reverse && intake.delivered.is_some() && course.next.is_some_and(more)
    }

    /// A message that should be older is not: the server reads forwards, or has nothing older.
    fn found_forwards(&mut self) {
        if codec::lock(&self.intake).is_fresh() {
            return self.end(EndReason::StopReached);
        }
        self.fail_forwards();
    }

    /// Waits for the wire, for silence with something in the sink, or for the next tick.
    async fn listen(&mut self) -> StreamEvent {
        let Some(session) = &mut self.session else {
            return StreamEvent::Ended;
        };
        let intake = &self.intake;
        let (flush, is_set) = (&mut self.flush, &mut self.flush_is_set);
        let (stream, tick) = (&mut session.stream, &mut self.tick);
        std::future::poll_fn(|cx| {
            if let Poll::Ready(wire) = poll_wire(stream, cx) {
                return Poll::Ready(wire);
            }
            if !*is_set && codec::lock(intake).is_open() {
                flush
                    .as_mut()
                    .reset(tokio::time::Instant::now() + FLUSH_AFTER);
                *is_set = true;
            }
            if *is_set && flush.as_mut().poll(cx).is_ready() {
                return Poll::Ready(StreamEvent::Quiet);
            }
            tick.poll_tick(cx).map(|_| StreamEvent::Tick)
        })
        .await
    }
}

/// Takes messages off the wire until one needs more than being kept.
fn poll_wire(stream: &mut Streaming<Disposition>, cx: &mut Context<'_>) -> Poll<StreamEvent> {
    for _ in 0..TURN {
        match std::task::ready!(Pin::new(&mut *stream).poll_next(cx)) {
            Some(Ok(Disposition::Kept | Disposition::Repeated)) => {}
            Some(Ok(taken)) => return Poll::Ready(StreamEvent::Told(taken)),
            Some(Err(status)) => return Poll::Ready(StreamEvent::Broke(status)),
            None => return Poll::Ready(StreamEvent::Ended),
        }
    }
    cx.waker().wake_by_ref();
    Poll::Pending
}
