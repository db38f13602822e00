//! Matches answers to messages, times messages out, opens the next call after a cut. What was in flight at a cut ends as
//! unknown and is never sent twice; what no server has stored goes to another broker.

mod refused;

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::Instant;

use refused::Refused;

use super::PendingPublish;
use super::call::{self, CallEvent, CallId, CallSender};
use crate::client::backoff::Backoff;
use crate::client::error::Error;
use crate::client::inner::Inner;
use crate::client::metadata::Existence;
use crate::client::publish::{no_ack, outcome_of_ack, refused_as_missing};
use crate::model::{AckPolicy, ErrorKind, Outcome, Target};
use crate::wire::pb;
use crate::wire::rpc::Rpc;

/// How often deadlines are looked at.
const DEADLINE_CHECK: Duration = Duration::from_millis(20);

/// The call that messages are sent on.
struct OpenCall {
    id: CallId,
    requests: mpsc::Sender<pb::PublishRequest>,
    /// How many messages were handed to it.
    sent: usize,
    /// When it answered last: from the first time on nothing sent can be called unsent.
    answered: Option<Instant>,
    task: AbortHandle,
}

/// A message that was handed to a call.
struct InFlight {
    publish: PendingPublish,
    call: CallId,
    sent: Instant,
}

/// The task behind all clones of one publisher.
pub(super) struct PublishSession {
    inner: Arc<Inner>,
    queue: mpsc::Receiver<PendingPublish>,
    /// Taken from the queue, or given back by a call that never came about; not in flight.
    waiting: VecDeque<PendingPublish>,
    in_flight: HashMap<u64, InFlight>,
    /// Those of them that nobody acks, in their order: call, place among its messages, id.
    unacked: VecDeque<(CallId, usize, u64)>,
    /// Messages to partitions that their broker does not know, by id, while the other brokers are asked.
    refused: HashMap<Target, Vec<(u64, Refused)>>,
    /// Asks whether any broker knows a partition.
    lookups: JoinSet<(Target, Existence)>,
    next_id: u64,
    call: Option<OpenCall>,
    /// Calls that no message goes to any more; what is in flight on them may still be answered.
    retired: HashMap<CallId, AbortHandle>,
    calls: JoinSet<()>,
    next_call: CallId,
    events_sender: mpsc::Sender<(CallId, CallEvent)>,
    events: mpsc::Receiver<(CallId, CallEvent)>,
    backoff: Backoff,
    /// Why the last call did not come about.
    last_refusal: Option<Error>,
    not_before: Instant,
    brokers: VecDeque<Arc<str>>,
}

/// What woke the session.
enum SessionWakeup {
    /// A message was taken from the queue.
    Queued,
    Call(CallId, CallEvent),
    /// The call takes another message.
    CallReady,
    /// What brokers know of the partition of refused messages.
    LookedUp(Target, Existence),
    DeadlineCheck,
    /// No publisher is left.
    PublishersGone,
}

impl PublishSession {
    /// A session without a call.
    pub(super) fn new(
        inner: Arc<Inner>,
        queue: mpsc::Receiver<PendingPublish>,
        bound: usize,
    ) -> Self {
        // Room for every answer that may be owed, and for repeated ones: no call waits for the session.
        let (events_sender, events) = mpsc::channel(bound.saturating_mul(2).min(1 << 16));
        Self {
            inner,
            queue,
            waiting: VecDeque::new(),
            in_flight: HashMap::new(),
            unacked: VecDeque::new(),
            refused: HashMap::new(),
            lookups: JoinSet::new(),
            next_id: 0,
            call: None,
            retired: HashMap::new(),
            calls: JoinSet::new(),
            next_call: 0,
            events_sender,
            events,
            backoff: Backoff::of_request(),
            last_refusal: None,
            not_before: Instant::now(),
            brokers: VecDeque::new(),
        }
    }

    /// Runs until no publisher is left and nothing is waited for.
    pub(super) async fn run(mut self) {
        let mut check = tokio::time::interval(DEADLINE_CHECK);
        check.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut over = false;
        while !(over && self.is_done()) {
            if self.call.is_none() && !self.waiting.is_empty() && Instant::now() >= self.not_before
            {
                self.open();
            }
            match self.wake(&mut check, over).await {
                SessionWakeup::Queued => {}
                SessionWakeup::Call(call, CallEvent::Answer(answer)) => {
                    self.on_answer(call, *answer);
                }
                SessionWakeup::Call(call, CallEvent::Ended(error)) => {
                    self.on_call_ended(call, error);
                }
                SessionWakeup::CallReady => self.send(),
                SessionWakeup::LookedUp(target, existence) => self.on_lookup(&target, existence),
                SessionWakeup::DeadlineCheck => self.expire_overdue(),
                SessionWakeup::PublishersGone => over = true,
            }
            self.complete_unacked();
        }
        self.finish_call().await;
    }

    fn is_done(&self) -> bool {
        self.waiting.is_empty() && self.in_flight.is_empty() && self.refused.is_empty()
    }

    /// Lets the open call write what it still holds: messages without an ack. What it answers is nobody's any more.
    async fn finish_call(mut self) {
        drop(self.call.take());
        self.retired.values().for_each(AbortHandle::abort);
        drop(self.events_sender);
        let rest = async { while self.events.recv().await.is_some() {} };
        tokio::time::timeout(self.inner.options.request_timeout, rest)
            .await
            .ok();
    }

    async fn wake(&mut self, check: &mut tokio::time::Interval, over: bool) -> SessionWakeup {
        let is_busy = !self.is_done();
        let takes_more = self.waiting.is_empty() && !over;
        // Those refused come first, or messages to one partition would change places.
        let has_to_send = !self.waiting.is_empty() && self.refused.is_empty();
        let requests = self.call.as_ref().map(|call| &call.requests);
        let call_ready = async {
            match requests {
                // A call that is over says so itself.
                Some(requests) if requests.reserve().await.is_ok() => {}
                _ => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            // First, or deadlines would not be kept while answers keep coming.
            _ = check.tick(), if is_busy => SessionWakeup::DeadlineCheck,
            Some((call, event)) = self.events.recv() => SessionWakeup::Call(call, event),
            Some(Ok((target, existence))) = self.lookups.join_next(), if !self.lookups.is_empty() => {
                SessionWakeup::LookedUp(target, existence)
            }
            () = call_ready, if has_to_send => SessionWakeup::CallReady,
            publish = self.queue.recv(), if takes_more => match publish {
                Some(publish) => {
                    self.waiting.push_back(publish);
                    SessionWakeup::Queued
                }
                None => SessionWakeup::PublishersGone,
            },
        }
    }

    /// Begins a call at the next broker in turn.
    fn open(&mut self) {
        if self.brokers.is_empty() {
            self.brokers = self.inner.brokers.in_preferred_order().into();
        }
        let Some(address) = self.brokers.pop_front() else {
            return;
        };
        while self.calls.try_join_next().is_some() {}
        self.next_call += 1;
        let id = self.next_call;
        let (requests, queue) = mpsc::channel(64);
        let events = CallSender {
            call: id,
            session: self.events_sender.clone(),
        };
        let inner = Arc::clone(&self.inner);
        let task = self.calls.spawn(call::run(inner, address, queue, events));
        self.call = Some(OpenCall {
            id,
            requests,
            sent: 0,
            answered: None,
            task,
        });
    }

    /// What follows goes to another broker. What is in flight may still be answered, and ends by its own deadline if not.
    fn retire_call(&mut self) {
        if let Some(call) = self.call.take() {
            self.retired.insert(call.id, call.task);
        }
    }

    /// Ends retired calls on which nothing is in flight any more.
    fn abort_drained(&mut self) {
        let in_flight = &self.in_flight;
        let is_awaited = |id: &CallId| in_flight.values().any(|sent| sent.call == *id);
        for (_, task) in self.retired.extract_if(|id, _| !is_awaited(id)) {
            task.abort();
        }
    }

    /// Hands the first waiting message to the call, which has room.
    fn send(&mut self) {
        let (Some(call), Some(mut publish)) = (&mut self.call, self.waiting.pop_front()) else {
            return;
        };
        self.next_id += 1;
        publish.request.correlation_id = call::correlation_id(self.next_id);
        if call.requests.try_send(publish.request.clone()).is_err() {
            return self.waiting.push_front(publish);
        }
        call.sent += 1;
        if publish.policy == AckPolicy::None {
            self.unacked.push_back((call.id, call.sent, self.next_id));
        }
        let sent = InFlight {
            publish,
            call: call.id,
            sent: Instant::now(),
        };
        self.in_flight.insert(self.next_id, sent);
    }

    /// Servers answer nothing to a message that wants no ack (wire-contract §4.4): it is sent once the transport has
    /// taken it, which it does only when it is connected.
    fn complete_unacked(&mut self) {
        let Some(call) = &self.call else { return };
        let left = call.requests.max_capacity() - call.requests.capacity();
        let taken = call.sent.saturating_sub(left);
        // A call that is over drops what nobody took, which looks the same: it says how it ended itself. Looked at after
        // the count, or it might end in between.
        if call.requests.is_closed() {
            return;
        }
        while let Some(&(on, place, id)) = self.unacked.front() {
            if on == call.id && place > taken {
                return;
            }
            self.unacked.pop_front();
            // What was in flight on an earlier call ended with that.
            if on == call.id
                && let Some(sent) = self.in_flight.remove(&id)
            {
                sent.publish.complete(Ok(Outcome::Sent));
            }
        }
    }

    fn on_answer(&mut self, call: CallId, answer: pb::PublishResponse) {
        if let Some(open) = self.call.as_mut().filter(|open| open.id == call) {
            open.answered = Some(Instant::now());
            self.backoff = Backoff::of_request();
        }
        let Some(id) = call::answered_id(&answer) else {
            return;
        };
        let Some(InFlight { publish, .. }) = self.in_flight.get(&id) else {
            return;
        };
        // Streams that share a subject all store the message, and each acks it (wire-contract §0.9): the one that it was
        // sent to counts.
        let is_other = |ack: &pb::Ack| ack.stream != publish.request.stream;
        if answer.async_error.is_none() && answer.ack.as_ref().is_some_and(is_other) {
            return;
        }
        let Some(InFlight { publish, call, .. }) = self.in_flight.remove(&id) else {
            return;
        };
        // An answer with an error carries an empty ack too (wire-contract §4.4): the error counts.
        if let Some(error) = answer.async_error {
            return self.on_error(id, call, publish, &error);
        }
        let target = publish.target.clone();
        let outcome = match answer.ack {
            None => no_ack(publish.policy, Rpc::PublishAsync, target),
            Some(ack) => {
                let ack = pb::Ack {
                    correlation_id: publish.correlation_id.clone(),
                    ..ack
                };
                let partition = Some(publish.partition);
                outcome_of_ack(ack, partition, Rpc::PublishAsync, target)
            }
        };
        publish.complete(outcome);
    }

    /// Sends what follows to another broker than that of this call.
    fn leave(&mut self, call: CallId) {
        if self.call.as_ref().is_some_and(|open| open.id == call) {
            self.retire_call();
        }
    }

    /// A call is over. Messages that no server can have got wait for the next one, in their order.
    fn on_call_ended(&mut self, call: CallId, error: Error) {
        self.retired.remove(&call);
        let open = self.call.take_if(|open| open.id == call);
        let was_open = open.is_some();
        let unsent = error.is_unsent() && open.is_some_and(|open| open.answered.is_none());
        let lost = |_: &u64, sent: &mut InFlight| sent.call == call;
        let mut lost: Vec<(u64, InFlight)> = self.in_flight.extract_if(lost).collect();
        lost.sort_by_key(|(id, _)| *id);
        for (_, InFlight { publish, .. }) in lost.into_iter().rev() {
            if unsent {
                self.waiting.push_front(publish);
            } else {
                complete_as_unknown(publish, "the connection broke");
            }
        }
        if !was_open {
            return;
        }
        self.last_refusal = Some(error).filter(Error::is_unsent);
        if self.brokers.is_empty() {
            self.not_before = Instant::now() + self.backoff.next_wait();
        }
    }

    /// Ends what has waited for too long.
    fn expire_overdue(&mut self) {
        let now = Instant::now();
        let late = |_: &u64, sent: &mut InFlight| sent.publish.deadline <= now;
        let late: Vec<(u64, InFlight)> = self.in_flight.extract_if(late).collect();
        let open = self.call.as_ref();
        // Nothing was answered since it was sent, of any message: the broker may be dead without having said so.
        let unheard = |sent: &InFlight| {
            open.is_some_and(|open| open.id == sent.call && open.answered < Some(sent.sent))
        };
        if late.iter().any(|(_, sent)| unheard(sent)) {
            self.retire_call();
        }
        for (_, InFlight { publish, .. }) in late {
            complete_as_unknown(publish, "no ack came in time");
        }
        let (late, waiting): (VecDeque<PendingPublish>, VecDeque<PendingPublish>) =
            self.waiting.drain(..).partition(|it| it.deadline <= now);
        self.waiting = waiting;
        for publish in late {
            let target = publish.target.clone();
            publish.complete(Err(self.unsent(target)));
        }
        for refused in self.refused.values_mut() {
            for (_, late) in refused.extract_if(.., |(_, it)| it.publish.deadline <= now) {
                let error = refused_as_missing(late.error, Existence::Unclear);
                late.publish.complete(Err(error));
            }
        }
        self.abort_drained();
    }

    fn unsent(&self, target: Target) -> Error {
        let sentence = match &self.last_refusal {
            Some(error) => {
                let error = target.named_before(&error.to_string());
                format!("{target}: the message was never sent: {error}")
            }
            None => format!("{target}: the message was never sent: no broker took it in time"),
        };
        Error::new(ErrorKind::Unreachable, target, sentence).never_sent()
    }
}

fn complete_as_unknown(publish: PendingPublish, why: &str) {
    let target = publish.target.clone();
    publish.complete(Err(Error::outcome_unknown(Rpc::PublishAsync, target, why)));
}
