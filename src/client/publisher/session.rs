//! Matches answers to messages, times messages out, opens the next link after a cut. What was in flight at a cut ends
//! as unknown and is never sent twice; what no server can have got goes to another broker.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::Job;
use super::link::{self, Told};
use crate::client::backoff::Backoff;
use crate::client::core::Core;
use crate::client::error::Error;
use crate::client::publish::outcome;
use crate::model::{AckPolicy, ErrorKind, Outcome};
use crate::wire::pb;
use crate::wire::rpc::Rpc;
use crate::wire::status;

/// How often deadlines are looked at.
const LOOK: Duration = Duration::from_millis(20);

/// The open call.
struct Link {
    requests: mpsc::Sender<pb::PublishRequest>,
    told: mpsc::Receiver<Told>,
    /// It has answered: from then on nothing sent can be called unsent.
    has_answered: bool,
}

/// The task behind all clones of one publisher.
pub(super) struct Session {
    core: Arc<Core>,
    queue: mpsc::Receiver<Job>,
    bound: usize,
    /// Taken from the queue, or given back by a link that never came about; not in flight.
    waiting: VecDeque<Job>,
    flying: HashMap<u64, Job>,
    next_id: u64,
    link: Option<Link>,
    links: JoinSet<()>,
    backoff: Backoff,
    /// Why the last link did not come about.
    last_refusal: Option<Error>,
    not_before: Instant,
    brokers: VecDeque<Arc<str>>,
}

/// What woke the session.
enum Woken {
    /// A message was taken from the queue.
    Taken,
    Told(Told),
    /// The link takes another message.
    Room,
    Look,
    /// No publisher is left.
    Over,
}

impl Session {
    /// A session without a link.
    pub(super) fn new(core: Arc<Core>, queue: mpsc::Receiver<Job>, bound: usize) -> Self {
        Self {
            core,
            queue,
            bound,
            waiting: VecDeque::new(),
            flying: HashMap::new(),
            next_id: 0,
            link: None,
            links: JoinSet::new(),
            backoff: Backoff::of_request(),
            last_refusal: None,
            not_before: Instant::now(),
            brokers: VecDeque::new(),
        }
    }

    /// Runs until no publisher is left and nothing is waited for.
    pub(super) async fn run(mut self) {
        let mut look = tokio::time::interval(LOOK);
        look.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut over = false;
        while !(over && self.waiting.is_empty() && self.flying.is_empty()) {
            if self.link.is_none() && !self.waiting.is_empty() && Instant::now() >= self.not_before
            {
                self.open();
            }
            match self.wake(&mut look, over).await {
                Woken::Taken => {}
                Woken::Told(Told::Answer(answer)) => self.answer(*answer),
                Woken::Told(Told::Ended(error)) => self.cut(error),
                Woken::Room => self.send(),
                Woken::Look => self.expire(),
                Woken::Over => over = true,
            }
        }
    }

    async fn wake(&mut self, look: &mut tokio::time::Interval, over: bool) -> Woken {
        let busy = !self.waiting.is_empty() || !self.flying.is_empty();
        let has_room = self.waiting.is_empty() && !over;
        let waits = !self.waiting.is_empty();
        let (requests, told) = match &mut self.link {
            Some(link) => (Some(&link.requests), Some(&mut link.told)),
            None => (None, None),
        };
        let answer = async {
            match told {
                Some(told) => told.recv().await,
                None => std::future::pending().await,
            }
        };
        let room = async {
            match requests {
                // A link that is over says so itself.
                Some(requests) if requests.reserve().await.is_ok() => {}
                _ => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            Some(told) = answer => Woken::Told(told),
            () = room, if waits => Woken::Room,
            job = self.queue.recv(), if has_room => match job {
                Some(job) => {
                    self.waiting.push_back(job);
                    Woken::Taken
                }
                None => Woken::Over,
            },
            _ = look.tick(), if busy => Woken::Look,
        }
    }

    /// Begins a call at the next broker in turn.
    fn open(&mut self) {
        if self.brokers.is_empty() {
            self.brokers = self.core.brokers.in_turn().into();
        }
        let Some(address) = self.brokers.pop_front() else {
            return;
        };
        let (requests, taken) = mpsc::channel(64);
        // Room for every answer that may be owed, and for repeated ones: the link never waits for the session.
        let (tells, told) = mpsc::channel(self.bound.saturating_mul(2).min(1 << 16));
        let core = Arc::clone(&self.core);
        self.links.spawn(link::run(core, address, taken, tells));
        self.link = Some(Link {
            requests,
            told,
            has_answered: false,
        });
    }

    /// Hands the first waiting message to the link, which has room.
    fn send(&mut self) {
        let (Some(link), Some(mut job)) = (&self.link, self.waiting.pop_front()) else {
            return;
        };
        self.next_id += 1;
        job.request.correlation_id = format!("liftui-{:x}", self.next_id);
        match link.requests.try_send(job.request.clone()) {
            Err(_) => self.waiting.push_front(job),
            // Servers answer nothing to it (wire-contract §4.4).
            Ok(()) if job.policy == AckPolicy::None => job.end(Ok(Outcome::Sent)),
            Ok(()) => {
                self.flying.insert(self.next_id, job);
            }
        }
    }

    fn answer(&mut self, answer: pb::PublishResponse) {
        if let Some(link) = &mut self.link {
            link.has_answered = true;
            self.backoff = Backoff::of_request();
        }
        let id = answer.correlation_id.strip_prefix("liftui-");
        let id = id.and_then(|id| u64::from_str_radix(id, 16).ok());
        let Some(job) = id.and_then(|id| self.flying.remove(&id)) else {
            return;
        };
        let target = job.target.clone();
        // An answer with an error carries an empty ack too (wire-contract §4.4): the error counts.
        let ended = if let Some(error) = answer.async_error {
            let kind = status::of_async_error(&error);
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
        job.end(ended);
    }

    /// The link is over. Messages that no server can have got wait for the next one, in their order.
    fn cut(&mut self, error: Error) {
        let answered = self.link.take().is_some_and(|link| link.has_answered);
        let unsent = error.is_unsent() && !answered;
        let mut flying: Vec<(u64, Job)> = self.flying.drain().collect();
        flying.sort_by_key(|(id, _)| *id);
        for (_, job) in flying.into_iter().rev() {
            if unsent {
                self.waiting.push_front(job);
            } else {
                let target = job.target.clone();
                job.end(Err(Error::outcome_unknown(
                    Rpc::PublishAsync,
                    target,
                    "the connection broke",
                )));
            }
        }
        self.last_refusal = Some(error).filter(Error::is_unsent);
        if self.brokers.is_empty() {
            self.not_before = Instant::now() + self.backoff.next_wait();
        }
    }

    /// Ends what has waited for too long.
    fn expire(&mut self) {
        let now = Instant::now();
        let late = |_: &u64, job: &mut Job| job.deadline <= now;
        for (_, job) in self.flying.extract_if(late) {
            let target = job.target.clone();
            let why = "no ack came in time";
            job.end(Err(Error::outcome_unknown(Rpc::PublishAsync, target, why)));
        }
        let (late, waiting): (VecDeque<Job>, VecDeque<Job>) =
            self.waiting.drain(..).partition(|job| job.deadline <= now);
        self.waiting = waiting;
        for job in late {
            let target = job.target.clone();
            job.end(Err(self.unsent(target)));
        }
    }

    fn unsent(&self, target: crate::model::Target) -> Error {
        let sentence = match &self.last_refusal {
            Some(error) => format!("{target}: the message was never sent: {error}"),
            None => format!("{target}: the message was never sent: no broker took it in time"),
        };
        Error::new(ErrorKind::Unreachable, target, sentence).never_sent()
    }
}
