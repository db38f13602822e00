//! A broker's port: opens, closes, and hands accepted connections to the gRPC server.
//! What goes over a connection is `socket.rs`.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::net::{TcpListener, TcpSocket};
use tokio::sync::{mpsc, watch};

use super::framing::Framing;
use super::socket::{ConnectionFaults, Socket};
use super::sync::lock;
use super::timings;

/// How long to wait before a port that is still taken is tried again.
const RETRY: Duration = Duration::from_millis(20);

/// The port of one broker, and all connections that came through it.
#[derive(Debug)]
pub(super) struct Listener {
    pub(super) address: SocketAddr,
    /// What all its connections obey.
    pub(super) faults: Arc<ConnectionFaults>,
    open: watch::Sender<bool>,
    framing: Framing,
    /// Until the first [`Self::run`].
    bound: Mutex<Option<TcpListener>>,
}

impl Listener {
    /// Listens on loopback; port 0 takes a free one.
    pub(super) async fn bind(port: u16, framing: Framing) -> io::Result<Self> {
        let bound = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
        Ok(Self {
            address: bound.local_addr()?,
            faults: Arc::default(),
            open: watch::Sender::new(true),
            framing,
            bound: Mutex::new(Some(bound)),
        })
    }

    /// Refuses new connections and breaks those there are, as a killed process does.
    pub(super) fn close(&self) {
        self.refuse();
        self.faults.resets.cancel_all();
        self.faults.freeze(false);
    }

    /// Refuses new connections; those there are go on.
    pub(super) fn refuse(&self) {
        self.open.send_replace(false);
    }

    /// Accepts again.
    pub(super) fn accept(&self) {
        self.open.send_replace(true);
    }

    /// Accepts connections while open, until nobody takes them any more. While closed the port stays bound, so that no one
    /// else gets it, and refuses.
    pub(super) async fn run(&self, accepted: mpsc::Sender<io::Result<Socket>>) {
        let mut open = self.open.subscribe();
        let mut bound = lock(&self.bound).take();
        loop {
            let Some(listener) = bound.take() else {
                let reserved = reserve(self.address).await;
                if open.wait_for(|open| *open).await.is_err() {
                    return;
                }
                bound = reserved.listen(1024).ok();
                continue;
            };
            tokio::select! {
                () = self.accept_all(&listener, &accepted) => return,
                _ = open.wait_for(|open| !*open) => {}
            }
        }
    }

    async fn accept_all(
        &self,
        listener: &TcpListener,
        accepted: &mpsc::Sender<io::Result<Socket>>,
    ) {
        loop {
            let Ok((stream, _)) = listener.accept().await else {
                timings::wait(RETRY).await;
                continue;
            };
            stream.set_nodelay(true).ok();
            let socket = Socket::new(stream, Arc::clone(&self.faults), self.framing);
            if accepted.send(Ok(socket)).await.is_err() {
                return;
            }
        }
    }
}

/// Binds the port without listening on it; connections are refused.
async fn reserve(address: SocketAddr) -> TcpSocket {
    let bind = || {
        let socket = TcpSocket::new_v4()?;
        socket.set_reuseaddr(true)?;
        socket.bind(address)?;
        io::Result::Ok(socket)
    };
    loop {
        match bind() {
            Ok(socket) => return socket,
            Err(_) => timings::wait(RETRY).await,
        }
    }
}
