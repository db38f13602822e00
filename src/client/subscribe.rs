//! Subscriptions: a stream of batches and events that survives its broker. What callers see; opening is
//! `subscribe::open`'s, reading and resuming `subscribe::reader`'s.

mod deletion;
mod liveness;
mod open;
mod positions;
mod reader;

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use tokio_stream::Stream;
use tokio_util::sync::ReusableBoxFuture;

use super::error::{Error, Result};
use super::inner::Inner;
use crate::model::{EndReason, ErrorKind, MessageSink, SubscribeSpec, SubscriptionEvent, Target};
use crate::wire::pb;
use crate::wire::rpc::Rpc;
use reader::Reader;

/// What a subscription yields: `B` is what its sink makes of messages, [`Message`](crate::model::Message) by default.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SubscriptionItem<B> {
    /// Messages, in order, each once.
    Batch(B),
    /// Something that happened to the subscription.
    Event(SubscriptionEvent),
}

/// The error that stands for an end where messages were owed; `None` where it is an end as asked for, or one that the
/// partition's state explains.
pub(crate) fn failure_of(reason: &EndReason, target: &Target) -> Option<Error> {
    let of_kind = |kind| Some(Error::of_kind(kind, Rpc::Subscribe, target.clone(), ""));
    match reason {
        EndReason::StopReached | EndReason::Paused | EndReason::ReadonlyEnd => None,
        EndReason::Deleted => of_kind(ErrorKind::StreamDeleted),
        EndReason::Fenced => of_kind(ErrorKind::Fenced),
        EndReason::Unavailable(failure) | EndReason::Failed(failure) => {
            Some(Error::from(failure.clone()))
        }
    }
}

/// What is subscribed to, with what only a [`Client`](super::Client) may ask.
#[derive(Clone, Debug)]
pub(crate) struct SubscribeRequest {
    pub(crate) spec: SubscribeSpec,
    /// Resume the partition if it is paused.
    pub(crate) resume: bool,
    /// The member of a group that reads.
    pub(crate) consumer: Option<pb::Consumer>,
}

impl SubscribeRequest {
    /// An order that changes nothing.
    pub(crate) fn read_only(spec: SubscribeSpec) -> Self {
        Self {
            spec,
            resume: false,
            consumer: None,
        }
    }
}

type ReaderItem<S> = (
    Box<Reader<S>>,
    Option<SubscriptionItem<<S as MessageSink>::Batch>>,
);

/// A stream of [`SubscriptionItem`]s. It works only while it is polled: not polling it stops reading from the broker,
/// and holds up nothing else. Dropping it closes it. It ends after [`SubscriptionEvent::Ended`]; dropping the client
/// ends it as [`Closed`](crate::model::ErrorKind::Closed).
pub struct Subscription<S: MessageSink> {
    next_item: Option<ReusableBoxFuture<'static, ReaderItem<S>>>,
}

impl<S: MessageSink> Subscription<S> {
    /// Makes one attempt to open it. A failure that another attempt may mend becomes the first event of the
    /// subscription, any other is returned.
    pub(crate) async fn open(core: Arc<Inner>, order: SubscribeRequest, sink: S) -> Result<Self> {
        let mut reader = Box::new(Reader::new(core, order, sink));
        reader.open_first().await?;
        Ok(Self {
            next_item: Some(ReusableBoxFuture::new(step(reader))),
        })
    }

    /// The next batch or event; `None` after the end.
    pub async fn next(&mut self) -> Option<SubscriptionItem<S::Batch>> {
        std::future::poll_fn(|cx| Pin::new(&mut *self).poll_next(cx)).await
    }
}

async fn step<S: MessageSink>(mut reader: Box<Reader<S>>) -> ReaderItem<S> {
    let item = reader.next().await;
    (reader, item)
}

impl<S: MessageSink> Stream for Subscription<S> {
    type Item = SubscriptionItem<S::Batch>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let Some(future) = &mut self.next_item else {
            return Poll::Ready(None);
        };
        let (reader, item) = std::task::ready!(future.poll(cx));
        if item.is_some() {
            future.set(step(reader));
        } else {
            self.next_item = None;
        }
        Poll::Ready(item)
    }
}

impl<S: MessageSink> fmt::Debug for Subscription<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Subscription").finish_non_exhaustive()
    }
}
