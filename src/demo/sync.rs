//! Locks that outlive a panic, and a switch that cancels whoever holds one of its tokens.

use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio_util::sync::CancellationToken;

/// Locks a value that is sound between any two statements, so that a panic elsewhere poisons nothing.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Cancels all that took a token so far; tokens taken later last until the next time.
#[derive(Debug, Default)]
pub(super) struct CancelSwitch(Mutex<CancellationToken>);

impl CancelSwitch {
    /// A token that the next use of the switch cancels.
    pub(super) fn token(&self) -> CancellationToken {
        lock(&self.0).clone()
    }

    /// Cancels all tokens that were taken.
    pub(super) fn cancel_all(&self) {
        std::mem::take(&mut *lock(&self.0)).cancel();
    }
}
