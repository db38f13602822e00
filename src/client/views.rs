//! What each broker says for itself: one view a broker, each with its time and its error, none waiting for another.
//! Metadata may take a broker seconds while it is well; whether it hangs is asked meanwhile.
#![expect(
    clippy::disallowed_methods,
    reason = "a view tells how long its answer took"
)]

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::error::Result;
use super::health_check::{Silence, no_answer};
use super::inner::Inner;
use crate::model::{BrokerView, Cluster, ErrorKind, Failure, Timestamp};

impl Inner {
    /// Asks exactly the broker at that address how the cluster looks.
    pub(crate) async fn fetch_view(&self, address: &str) -> BrokerView {
        let begun = Instant::now();
        tokio::select! {
            biased;
            answer = self.fetch_from(address, self.options.metadata_timeout) => {
                self.view_of(address, begun, answer)
            }
            waited = self.wait_until_no_answer(address) => self.view_of_hung(address, begun, waited),
        }
    }

    /// Resolves when the broker at that address does not answer any more, to the view that says so. Between two requests
    /// for metadata it tells sooner than the next one.
    pub(crate) async fn wait_until_hung(&self, address: &str) -> BrokerView {
        let begun = Instant::now();
        loop {
            match self.wait_for_silence(address).await {
                Silence::NoAnswer(waited) => return self.view_of_hung(address, begun, waited),
                // What it says to the next request counts, and how that fails.
                Silence::Unreachable => {
                    let view = self.fetch_view(address).await;
                    if view.result.is_err() {
                        return view;
                    }
                }
            }
        }
    }

    /// Resolves when nothing has come from that broker for too long, to how long. While it is asked for metadata, that it
    /// cannot be reached is that request's to tell.
    async fn wait_until_no_answer(&self, address: &str) -> Duration {
        match self.wait_for_silence(address).await {
            Silence::NoAnswer(waited) => waited,
            Silence::Unreachable => std::future::pending().await,
        }
    }

    fn view_of_hung(&self, address: &str, begun: Instant, waited: Duration) -> BrokerView {
        let error = no_answer(address, waited);
        self.brokers.record_failure(address, &error);
        self.view_of(address, begun, Err(error))
    }

    fn view_of(&self, address: &str, begun: Instant, answer: Result<Arc<Cluster>>) -> BrokerView {
        let took = begun.elapsed();
        if let Err(error) = &answer
            && matches!(error.kind(), ErrorKind::Timeout | ErrorKind::Unreachable)
        {
            self.pool.mark_suspect(address);
        }
        let named = |cluster: &Arc<Cluster>| cluster.answered_by.clone();
        let broker = answer.as_ref().ok().and_then(named);
        BrokerView {
            address: Arc::from(address),
            broker: broker.or_else(|| self.brokers.id(address)),
            at: Timestamp::now(),
            took,
            result: answer.map_err(Failure::from),
        }
    }
}
