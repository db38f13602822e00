//! Asks the leaders of single partitions whether these are really paused or readonly: a few at a time, each once.
//!
//! Which partitions to ask about is decided in `app`; how it is asked is the client's.

use std::collections::{HashMap, HashSet};
use std::future::Future;
use std::sync::Arc;

use tokio::sync::mpsc;
use tokio::task::JoinSet;

use super::channels::EventSender;
use super::supervisor::panicked;
use crate::app::Event;
use crate::client::Observer;
use crate::model::{PartitionId, Probe, StreamName};

/// How many leaders are asked side by side.
const CONCURRENT_PROBES: usize = 8;

/// Lists of partitions to ask about that may wait: what finds no room is asked about again by whoever doubts.
const QUEUE: usize = 16;

/// A partition to ask about.
pub(super) type PartitionKey = (StreamName, PartitionId);

/// Where lists of partitions go, and what [`run`] takes them from.
pub(super) fn queue() -> (
    mpsc::Sender<Vec<PartitionKey>>,
    mpsc::Receiver<Vec<PartitionKey>>,
) {
    mpsc::channel(QUEUE)
}

/// Answers what comes in on `wanted` until its sender is gone.
pub(super) async fn run(
    observer: Observer,
    wanted: mpsc::Receiver<Vec<PartitionKey>>,
    outbox: EventSender,
) {
    let ask = |(stream, partition): PartitionKey| {
        let observer = observer.clone();
        async move { observer.probe(&stream, partition).await }
    };
    answer(ask, wanted, outbox).await;
}

/// A partition that is waited for already is not asked about twice: with a dead leader the probes would pile up. One whose
/// probe panicked may be asked about again.
async fn answer<P: Future<Output = Probe> + Send + 'static>(
    ask: impl Fn(PartitionKey) -> P,
    mut wanted: mpsc::Receiver<Vec<PartitionKey>>,
    outbox: EventSender,
) {
    let mut waiting: Vec<PartitionKey> = Vec::new();
    let mut asked: HashSet<PartitionKey> = HashSet::new();
    let mut probes: JoinSet<Probe> = JoinSet::new();
    let mut running = HashMap::new();
    loop {
        tokio::select! {
            Some(ended) = probes.join_next_with_id() => {
                let id = ended.as_ref().map_or_else(tokio::task::JoinError::id, |(id, _)| *id);
                let partition = running.remove(&id);
                if let Some(partition) = &partition {
                    asked.remove(partition);
                }
                let event = match (ended, partition) {
                    (Ok((_, probe)), _) => Event::Probe(probe),
                    (Err(_), Some((stream, partition))) => {
                        let doing = format!("asking about partition {partition} of stream \"{stream}\"");
                        Event::Failed(panicked(&doing))
                    }
                    (Err(_), None) => continue,
                };
                outbox.send(event).await;
            }
            partitions = wanted.recv() => match partitions {
                Some(partitions) => waiting.extend(partitions.into_iter().filter(|partition| asked.insert(partition.clone()))),
                None => return,
            },
        }
        while probes.len() < CONCURRENT_PROBES
            && let Some(partition) = waiting.pop()
        {
            let (stream, id) = &partition;
            let probe = probes.spawn(ask((Arc::clone(stream), *id)));
            running.insert(probe.id(), partition);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::channels::event_channels;
    use super::*;
    use crate::model::{ProbeState, Timestamp};
    use std::sync::atomic::{AtomicU32, Ordering};

    #[tokio::test]
    async fn a_probe_that_panics_is_told_and_its_partition_may_be_asked_about_again() {
        let (outbox, mut inbox) = event_channels();
        let (send, wanted) = mpsc::channel(4);
        let asks = Arc::new(AtomicU32::new(0));
        let counted = Arc::clone(&asks);
        let ask = move |(stream, partition): PartitionKey| {
            let first = counted.fetch_add(1, Ordering::Relaxed) == 0;
            async move {
                assert!(!first, "as a test wants it");
                Probe {
                    stream,
                    partition,
                    at: Timestamp(0),
                    state: ProbeState::Paused,
                }
            }
        };
        let mut tasks = JoinSet::new();
        tasks.spawn(answer(ask, wanted, outbox));
        let partition: PartitionKey = ("orders".into(), 3);
        send.send(vec![partition.clone()]).await.unwrap();
        let Some(Event::Failed(failure)) = inbox.control.recv().await else {
            panic!("it was not told");
        };
        assert!(
            failure
                .sentence
                .contains("partition 3 of stream \"orders\""),
            "{failure}"
        );
        send.send(vec![partition]).await.unwrap();
        let answered = inbox.control.recv().await;
        assert!(matches!(answered, Some(Event::Probe(_))), "{answered:?}");
        assert_eq!(asks.load(Ordering::Relaxed), 2);
    }
}
