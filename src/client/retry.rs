//! Calls that survive a broker: the broker is chosen inside the loop, failures are told apart, waits are capped and
//! jittered, one deadline stands over all attempts. Nothing that changes the cluster is sent twice.
#![expect(
    clippy::disallowed_methods,
    reason = "attempts wait, under one deadline"
)]

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;
use tonic::{Response, Status};

use super::backoff::Backoff;
use super::error::{Error, Result};
use super::inner::{Api, Inner};
use super::transport::Call;
use crate::model::{ErrorKind, PartitionId, StreamName, Target, limit_text};
use crate::wire::rpc::Rpc;

/// The longest that a deadline can be: clocks and the header of gRPC overflow somewhere beyond.
pub(crate) const MAX_DEADLINE: Duration = Duration::from_secs(365 * 24 * 3600);

/// One deadline over all attempts of a request, and the waits between them.
pub(crate) struct RetryBudget {
    started: Instant,
    deadline: Instant,
    backoff: Backoff,
}

impl RetryBudget {
    /// Attempts for so long from now on.
    pub(crate) fn within(limit: Duration) -> Self {
        let begun = Instant::now();
        Self {
            started: begun,
            deadline: begun + limit.min(MAX_DEADLINE),
            backoff: Backoff::of_request(),
        }
    }

    /// How long until the deadline.
    pub(crate) fn left(&self) -> Duration {
        self.deadline.saturating_duration_since(Instant::now())
    }

    /// What a request has to find out before it is sent, within its deadline: nothing was sent where that passes.
    pub(crate) async fn limit<T>(
        &self,
        finding: impl Future<Output = Result<T>>,
        rpc: Rpc,
    ) -> Result<T> {
        let found = tokio::time::timeout_at(self.deadline, finding).await;
        found.unwrap_or_else(|_| {
            let limit = limit_text(self.deadline - self.started);
            let text = format!("no broker told where to within {limit}");
            let error = Error::of_kind(ErrorKind::Unreachable, rpc, Target::Cluster, &text);
            Err(error.never_sent())
        })
    }

    /// Waits for the next attempt; gives the error back where there is no time for another.
    pub(crate) async fn wait(&mut self, error: Error) -> Result<()> {
        let wait = self.backoff.next_wait();
        if wait >= self.left() {
            return Err(error);
        }
        tokio::time::sleep(wait).await;
        Ok(())
    }
}

impl Inner {
    /// A call that any broker answers.
    pub(crate) async fn call_any<T, A>(
        self: &Arc<Self>,
        rpc: Rpc,
        target: &Target,
        limit: Duration,
        send: impl Fn(Api, Duration) -> A,
    ) -> Result<T>
    where
        A: Future<Output = std::result::Result<Response<T>, Status>> + Send,
    {
        let mut attempts = RetryBudget::within(limit);
        loop {
            let mut last = None;
            for address in self.brokers.in_preferred_order() {
                let left = attempts.left();
                // Sent without time left, it would end as unknown for nothing.
                if left.is_zero() && last.is_some() {
                    break;
                }
                let call = Call {
                    rpc,
                    target,
                    address: &address,
                };
                let answer = self.call(call, left, |api| send(api, left));
                match answer.await {
                    Err(error) if !is_final(rpc, &error) => last = Some(error),
                    outcome => return outcome,
                }
            }
            let error = last.unwrap_or_else(Error::closed);
            if self.has_given_up_first_contact(attempts.started.elapsed()) {
                return Err(error);
            }
            attempts.wait(error).await?;
        }
    }

    /// A call that only the partition's leader answers.
    pub(crate) async fn call_leader<T, A>(
        self: &Arc<Self>,
        rpc: Rpc,
        stream: &StreamName,
        partition: PartitionId,
        target: &Target,
        send: impl Fn(Api, Duration) -> A,
    ) -> Result<T>
    where
        A: Future<Output = std::result::Result<Response<T>, Status>> + Send,
    {
        let mut attempts = RetryBudget::within(self.options.request_timeout);
        loop {
            let leader = self.leader(stream, partition).await?;
            let call = Call {
                rpc,
                target,
                address: &leader.address,
            };
            let left = attempts.left();
            let error = match self.call(call, left, |api| send(api, left)).await {
                Err(error) if error.kind() == ErrorKind::NotLeader => error,
                Err(error) if !is_final(rpc, &error) => error,
                outcome => return outcome,
            };
            attempts.wait(error).await?;
            self.refresh_metadata(leader.generation).await?;
        }
    }
}

/// Whether a failure must not be met with another attempt: a change may have been done, and of a refusal another broker
/// would say the same.
fn is_final(rpc: Rpc, error: &Error) -> bool {
    !(error.is_unsent() || (!rpc.changes() && error.kind().is_retryable()))
}
