//! Starts the tasks that ask brokers: for their views, partitions in doubt, cursors and activity; and the watch of the config file.

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::{Executor, cancel};
use crate::app::Event;
use crate::model::CursorEntry;
use crate::runtime::activity;
use crate::runtime::config_watch;
use crate::runtime::first_unread::{LAG_TIMEOUT, read_first_unread};
use crate::runtime::followed_cursors::MOST_FOLLOWED;
use crate::runtime::poller::Poller;
use crate::runtime::prober::{self, PartitionKey};
use crate::runtime::supervisor::panicked;

impl Executor {
    /// Begins to ask every broker for its view, and leaders for the partitions that come here.
    pub(super) fn start_asking(&self, wanted: mpsc::Receiver<Vec<PartitionKey>>) {
        let poller = Poller {
            observer: self.observer(),
            outbox: self.outbox.clone(),
            every: self.asked_every.subscribe(),
            refresh: self.refresh.clone(),
        };
        self.spawn("asking the brokers", poller.keep_running());
        let outbox = self.outbox.clone();
        let probing = prober::run(self.observer(), wanted, outbox);
        self.spawn("asking leaders about partitions", probing);
    }

    /// Reads the config file again whenever it changes.
    pub(super) fn watch_config(&self) {
        if let Some(config) = self.options.config.clone() {
            let (cluster, outbox) = (self.cluster(), self.outbox.clone());
            let watching = config_watch::watch(config, cluster, outbox);
            self.spawn("watching the config file", watching);
        }
    }

    pub(super) fn probe(&self, partitions: Vec<PartitionKey>) {
        // Full: enough is asked already, and the app asks again.
        let _ = self.probes.try_send(partitions);
    }

    /// A read that goes on already answers for both.
    pub(super) fn read_cursors(&mut self) {
        let is_reading = |reading: &CancellationToken| !reading.is_cancelled();
        if !self.cursors.as_ref().is_some_and(is_reading) {
            let (observer, outbox) = (self.observer(), self.outbox.clone());
            let reading = activity::read_cursors(observer, MOST_FOLLOWED, outbox);
            let failed = Event::Cursors(Err(panicked("reading the cursors")));
            self.cursors = Some(self.spawn_cancellable(reading, failed));
        }
    }

    pub(super) fn read_first_unread(&self, cursors: Vec<CursorEntry>) {
        let (observer, outbox) = (self.observer(), self.outbox.clone());
        let reading = async move {
            let read = read_first_unread(observer, cursors, LAG_TIMEOUT).await;
            outbox.send(Event::FirstUnread(read)).await;
        };
        self.spawn("reading what cursors have not read", reading);
    }

    pub(super) fn follow_activity(&mut self, on: bool) {
        cancel(self.activity.take());
        if on {
            let following = activity::follow(self.observer(), self.outbox.clone());
            let failed = Event::Activity(Err(panicked("reading the activity")));
            self.activity = Some(self.spawn_cancellable(following, failed));
        }
    }
}
