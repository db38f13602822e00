//! Who tails: at leaders, at in-sync replicas, several partitions as one, and one that is held up now and then.

use std::sync::Arc;

use liftui::client::Client;
use liftui::model::{RetryLimit, StartAt, SubscribeSpec};
use tokio::task::JoinSet;
use tokio_stream::{StreamExt, StreamMap};

use super::{PARTITIONS, Run};
use crate::history::Place;

/// The tail of all partitions of the stream that is on all brokers.
pub(crate) const MERGED: &str = "merged tail";

/// A tail of some partitions.
pub(crate) struct Tail {
    pub(crate) name: &'static str,
    pub(crate) places: Vec<Place>,
    is_replica: bool,
    is_proxied: bool,
    is_held: bool,
}

/// All tails of a run.
pub(crate) fn all(run: &Run) -> Vec<Tail> {
    let names = &run.names;
    let main = |partition| (Arc::clone(&names.main), partition);
    let every = (0..PARTITIONS).map(main);
    let single = (0..PARTITIONS).map(|partition| (Arc::clone(&names.single), partition));
    let brief = (Arc::clone(&names.brief), 0);
    let shared = (Arc::clone(&names.shared), 0);
    let tail = |name, places| Tail {
        name,
        places,
        is_replica: false,
        is_proxied: false,
        is_held: false,
    };
    vec![
        tail("leader tail 0", vec![main(0)]),
        tail("leader tail 1", vec![main(1)]),
        Tail {
            is_proxied: true,
            ..tail("leader tail 2", vec![main(2)])
        },
        Tail {
            is_replica: true,
            ..tail("replica tail 0", vec![main(0)])
        },
        Tail {
            is_replica: true,
            is_proxied: true,
            ..tail("replica tail 1", vec![main(1)])
        },
        tail(MERGED, every.collect()),
        tail("single tail", single.collect()),
        tail("shared tail", vec![shared]),
        tail("caught-up tail", vec![brief.clone()]),
        Tail {
            is_held: true,
            ..tail("slow tail", vec![brief])
        },
    ]
}

/// Starts all tails.
pub(crate) fn start(run: &Arc<Run>, tasks: &mut JoinSet<()>) {
    for tail in all(run) {
        tasks.spawn(follow(Arc::clone(run), tail));
    }
}

async fn follow(run: Arc<Run>, tail: Tail) {
    let client: &Client = if tail.is_proxied {
        &run.proxied
    } else {
        &run.client
    };
    let mut subscriptions = StreamMap::new();
    for place in &tail.places {
        let spec = SubscribeSpec {
            start: StartAt::Earliest,
            isr_replica: tail.is_replica,
            give_up: RetryLimit::Never,
            ..SubscribeSpec::new(Arc::clone(&place.0), place.1)
        };
        let opened = client.subscribe(spec).await;
        subscriptions.insert(place.clone(), opened.expect("the stream exists"));
    }
    let mut hold = run.hold_reader.subscribe();
    while let Some(Some((place, item))) = run.over.run_until_cancelled(subscriptions.next()).await {
        run.history.read(tail.name, &place, item);
        if tail.is_held {
            let released = hold.wait_for(|is_held| !is_held);
            run.over.run_until_cancelled(released).await;
        }
    }
}
