//! What the servers themselves have broken for good by the end of a run, so that no client can do better: logs that nobody can
//! read, and deletions that they have undone. An emptied broker that votes makes both of them happen.

use std::sync::Arc;
use std::time::Duration;

use liftui::client::SubscriptionItem;
use liftui::model::{
    EndReason, ErrorKind, RetryLimit, StartAt, StopAt, StreamName, SubscribeSpec,
    SubscriptionEvent, Target,
};
use tokio::time::timeout;

use super::history::{Place, Reading, Told};
use super::workload::Run;

/// How long a log is tried to be read.
const TRIED_FOR: Duration = Duration::from_secs(5);

/// Whether its leader cannot read that partition from its beginning to its end for anyone.
pub(crate) async fn is_unreadable(run: &Run, (stream, partition): &Place) -> bool {
    let spec = SubscribeSpec {
        start: StartAt::Earliest,
        stop: StopAt::Latest,
        give_up: RetryLimit::After(TRIED_FOR),
        ..SubscribeSpec::new(Arc::clone(stream), *partition)
    };
    let reading = async {
        // Servers pause what nobody publishes to.
        let mut reading = match run.client.subscribe_resuming(spec).await {
            Ok(reading) => reading,
            Err(error) => return error.kind() == ErrorKind::LogUnreadable,
        };
        let mut is_refused = false;
        while let Some(item) = reading.next().await {
            match item {
                // What comes before the damage can be read, and the rest cannot.
                SubscriptionItem::Batch(_) => is_refused = false,
                SubscriptionItem::Event(SubscriptionEvent::Resuming { failure, .. }) => {
                    is_refused = failure.kind == ErrorKind::LogUnreadable;
                }
                SubscriptionItem::Event(SubscriptionEvent::Ended(reason)) => {
                    let failed = matches!(&reason, EndReason::Failed(failure) if failure.kind == ErrorKind::LogUnreadable);
                    return is_refused || failed;
                }
                SubscriptionItem::Event(_) => {}
            }
        }
        is_refused
    };
    timeout(2 * TRIED_FOR, reading).await.unwrap_or(false)
}

/// The log of which a reader was told last that it cannot be read: its own, or for a group that in which the servers keep
/// how far it has come.
pub(crate) fn told_unreadable(reading: &Reading) -> Option<Place> {
    let Told::Event(
        SubscriptionEvent::Resuming { failure, .. }
        | SubscriptionEvent::Ended(EndReason::Failed(failure)),
    ) = &reading.entries.last()?.told
    else {
        return None;
    };
    let Target::Partition(stream, partition) = &failure.target else {
        return None;
    };
    (failure.kind == ErrorKind::LogUnreadable).then(|| (Arc::clone(stream), *partition))
}

/// Streams that every broker names, whatever they answered to their deletion.
pub(crate) async fn listed_by_all(run: &Run) -> Vec<StreamName> {
    let observer = run.client.observer();
    let mut listed: Option<Vec<StreamName>> = None;
    for address in run.target.addresses() {
        let Ok(cluster) = observer.fetch_view(&address).await.result else {
            return Vec::new();
        };
        listed = Some(match listed {
            None => cluster.streams.keys().map(Arc::clone).collect(),
            Some(names) => {
                let names = names.into_iter();
                names
                    .filter(|name| cluster.streams.contains_key(name))
                    .collect()
            }
        });
    }
    listed.unwrap_or_default()
}
