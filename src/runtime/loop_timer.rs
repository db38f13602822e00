//! The timer of the event loop. The runtime's own fire on the thread of the connections: what takes long there, such as an
//! answer of fifty thousand partitions, would hold back the frame that a key waits for.

use std::time::Duration;

use futures_timer::Delay;
use tokio::time::Instant;

/// Fires at one time after the other.
#[derive(Debug)]
pub(super) struct LoopTimer {
    delay: Delay,
    due: Option<Instant>,
}

impl LoopTimer {
    /// One that fires at no time yet.
    pub(super) fn new() -> Self {
        Self {
            delay: Delay::new(Duration::ZERO),
            due: None,
        }
    }

    /// Waits until then.
    pub(super) async fn until(&mut self, due: Instant) {
        // Frames of a burst wait for the same time again and again.
        if self.due != Some(due) {
            self.delay
                .reset(due.saturating_duration_since(Instant::now()));
            self.due = Some(due);
        }
        (&mut self.delay).await;
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    #[test]
    fn it_fires_while_the_only_thread_of_the_connections_is_busy() {
        let mut runtime = tokio::runtime::Builder::new_multi_thread();
        let runtime = runtime.worker_threads(1).enable_all().build();
        let runtime = runtime.expect("a runtime");
        let ((begins, has_begun), (ends, has_ended)) = (mpsc::channel(), mpsc::channel());
        runtime.block_on(async {
            let mut tasks = tokio::task::JoinSet::new();
            tasks.spawn(async move {
                begins.send(()).expect("somebody waits");
                has_ended.recv().expect("it is told");
            });
            has_begun.recv().expect("it begins");
            let mut timer = LoopTimer::new();
            for _ in 0..3 {
                timer.until(Instant::now() + Duration::from_millis(1)).await;
            }
            let past = Instant::now();
            timer.until(past).await;
            timer.until(past).await;
            ends.send(()).expect("it waits");
            tasks.join_all().await;
        });
    }
}
