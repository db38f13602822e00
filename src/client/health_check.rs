//! Whether a broker answers at all: the standard health service of gRPC, which servers answer at once while metadata may
//! take seconds (wire-contract §0.5).

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{sleep, timeout};
use tonic::{Code, Request};
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;

use super::error::{Error, Result, spoken};
use super::inner::Inner;
use super::observer::Observer;
use crate::model::{ErrorKind, Target};

/// How long metadata may take before the broker is asked whether it is there; at most a third of the metadata timeout.
const PATIENCE: Duration = Duration::from_secs(1);

/// How long it may take to say so; at most a sixth of the metadata timeout.
const HEALTH_LIMIT: Duration = Duration::from_secs(1);

/// What a broker says of itself when it is asked by `grpc.health.v1`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum HealthStatus {
    /// It takes requests. A broker that has just started says so before it knows its streams.
    Serving,
    /// It does not take requests now.
    NotServing,
    /// It answers, and has no health service, or none of that name.
    Unknown,
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
    /// Resolves when the broker at that address does not even answer whether it is there. One that missed its last
    /// answer is asked at once.
    #[expect(
        clippy::disallowed_methods,
        reason = "asked at a steady pace as long as the call it watches lasts, which has a deadline"
    )]
    pub(crate) async fn hung(&self, address: &str) {
        let patience = PATIENCE.min(self.options.metadata_timeout / 3);
        let limit = HEALTH_LIMIT.min(self.options.metadata_timeout / 6);
        if !self.brokers.has_failed_last(address) {
            sleep(patience).await;
        }
        while timeout(limit, self.health_status(address, ""))
            .await
            .is_ok()
        {
            sleep(limit).await;
        }
    }

    async fn health_status(&self, address: &str, service: &str) -> Result<HealthStatus> {
        let mut health = HealthClient::new(self.pool.requests(address)?);
        let request = Request::new(HealthCheckRequest {
            service: service.to_owned(),
        });
        let status = match health.check(request).await {
            Ok(answer) => answer.into_inner().status,
            Err(status) if matches!(status.code(), Code::Unimplemented | Code::NotFound) => {
                return Ok(HealthStatus::Unknown);
            }
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

/// Nobody answered for so long.
pub(crate) fn no_answer(address: &str, waited: Duration) -> Error {
    let sentence = format!("broker {address} has not answered for {}", spoken(waited));
    Error::new(ErrorKind::Timeout, Target::Broker(address.into()), sentence)
}
