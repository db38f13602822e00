//! A broker's port: opens, closes, and hands accepted connections to the gRPC server.
//! What goes over a connection is `socket.rs`.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::net::{TcpListener, TcpSocket};
use tokio::sync::{mpsc, watch};

use super::socket::{ConnectionFaults, Socket};
use super::timings;

/// How long to wait before a port that is still taken is tried again.
const RETRY: Duration = Duration::from_millis(20);

/// The port of one broker, and all connections that came through it.
#[derive(Debug)]
pub(super) struct Listener {
    address: SocketAddr,
    open: watch::Sender<bool>,
    faults: Arc<ConnectionFaults>,
    socket: Mutex<Option<TcpListener>>,
}

impl Listener {
    /// Listens on loopback; port 0 takes a free one.
    pub(super) async fn open_on(port: u16) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
        Ok(Self {
            address: listener.local_addr()?,
            open: watch::Sender::new(true),
            faults: Arc::new(ConnectionFaults::default()),
            socket: Mutex::new(Some(listener)),
        })
    }

    /// The port.
    pub(super) fn port(&self) -> u16 {
        self.address.port()
    }

    /// `HOST:PORT`.
    pub(super) fn address(&self) -> String {
        self.address.to_string()
    }

    /// What all its connections obey.
    pub(super) fn connection_faults(&self) -> &ConnectionFaults {
        &self.faults
    }

    /// Refuses new connections and breaks those there are, as a killed process does.
    pub(super) fn close(&self) {
        self.refuse();
        self.faults.reset();
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
        let mut listener = self
            .socket
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        loop {
            let Some(listening) = listener.take() else {
                let reserved = reserve(self.address).await;
                if open.wait_for(|open| *open).await.is_err() {
                    return;
                }
                listener = reserved.listen(1024).ok();
                continue;
            };
            tokio::select! {
                () = self.accept_into(&listening, &accepted) => return,
                _ = open.wait_for(|open| !*open) => {}
            }
        }
    }

    async fn accept_into(
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
            let socket = Socket::new(stream, Arc::clone(&self.faults));
            if accepted.send(Ok(socket)).await.is_err() {
                return;
            }
        }
    }
}

fn bind(address: SocketAddr) -> io::Result<TcpSocket> {
    let socket = TcpSocket::new_v4()?;
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    Ok(socket)
}

/// Binds the port without listening on it; connections are refused.
async fn reserve(address: SocketAddr) -> TcpSocket {
    loop {
        match bind(address) {
            Ok(socket) => return socket,
            Err(_) => timings::wait(RETRY).await,
        }
    }
}
