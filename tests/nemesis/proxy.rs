//! TCP proxies before the brokers, for the half of the workloads that has to live with bad connections.

use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{ReadHalf, WriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{broadcast, watch};
use tokio::task::JoinSet;
use tokio::time::Instant;

/// How long a broker may take to accept.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);

/// A way to every broker that can be cut and slowed. Dropping it ends all of it.
pub(crate) struct Proxies {
    proxies: Vec<Proxy>,
    _tasks: JoinSet<()>,
}

struct Proxy {
    broker: String,
    address: String,
    control: Arc<ProxyControl>,
}

struct ProxyControl {
    /// Each message breaks all connections; `true`: with a reset.
    cuts: broadcast::Sender<bool>,
    /// How long each piece of data is held up.
    delay: watch::Sender<Duration>,
}

impl Proxies {
    /// A proxy before each of these addresses.
    pub(crate) async fn before(brokers: &[String]) -> Self {
        let mut tasks = JoinSet::new();
        let mut proxies = Vec::new();
        for broker in brokers {
            let listener = TcpListener::bind("127.0.0.1:0").await;
            let listener = listener.expect("loopback has ports");
            let address = listener.local_addr().expect("it listens").to_string();
            let control = Arc::new(ProxyControl {
                cuts: broadcast::Sender::new(8),
                delay: watch::Sender::new(Duration::ZERO),
            });
            tasks.spawn(accept(listener, broker.clone(), Arc::clone(&control)));
            proxies.push(Proxy {
                broker: broker.clone(),
                address,
                control,
            });
        }
        Self {
            proxies,
            _tasks: tasks,
        }
    }

    /// What is dialled instead of what brokers advertise.
    pub(crate) fn advertise(&self) -> Vec<(String, String)> {
        let proxies = self.proxies.iter();
        proxies
            .map(|proxy| (proxy.broker.clone(), proxy.address.clone()))
            .collect()
    }

    pub(crate) fn addresses(&self) -> Vec<String> {
        let proxies = self.proxies.iter();
        proxies.map(|proxy| proxy.address.clone()).collect()
    }

    /// Closes all connections to the broker.
    pub(crate) fn cut(&self, broker: usize) {
        self.proxies[broker - 1].control.cuts.send(false).ok();
    }

    /// Resets all connections to the broker.
    pub(crate) fn reset(&self, broker: usize) {
        self.proxies[broker - 1].control.cuts.send(true).ok();
    }

    /// Holds up all that goes to and comes from the broker; zero ends it.
    pub(crate) fn slow(&self, broker: usize, by: Duration) {
        self.proxies[broker - 1].control.delay.send_replace(by);
    }
}

async fn accept(listener: TcpListener, broker: String, control: Arc<ProxyControl>) {
    let mut connections = JoinSet::new();
    loop {
        let Ok((client, _)) = listener.accept().await else {
            return;
        };
        while connections.try_join_next().is_some() {}
        connections.spawn(connect(client, broker.clone(), Arc::clone(&control)));
    }
}

async fn connect(mut client: TcpStream, broker: String, control: Arc<ProxyControl>) {
    let mut cuts = control.cuts.subscribe();
    let connecting = TcpStream::connect(&broker);
    let connected = tokio::time::timeout(CONNECT_TIMEOUT, connecting).await;
    let Ok(Ok(mut server)) = connected else {
        // As if its port refused.
        client.set_zero_linger().ok();
        return;
    };
    client.set_nodelay(true).ok();
    server.set_nodelay(true).ok();
    let with_reset = {
        let (from_client, to_client) = client.split();
        let (from_server, to_server) = server.split();
        // Whoever closes first, HTTP/2 has no use for half a connection.
        tokio::select! {
            () = copy(from_client, to_server, control.delay.subscribe()) => false,
            () = copy(from_server, to_client, control.delay.subscribe()) => false,
            cut = cuts.recv() => cut == Ok(true),
        }
    };
    if with_reset {
        client.set_zero_linger().ok();
    }
}

async fn copy(mut from: ReadHalf<'_>, mut to: WriteHalf<'_>, delay: watch::Receiver<Duration>) {
    let mut buffer = vec![0; 64 * 1024];
    while let Ok(read @ 1..) = from.read(&mut buffer).await {
        let wait = *delay.borrow();
        if !wait.is_zero() {
            tokio::time::sleep_until(Instant::now() + wait).await;
        }
        if to.write_all(&buffer[..read]).await.is_err() {
            return;
        }
    }
}
