//! Threads whose work can wait: where cores are short, keys, frames and tails come first.

use std::io;
use std::thread::{Builder, JoinHandle};

use tokio::sync::oneshot;

use super::supervisor::panicked;
use crate::model::Failure;

/// A third of the share of a core that others have, which still is enough to get on.
#[cfg(target_os = "linux")]
const NICENESS: i32 = 5;

/// A thread of that name that runs after all others.
///
/// # Errors
/// No thread could be had.
pub(super) fn spawn<T: Send + 'static>(
    name: &str,
    work: impl FnOnce() -> T + Send + 'static,
) -> io::Result<JoinHandle<T>> {
    Builder::new().name(name.to_owned()).spawn(move || {
        step_back();
        work()
    })
}

/// Does it on such a thread; a panic is told as "liftui broke while `doing`".
pub(super) async fn run<T: Send + 'static>(
    doing: &str,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Failure> {
    let (done, result) = oneshot::channel();
    let spawned = spawn("background", move || {
        // Whoever waited may be gone.
        let _ = done.send(work());
    });
    let Ok(_thread) = spawned else {
        return Err(panicked(doing));
    };
    result.await.map_err(|_panic| panicked(doing))
}

/// Elsewhere this would hold for the whole process.
fn step_back() {
    #[cfg(target_os = "linux")]
    {
        // The priority of the calling thread, which it may lower without any right. Refused, it stays as it is.
        let _ = rustix::process::setpriority_process(None, NICENESS);
    }
}
