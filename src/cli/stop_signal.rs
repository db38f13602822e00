//! SIGINT and SIGTERM, for what serves until it is asked to end.

use std::io;

use tokio::signal;

/// Listens from now on; the future ends with the first of the two.
///
/// # Errors
/// The system gives no signals.
#[cfg(unix)]
pub(crate) fn asked_to_stop() -> io::Result<impl Future<Output = ()>> {
    use signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

/// The future ends with SIGINT.
///
/// # Errors
/// None here.
#[cfg(not(unix))]
pub(crate) fn asked_to_stop() -> io::Result<impl Future<Output = ()>> {
    Ok(async {
        let _ended = signal::ctrl_c().await;
    })
}
