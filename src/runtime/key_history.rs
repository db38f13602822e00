//! Reads a partition for what became of one key, and tells now and then what is known so far.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::interval;

use super::channels::EventSender;
use super::range_reader::{LONGEST_SILENCE, RangeItem, RangeReader};
use crate::app::{Event, KeyHistorySpec, RequestId};
use crate::client::Observer;
use crate::model::StartAt;
use crate::store::KeyHistoryBuilder;

/// How often the screen is told what is new.
const REPORT_EVERY: Duration = Duration::from_millis(250);

/// Reads to the end of the spec.
pub(super) async fn run(
    id: RequestId,
    observer: Observer,
    spec: KeyHistorySpec,
    outbox: EventSender,
) {
    let source = (Arc::clone(&spec.stream), spec.partition);
    let ends = (StartAt::Earliest, spec.stop);
    let mut range = RangeReader::begin(&observer, &[source], ends, LONGEST_SILENCE);
    let mut builder = KeyHistoryBuilder::new(spec.stream, spec.partition, spec.key, spec.schema);
    let mut ticks = interval(REPORT_EVERY);
    let mut is_new = false;
    loop {
        tokio::select! {
            item = range.next() => {
                is_new = true;
                match item {
                    None => break,
                    Some(RangeItem::Chunk(chunk)) => builder.add_chunk(&chunk),
                    Some(RangeItem::Event(_, event)) => builder.apply_event(&event),
                    Some(RangeItem::Failed(_, sentence)) => builder.fail(sentence),
                }
                // A large partition would leave no room for others on this thread.
                tokio::task::yield_now().await;
            }
            _ = ticks.tick() => {
                if std::mem::take(&mut is_new) {
                    let history = Arc::new(builder.history().clone());
                    outbox.send(Event::KeyHistory(id, Ok((history, false)))).await;
                }
            }
        }
    }
    let history = Arc::new(builder.history().clone());
    outbox
        .send(Event::KeyHistory(id, Ok((history, true))))
        .await;
}
