//! Finds out when the first message after a cursor was stored: how far it lags in time, where nobody watched the log pass it.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::client::{Observer, SubscriptionItem};
use crate::model::{CursorEntry, Message, Offset, StartAt, StopAt, SubscribeSpec, Timestamp};

/// The first message that a cursor has not read.
#[derive(Clone, Debug)]
pub struct FirstUnread {
    /// The cursor.
    pub cursor: CursorEntry,
    /// The message's offset.
    pub offset: Offset,
    /// When it was stored.
    pub stored: Timestamp,
}

/// Reads it for each of these cursors, side by side; those that cannot be read within that time are left out.
pub async fn read_first_unread(
    observer: Observer,
    cursors: Vec<CursorEntry>,
    limit: Duration,
) -> Vec<FirstUnread> {
    let mut reads = JoinSet::new();
    for cursor in cursors {
        let observer = observer.clone();
        reads.spawn(async move {
            let spec = SubscribeSpec {
                start: StartAt::Offset(cursor.offset.saturating_add(1)),
                stop: StopAt::Latest,
                ..SubscribeSpec::new(Arc::clone(&cursor.stream), cursor.partition)
            };
            let message = timeout(limit, first_message(observer, spec)).await;
            let message = message.ok().flatten()?;
            Some(FirstUnread {
                cursor,
                offset: message.offset,
                stored: message.timestamp,
            })
        });
    }
    let mut found = Vec::new();
    while let Some(read) = reads.join_next().await {
        found.extend(read.ok().flatten());
    }
    found
}

/// The first message that a subscription delivers, if it delivers any.
pub async fn first_message(observer: Observer, spec: SubscribeSpec) -> Option<Message> {
    let mut subscription = observer.subscribe(spec).await.ok()?;
    loop {
        if let SubscriptionItem::Batch(message) = subscription.next().await? {
            return Some(message);
        }
    }
}
