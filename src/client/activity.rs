//! Events of the cluster from `__activity`, typed and each once. The stream is off by default on servers.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use tokio_stream::Stream;

use super::Observer;
use super::error::{Error, Result};
use super::subscribe::{SubscribeRequest, Subscription, SubscriptionItem};
use crate::model::{
    ActivityEvent, EndReason, ErrorKind, OwnedMessages, StartAt, StopAt, SubscribeSpec,
    SubscriptionEvent, Target,
};
use crate::wire::internal::{self, ACTIVITY};

impl Observer {
    /// Events from `start` on, and those to come. They end with [`ErrorKind::PartitionPaused`] where the stream is
    /// paused: reading does not resume it, the next event does.
    ///
    /// # Errors
    /// [`ErrorKind::NoSuchStream`] where the cluster keeps no activity stream.
    pub async fn activity(&self, start: StartAt) -> Result<ActivityEvents> {
        self.activity_between(start, StopAt::Never).await
    }

    /// Events from `start` to `stop`.
    ///
    /// # Errors
    /// As [`activity`](Self::activity).
    pub async fn activity_between(&self, start: StartAt, stop: StopAt) -> Result<ActivityEvents> {
        let spec = SubscribeSpec {
            start,
            stop,
            ..SubscribeSpec::new(ACTIVITY, 0)
        };
        let inner = Arc::clone(self.inner());
        let sink = OwnedMessages::default();
        let messages = Subscription::open(inner, SubscribeRequest::read_only(spec), sink).await;
        Ok(ActivityEvents {
            messages: messages.map_err(switched_off)?,
            latest: None,
            follows: stop == StopAt::Never,
        })
    }
}

fn switched_off(error: Error) -> Error {
    if error.kind() != ErrorKind::NoSuchStream {
        return error;
    }
    let sentence = "this cluster keeps no activity stream (activity.stream.enabled is false)";
    Error::new(ErrorKind::NoSuchStream, activity(), sentence)
}

fn activity() -> Target {
    Target::Stream(ACTIVITY.into())
}

/// A stream of events in the order they happened. It ends at the stop, or after an error.
pub struct ActivityEvents {
    messages: Subscription<OwnedMessages>,
    /// The highest id delivered: brokers may write events again, with the same ids (wire-contract §4.10).
    latest: Option<u64>,
    /// Whether events to come are read too.
    follows: bool,
}

impl ActivityEvents {
    /// The next event; `None` after the end.
    pub async fn next(&mut self) -> Option<Result<ActivityEvent>> {
        std::future::poll_fn(|cx| Pin::new(&mut *self).poll_next(cx)).await
    }

    /// Reading on by resuming it would change the cluster, and an end without a word would pass for no events.
    fn ended(&self, reason: &EndReason) -> Option<Result<ActivityEvent>> {
        let (kind, sentence) = match reason {
            EndReason::Paused => (
                ErrorKind::PartitionPaused,
                "__activity is paused: the next event resumes it",
            ),
            EndReason::ReadonlyEnd if self.follows => (
                ErrorKind::ReadonlyPartition,
                "__activity is readonly: it takes no events",
            ),
            EndReason::StopReached
            | EndReason::ReadonlyEnd
            | EndReason::Deleted
            | EndReason::Replaced { .. }
            | EndReason::Fenced
            | EndReason::Unavailable(_)
            | EndReason::Failed(_) => {
                let failure = reason.clone().failure(&activity());
                return failure.map(|failure| Err(failure.into()));
            }
        };
        Some(Err(Error::new(kind, activity(), sentence)))
    }

    fn decode_event(
        &mut self,
        item: SubscriptionItem<crate::model::Message>,
    ) -> Option<Result<ActivityEvent>> {
        match item {
            SubscriptionItem::Batch(message) => {
                let event = internal::activity(&message)?;
                let repeated = self.latest.is_some_and(|latest| event.id <= latest);
                if repeated {
                    return None;
                }
                self.latest = Some(event.id);
                Some(Ok(event))
            }
            SubscriptionItem::Event(SubscriptionEvent::Ended(reason)) => self.ended(&reason),
            SubscriptionItem::Event(_) => None,
        }
    }
}

impl Stream for ActivityEvents {
    type Item = Result<ActivityEvent>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            let Some(item) = std::task::ready!(Pin::new(&mut self.messages).poll_next(cx)) else {
                return Poll::Ready(None);
            };
            if let Some(event) = self.decode_event(item) {
                return Poll::Ready(Some(event));
            }
        }
    }
}

impl fmt::Debug for ActivityEvents {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ActivityEvents")
            .field("latest", &self.latest)
            .finish_non_exhaustive()
    }
}
