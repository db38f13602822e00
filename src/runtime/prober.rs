//! Asks the leaders of single partitions whether these are really paused or readonly: a few at a time, each once.
//!
//! Which partitions to ask about is decided in `app`; how it is asked is the client's.

use std::collections::HashSet;
use std::sync::Arc;

use tokio::sync::mpsc;
use tokio::task::JoinSet;

use super::channels::EventSender;
use crate::app::Event;
use crate::client::Observer;
use crate::model::{PartitionId, Probe, StreamName};

/// How many leaders are asked side by side.
const CONCURRENT_PROBES: usize = 8;

/// A partition to ask about.
pub(super) type PartitionKey = (StreamName, PartitionId);

/// Answers what comes in on `wanted` until its sender is gone. A partition that is waited for already is not asked about
/// twice: with a dead leader the probes would pile up.
pub(super) async fn run(
    observer: Observer,
    mut wanted: mpsc::Receiver<Vec<PartitionKey>>,
    outbox: EventSender,
) {
    let mut waiting: Vec<PartitionKey> = Vec::new();
    let mut asked: HashSet<PartitionKey> = HashSet::new();
    let mut probes: JoinSet<Probe> = JoinSet::new();
    loop {
        tokio::select! {
            Some(answer) = probes.join_next() => {
                if let Ok(probe) = answer {
                    asked.remove(&(Arc::clone(&probe.stream), probe.partition));
                    outbox.send(Event::Probe(probe)).await;
                }
            }
            partitions = wanted.recv() => match partitions {
                Some(partitions) => waiting.extend(partitions.into_iter().filter(|partition| asked.insert(partition.clone()))),
                None => return,
            },
        }
        while probes.len() < CONCURRENT_PROBES
            && let Some((stream, partition)) = waiting.pop()
        {
            let observer = observer.clone();
            probes.spawn(async move { observer.probe(&stream, partition).await });
        }
    }
}
