//! Finds out when the first message after a cursor was stored: how far it lags in time, where nobody watched the log pass it.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::client::{Observer, SubscriptionItem};
use crate::model::{CursorEntry, FirstUnread, Message, StartAt, StopAt, SubscribeSpec, Timestamp};

/// How long it is tried while a cluster is followed.
pub(super) const LAG_TIMEOUT: Duration = Duration::from_secs(2);

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
                read_at: Timestamp::now(),
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
