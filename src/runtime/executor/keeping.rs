//! Hands on what outlives the dashboard: incidents and queries that are kept, alerts that reach somebody elsewhere.
//! Nothing of it may hold anything up.

use std::sync::Arc;

use super::Executor;
use crate::app::{Event, QueryChange};
use crate::health::{Alert, Incident};
use crate::runtime::alerts::AlertQueue;
use crate::runtime::supervisor::panicked;

impl Executor {
    /// Where they cannot be kept, nothing is held up.
    pub(super) fn save_incidents(&self, incidents: Vec<Arc<Incident>>) {
        if let Some(keep) = self.deps.incidents.clone() {
            let cluster = self.deps.cluster.clone();
            let keeping = self
                .tasks
                .spawn_blocking(move || keep(&cluster, &incidents));
            let outbox = self.deps.outbox.clone();
            self.spawn(&self.token, async move {
                if keeping.await.is_err_and(|error| error.is_panic()) {
                    let failure = panicked("writing incidents down");
                    outbox.send(Event::Failed(failure)).await;
                }
            });
        }
    }

    /// Writes changes down in their order. Where they cannot be, nothing is held up.
    pub(super) fn keep_query(&mut self, change: QueryChange) {
        let Some(keep) = self.deps.queries.clone() else {
            return;
        };
        let queue = self.queries.get_or_insert_with(|| {
            let (queue, changes) = std::sync::mpsc::channel::<QueryChange>();
            let cluster = self.deps.cluster.clone();
            self.tasks.spawn_blocking(move || {
                for change in changes {
                    keep(&cluster, &change);
                }
            });
            queue
        });
        // Who broke while writing is not there any more; the next change begins anew.
        if queue.send(change).is_err() {
            self.queries = None;
        }
    }

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
