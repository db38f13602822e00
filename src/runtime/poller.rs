//! Asks every broker how it sees the cluster: first any at all, then each on its own, side by side.
//!
//! One task a broker, so that a slow or dead one delays no other (I15). What follows from the views is found in `health`.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Notify, watch};
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::{Instant, sleep_until, timeout};

use super::channels::EventSender;
use super::refresh_request::RefreshRequest;
use super::supervisor::{panicked, run_until_done};
use crate::app::{ConnectionState, Event};
use crate::client::Observer;
use crate::model::{BrokerView, ErrorKind, Failure, Target, Timestamp};

/// The wait after the first round in which nobody answered; each later one is a second longer.
const FIRST_WAIT: Duration = Duration::from_secs(1);
/// The longest wait between rounds: a broker that comes up is seen within this.
const LONGEST_WAIT: Duration = Duration::from_secs(5);

/// Asks the brokers of one cluster.
#[derive(Clone, Debug)]
pub(super) struct Poller {
    /// Whom to ask, and which brokers are known.
    pub(super) observer: Observer,
    /// Where views go.
    pub(super) outbox: EventSender,
    /// How often each broker is asked.
    pub(super) every: watch::Receiver<Duration>,
    /// Requests to ask at once.
    pub(super) refresh: RefreshRequest,
}

impl Poller {
    /// Asks for ever, again after a panic, which is told; dropping the future ends it.
    pub(super) fn keep_running(self) -> impl Future<Output = ()> + Send {
        let (doing, outbox) = ("asking the brokers".to_owned(), self.outbox.clone());
        run_until_done(doing, outbox, move || self.clone().run())
    }

    async fn run(self) {
        self.connect().await;
        let named_brokers = Arc::new(Notify::new());
        let mut watched: HashMap<Arc<str>, AbortHandle> = HashMap::new();
        let mut tasks = JoinSet::new();
        loop {
            let known = self.addresses();
            // A broker that moved, and a seed that turned out to be another name of one.
            watched.retain(|address, task| {
                known.contains(address) || {
                    task.abort();
                    false
                }
            });
            for address in known {
                watched.entry(Arc::clone(&address)).or_insert_with(|| {
                    let (poller, named_brokers) = (self.clone(), Arc::clone(&named_brokers));
                    let (doing, outbox) = (format!("asking broker {address}"), self.outbox.clone());
                    let watch = move || {
                        poller
                            .clone()
                            .watch(Arc::clone(&address), Arc::clone(&named_brokers))
                    };
                    tasks.spawn(run_until_done(doing, outbox, watch))
                });
            }
            while tasks.try_join_next().is_some() {}
            named_brokers.notified().await;
        }
    }

    fn addresses(&self) -> Vec<Arc<str>> {
        let known = self.observer.brokers();
        known.into_iter().map(|broker| broker.address).collect()
    }

    /// Rounds over all known addresses, until one answers.
    async fn connect(&self) {
        let mut requests = self.refresh.listen();
        for attempt in 1.. {
            let addresses = self.addresses();
            let trying = addresses.iter().map(ToString::to_string).collect();
            self.send_connection(ConnectionState::Connecting {
                addresses: trying,
                attempt,
            })
            .await;
            requests.mark_answered();
            let Err(failure) = self.ask_all(addresses).await else {
                return self.send_connection(ConnectionState::Connected).await;
            };
            let wait = wait_after(attempt);
            let next = Timestamp::now().plus(wait);
            self.send_connection(ConnectionState::Waiting {
                attempt,
                next,
                failure,
            })
            .await;
            // Either way the next round begins: the wait is over, or somebody is impatient.
            let _ = timeout(wait, requests.wait()).await;
        }
    }

    /// Asks all side by side, until the first one answers.
    async fn ask_all(&self, addresses: Vec<Arc<str>>) -> Result<(), Failure> {
        let mut asked = fetch_views(&self.observer, addresses);
        let mut last = Failure::new(ErrorKind::BadAddress, Target::Cluster, "no address to try");
        while let Some(view) = asked.join_next().await {
            let Ok(view) = view else {
                last = panicked("asking a broker");
                continue;
            };
            let result = view.result.as_ref().map(|_| ()).map_err(Clone::clone);
            self.send_view(Arc::new(view)).await;
            match result {
                Ok(()) => return Ok(()),
                Err(failure) => last = failure,
            }
        }
        Err(last)
    }

    /// Asks one broker for ever.
    async fn watch(mut self, address: Arc<str>, named_brokers: Arc<Notify>) {
        let mut requests = self.refresh.listen();
        let mut asked = None;
        let mut answered = false;
        // The app drops a view when the next one comes. Kept for two polls here, it is dropped last by this task: freeing
        // a large view takes none of the loop's time.
        let mut last_views: (Option<Arc<BrokerView>>, Option<Arc<BrokerView>>) = (None, None);
        loop {
            // Between two requests it is asked whether it is there.
            let hung = tokio::select! {
                () = wait_after_request(&mut self.every, asked) => None,
                () = requests.wait() => None,
                view = self.observer.wait_until_hung(&address), if answered => Some(view),
            };
            requests.mark_answered();
            let view = if let Some(view) = hung {
                view
            } else {
                asked = Some(Instant::now());
                self.observer.fetch_view(&address).await
            };
            let view = Arc::new(view);
            let is_answer = view.result.is_ok();
            if is_answer || !self.observer.is_only_remembered(&address) {
                self.send_view(Arc::clone(&view)).await;
            }
            last_views = (Some(view), last_views.0);
            if answered && !is_answer {
                // What it led may move: everybody is asked at once. Once, or dead brokers would keep all of us busy.
                self.refresh.send();
            }
            answered = is_answer;
            // It may have named brokers that nobody knew.
            named_brokers.notify_one();
        }
    }

    async fn send_view(&self, view: Arc<BrokerView>) {
        self.outbox.send(Event::BrokerView(view)).await;
    }

    async fn send_connection(&self, state: ConnectionState) {
        self.outbox.send(Event::Connection(state)).await;
    }
}

/// Asks these brokers for their views, side by side; a slow one delays no other.
pub fn fetch_views(observer: &Observer, addresses: Vec<Arc<str>>) -> JoinSet<BrokerView> {
    let asks = addresses.into_iter().map(|address| {
        let observer = observer.clone();
        async move { observer.fetch_view(&address).await }
    });
    asks.collect()
}

fn wait_after(attempt: u32) -> Duration {
    (FIRST_WAIT * attempt).min(LONGEST_WAIT)
}

/// Waits until the last request is so long ago, however often that changes meanwhile. Cancel safe.
async fn wait_after_request(every: &mut watch::Receiver<Duration>, asked: Option<Instant>) {
    let Some(asked) = asked else { return };
    loop {
        let next = asked + *every.borrow_and_update();
        let changed = tokio::select! {
            () = sleep_until(next) => return,
            changed = every.changed() => changed,
        };
        if changed.is_err() {
            return sleep_until(next).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_to_five_seconds_and_no_further() {
        let seconds: Vec<u64> = (1..=7).map(|round| wait_after(round).as_secs()).collect();
        assert_eq!(seconds, [1, 2, 3, 4, 5, 5, 5]);
        assert_eq!(wait_after(u32::MAX), LONGEST_WAIT);
    }
}
