//! Publishing many messages at a time over one `PublishAsync` call: what callers see. The call itself, its answers and
//! its cuts are `publisher::session`'s.

mod call;
mod session;

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot, watch};
use tokio::time::Instant;

use super::Client;
use super::error::{Error, Result};
use super::inner::Inner;
use super::publish::check_request;
use super::retry::MAX_DEADLINE;
use crate::model::setters::setters;
use crate::model::{AckPolicy, Destination, Outcome, PartitionId, PublishOptions, Target};
use crate::wire::rpc::Rpc;
use crate::wire::{convert, pb};

/// How much a [`Publisher`] allows itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PublisherOptions {
    /// Messages sent and not answered yet; the next one waits for an answer.
    pub max_in_flight: usize,
}

setters! {
    PublisherOptions {
        max_in_flight: usize,
    }
}

impl Default for PublisherOptions {
    fn default() -> Self {
        Self {
            max_in_flight: 1024,
        }
    }
}

/// How a message ended, and when.
type Answered = (Result<Outcome>, Instant);

/// A message on its way, with who waits for it.
struct PendingPublish {
    request: pb::PublishRequest,
    /// The caller's own id: on the wire stands one of ours, which is unique.
    correlation_id: String,
    policy: AckPolicy,
    partition: PartitionId,
    target: Target,
    deadline: Instant,
    answer: oneshot::Sender<Answered>,
    /// Its place among the messages in flight.
    _permit: OwnedSemaphorePermit,
}

impl PendingPublish {
    fn complete(self, outcome: Result<Outcome>) {
        // Nobody may wait for it any more.
        self.answer.send((outcome, Instant::now())).ok();
    }
}

/// Publishes messages without waiting for each: any number up to a bound is on its way, answers come in any order.
/// Cheap to clone; the messages of all clones share one call. When the last clone is dropped, what is on its way is
/// still waited for by its [`AckFuture`]s; [`Publisher::finish`] waits until all of it is with the broker.
#[derive(Clone, Debug)]
pub struct Publisher {
    inner: Arc<Inner>,
    queue: mpsc::Sender<PendingPublish>,
    permits: Arc<Semaphore>,
    bound: u32,
    /// Nothing comes of it: its other end goes with the call.
    over: watch::Receiver<()>,
}

impl Client {
    /// Opens nothing yet: the call begins with the first message, and anew after a cut, or at another broker where one
    /// answers nothing. Messages of one publisher reach a partition in the order they were given; after a cut that order
    /// holds for what was not in flight.
    pub fn publish_session(&self, options: PublisherOptions) -> Publisher {
        let most = Semaphore::MAX_PERMITS.min(u32::MAX as usize);
        let bound = options.max_in_flight.clamp(1, most);
        let (jobs, queue) = mpsc::channel(bound.min(256));
        let inner = Arc::clone(self.inner());
        let session = session::PublishSession::new(Arc::clone(&inner), queue, bound);
        let (ends, over) = watch::channel(());
        inner.tasks.run_session(async move {
            session.run().await;
            drop(ends);
        });
        Publisher {
            inner,
            queue: jobs,
            permits: Arc::new(Semaphore::new(bound)),
            bound: u32::try_from(bound).unwrap_or(u32::MAX),
            over,
        }
    }
}

impl Publisher {
    /// Sends one message; waits only while too many are in flight. The receipt tells how it ended, at the latest when its
    /// `deadline` has passed, counted from when there was room for it; with [`AckPolicy::None`] as soon as it was handed
    /// to the connection, so that a refusal goes unheard. Receipts may be dropped unread.
    ///
    /// # Errors
    /// [`Refused`](crate::model::ErrorKind::Refused) for a publish to a subject, which `PublishAsync` has not;
    /// [`NoSuchStream`](crate::model::ErrorKind::NoSuchStream) where metadata is needed to find the partition;
    /// [`TooLarge`](crate::model::ErrorKind::TooLarge) for more than 4 MiB, which would end the call for all others;
    /// [`Closed`](crate::model::ErrorKind::Closed).
    pub async fn publish(&self, options: PublishOptions) -> Result<AckFuture> {
        let Some((stream, partition)) = self.inner.destination(&options).await? else {
            return Err(refused_subject(&options));
        };
        let request = convert::publish(&options, &stream, partition);
        let target = Target::Partition(stream, partition);
        check_request(&request, Rpc::PublishAsync, &target)?;
        let place = Arc::clone(&self.permits).acquire_owned().await;
        let (answer, answered) = oneshot::channel();
        let wait = options
            .deadline
            .unwrap_or(self.inner.options.request_timeout);
        let begun = Instant::now();
        let job = PendingPublish {
            request,
            correlation_id: options.correlation_id,
            policy: options.ack_policy,
            partition,
            target: target.clone(),
            deadline: begun + wait.min(MAX_DEADLINE),
            answer,
            _permit: place.or(Err(Error::closed()))?,
        };
        self.queue.send(job).await.or(Err(Error::closed()))?;
        Ok(AckFuture {
            answer: answered,
            target,
            begun,
        })
    }

    /// Waits until nothing is in flight.
    ///
    /// # Errors
    /// [`Closed`](crate::model::ErrorKind::Closed).
    pub async fn flush(&self) -> Result<()> {
        let all = self.permits.acquire_many(self.bound).await;
        all.map(drop).or(Err(Error::closed()))
    }

    /// Waits until every answer is there and the call is over, so that messages without an ack are with the broker too.
    /// Other clones have to be gone for that.
    pub async fn finish(self) {
        let Self {
            queue: jobs,
            mut over,
            ..
        } = self;
        drop(jobs);
        // Nothing is ever sent: this ends with the call.
        over.changed().await.ok();
    }

    /// Messages sent and not answered yet.
    pub fn in_flight(&self) -> usize {
        let bound = usize::try_from(self.bound).unwrap_or(usize::MAX);
        bound.saturating_sub(self.permits.available_permits())
    }
}

fn refused_subject(options: &PublishOptions) -> Error {
    let subject = match &options.to {
        Destination::Subject(subject) => subject.clone(),
        Destination::Partition(stream, _)
        | Destination::ByKey(stream)
        | Destination::RoundRobin(stream) => stream.to_string(),
    };
    let sentence = "subjects are published to one message at a time";
    Error::refused(Target::Subject(subject), sentence)
}

/// How one message ends, once that is known. Receipts are ready in the order of answers, not of messages.
///
/// # Errors
/// [`OutcomeUnknown`](crate::model::ErrorKind::OutcomeUnknown) where its deadline passed or the connection broke: it
/// is never sent again on its own. [`Unreachable`](crate::model::ErrorKind::Unreachable) where no broker can have got it.
/// Else what the server said, by the codes of wire-contract §4.4:
///
/// | code | kind |
/// |---|---|
/// | `NOT_FOUND` | [`NoSuchStream`](crate::model::ErrorKind::NoSuchStream), [`NoSuchPartition`](crate::model::ErrorKind::NoSuchPartition) |
/// | `READONLY` | [`ReadonlyPartition`](crate::model::ErrorKind::ReadonlyPartition) |
/// | `INCORRECT_OFFSET` | [`IncorrectOffset`](crate::model::ErrorKind::IncorrectOffset) |
/// | `BAD_REQUEST` | [`AckPolicyRequired`](crate::model::ErrorKind::AckPolicyRequired), [`TooLarge`](crate::model::ErrorKind::TooLarge), [`InvalidArgument`](crate::model::ErrorKind::InvalidArgument) |
/// | `ENCRYPTION_FAILED` | [`EncryptionFailed`](crate::model::ErrorKind::EncryptionFailed) |
/// | `PERMISSION_DENIED` | [`PermissionDenied`](crate::model::ErrorKind::PermissionDenied): servers store the message all the same |
/// | `INTERNAL` | [`TooLarge`](crate::model::ErrorKind::TooLarge) for NATS, [`PartitionPaused`](crate::model::ErrorKind::PartitionPaused) where it could not be resumed, [`Server`](crate::model::ErrorKind::Server) |
/// | `UNKNOWN` | [`Server`](crate::model::ErrorKind::Server) |
#[derive(Debug)]
pub struct AckFuture {
    answer: oneshot::Receiver<Answered>,
    target: Target,
    begun: Instant,
}

impl AckFuture {
    /// How the message ended, and how long after it got its place in flight: the time of the answer counts, however
    /// late the ack future is looked at.
    ///
    /// # Errors
    /// The outcome is what awaiting the ack future itself gives.
    pub async fn timed(mut self) -> (Result<Outcome>, Duration) {
        let (outcome, at) = std::future::poll_fn(|cx| self.poll_answer(cx)).await;
        (outcome, at.saturating_duration_since(self.begun))
    }

    fn poll_answer(&mut self, cx: &mut Context<'_>) -> Poll<Answered> {
        let answer = std::task::ready!(Pin::new(&mut self.answer).poll(cx));
        let closed = |_| {
            let target = self.target.clone();
            let error = Error::outcome_unknown(Rpc::PublishAsync, target, "the client was closed");
            (Err(error), Instant::now())
        };
        Poll::Ready(answer.unwrap_or_else(closed))
    }
}

impl Future for AckFuture {
    type Output = Result<Outcome>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.poll_answer(cx).map(|(outcome, _)| outcome)
    }
}
