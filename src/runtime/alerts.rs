//! Hands alerts on, one after the other and off the loop: a slow receiver holds up nothing, and one that fails is told once.
//! Who receives them, and for how long that may take, is not known here.

use tokio::sync::mpsc;

use super::channels::EventSender;
use super::options::AlertSender;
use crate::app::Event;
use crate::health::Alert;
use crate::model::{ErrorKind, Failure, Target, counted};

/// Alerts that may wait: more at once nobody reads.
const WAITING: usize = 64;

/// Where alerts wait for their turn.
#[derive(Debug)]
pub(super) struct AlertQueue {
    waiting: mpsc::Sender<Alert>,
    /// How many were dropped since one was taken.
    dropped: u64,
}

impl AlertQueue {
    /// A queue, and the work of whoever empties it.
    pub(super) fn new(
        cluster: String,
        send: AlertSender,
        outbox: EventSender,
    ) -> (Self, impl Future<Output = ()> + Send + 'static) {
        let (waiting, alerts) = mpsc::channel(WAITING);
        let queue = Self {
            waiting,
            dropped: 0,
        };
        (queue, hand_on(cluster, send, alerts, outbox))
    }

    /// Puts an alert at the end. Where too many wait already it is dropped; the first of these has something to say.
    pub(super) fn add(&mut self, alert: Alert) -> Option<Failure> {
        if self.waiting.try_send(alert).is_ok() {
            self.dropped = 0;
            return None;
        }
        self.dropped += 1;
        let sentence = "alerts come faster than they are taken: some are not told";
        (self.dropped == 1).then(|| failure(sentence))
    }
}

async fn hand_on(
    cluster: String,
    send: AlertSender,
    mut alerts: mpsc::Receiver<Alert>,
    outbox: EventSender,
) {
    let mut failed: u64 = 0;
    while let Some(alert) = alerts.recv().await {
        match send(&cluster, alert).await {
            Ok(()) => failed = 0,
            Err(sentence) => {
                failed += 1;
                tracing::warn!(%sentence, "{} failed", counted(failed, "alert"));
                // The same would be said with every alert.
                if failed == 1 {
                    outbox.send(Event::Failed(failure(&sentence))).await;
                }
            }
        }
    }
}

fn failure(sentence: &str) -> Failure {
    Failure::new(ErrorKind::Local, Target::Cluster, sentence)
}
