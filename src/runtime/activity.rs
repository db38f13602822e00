//! Tasks that read internal streams: one sends the events of `__activity` as they come, one reads cursors and groups once.
//!
//! Decodes nothing itself: the client does.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use tokio_stream::StreamExt;

use super::channels::EventSender;
use super::followed_cursors::stored_last;
use crate::app::Event;
use crate::client::Observer;
use crate::model::StartAt;

/// How many of the latest events are read first: more than anyone scrolls through.
const HISTORY: u64 = 2_000;
/// Events of a burst come as one.
const BURST: usize = 512;
/// How long a burst is waited for.
const PAUSE: Duration = Duration::from_millis(50);

/// Follows `__activity` until this is dropped or it cannot be read.
pub(super) async fn follow(observer: Observer, outbox: EventSender) {
    let events = match observer.activity(StartAt::Last(HISTORY)).await {
        Ok(events) => events,
        Err(error) => return outbox.send(Event::Activity(Err(error.into()))).await,
    };
    let mut bursts = pin!(events.chunks_timeout(BURST, PAUSE));
    while let Some(burst) = bursts.next().await {
        // What came before a failure came all the same.
        let (mut happened, mut failed) = (Vec::new(), None);
        for event in burst {
            match event {
                Ok(event) => happened.push(event),
                Err(error) => failed = Some(error),
            }
        }
        if !happened.is_empty() {
            outbox.send(Event::Activity(Ok(Arc::new(happened)))).await;
        }
        if let Some(error) = failed {
            outbox.send(Event::Activity(Err(error.into()))).await;
        }
    }
}

/// Reads all cursors and all groups, side by side. Of more cursors than that, those are told that were stored last, and how
/// many there are beside them.
pub(super) async fn read_cursors(observer: Observer, most: usize, outbox: EventSender) {
    let cursors = async {
        let read = match observer.read_cursors().await {
            Ok(reading) => match reading.failure() {
                // Nothing at all could be read, now or before.
                Some(failure) if reading.entries.is_empty() => Err(failure),
                _ => Ok(stored_last(reading.entries, most)),
            },
            Err(error) => Err(error.into()),
        };
        let left_out = read.as_ref().map_or(0, |(_, left_out)| *left_out);
        let read = read.map(|(entries, _)| Arc::new(entries));
        outbox.send(Event::Cursors(read)).await;
        if left_out > 0 {
            outbox.send(Event::CursorsLeftOut(left_out)).await;
        }
    };
    let groups = async {
        let read = observer.groups().await;
        outbox
            .send(Event::Groups(read.map(Arc::new).map_err(Into::into)))
            .await;
    };
    tokio::join!(cursors, groups);
}
