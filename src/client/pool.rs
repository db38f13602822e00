//! Connections: one to each broker for requests, some of their own for subscriptions, so that a subscription that
//! nobody reads holds up no request. Owns every task of every connection; which broker to ask is not decided here.
#![expect(
    clippy::disallowed_methods,
    reason = "idle connections are closed by the clock"
)]

use std::collections::HashMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tonic::transport::Endpoint;

use super::dialler::Dialler;
use super::error::{Error, Result};
use super::options::ConnectOptions;
use super::tls::Tls;
use crate::model::{ErrorKind, Target, parse_address};
use crate::wire::grpc_channel::GrpcChannel;

/// Subscriptions that share a connection at most: its window is the sum of theirs, so that none waits for another.
const SUBSCRIPTIONS_PER_CONNECTION: usize = 16;

/// Frames of up to this size save wake-ups; servers send smaller ones if they like.
const MAX_FRAME_BYTES: u32 = 256 << 10;

/// Where the tasks of connections run: counted, and stopped with the client.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tasks {
    tracker: TaskTracker,
    /// Publish sessions: they end by themselves once their publishers are gone and all is answered.
    sessions: TaskTracker,
    token: CancellationToken,
}

impl Tasks {
    /// Runs a task until it ends or the client is closed.
    pub(crate) fn run(&self, task: impl Future<Output = ()> + Send + 'static) {
        let token = self.token.clone();
        self.tracker.spawn(async move {
            token.run_until_cancelled(task).await;
        });
    }

    /// Runs a publish session until it ends or the client is closed.
    pub(crate) fn run_session(&self, session: impl Future<Output = ()> + Send + 'static) {
        let sessions = self.sessions.token();
        self.run(async move {
            session.await;
            drop(sessions);
        });
    }

    /// Waits until every publish session has ended.
    pub(crate) async fn sessions_ended(&self) {
        self.sessions.close();
        self.sessions.wait().await;
        self.sessions.reopen();
    }

    /// Ends all tasks, and waits for that.
    pub(crate) async fn end_all(&self) {
        self.token.cancel();
        self.tracker.close();
        self.tracker.wait().await;
    }

    /// Cancelled when the client is closed.
    pub(crate) fn token(&self) -> &CancellationToken {
        &self.token
    }

    /// How many tasks run.
    pub(crate) fn running(&self) -> usize {
        self.tracker.len()
    }
}

impl hyper::rt::Executor<Pin<Box<dyn Future<Output = ()> + Send>>> for Tasks {
    fn execute(&self, task: Pin<Box<dyn Future<Output = ()> + Send>>) {
        self.run(task);
    }
}

/// The connections to all brokers.
#[derive(Debug)]
pub(crate) struct Pool {
    options: Arc<ConnectOptions>,
    dialler: Dialler,
    tasks: Tasks,
    brokers: Mutex<HashMap<Arc<str>, Connections>>,
}

#[derive(Debug)]
struct Connections {
    requests: Option<(GrpcChannel, Instant)>,
    subscriptions: Vec<Arc<SharedConnection>>,
    suspected: watch::Sender<u64>,
}

impl Default for Connections {
    fn default() -> Self {
        Self {
            requests: None,
            subscriptions: Vec::new(),
            suspected: watch::Sender::new(0),
        }
    }
}

/// A connection that subscriptions share.
#[derive(Debug)]
struct SharedConnection {
    channel: GrpcChannel,
    used: Mutex<(usize, Instant)>,
}

impl SharedConnection {
    fn users(&self) -> usize {
        self.lock().0
    }

    fn lock(&self) -> MutexGuard<'_, (usize, Instant)> {
        self.used.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A subscription's place on a connection; dropping it gives the place back.
#[derive(Debug)]
pub(crate) struct Lease {
    shared: Arc<SharedConnection>,
    /// Changes when the broker is thought dead, so that who reads from it looks after it.
    pub(crate) suspected: watch::Receiver<u64>,
}

impl Lease {
    /// The connection that the place is on.
    pub(crate) fn channel(&self) -> GrpcChannel {
        self.shared.channel.clone()
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        let mut used = self.shared.lock();
        used.0 = used.0.saturating_sub(1);
        used.1 = Instant::now();
    }
}

impl Pool {
    /// A pool without connections: they are dialled when first needed.
    ///
    /// # Errors
    /// Those of [`Tls::prepare`].
    pub(crate) fn new(options: Arc<ConnectOptions>, tasks: Tasks) -> Result<Arc<Self>> {
        let tls = options.tls.as_ref().map(Tls::prepare).transpose()?;
        let dialler = Dialler::new(tls, options.connect_timeout);
        Ok(Arc::new(Self {
            options,
            dialler,
            tasks,
            brokers: Mutex::default(),
        }))
    }

    /// The connection for requests to the broker at that address.
    pub(crate) fn requests(self: &Arc<Self>, address: &str) -> Result<GrpcChannel> {
        self.ensure_open()?;
        let mut brokers = self.lock();
        let connections = brokers.entry(Arc::from(address)).or_default();
        if let Some((channel, used)) = &mut connections.requests {
            *used = Instant::now();
            return Ok(channel.clone());
        }
        let channel = self.dial(address, 1)?;
        connections.requests = Some((channel.clone(), Instant::now()));
        Ok(channel)
    }

    /// A place for a subscription on one of its broker's connections.
    pub(crate) fn lease(self: &Arc<Self>, address: &str) -> Result<Lease> {
        self.ensure_open()?;
        let mut brokers = self.lock();
        let connections = brokers.entry(Arc::from(address)).or_default();
        let shared = if let Some(shared) = self.least_used(&connections.subscriptions) {
            shared
        } else {
            let shared = Arc::new(SharedConnection {
                channel: self.dial(address, SUBSCRIPTIONS_PER_CONNECTION)?,
                used: Mutex::new((0, Instant::now())),
            });
            connections.subscriptions.push(Arc::clone(&shared));
            shared
        };
        shared.lock().0 += 1;
        Ok(Lease {
            shared,
            suspected: connections.suspected.subscribe(),
        })
    }

    /// The connection with the fewest subscriptions, unless a new one is due.
    fn least_used(&self, connections: &[Arc<SharedConnection>]) -> Option<Arc<SharedConnection>> {
        let idlest = connections.iter().min_by_key(|shared| shared.users())?;
        let users = idlest.users();
        let spread = users > 0 && connections.len() < self.options.connections_per_broker;
        (!spread && users < SUBSCRIPTIONS_PER_CONNECTION).then(|| Arc::clone(idlest))
    }

    /// The broker did not answer: new requests and subscriptions dial anew, running subscriptions look after it.
    pub(crate) fn mark_suspect(&self, address: &str) {
        if let Some(connections) = self.lock().get_mut(address) {
            connections.requests = None;
            connections.subscriptions.clear();
            connections.suspected.send_modify(|times| *times += 1);
        }
    }

    fn ensure_open(self: &Arc<Self>) -> Result<()> {
        if self.tasks.token().is_cancelled() {
            return Err(Error::closed());
        }
        if self.lock().is_empty() {
            self.tasks
                .run(close_idle(Arc::downgrade(self), self.options.idle_close));
        }
        Ok(())
    }

    fn dial(&self, address: &str, windows: usize) -> Result<GrpcChannel> {
        let overridden = self
            .options
            .advertise
            .iter()
            .find(|(advertised, _)| advertised == address);
        let dialled = overridden.map_or(address, |(_, dialled)| dialled);
        // What cannot be read as a port would pass for none, and another one be dialled.
        if parse_address(dialled).is_err() {
            return Err(malformed(dialled));
        }
        let connection_window = u64::from(self.options.window_bytes) * windows as u64;
        // A window is 31 bits (RFC 9113 §6.9.1).
        let connection_window =
            u32::try_from(connection_window.min(0x7fff_ffff)).unwrap_or(u32::MAX >> 1);
        // The dialler encrypts by itself.
        let endpoint = Endpoint::from_shared(format!("http://{dialled}"))
            .map_err(|error| malformed(dialled).caused_by(error))?
            // No HTTP/2 pings: servers answer them with GOAWAY (wire-contract §0.7). TCP finds dead peers instead.
            .initial_stream_window_size(self.options.window_bytes)
            .initial_connection_window_size(connection_window)
            .max_frame_size(MAX_FRAME_BYTES)
            .executor(self.tasks.clone());
        let channel = endpoint.connect_with_connector_lazy(self.dialler.clone());
        Ok(GrpcChannel(channel))
    }

    fn drop_idle(&self, limit: Duration) {
        let now = Instant::now();
        let is_idle = |used: Instant| now.duration_since(used) >= limit;
        for connections in self.lock().values_mut() {
            connections.requests.take_if(|(_, used)| is_idle(*used));
            connections.subscriptions.retain(|shared| {
                let (users, used) = *shared.lock();
                users > 0 || !is_idle(used)
            });
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Arc<str>, Connections>> {
        self.brokers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn close_idle(pool: std::sync::Weak<Pool>, limit: Duration) {
    let mut interval = tokio::time::interval((limit / 2).max(Duration::from_millis(10)));
    loop {
        interval.tick().await;
        let Some(pool) = pool.upgrade() else { return };
        pool.drop_idle(limit);
    }
}

fn malformed(address: &str) -> Error {
    let sentence = format!("\"{address}\" is not an address that can be dialled");
    Error::new(ErrorKind::BadAddress, Target::Cluster, sentence).never_sent()
}
