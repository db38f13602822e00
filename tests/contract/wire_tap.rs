//! A relay between the client and a broker that can hold its breath: connections stay open and nothing passes, as with
//! a process that is stopped or a network that is gone. No knob of the demo cluster can do that to bytes in flight.

use std::sync::Arc;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

/// A relay to one address. Dropping it closes everything.
pub(crate) struct WireTap {
    pub(crate) address: String,
    frozen: Arc<watch::Sender<bool>>,
    open: Arc<()>,
    _tasks: JoinSet<()>,
}

impl WireTap {
    /// Listens, and relays to `target`.
    pub(crate) async fn to(target: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0")
            .await
            .expect("loopback has ports");
        let address = listener.local_addr().expect("it is bound").to_string();
        let frozen = Arc::new(watch::Sender::new(false));
        let mut tasks = JoinSet::new();
        let state = Arc::clone(&frozen);
        let open = Arc::new(());
        let counted = Arc::downgrade(&open);
        tasks.spawn(async move {
            let mut relays = JoinSet::new();
            while let Ok((near, _)) = listener.accept().await {
                let (target, frozen, open) = (target.clone(), state.subscribe(), counted.upgrade());
                relays.spawn(async move {
                    relay(near, target, frozen).await;
                    drop(open);
                });
            }
        });
        Self {
            address,
            frozen,
            open,
            _tasks: tasks,
        }
    }

    /// How many connections it relays.
    pub(crate) fn open(&self) -> usize {
        Arc::strong_count(&self.open) - 1
    }

    /// Nothing passes from now on, or everything again.
    pub(crate) fn freeze(&self, frozen: bool) {
        self.frozen.send_replace(frozen);
    }
}

async fn relay(near: TcpStream, target: String, frozen: watch::Receiver<bool>) {
    let Ok(far) = TcpStream::connect(target).await else {
        return;
    };
    let (near_reads, near_writes) = near.into_split();
    let (far_reads, far_writes) = far.into_split();
    tokio::select! {
        () = copy(near_reads, far_writes, frozen.clone()) => {}
        () = copy(far_reads, near_writes, frozen) => {}
    }
}

async fn copy(
    mut from: impl AsyncReadExt + Unpin,
    mut to: impl AsyncWriteExt + Unpin,
    mut frozen: watch::Receiver<bool>,
) {
    let mut buffer = vec![0; 16 * 1024];
    while let Ok(read @ 1..) = from.read(&mut buffer).await {
        if frozen.wait_for(|frozen| !frozen).await.is_err() {
            return;
        }
        if to.write_all(&buffer[..read]).await.is_err() {
            return;
        }
    }
}
