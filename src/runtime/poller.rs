//! Asks every broker how it sees the cluster: first any at all, then each on its own, side by side.
//!
//! One task a broker, so that a slow or dead one delays no other (I15). What follows from the views is found in `health`.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::{Interval, MissedTickBehavior, interval, timeout};

use super::channels::EventSender;
use super::nudge::RefreshRequest;
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
    pub(super) every: Duration,
    /// Asks at once.
    pub(super) nudge: RefreshRequest,
}

impl Poller {
    /// Goes on for ever; dropping this ends all of it.
    pub(super) async fn run(self) {
        self.find_anyone().await;
        let news = Arc::new(Notify::new());
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
                watched
                    .entry(Arc::clone(&address))
                    .or_insert_with(|| tasks.spawn(self.clone().watch(address, Arc::clone(&news))));
            }
            while tasks.try_join_next().is_some() {}
            news.notified().await;
        }
    }

    fn addresses(&self) -> Vec<Arc<str>> {
        let known = self.observer.brokers();
        known.into_iter().map(|broker| broker.address).collect()
    }

    /// Rounds over all known addresses, until one answers.
    async fn find_anyone(&self) {
        let mut nudged = self.nudge.listen();
        for attempt in 1.. {
            let addresses = self.addresses();
            let trying = addresses.iter().map(ToString::to_string).collect();
            self.send_connection(ConnectionState::Connecting {
                addresses: trying,
                attempt,
            })
            .await;
            nudged.answered();
            let Err(failure) = self.round(addresses).await else {
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
            let _ = timeout(wait, nudged.wait()).await;
        }
    }

    /// Asks all side by side, until the first one answers.
    async fn round(&self, addresses: Vec<Arc<str>>) -> Result<(), Failure> {
        let mut asked = JoinSet::new();
        for address in addresses {
            let observer = self.observer.clone();
            asked.spawn(async move { observer.fetch_view(&address).await });
        }
        let mut last = Failure::new(ErrorKind::BadAddress, Target::Cluster, "no address to try");
        while let Some(Ok(view)) = asked.join_next().await {
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
    async fn watch(self, address: Arc<str>, news: Arc<Notify>) {
        let mut nudged = self.nudge.listen();
        let mut tick = unbunched(self.every);
        let mut answered = false;
        // The app lets go of a view when it takes the next one. Held for two polls, the last to let go is this task:
        // freeing a large view takes none of the loop's time.
        let mut held: (Option<Arc<BrokerView>>, Option<Arc<BrokerView>>) = (None, None);
        loop {
            tokio::select! {
                _ = tick.tick() => {}
                () = nudged.wait() => tick.reset(),
            }
            nudged.answered();
            let view = Arc::new(self.observer.fetch_view(&address).await);
            let answers = view.result.is_ok();
            self.send_view(Arc::clone(&view)).await;
            held = (Some(view), held.0);
            if answered && !answers {
                // What it led may move: everybody is asked at once. Once, or dead brokers would keep all of us busy.
                self.nudge.now();
            }
            answered = answers;
            // It may have named brokers that nobody knew.
            news.notify_one();
        }
    }

    async fn send_view(&self, view: Arc<BrokerView>) {
        self.outbox.send(Event::BrokerView(view)).await;
    }

    async fn send_connection(&self, state: ConnectionState) {
        self.outbox.send(Event::Connection(state)).await;
    }
}

fn wait_after(attempt: u32) -> Duration {
    (FIRST_WAIT * attempt).min(LONGEST_WAIT)
}

/// An interval that asks once, not five times, after ten seconds of waiting for an answer.
fn unbunched(every: Duration) -> Interval {
    let mut tick = interval(every);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    tick
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
