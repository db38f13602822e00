//! Hands on what outlives the dashboard: incidents, rows, queries and its looks that are kept for later runs, alerts that
//! reach somebody elsewhere. Nothing of it may hold anything up.

use std::sync::Arc;

use tokio::sync::mpsc;
use tokio::task::spawn_blocking;
use tokio_util::task::TaskTracker;

use super::{Executor, ExecutorDeps};
use crate::app::{Event, KeptRow, KeptView, QueryChange};
use crate::health::{Alert, Incident};
use crate::runtime::alerts::AlertQueue;
use crate::runtime::supervisor::panicked;

/// Who writes changes down, one after the other, off the loop. Comes to the end of them once this is dropped.
struct Keeper<C>(mpsc::UnboundedSender<C>);

impl<C: Send + 'static> Keeper<C> {
    /// Begins; `doing` is what it breaks at, where it panics.
    fn start(
        deps: &ExecutorDeps,
        tasks: &TaskTracker,
        doing: &'static str,
        keep: impl Fn(&str, C) + Send + Sync + 'static,
    ) -> Self {
        let (queue, mut changes) = mpsc::unbounded_channel();
        let (keep, outbox) = (Arc::new(keep), deps.outbox.clone());
        let cluster: Arc<str> = deps.cluster.as_str().into();
        tasks.spawn(async move {
            while let Some(change) = changes.recv().await {
                let (keep, cluster) = (Arc::clone(&keep), Arc::clone(&cluster));
                let keeping = spawn_blocking(move || keep(&cluster, change));
                if keeping.await.is_err_and(|error| error.is_panic()) {
                    outbox.send(Event::Failed(panicked(doing))).await;
                }
            }
        });
        Self(queue)
    }

    fn keep(&self, change: C) {
        // It takes changes until it is dropped, or the runtime ends.
        let _ended = self.0.send(change);
    }
}

/// Who keeps what for later runs; `None` where nobody does.
pub(super) struct Keepers {
    incidents: Option<Keeper<Vec<Arc<Incident>>>>,
    rows: Option<Keeper<(String, Option<KeptRow>)>>,
    queries: Option<Keeper<QueryChange>>,
    view: Option<Keeper<Box<KeptView>>>,
}

impl Keepers {
    /// Whoever `deps` name.
    pub(super) fn start(deps: &ExecutorDeps, tasks: &TaskTracker) -> Self {
        Self {
            incidents: deps.incidents.clone().map(|keep| {
                Keeper::start(
                    deps,
                    tasks,
                    "writing incidents down",
                    move |at, all: Vec<_>| {
                        keep(at, &all);
                    },
                )
            }),
            rows: deps.rows.clone().map(|keep| {
                let doing = "writing down what rows show";
                Keeper::start(
                    deps,
                    tasks,
                    doing,
                    move |at, (streams, row): (String, _)| {
                        keep(at, &streams, row);
                    },
                )
            }),
            queries: deps.queries.clone().map(|keep| {
                Keeper::start(deps, tasks, "writing queries down", move |at, change| {
                    keep(at, &change);
                })
            }),
            view: deps.view.clone().map(|keep| {
                let doing = "writing down how the dashboard looks";
                Keeper::start(deps, tasks, doing, move |at, view: Box<KeptView>| {
                    keep(at, &view);
                })
            }),
        }
    }

    pub(super) fn keep_incidents(&self, incidents: Vec<Arc<Incident>>) {
        if let Some(keeper) = &self.incidents {
            keeper.keep(incidents);
        }
    }

    /// `streams` are names; `None` forgets what is kept of their rows.
    pub(super) fn keep_row(&self, streams: String, row: Option<KeptRow>) {
        if let Some(keeper) = &self.rows {
            keeper.keep((streams, row));
        }
    }

    pub(super) fn keep_view(&self, view: Box<KeptView>) {
        if let Some(keeper) = &self.view {
            keeper.keep(view);
        }
    }

    pub(super) fn keep_query(&self, change: QueryChange) {
        if let Some(keeper) = &self.queries {
            keeper.keep(change);
        }
    }
}

impl Executor {
    pub(super) fn alert(&mut self, alert: Alert) {
        let Some(access) = self.deps.alerts.clone() else {
            return;
        };
        if self.alerts.is_none() {
            let (cluster, outbox) = (self.deps.cluster.clone(), self.deps.outbox.clone());
            let (queue, work) = AlertQueue::new(cluster, access, outbox);
            self.spawn(&self.token, work);
            self.alerts = Some(queue);
        }
        let waiting = self.alerts.as_mut();
        if let Some(failure) = waiting.and_then(|queue| queue.add(alert)) {
            let outbox = self.deps.outbox.clone();
            self.spawn(&self.token, async move {
                outbox.send(Event::Failed(failure)).await;
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;
    use crate::runtime::channels::event_channels;
    use crate::runtime::executor::tests::deps;

    #[tokio::test]
    async fn who_breaks_over_one_change_says_so_and_keeps_those_after_it_in_their_order() {
        let (outbox, mut inbox) = event_channels();
        let kept = Arc::new(Mutex::new(Vec::new()));
        let (tasks, seen) = (TaskTracker::new(), Arc::clone(&kept));
        let doing = "keeping numbers";
        let keeper = Keeper::start(&deps(outbox), &tasks, doing, move |at, number: u32| {
            assert_ne!(number, 2, "as a test wants it");
            seen.lock().unwrap().push((at.to_owned(), number));
        });
        for number in 1..=4 {
            keeper.keep(number);
        }
        drop(keeper);
        tasks.close();
        tasks.wait().await;
        let expected = [1, 3, 4].map(|number| ("test".to_owned(), number));
        assert_eq!(*kept.lock().unwrap(), expected);
        let told = Some(Event::Failed(panicked(doing)));
        assert_eq!(inbox.control.recv().await, told);
    }
}
