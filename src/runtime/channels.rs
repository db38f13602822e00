//! The two bounded queues between tasks and the event loop: answers, and batches of messages.
//!
//! Both block the sender when full and lose nothing (I6, I12); what is in them is the business of others.

use tokio::sync::mpsc;

use crate::app::Event;

/// Answers, views, subscription events: small and worth a key's priority.
const CONTROL_ROOM: usize = 256;

/// Chunks of up to 256 KiB: enough to keep the loop busy, few enough that memory in flight stays at 4 MiB.
const FEED_ROOM: usize = 16;

/// Both queues, empty.
pub(super) fn mailbox() -> (Outbox, Inbox) {
    let (control_in, control) = mpsc::channel(CONTROL_ROOM);
    let (feed_in, feeds) = mpsc::channel(FEED_ROOM);
    let outbox = Outbox {
        control: control_in,
        feeds: feed_in,
    };
    (outbox, Inbox { control, feeds })
}

/// The tasks' end. Sending waits while the queue is full; after the loop has ended it does nothing.
#[derive(Clone, Debug)]
pub(super) struct Outbox {
    control: mpsc::Sender<Event>,
    feeds: mpsc::Sender<Event>,
}

impl Outbox {
    /// Hands over a fact.
    pub(super) async fn tell(&self, event: Event) {
        // A closed queue means that the program ends; the task is about to be cancelled.
        let _ = self.control.send(event).await;
    }

    /// [`Outbox::tell`] for a thread that may block; `false` once the loop has ended.
    pub(super) fn tell_blocking(&self, event: Event) -> bool {
        self.control.blocking_send(event).is_ok()
    }

    /// Hands over what a tail read, behind everything that [`Outbox::tell`] hands over. Waiting here is what makes a
    /// broker wait.
    pub(super) async fn feed(&self, event: Event) {
        let _ = self.feeds.send(event).await;
    }
}

/// The loop's end.
#[derive(Debug)]
pub(super) struct Inbox {
    /// Facts.
    pub(super) control: mpsc::Receiver<Event>,
    /// What tails read.
    pub(super) feeds: mpsc::Receiver<Event>,
}
