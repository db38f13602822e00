//! How long brokers may keep the reading of a range waiting: one that brings nothing is given up.
//! Reading that follows has no such limit.

use std::future::Future;
use std::time::Duration;

use tokio::time::{Instant, timeout};

use crate::model::{ErrorKind, Failure, Target, counted_plainly, format_duration};

/// What one message is worth: a thousand a second never count as waiting.
const PER_MESSAGE: Duration = Duration::from_millis(1);

/// Bytes that are worth a millisecond: nor do 20 kB a second, where messages are large or the line is slow.
const BYTES_PER_MILLISECOND: usize = 20;

/// The time that brokers may still take. Waiting takes of it, and what comes gives it back: so one that sends a message now
/// and then does not hold up the end for ever, and a range of any length can be read.
#[derive(Clone, Debug)]
pub(crate) struct ReadBudget {
    limit: Duration,
    left: Duration,
    messages: u64,
}

impl ReadBudget {
    /// So long, with nothing waited yet.
    pub(crate) fn new(limit: Duration) -> Self {
        Self {
            limit,
            left: limit,
            messages: 0,
        }
    }

    /// Waits for what comes next; `None` where it came too late. May be dropped while it waits.
    pub(crate) async fn wait<T>(&mut self, next: impl Future<Output = T>) -> Option<T> {
        let left = self.left;
        let waiting = Waiting {
            budget: self,
            begun: Instant::now(),
        };
        let came = timeout(left, next).await.ok();
        drop(waiting);
        came.filter(|_| !self.is_spent())
    }

    /// Takes of it the time that was waited.
    pub(crate) fn spend(&mut self, waited: Duration) {
        self.left = self.left.saturating_sub(waited);
    }

    /// Gives back what these messages are worth.
    pub(crate) fn earn(&mut self, messages: usize, bytes: usize) {
        self.messages += u64::try_from(messages).unwrap_or(0);
        let messages = u32::try_from(messages).unwrap_or(u32::MAX);
        let bytes = u64::try_from(bytes / BYTES_PER_MILLISECOND).unwrap_or(u64::MAX);
        let worth = PER_MESSAGE.saturating_mul(messages) + Duration::from_millis(bytes);
        self.left = self.limit.min(self.left + worth);
    }

    /// Whether they took too long.
    pub(crate) fn is_spent(&self) -> bool {
        self.left.is_zero()
    }

    /// The time that brokers may take.
    pub(crate) fn limit(&self) -> Duration {
        self.limit
    }

    /// What giving up says of the one thing that was read.
    pub(crate) fn failure(&self, target: Target) -> Failure {
        let what = target.to_string();
        let sentence = given_up_sentence(&what, 1, &came(self.messages), self.limit);
        Failure::new(ErrorKind::Timeout, target, sentence)
    }
}

/// What has come, in a sentence.
pub(crate) fn came(messages: u64) -> String {
    match messages {
        0 => "nothing came".to_owned(),
        count => format!("{} came", counted_plainly(count, "message")),
    }
}

/// What giving up says of so many things, and of what came of them.
pub(crate) fn given_up_sentence(what: &str, number: usize, came: &str, limit: Duration) -> String {
    let (was, their, them) = match number {
        1 => ("was", "its", "it"),
        _ => ("were", "their", "them"),
    };
    let limit = format_duration(limit);
    format!(
        "{what} {was} given up before {their} end: {came}, and the brokers kept {them} waiting for {limit} \
         (--timeout allows more)"
    )
}

/// Time that passes: it is taken however the waiting ends.
struct Waiting<'a> {
    budget: &'a mut ReadBudget,
    begun: Instant,
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.budget.spend(self.begun.elapsed());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_drip_uses_it_up_and_a_flow_does_not() {
        let limit = Duration::from_secs(5);
        let waited = async |pause: Duration, messages: usize| {
            let mut budget = ReadBudget::new(limit);
            let begun = Instant::now();
            while budget
                .wait(tokio::time::sleep_until(Instant::now() + pause))
                .await
                .is_some()
            {
                budget.earn(messages, messages * 10);
                if begun.elapsed() > Duration::from_secs(100) {
                    break;
                }
            }
            begun.elapsed()
        };
        let second = Duration::from_secs(1);
        assert_eq!(waited(Duration::from_secs(1000), 0).await, limit);
        assert!(waited(second, 1).await <= limit + second);
        assert!(waited(Duration::from_millis(50), 1).await <= limit + second);
        assert!(waited(second, 2000).await > Duration::from_secs(100));
    }
}
