//! Matches answers to messages, times messages out, opens the next link after a cut. What was in flight at a cut ends
//! as unknown and is never sent twice; what no server can have got goes to another broker.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::Instant;

use super::PendingPublish;
use super::call::{self, CallEvent, CallId, CallSender};
use crate::client::backoff::Backoff;
use crate::client::error::Error;
use crate::client::inner::Inner;
use crate::client::publish::outcome;
use crate::model::{AckPolicy, ErrorKind, Outcome};
use crate::wire::pb;
use crate::wire::rpc::Rpc;
use crate::wire::status;

/// How often deadlines are looked at.
const DEADLINE_CHECK: Duration = Duration::from_millis(20);

/// The open call.
struct OpenCall {
    id: CallId,
    requests: mpsc::Sender<pb::PublishRequest>,
    /// How many messages were handed to it.
    sent: usize,
    /// When it answered last: from the first time on nothing sent can be called unsent.
    answered: Option<Instant>,
    task: AbortHandle,
}

/// A message that was handed to a link.
struct InFlight {
    job: PendingPublish,
    call: CallId,
    sent: Instant,
}

/// The task behind all clones of one publisher.
pub(super) struct PublishSession {
    core: Arc<Inner>,
    queue: mpsc::Receiver<PendingPublish>,
    /// Taken from the queue, or given back by a link that never came about; not in flight.
    waiting: VecDeque<PendingPublish>,
    in_flight: HashMap<u64, InFlight>,
    /// Those of them that nobody acks, in their order: link, place among its messages, id.
    unacked: VecDeque<(CallId, usize, u64)>,
    next_id: u64,
    link: Option<OpenCall>,
    /// Links that no message goes to any more; what flies there may still be answered.
    retired: HashMap<CallId, AbortHandle>,
    links: JoinSet<()>,
    next_link: CallId,
    tells: mpsc::Sender<(CallId, CallEvent)>,
    event: mpsc::Receiver<(CallId, CallEvent)>,
    backoff: Backoff,
    /// Why the last link did not come about.
    last_refusal: Option<Error>,
    not_before: Instant,
    brokers: VecDeque<Arc<str>>,
}

/// What woke the session.
enum SessionWakeup {
    /// A message was taken from the queue.
    Queued,
    Call(CallId, CallEvent),
    /// The link takes another message.
    CallReady,
    DeadlineCheck,
    /// No publisher is left.
    PublishersGone,
}

impl PublishSession {
    /// A session without a link.
    pub(super) fn new(
        core: Arc<Inner>,
        queue: mpsc::Receiver<PendingPublish>,
        bound: usize,
    ) -> Self {
        // Room for every answer that may be owed, and for repeated ones: no link waits for the session.
        let (tells, event) = mpsc::channel(bound.saturating_mul(2).min(1 << 16));
        Self {
            core,
            queue,
            waiting: VecDeque::new(),
            in_flight: HashMap::new(),
            unacked: VecDeque::new(),
            next_id: 0,
            link: None,
            retired: HashMap::new(),
            links: JoinSet::new(),
            next_link: 0,
            tells,
            event,
            backoff: Backoff::of_request(),
            last_refusal: None,
            not_before: Instant::now(),
            brokers: VecDeque::new(),
        }
    }

    /// Runs until no publisher is left and nothing is waited for.
    pub(super) async fn run(mut self) {
        let mut look = tokio::time::interval(DEADLINE_CHECK);
        look.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut over = false;
        while !(over && self.waiting.is_empty() && self.in_flight.is_empty()) {
            if self.link.is_none() && !self.waiting.is_empty() && Instant::now() >= self.not_before
            {
                self.open();
            }
            match self.wake(&mut look, over).await {
                SessionWakeup::Queued => {}
                SessionWakeup::Call(link, CallEvent::Answer(answer)) => {
                    self.on_answer(link, *answer);
                }
                SessionWakeup::Call(link, CallEvent::Ended(error)) => {
                    self.on_call_ended(link, error);
                }
                SessionWakeup::CallReady => self.send(),
                SessionWakeup::DeadlineCheck => self.expire_overdue(),
                SessionWakeup::PublishersGone => over = true,
            }
            self.complete_unacked();
        }
        self.finish_call().await;
    }

    /// Lets the open call write what it still holds: messages without an ack. What it answers is nobody's any more.
    async fn finish_call(mut self) {
        drop(self.link.take());
        self.retired.values().for_each(AbortHandle::abort);
        drop(self.tells);
        let event = async { while self.event.recv().await.is_some() {} };
        tokio::time::timeout(self.core.options.request_timeout, event)
            .await
            .ok();
    }

    async fn wake(&mut self, look: &mut tokio::time::Interval, over: bool) -> SessionWakeup {
        let busy = !self.waiting.is_empty() || !self.in_flight.is_empty();
        let has_room = self.waiting.is_empty() && !over;
        let waits = !self.waiting.is_empty();
        let requests = self.link.as_ref().map(|link| &link.requests);
        let room = async {
            match requests {
                // A link that is over says so itself.
                Some(requests) if requests.reserve().await.is_ok() => {}
                _ => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            // First, or deadlines would not be kept while answers keep coming.
            _ = look.tick(), if busy => SessionWakeup::DeadlineCheck,
            Some((link, event)) = self.event.recv() => SessionWakeup::Call(link, event),
            () = room, if waits => SessionWakeup::CallReady,
            job = self.queue.recv(), if has_room => match job {
                Some(job) => {
                    self.waiting.push_back(job);
                    SessionWakeup::Queued
                }
                None => SessionWakeup::PublishersGone,
            },
        }
    }

    /// Begins a call at the next broker in turn.
    fn open(&mut self) {
        if self.brokers.is_empty() {
            self.brokers = self.core.brokers.in_preferred_order().into();
        }
        let Some(address) = self.brokers.pop_front() else {
            return;
        };
        while self.links.try_join_next().is_some() {}
        self.next_link += 1;
        let id = self.next_link;
        let (requests, taken) = mpsc::channel(64);
        let tells = CallSender {
            link: id,
            session: self.tells.clone(),
        };
        let core = Arc::clone(&self.core);
        let task = self.links.spawn(call::run(core, address, taken, tells));
        self.link = Some(OpenCall {
            id,
            requests,
            sent: 0,
            answered: None,
            task,
        });
    }

    /// The link answers nothing: what follows goes to another broker. What flies there may still be answered, and ends
    /// by its own deadline if not.
    fn retire_call(&mut self) {
        if let Some(link) = self.link.take() {
            self.retired.insert(link.id, link.task);
        }
    }

    /// Lets go of retired links on which nothing flies any more.
    fn abort_drained(&mut self) {
        let flying = &self.in_flight;
        let is_awaited = |id: &CallId| flying.values().any(|flight| flight.call == *id);
        for (_, task) in self.retired.extract_if(|id, _| !is_awaited(id)) {
            task.abort();
        }
    }

    /// Hands the first waiting message to the link, which has room.
    fn send(&mut self) {
        let (Some(link), Some(mut job)) = (&mut self.link, self.waiting.pop_front()) else {
            return;
        };
        self.next_id += 1;
        job.request.correlation_id = format!("liftui-{:x}", self.next_id);
        if link.requests.try_send(job.request.clone()).is_err() {
            return self.waiting.push_front(job);
        }
        link.sent += 1;
        if job.policy == AckPolicy::None {
            self.unacked.push_back((link.id, link.sent, self.next_id));
        }
        let flight = InFlight {
            job,
            call: link.id,
            sent: Instant::now(),
        };
        self.in_flight.insert(self.next_id, flight);
    }

    /// Servers answer nothing to a message that wants no ack (wire-contract §4.4): it is sent once the transport has
    /// taken it, which it does only when it is connected.
    fn complete_unacked(&mut self) {
        let Some(link) = &self.link else { return };
        let left = link.requests.max_capacity() - link.requests.capacity();
        let taken = link.sent.saturating_sub(left);
        // A call that is over drops what nobody took, which looks the same: it says how it ended itself. Looked at after
        // the count, or it might end in between.
        if link.requests.is_closed() {
            return;
        }
        while let Some(&(on, place, id)) = self.unacked.front() {
            if on == link.id && place > taken {
                return;
            }
            self.unacked.pop_front();
            // What flew on an earlier link ended with that.
            if on == link.id
                && let Some(flight) = self.in_flight.remove(&id)
            {
                flight.job.complete(Ok(Outcome::Sent));
            }
        }
    }

    fn on_answer(&mut self, link: CallId, answer: pb::PublishResponse) {
        if let Some(open) = self.link.as_mut().filter(|open| open.id == link) {
            open.answered = Some(Instant::now());
            self.backoff = Backoff::of_request();
        }
        // Servers before 1.3 know the id inside the ack alone (wire-contract §1.2).
        let inside = answer.ack.as_ref().map_or("", |ack| &ack.correlation_id);
        let outside = Some(&*answer.correlation_id).filter(|id| !id.is_empty());
        let id = outside.unwrap_or(inside).strip_prefix("liftui-");
        let id = id.and_then(|id| u64::from_str_radix(id, 16).ok());
        let Some(InFlight { job, .. }) = id.and_then(|id| self.in_flight.remove(&id)) else {
            return;
        };
        let target = job.target.clone();
        // An answer with an error carries an empty ack too (wire-contract §4.4): the error counts.
        let ended = if let Some(error) = answer.async_error {
            let kind = status::of_async_error(&error);
            self.core.invalidate_if_missing(kind);
            Err(Error::of_kind(
                kind,
                Rpc::PublishAsync,
                target,
                &error.message,
            ))
        } else {
            let ack = answer.ack.map(|ack| pb::Ack {
                correlation_id: job.correlation_id.clone(),
                ..ack
            });
            outcome(
                job.policy,
                ack,
                Some(job.partition),
                Rpc::PublishAsync,
                target,
            )
        };
        job.complete(ended);
    }

    /// A link is over. Messages that no server can have got wait for the next one, in their order.
    fn on_call_ended(&mut self, link: CallId, error: Error) {
        self.retired.remove(&link);
        let open = self.link.take_if(|open| open.id == link);
        let was_open = open.is_some();
        let unsent = error.is_unsent() && open.is_some_and(|open| open.answered.is_none());
        let lost = |_: &u64, flight: &mut InFlight| flight.call == link;
        let mut lost: Vec<(u64, InFlight)> = self.in_flight.extract_if(lost).collect();
        lost.sort_by_key(|(id, _)| *id);
        for (_, InFlight { job, .. }) in lost.into_iter().rev() {
            if unsent {
                self.waiting.push_front(job);
            } else {
                let target = job.target.clone();
                job.complete(Err(Error::outcome_unknown(
                    Rpc::PublishAsync,
                    target,
                    "the connection broke",
                )));
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
        let late = |_: &u64, flight: &mut InFlight| flight.job.deadline <= now;
        let late: Vec<(u64, InFlight)> = self.in_flight.extract_if(late).collect();
        let open = self.link.as_ref();
        // Not a word since it was sent, of any message: the broker may be dead without having said so.
        let unheard = |flight: &InFlight| {
            open.is_some_and(|open| open.id == flight.call && open.answered < Some(flight.sent))
        };
        if late.iter().any(|(_, flight)| unheard(flight)) {
            self.retire_call();
        }
        for (_, InFlight { job, .. }) in late {
            let target = job.target.clone();
            let why = "no ack came in time";
            job.complete(Err(Error::outcome_unknown(Rpc::PublishAsync, target, why)));
        }
        let (late, waiting): (VecDeque<PendingPublish>, VecDeque<PendingPublish>) =
            self.waiting.drain(..).partition(|job| job.deadline <= now);
        self.waiting = waiting;
        for job in late {
            let target = job.target.clone();
            job.complete(Err(self.unsent(target)));
        }
        self.abort_drained();
    }

    fn unsent(&self, target: crate::model::Target) -> Error {
        let sentence = match &self.last_refusal {
            Some(error) => format!("{target}: the message was never sent: {error}"),
            None => format!("{target}: the message was never sent: no broker took it in time"),
        };
        Error::new(ErrorKind::Unreachable, target, sentence).never_sent()
    }
}
