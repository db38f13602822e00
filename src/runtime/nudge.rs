//! A wish that the brokers be asked now, of depth one: ten wishes during one question make one more.
//!
//! Who asks and who wishes is the business of others.

use tokio::sync::watch;

/// The wishing end; clones wish for the same thing.
#[derive(Clone, Debug)]
pub(super) struct RefreshRequest(watch::Sender<()>);

impl RefreshRequest {
    /// Nobody wishes yet.
    pub(super) fn new() -> Self {
        Self(watch::Sender::new(()))
    }

    /// Wishes.
    pub(super) fn now(&self) {
        self.0.send_replace(());
    }

    /// The end that waits for wishes from now on.
    pub(super) fn listen(&self) -> RefreshListener {
        RefreshListener(self.0.subscribe())
    }
}

/// The waiting end.
#[derive(Debug)]
pub(super) struct RefreshListener(watch::Receiver<()>);

impl RefreshListener {
    /// Until somebody has wished since the last [`RefreshListener::answered`].
    pub(super) async fn wait(&mut self) {
        if self.0.changed().await.is_err() {
            // Nobody is left who could wish.
            std::future::pending::<()>().await;
        }
    }

    /// The question is asked now: wishes up to here are granted.
    pub(super) fn answered(&mut self) {
        self.0.mark_unchanged();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;
    use tokio::time::timeout;

    #[tokio::test(start_paused = true)]
    async fn many_wishes_are_one_and_a_granted_one_is_gone() {
        let nudge = RefreshRequest::new();
        let mut nudged = nudge.listen();
        nudge.now();
        nudge.now();
        nudged.wait().await;
        let second = timeout(Duration::from_secs(1), nudged.wait()).await;
        assert!(second.is_err(), "two wishes were granted by one answer");
        nudge.now();
        nudged.answered();
        let third = timeout(Duration::from_secs(1), nudged.wait()).await;
        assert!(third.is_err());
    }
}
