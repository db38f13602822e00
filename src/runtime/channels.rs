//! The two bounded queues between tasks and the event loop: answers, and batches of messages.
//!
//! Both block the sender when full and lose nothing (I6, I12); what is in them is the business of others.

use tokio::sync::mpsc;

use crate::app::Event;

/// Answers, views, subscription events: small and worth a key's priority.
const CONTROL_CAPACITY: usize = 256;

/// Chunks of up to 256 KiB: enough to keep the loop busy, few enough that memory in the queue stays at 4 MiB.
const TAIL_CAPACITY: usize = 16;

/// Both queues, empty.
pub(super) fn event_channels() -> (EventSender, EventReceiver) {
    let (control_in, control) = mpsc::channel(CONTROL_CAPACITY);
    let (tails_in, tails) = mpsc::channel(TAIL_CAPACITY);
    let outbox = EventSender {
        control: control_in,
        tails: tails_in,
    };
    (outbox, EventReceiver { control, tails })
}

/// The tasks' end. Sending waits while the queue is full; after the loop has ended it does nothing.
#[derive(Clone, Debug)]
pub(super) struct EventSender {
    control: mpsc::Sender<Event>,
    tails: mpsc::Sender<Event>,
}

impl EventSender {
    /// Hands over a fact.
    pub(super) async fn send(&self, event: Event) {
        // A closed queue means that the program ends; the task is about to be cancelled.
        let _ = self.control.send(event).await;
    }

    /// [`EventSender::send`] for a thread that may block; `false` once the loop has ended.
    pub(super) fn send_blocking(&self, event: Event) -> bool {
        self.control.blocking_send(event).is_ok()
    }

    /// Hands over what a tail read, behind everything that [`EventSender::send`] hands over. Waiting here is what makes a
    /// broker wait.
    pub(super) async fn send_tail(&self, event: Event) {
        let _ = self.tails.send(event).await;
    }
}

/// The loop's end.
#[derive(Debug)]
pub(super) struct EventReceiver {
    /// Facts.
    pub(super) control: mpsc::Receiver<Event>,
    /// What tails read.
    pub(super) tails: mpsc::Receiver<Event>,
}
