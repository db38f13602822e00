//! A request that the brokers be asked now, of depth one: ten requests during one poll make one more poll.
//!
//! Who asks and who requests it is the business of others.

use tokio::sync::watch;

/// The end that requests; clones request the same thing.
#[derive(Clone, Debug)]
pub(super) struct RefreshRequest(watch::Sender<()>);

impl RefreshRequest {
    /// No request yet.
    pub(super) fn new() -> Self {
        Self(watch::Sender::new(()))
    }

    /// Requests a poll now.
    pub(super) fn send(&self) {
        self.0.send_replace(());
    }

    /// The end that waits for requests from now on.
    pub(super) fn listen(&self) -> RefreshListener {
        RefreshListener(self.0.subscribe())
    }
}

/// The waiting end.
#[derive(Debug)]
pub(super) struct RefreshListener(watch::Receiver<()>);

impl RefreshListener {
    /// Waits for a request since the last [`RefreshListener::mark_answered`].
    pub(super) async fn wait(&mut self) {
        if self.0.changed().await.is_err() {
            // No sender is left.
            std::future::pending::<()>().await;
        }
    }

    /// The poll begins now: it answers all requests up to here.
    pub(super) fn mark_answered(&mut self) {
        self.0.mark_unchanged();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;
    use tokio::time::timeout;

    #[tokio::test(start_paused = true)]
    async fn many_requests_are_one_and_an_answered_one_is_gone() {
        let refresh = RefreshRequest::new();
        let mut requests = refresh.listen();
        refresh.send();
        refresh.send();
        requests.wait().await;
        let second = timeout(Duration::from_secs(1), requests.wait()).await;
        assert!(second.is_err(), "one poll left a request unanswered");
        refresh.send();
        requests.mark_answered();
        let third = timeout(Duration::from_secs(1), requests.wait()).await;
        assert!(third.is_err());
    }
}
