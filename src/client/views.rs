//! What each broker says for itself: one view a broker, each with its time and its error, none waiting for another.
//! Metadata may take a broker seconds while it is well; whether it hangs is asked meanwhile.
#![expect(
    clippy::disallowed_methods,
    reason = "a view tells how long its answer took"
)]

use std::sync::Arc;
use std::time::Instant;

use super::health_check::no_answer;
use super::inner::Inner;
use crate::model::{BrokerView, ErrorKind, Failure, Timestamp};

impl Inner {
    /// Asks exactly the broker at that address how the cluster looks.
    pub(crate) async fn fetch_view(&self, address: &str) -> BrokerView {
        let begun = Instant::now();
        let answer = tokio::select! {
            biased;
            answer = self.fetch_from(address, self.options.metadata_timeout) => answer,
            () = self.hung(address) => {
                let error = no_answer(address, begun.elapsed());
                self.brokers.record_failure(address, &error);
                Err(error)
            }
        };
        let took = begun.elapsed();
        if let Err(error) = &answer
            && matches!(error.kind(), ErrorKind::Timeout | ErrorKind::Unreachable)
        {
            self.pool.mark_suspect(address);
        }
        let named = |cluster: &Arc<crate::model::Cluster>| cluster.answered_by.clone();
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
