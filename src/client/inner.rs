//! What all handles of one client share, and one call at one broker. Which broker, and whether again, is `retry`'s.
#![expect(
    clippy::disallowed_methods,
    reason = "how long an answer took is measured"
)]

use std::future::Future;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use tokio_util::sync::DropGuard;
use tonic::{Request, Response, Status};
use tracing::Instrument;

use super::brokers::Brokers;
use super::cursor_log::CursorLog;
use super::error::{Error, Result};
use super::groups::GroupLog;
use super::metadata::Cache;
use super::options::ConnectOptions;
use super::partitioner::RotatingStart;
use super::pool::{Pool, Tasks};
use super::transport::Call;
use crate::model::{ErrorKind, PartitionId, Target, parse_address};
use crate::wire::grpc_channel::GrpcChannel;
use crate::wire::pb::api_client::ApiClient;

/// The generated client on one of our channels.
pub(crate) type Api = ApiClient<GrpcChannel>;

/// What all handles of one client share.
#[derive(Debug)]
pub(crate) struct Inner {
    pub(crate) options: Arc<ConnectOptions>,
    pub(crate) brokers: Brokers,
    pub(crate) pool: Arc<Pool>,
    pub(crate) metadata: Cache,
    pub(crate) round_robin: RotatingStart,
    /// What has been read of `__cursors`.
    pub(crate) cursor_log: tokio::sync::Mutex<CursorLog>,
    /// The partitions of `__cursors`, once they were seen.
    pub(crate) cursor_partitions: Mutex<Option<Vec<PartitionId>>>,
    /// What `__activity` has told of groups.
    pub(crate) groups: tokio::sync::Mutex<GroupLog>,
    pub(crate) tasks: Tasks,
}

/// Closes the client when the last handle is dropped. Subscriptions hold [`Inner`] alone, so they do not keep the
/// client open.
#[derive(Debug)]
pub(crate) struct Handle {
    pub(crate) inner: Arc<Inner>,
    _close: DropGuard,
}

impl Handle {
    /// Checks the options; no I/O but the files of TLS.
    pub(crate) fn new(mut options: ConnectOptions) -> Result<Arc<Self>> {
        if options.seeds.is_empty() {
            let sentence = "no broker is named to begin with";
            return Err(Error::refused(Target::Cluster, sentence));
        }
        for seed in &mut options.seeds {
            *seed = address(seed)?;
        }
        for (advertised, dialled) in &mut options.advertise {
            *advertised = address(advertised)?;
            *dialled = address(dialled)?;
        }
        let options = Arc::new(options);
        let tasks = Tasks::default();
        let inner = Arc::new(Inner {
            brokers: Brokers::new(&options.seeds, options.prefer, options.remembered.clone()),
            pool: Pool::new(Arc::clone(&options), tasks.clone())?,
            metadata: Cache::default(),
            round_robin: RotatingStart::default(),
            cursor_log: tokio::sync::Mutex::default(),
            cursor_partitions: Mutex::default(),
            groups: tokio::sync::Mutex::default(),
            tasks: tasks.clone(),
            options,
        });
        Ok(Arc::new(Self {
            inner,
            _close: tasks.token().clone().drop_guard(),
        }))
    }
}

fn address(text: &str) -> Result<String> {
    parse_address(text)
        .map_err(|sentence| Error::new(ErrorKind::BadAddress, Target::Cluster, sentence))
}

impl Inner {
    /// One call at one broker, given up after `wait`, its outcome noted in the broker's health.
    pub(crate) async fn call<T, F, A>(&self, call: Call<'_>, wait: Duration, send: F) -> Result<T>
    where
        F: FnOnce(Api) -> A,
        A: Future<Output = std::result::Result<Response<T>, Status>>,
    {
        let most = self.options.max_answer_bytes;
        let send = |channel| send(ApiClient::new(channel).max_decoding_message_size(most));
        self.call_on_channel(call, wait, send).await
    }

    /// The same for a call that is not encoded and decoded by generated code.
    pub(crate) async fn call_on_channel<T, F, A>(
        &self,
        call: Call<'_>,
        wait: Duration,
        send: F,
    ) -> Result<T>
    where
        F: FnOnce(GrpcChannel) -> A,
        A: Future<Output = std::result::Result<Response<T>, Status>>,
    {
        let span = tracing::debug_span!("call", rpc = %call.rpc, broker = call.address, target = %call.target);
        let called = self.call_within(call, wait, send).instrument(span.clone());
        let outcome = called.await;
        if let Err(error) = &outcome {
            span.in_scope(|| tracing::debug!(%error, "failed"));
        }
        outcome
    }

    async fn call_within<T, F, A>(&self, call: Call<'_>, wait: Duration, send: F) -> Result<T>
    where
        F: FnOnce(GrpcChannel) -> A,
        A: Future<Output = std::result::Result<Response<T>, Status>>,
    {
        self.brokers.record_attempt(call.address);
        let channel = self.pool.requests(call.address).map_err(|error| {
            self.brokers.record_failure(call.address, &error);
            self.brokers.explain(call.address, error)
        })?;
        let begun = Instant::now();
        let answer = tokio::time::timeout(wait, send(channel)).await;
        if self.tasks.token().is_cancelled() {
            return Err(Error::closed());
        }
        let error = match answer {
            Ok(Ok(response)) => {
                self.brokers.record_answer(call.address);
                self.brokers.record_latency(call.address, begun.elapsed());
                return Ok(response.into_inner());
            }
            Ok(Err(status)) if call.meaning(&status).is_ok() => {
                self.brokers.record_answer(call.address);
                return Err(call.error(status));
            }
            Ok(Err(status)) => call.error(status),
            Err(_) => {
                // A peer that vanished says nothing: the next request dials anew.
                if wait >= self.options.connect_timeout {
                    self.pool.mark_suspect(call.address);
                }
                call.timed_out(wait)
            }
        };
        self.brokers.record_failure(call.address, &error);
        Err(self.brokers.explain(call.address, error))
    }
}

/// A request with its deadline on the wire: a publish without one is answered without an ack (wire-contract §0.6).
pub(crate) fn with_deadline<T>(message: T, deadline: Duration) -> Request<T> {
    let mut request = Request::new(message);
    request.set_timeout(deadline);
    request
}
