//! Subscriptions: a stream of batches and events that survives its broker. What callers see; opening is
//! `subscribe::connector`'s, reading and resuming `subscribe::reader`'s.

mod connector;
mod deletion;
mod end;
mod liveness;
mod log_probe;
mod positions;
mod reader;

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use tokio_stream::Stream;
use tokio_util::sync::ReusableBoxFuture;

use super::error::Result;
use super::inner::Inner;
use crate::model::{EndReason, MessageSink, SubscribeSpec, SubscriptionEvent};
use crate::wire::pb;
pub(crate) use connector::SHORTER_LOG_BELIEVED_AFTER;
use reader::Reader;

/// What a subscription yields: `B` is what its sink makes of messages, [`Message`](crate::model::Message) by default.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SubscriptionItem<B> {
    /// Messages, in order, each once.
    Batch(B),
    /// Something that happened to the subscription.
    Event(SubscriptionEvent),
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
    /// A request that changes nothing.
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
    pub(crate) async fn open(
        inner: Arc<Inner>,
        request: SubscribeRequest,
        sink: S,
    ) -> Result<Self> {
        let mut reader = Box::new(Reader::new(inner, request, sink));
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
