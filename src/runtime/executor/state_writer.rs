//! Has incidents, rows, queries and the dashboard's looks saved for later runs, one after the other and off the loop.

use std::sync::Arc;

use tokio::sync::mpsc;
use tokio::task::spawn_blocking;
use tokio_util::task::TaskTracker;

use crate::app::{Event, KeptRow, KeptView, QueryChange};
use crate::health::Incident;
use crate::runtime::channels::EventSender;
use crate::runtime::options::{DashboardOptions, SavedState};
use crate::runtime::supervisor::panicked;

/// Saves one thing of the cluster of that name.
type Save = Box<dyn FnOnce(&dyn SavedState, &str) + Send>;

/// Saves one thing after the other, off the loop. Comes to the end of them once this is dropped.
pub(super) struct StateWriter(mpsc::UnboundedSender<(&'static str, Save)>);

impl StateWriter {
    pub(super) fn start(
        options: &DashboardOptions,
        outbox: EventSender,
        tasks: &TaskTracker,
    ) -> Self {
        let (queue, mut saves) = mpsc::unbounded_channel::<(_, Save)>();
        let state = Arc::clone(&options.saved_state);
        let cluster: Arc<str> = options.session.settings.cluster.as_str().into();
        tasks.spawn(async move {
            while let Some((doing, save)) = saves.recv().await {
                let (state, cluster) = (Arc::clone(&state), Arc::clone(&cluster));
                let saving = spawn_blocking(move || save(&*state, &cluster));
                if saving.await.is_err_and(|error| error.is_panic()) {
                    outbox.send(Event::Failed(panicked(doing))).await;
                }
            }
        });
        Self(queue)
    }

    /// `doing` is what breaks where it panics.
    fn save(&self, doing: &'static str, save: impl FnOnce(&dyn SavedState, &str) + Send + 'static) {
        // It takes them until it is dropped, or the runtime ends.
        let _ended = self.0.send((doing, Box::new(save)));
    }

    pub(super) fn save_incidents(&self, incidents: Vec<Arc<Incident>>) {
        self.save("writing incidents down", move |state, cluster| {
            state.save_incidents(cluster, &incidents);
        });
    }

    /// `streams` are names; `None` forgets what is kept of their rows.
    pub(super) fn save_row(&self, streams: String, row: Option<KeptRow>) {
        self.save("writing down what rows show", move |state, cluster| {
            state.save_row(cluster, &streams, row);
        });
    }

    pub(super) fn save_query(&self, change: QueryChange) {
        self.save("writing queries down", move |state, cluster| {
            state.save_query(cluster, &change);
        });
    }

    pub(super) fn save_view(&self, view: Box<KeptView>) {
        self.save(
            "writing down how the dashboard looks",
            move |state, cluster| {
                state.save_view(cluster, &view);
            },
        );
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;
    use crate::runtime::channels::event_channels;
    use crate::runtime::executor::tests::options;

    /// Keeps rows, but for that of one stream.
    #[derive(Default)]
    struct Rows(Mutex<Vec<(String, String)>>);

    impl SavedState for Rows {
        fn save_row(&self, cluster: &str, streams: &str, _row: Option<KeptRow>) {
            assert_ne!(streams, "2", "as a test wants it");
            let row = (cluster.to_owned(), streams.to_owned());
            self.0.lock().unwrap().push(row);
        }
    }

    #[tokio::test]
    async fn what_breaks_over_one_change_says_so_and_keeps_those_after_it_in_their_order() {
        let (outbox, mut inbox) = event_channels();
        let rows = Arc::new(Rows::default());
        let tasks = TaskTracker::new();
        let options = DashboardOptions {
            saved_state: Arc::<Rows>::clone(&rows),
            ..options()
        };
        let writer = StateWriter::start(&options, outbox, &tasks);
        for streams in ["1", "2", "3", "4"] {
            writer.save_row(streams.to_owned(), None);
        }
        drop(writer);
        tasks.close();
        tasks.wait().await;
        let expected = ["1", "3", "4"].map(|streams| ("test".to_owned(), streams.to_owned()));
        assert_eq!(*rows.0.lock().unwrap(), expected);
        let broken = Some(Event::Failed(panicked("writing down what rows show")));
        assert_eq!(inbox.control.recv().await, broken);
    }
}
