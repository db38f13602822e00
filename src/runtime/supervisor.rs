//! Runs again what should run for ever and panicked, and tells of it: a task that ended so would leave what it watches
//! unasked, and nobody would know.

use std::future::Future;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval};

use super::channels::EventSender;
use crate::app::Event;
use crate::model::{ErrorKind, Failure, Target};

/// The least time between two runs: what panics at once every time must not keep a core busy.
const PAUSE: Duration = Duration::from_secs(1);

/// What a task ends with that panicked; the panic itself is in the log.
pub(super) fn panicked(doing: &str) -> Failure {
    let sentence = format!("liftui broke while {doing}; --log FILE keeps what happened");
    Failure::new(ErrorKind::Local, Target::Cluster, sentence)
}

/// Runs this until it ends by itself. After each panic it says so and runs it again. Dropping the future ends it.
pub(super) async fn run_until_done<W>(
    doing: String,
    outbox: EventSender,
    mut work: impl FnMut() -> W,
) where
    W: Future<Output = ()> + Send + 'static,
{
    let mut task = JoinSet::new();
    let mut pace = interval(PAUSE);
    pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        pace.tick().await;
        task.spawn(work());
        match task.join_next().await {
            Some(Err(error)) if error.is_panic() => {}
            Some(_) | None => return,
        }
        tracing::error!(doing, "panicked, and is run again");
        outbox.send(Event::Failed(panicked(&doing))).await;
    }
}

#[cfg(test)]
mod tests {
    use super::super::channels::event_channels;
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn what_panics_is_told_and_runs_again_until_it_is_done() {
        let (outbox, mut inbox) = event_channels();
        let mut runs = 0;
        let work = || {
            runs += 1;
            let fails = runs < 3;
            async move { assert!(!fails, "as a test wants it") }
        };
        run_until_done("asking broker a:1".into(), outbox, work).await;
        assert_eq!(runs, 3);
        for _ in 0..2 {
            let Some(Event::Failed(failure)) = inbox.control.recv().await else {
                panic!("it was not told");
            };
            let begins = "liftui broke while asking broker a:1";
            assert!(failure.sentence.starts_with(begins), "{failure}");
        }
        assert!(inbox.control.try_recv().is_err());
    }
}
