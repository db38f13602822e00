//! Subscriptions: a stream of batches and events that survives its broker. What callers see; opening is
//! `subscribe::connector`'s, reading and resuming `subscribe::reader`'s.

mod connector;
mod deletion;
mod end;
mod liveness;
mod log_ends;
mod log_probe;
mod outage;
mod positions;
mod reader;
mod resume;

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
pub(crate) use log_probe::CommittedLog;
use reader::Reader;
pub(crate) use resume::SHORTER_LOG_BELIEVED_AFTER;

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
    /// It starts where an earlier subscription of this client ended: a log that ends before that went back.
    pub(crate) goes_on: bool,
    /// The member of a group that reads.
    pub(crate) consumer: Option<pb::Consumer>,
}

impl SubscribeRequest {
    /// A request that changes nothing.
    pub(crate) fn read_only(spec: SubscribeSpec) -> Self {
        Self {
            spec,
            resume: false,
            goes_on: false,
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
    target: Target,
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
        let target = reader.connector.target.clone();
        reader.open_first().await?;
        Ok(Self {
            target,
            next_item: Some(ReusableBoxFuture::new(step(reader))),
        })
    }

    /// The next batch or event; `None` after the end.
    pub async fn next(&mut self) -> Option<SubscriptionItem<S::Batch>> {
        std::future::poll_fn(|cx| Pin::new(&mut *self).poll_next(cx)).await
    }
}

impl<S: MessageSink> Subscription<S> {
    /// The batches alone, as results: for those who do not look at events. A gap or a log that went back is an error in its
    /// place, after which reading goes on; an end where messages were owed is the last item. May be dropped while it waits.
    pub fn into_batches(self) -> Batches<S> {
        Batches {
            target: self.target.clone(),
            subscription: self,
        }
    }
}

/// The batches of a subscription; see [`Subscription::into_batches`].
pub struct Batches<S: MessageSink> {
    subscription: Subscription<S>,
    /// What errors name.
    target: Target,
}

impl<S: MessageSink> Stream for Batches<S> {
    type Item = Result<S::Batch>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            let item = std::task::ready!(Pin::new(&mut self.subscription).poll_next(cx));
            let event = match item {
                None => return Poll::Ready(None),
                Some(SubscriptionItem::Batch(batch)) => return Poll::Ready(Some(Ok(batch))),
                Some(SubscriptionItem::Event(event)) => event,
            };
            let target = &self.target;
            let error = match event {
                SubscriptionEvent::Gap { .. } | SubscriptionEvent::Rewound { .. } => {
                    let sentence = event.sentence(target).unwrap_or_default();
                    Some(Error::new(
                        ErrorKind::MessagesLost,
                        target.clone(),
                        sentence,
                    ))
                }
                SubscriptionEvent::Ended(reason) => reason.failure(target).map(Error::from),
                SubscriptionEvent::Opened { .. }
                | SubscriptionEvent::Resuming { .. }
                | SubscriptionEvent::Resumed { .. }
                | SubscriptionEvent::Uncommitted { .. }
                | SubscriptionEvent::PastEnd { .. }
                | SubscriptionEvent::Emptied { .. } => None,
            };
            if let Some(error) = error {
                return Poll::Ready(Some(Err(error)));
            }
        }
    }
}

impl<S: MessageSink> fmt::Debug for Batches<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Batches")
            .field("target", &self.target)
            .finish_non_exhaustive()
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
