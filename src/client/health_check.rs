//! Whether a broker answers at all: the standard health service of gRPC, which servers answer at once while metadata may
//! take seconds (wire-contract §0.5).

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, sleep_until, timeout};
use tonic::{Code, Request, Status};
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;

use super::error::{Error, Result};
use super::inner::Inner;
use super::observer::Observer;
use crate::model::{ErrorKind, Target, limit_text};

/// How long nothing may come from a broker before it is asked whether it is there; at most a third of the metadata timeout.
const PATIENCE: Duration = Duration::from_secs(1);

/// How long nothing may come from it, that question's answer included, before it counts as hung: a dashboard tells it
/// within three seconds, and not before its own patience of two and a half is over, which begins once an answer is read.
/// At most half the metadata timeout.
const HUNG_AFTER: Duration = Duration::from_millis(2600);

/// How long it has to answer at least, however long nothing came before; at most a sixth of the metadata timeout.
const SHORTEST_WAIT: Duration = Duration::from_millis(500);

/// How long it has to answer after it failed to; at most a sixth of the metadata timeout.
const RETRY_WAIT: Duration = Duration::from_secs(1);

/// What a broker says of itself when it is asked by `grpc.health.v1`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum HealthStatus {
    /// It takes requests. A broker that has just started says so before it knows its streams.
    Serving,
    /// It does not take requests now.
    NotServing,
    /// It answers, and has no health service, none of that name, or none for this client.
    Unknown,
}

/// How a broker fell silent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Silence {
    /// Nothing came for so long.
    NoAnswer(Duration),
    /// The question whether it is there could not be sent, or failed.
    Unreachable,
}

impl Observer {
    /// Asks the broker at that address by the standard health service of gRPC; `service` is empty for the broker as a
    /// whole. Gives up after [`request_timeout`](super::ConnectOptions::request_timeout).
    ///
    /// # Errors
    /// [`ErrorKind::Timeout`] and [`ErrorKind::Unreachable`]: nobody answers.
    pub async fn check_health(&self, address: &str, service: &str) -> Result<HealthStatus> {
        let core = self.inner();
        let limit = core.options.request_timeout;
        let answer = timeout(limit, core.health_status(address, service)).await;
        answer.unwrap_or_else(|_| Err(no_answer(address, limit)))
    }
}

impl Inner {
    /// Resolves when nothing has come from the broker at that address for too long, not even whether it is there, or when
    /// it cannot be reached. One that missed its last answer is asked at once. It may be begun again at any time: what
    /// came last counts, not when this began.
    pub(crate) async fn wait_for_silence(&self, address: &str) -> Silence {
        let begun = Instant::now();
        let most = self.options.metadata_timeout;
        loop {
            let has_failed = self.brokers.has_failed_last(address);
            let last = self.brokers.heard(address);
            let wait = match last {
                None if has_failed => RETRY_WAIT.min(most / 6),
                _ => {
                    let last = last.unwrap_or(begun);
                    sleep_until(last + PATIENCE.min(most / 3)).await;
                    let left = (last + HUNG_AFTER.min(most / 2)) - Instant::now();
                    left.max(SHORTEST_WAIT.min(most / 6))
                }
            };
            match timeout(wait, self.health_status(address, "")).await {
                Ok(Ok(_)) => self.brokers.record_heard(address),
                Ok(Err(_)) => return Silence::Unreachable,
                Err(_) => {
                    let since = last.unwrap_or(begun);
                    return Silence::NoAnswer(since.elapsed());
                }
            }
        }
    }

    async fn health_status(&self, address: &str, service: &str) -> Result<HealthStatus> {
        let mut health = HealthClient::new(self.pool.requests(address)?);
        let request = Request::new(HealthCheckRequest {
            service: service.to_owned(),
        });
        let status = match health.check(request).await {
            Ok(answer) => answer.into_inner().status,
            Err(status) if says_that_it_is_there(&status) => return Ok(HealthStatus::Unknown),
            Err(status) => {
                let sentence = format!("broker {address} cannot be asked whether it is healthy");
                let target = Target::Broker(Arc::from(address));
                let error = Error::new(ErrorKind::Unreachable, target, sentence);
                return Err(error.caused_by(status));
            }
        };
        Ok(match ServingStatus::try_from(status) {
            Ok(ServingStatus::Serving) => HealthStatus::Serving,
            Ok(ServingStatus::NotServing) => HealthStatus::NotServing,
            Ok(ServingStatus::Unknown | ServingStatus::ServiceUnknown) | Err(_) => {
                HealthStatus::Unknown
            }
        })
    }
}

/// Whether a refusal is an answer, of the broker or of who stands before it.
fn says_that_it_is_there(refusal: &Status) -> bool {
    matches!(
        refusal.code(),
        Code::Unimplemented | Code::NotFound | Code::PermissionDenied | Code::Unauthenticated
    )
}

/// Nobody answered for so long.
pub(crate) fn no_answer(address: &str, waited: Duration) -> Error {
    let sentence = format!(
        "broker {address} has not answered for {}",
        limit_text(waited)
    );
    Error::new(ErrorKind::Timeout, Target::Broker(address.into()), sentence)
}
